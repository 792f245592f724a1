/*
 * barrier.c - a barrier in which all come, and then all go back, before the next round begins.
 *
 *     MISSING  how many have not come yet: n ... 0
 *     BACK     how many have seen that all are there: 0 ... n
 *
 * The last one who has seen it sets both for the next round, in one step.
 *
 * _GNU_SOURCE: semtimedop(2), here without a time.
 */
#define _GNU_SOURCE
#include "barrier.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/sem.h>

enum { MISSING, BACK, PARTIES, SEMAPHORES };

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static int operate(int id, struct sembuf *list, size_t n)
{
    while (semtimedop(id, list, n, NULL) == -1)
        if (errno != EINTR)
            return -1;
    return 0;
}

int barrier_create(struct barrier *barrier, key_t key, int parties)
{
    unsigned short n = (unsigned short)parties;
    unsigned short values[SEMAPHORES] = {[MISSING] = n, [PARTIES] = n};
    union semun all = {.array = values};

    if (parties <= 0 || parties > 100) {
        errno = EINVAL;
        return -1;
    }
    barrier->id = semget(key, SEMAPHORES, IPC_CREAT | IPC_EXCL | 0600);
    if (barrier->id == -1 || semctl(barrier->id, 0, SETALL, all) == 0)
        return barrier->id == -1 ? -1 : 0;
    int error = errno;
    barrier_remove(barrier);
    errno = error;
    return -1;
}

int barrier_open(struct barrier *barrier, key_t key)
{
    barrier->id = semget(key, SEMAPHORES, 0);
    return barrier->id < 0 ? -1 : 0;
}

int barrier_wait(struct barrier *barrier)
{
    int id = barrier->id, parties = semctl(id, PARTIES, GETVAL);
    struct sembuf come = {MISSING, -1, 0};
    struct sembuf all_are_here = {MISSING, 0, 0};
    struct sembuf seen = {BACK, +1, 0};
    struct sembuf next_round[] = {
        {BACK,    (short)-parties, IPC_NOWAIT},
        {MISSING, (short)+parties, 0         }
    };
    struct sembuf all_have_seen_it = {BACK, 0, 0};

    if (parties == -1 || operate(id, &come, 1) == -1 || operate(id, &all_are_here, 1) == -1 ||
        operate(id, &seen, 1) == -1)
        return -1;
    if (operate(id, next_round, 2) == -1 && errno != EAGAIN)
        return -1;
    return operate(id, &all_have_seen_it, 1);
}

int barrier_waiting(const struct barrier *barrier)
{
    int sum = 0;
    for (int i = 0; i < SEMAPHORES; i++) {
        int zero = semctl(barrier->id, i, GETZCNT), more = semctl(barrier->id, i, GETNCNT);
        if (zero == -1 || more == -1)
            return -1;
        sum += zero + more;
    }
    return sum;
}

int barrier_remove(const struct barrier *barrier)
{
    return semctl(barrier->id, 0, IPC_RMID);
}
