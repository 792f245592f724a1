/*
 * barrier.c - a barrier with two gates, used in turn.
 *
 * Everybody adds one to COUNT. Whoever then finds all of them there takes them away and opens the
 * gate of this round for all, in one step; of those who try, one succeeds. Everybody goes through
 * the gate. A slow one may still be on his way through one gate while the others wait at the other.
 */
#include "barrier.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>

enum { COUNT, PARTIES, GATE, SEMAPHORES = GATE + 2 };

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static int change(int id, int number, int by)
{
    struct sembuf one = {(unsigned short)number, (short)by, 0};
    while (semop(id, &one, 1) == -1)
        if (errno != EINTR)
            return -1;
    return 0;
}

static int open_gate_if_all_are_here(int id, int gate, int parties)
{
    struct sembuf both[] = {
        {COUNT,                (short)-parties, IPC_NOWAIT},
        {(unsigned short)gate, (short)+parties, 0         }
    };
    return semop(id, both, 2) == 0 || errno == EAGAIN ? 0 : -1;
}

int barrier_create(struct barrier *barrier, key_t key, int parties)
{
    union semun value = {.val = parties};
    int id;

    if (parties < 1 || parties > 100) {
        errno = EINVAL;
        return -1;
    }
    id = semget(key, SEMAPHORES, IPC_CREAT | IPC_EXCL | 0600);
    if (id == -1)
        return -1;
    if (semctl(id, PARTIES, SETVAL, value) == -1) {
        int error = errno;
        semctl(id, 0, IPC_RMID);
        errno = error;
        return -1;
    }
    *barrier = (struct barrier){.id = id};
    return 0;
}

int barrier_open(struct barrier *barrier, key_t key)
{
    *barrier = (struct barrier){.id = semget(key, 0, 0)};
    return barrier->id == -1 ? -1 : 0;
}

int barrier_wait(struct barrier *barrier)
{
    int gate = GATE + barrier->round, parties = semctl(barrier->id, PARTIES, GETVAL);

    if (parties == -1 || change(barrier->id, COUNT, +1) == -1 ||
        open_gate_if_all_are_here(barrier->id, gate, parties) == -1 ||
        change(barrier->id, gate, -1) == -1)
        return -1;
    barrier->round = !barrier->round;
    return 0;
}

int barrier_waiting(const struct barrier *barrier)
{
    int first = semctl(barrier->id, GATE, GETNCNT);
    int second = semctl(barrier->id, GATE + 1, GETNCNT);
    return first == -1 || second == -1 ? -1 : first + second;
}

int barrier_remove(const struct barrier *barrier)
{
    return semctl(barrier->id, 0, IPC_RMID);
}
