/*
 * xlock.c - a lock as in Stevens' UNPv2: a second semaphore guards the making, and a third one says
 * whether it is done.
 *
 * _GNU_SOURCE: semtimedop(2), here without a time.
 */
#define _GNU_SOURCE
#include "xlock.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>

enum { VALUE, GUARD, READY, COUNT };

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static int operate(int lock, struct sembuf *list, size_t n)
{
    for (;;) {
        if (semtimedop(lock, list, n, NULL) == 0)
            return 0;
        if (errno != EINTR)
            return -1;
    }
}

/* With the guard: undone by the kernel if we die here. */
static int set_once(int lock)
{
    struct sembuf enter[] = {
        {GUARD, 0, 0       },
        {GUARD, 1, SEM_UNDO}
    };
    struct sembuf leave = {GUARD, -1, SEM_UNDO};
    union semun argument;
    int result = 0;

    if (operate(lock, enter, 2) == -1)
        return -1;
    int ready = semctl(lock, READY, GETVAL);
    if (ready == 0) {
        memset(&argument, 0, sizeof argument);
        argument.val = 1;
        result = semctl(lock, VALUE, SETVAL, argument);
        if (result == 0)
            result = semctl(lock, READY, SETVAL, argument);
        if (result == -1) {
            int error = errno;
            semctl(lock, 0, IPC_RMID);
            errno = error;
            return -1;
        }
    }
    if (ready == -1)
        return -1;
    return operate(lock, &leave, 1);
}

int xlock_create(key_t key)
{
    int lock = semget(key, COUNT, IPC_CREAT | 0600);
    if (lock == -1)
        return -1;
    if (set_once(lock) == -1) {
        int error = errno;
        semctl(lock, 0, IPC_RMID);
        errno = error;
        return -1;
    }
    return lock;
}

int xlock_open(key_t key)
{
    return semget(key, COUNT, 0);
}

int xlock_lock(int lock)
{
    struct sembuf take = {VALUE, -1, 0};
    return operate(lock, &take, 1);
}

int xlock_unlock(int lock)
{
    struct sembuf give[] = {
        {VALUE, 0, IPC_NOWAIT},
        {VALUE, 1, 0         }
    };
    if (operate(lock, give, 2) == 0)
        return 0;
    errno = errno == EAGAIN ? EPERM : errno;
    return -1;
}

int xlock_remove(int lock)
{
    return semctl(lock, 0, IPC_RMID);
}
