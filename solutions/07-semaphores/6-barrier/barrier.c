/*
 * barrier.c - a barrier made of System V semaphores, to be used again and again.
 *
 * In each round one of the semaphores says how many are still missing. Who arrives takes one away,
 * and then waits until it is zero.
 *
 *     round        0   1   2   3   4  ...
 *     missing in   s0  s1  s2  s0  s1       counted down, and waited for
 *     filled       s1  s2  s0  s1  s2       one added by everybody who arrives: for the next round
 *
 * Somebody may be slow between his arrival and his wait, while the others are already in the next
 * round. His semaphore must stay zero until he has looked at it. So nobody touches it in the next
 * round; it is filled again in the round after that, which begins only when all, he too, have
 * arrived in the next one. That takes three semaphores: with two it would be filled one round too
 * early, and he would wait for ever.
 */
#include "barrier.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>

enum { SEMAPHORES = 3, MOST_PARTIES = 100 };

/* semctl(2): the caller has to define this. */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

int barrier_create(struct barrier *barrier, key_t key, int parties)
{
    unsigned short values[SEMAPHORES] = {(unsigned short)parties, 0, 0};
    union semun all = {.array = values};

    if (parties < 1 || parties > MOST_PARTIES) {
        errno = EINVAL;
        return -1;
    }
    barrier->round = 0;
    barrier->id = semget(key, SEMAPHORES, IPC_CREAT | IPC_EXCL | 0600);
    if (barrier->id == -1)
        return -1;
    if (semctl(barrier->id, 0, SETALL, all) == -1) {
        int error = errno;
        semctl(barrier->id, 0, IPC_RMID);
        errno = error;
        return -1;
    }
    return 0;
}

int barrier_open(struct barrier *barrier, key_t key)
{
    barrier->round = 0;
    barrier->id = semget(key, SEMAPHORES, 0);
    return barrier->id == -1 ? -1 : 0;
}

/* All of the operations or none; tried again when a signal has interrupted the wait. */
static int operate(const struct barrier *barrier, struct sembuf *operations, size_t count)
{
    int result;
    do
        result = semop(barrier->id, operations, count);
    while (result == -1 && errno == EINTR);
    return result;
}

int barrier_wait(struct barrier *barrier)
{
    unsigned short now = (unsigned short)(barrier->round % SEMAPHORES);
    unsigned short next = (unsigned short)((barrier->round + 1) % SEMAPHORES);
    /* In one step: as soon as nobody is missing here, the next round's semaphore is full. */
    struct sembuf arrive[] = {
        {.sem_num = now,  .sem_op = -1},
        {.sem_num = next, .sem_op = +1},
    };
    struct sembuf until_all_are_here = {.sem_num = now, .sem_op = 0};

    if (operate(barrier, arrive, 2) == -1)
        return -1;
    if (operate(barrier, &until_all_are_here, 1) == -1)
        return -1;
    barrier->round = next;
    return 0;
}

int barrier_waiting(const struct barrier *barrier)
{
    int sum = 0;

    for (int i = 0; i < SEMAPHORES; i++) {
        int waiting = semctl(barrier->id, i, GETZCNT);
        if (waiting == -1)
            return -1;
        sum += waiting;
    }
    return sum;
}

int barrier_remove(const struct barrier *barrier)
{
    return semctl(barrier->id, 0, IPC_RMID);
}
