/*
 * xlock.c - a lock made of a System V semaphore.
 *
 *     value 1: free     0: somebody has it, or it is not ready yet
 *
 * Making a set and giving it its value are two calls, and between them others can already find it.
 * So it must be clear who is to give the value (only the one whose semget made the set, which is
 * what IPC_EXCL tells), and what the others see until then: Linux makes semaphores with the value
 * 0, which here means "taken". Who comes in between sleeps like anybody who comes too late, until
 * SETVAL wakes one of them. (POSIX promises no value at all for a new semaphore. Where it is not 0,
 * one has to look at sem_otime, again and again.)
 */
#include "xlock.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>

enum { THE_LOCK = 0, SEMAPHORES = 1, TAKEN = 0, FREE = 1 };

/* semctl(2): the caller has to define this. */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

/* The operations are done all together, or none of them. Nothing is done when a signal interrupts
 * the wait: so it can be tried again. */
static int operate(int lock, struct sembuf *operations, size_t count)
{
    int result;
    do
        result = semop(lock, operations, count);
    while (result == -1 && errno == EINTR);
    return result;
}

/* For the one process that has made the set. */
static int make_ready(int lock)
{
    union semun value = {.val = FREE};

    if (semctl(lock, THE_LOCK, SETVAL, value) == -1) {
        int error = errno;
        semctl(lock, 0, IPC_RMID);
        errno = error;
        return -1;
    }
    return lock;
}

int xlock_create(key_t key)
{
    for (;;) {
        int lock = semget(key, SEMAPHORES, IPC_CREAT | IPC_EXCL | 0600);
        if (lock != -1)
            return make_ready(lock);
        if (errno != EEXIST)
            return -1;
        lock = xlock_open(key);
        if (lock != -1 || errno != ENOENT)
            return lock;
        /* It was there, and was removed before we could open it: from the beginning. */
    }
}

int xlock_open(key_t key)
{
    return semget(key, SEMAPHORES, 0);
}

int xlock_lock(int lock)
{
    struct sembuf take = {.sem_num = THE_LOCK, .sem_op = -1};
    return operate(lock, &take, 1);
}

int xlock_unlock(int lock)
{
    /* In one step: if it is taken, it becomes free. One call to look and one to add would let two
     * processes add. */
    struct sembuf if_taken_give[] = {
        {.sem_num = THE_LOCK, .sem_op = TAKEN, .sem_flg = IPC_NOWAIT},
        {.sem_num = THE_LOCK, .sem_op = +1,    .sem_flg = 0         },
    };
    int result = operate(lock, if_taken_give, 2);
    if (result == -1 && errno == EAGAIN)
        errno = EPERM;
    return result;
}

int xlock_remove(int lock)
{
    return semctl(lock, 0, IPC_RMID);
}
