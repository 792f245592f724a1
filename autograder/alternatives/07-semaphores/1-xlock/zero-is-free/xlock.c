/*
 * xlock.c - a lock made of a System V semaphore whose value counts who is inside: 0 or 1.
 *
 * A new set is 0, which is a free lock: there is nothing to set, and so no moment between making
 * and setting.
 */
#include "xlock.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>

int xlock_create(key_t key)
{
    return semget(key, 1, IPC_CREAT | 0600);
}

int xlock_open(key_t key)
{
    return semget(key, 0, 0);
}

int xlock_lock(int lock)
{
    struct sembuf enter_when_empty[] = {
        {.sem_num = 0, .sem_op = 0 },
        {.sem_num = 0, .sem_op = +1},
    };
    while (semop(lock, enter_when_empty, 2) == -1)
        if (errno != EINTR)
            return -1;
    return 0;
}

int xlock_unlock(int lock)
{
    struct sembuf leave = {.sem_num = 0, .sem_op = -1, .sem_flg = IPC_NOWAIT};
    if (semop(lock, &leave, 1) == 0)
        return 0;
    if (errno == EAGAIN)
        errno = EPERM;
    return -1;
}

int xlock_remove(int lock)
{
    return semctl(lock, 0, IPC_RMID);
}
