/*
 * xlock.c - a lock whose maker opens it by a first post: no semctl, and so no union.
 */
#include "xlock.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/stat.h>

static bool post_if_zero(int lock)
{
    struct sembuf both[2] = {{.sem_flg = IPC_NOWAIT}, {.sem_op = 1}};
    return semop(lock, both, 2) == 0;
}

static int make(key_t key)
{
    int lock = semget(key, 1, IPC_CREAT | IPC_EXCL | S_IRUSR | S_IWUSR);
    if (lock == -1 || post_if_zero(lock))
        return lock;
    int error = errno;
    semctl(lock, 0, IPC_RMID);
    errno = error;
    return -1;
}

int xlock_create(key_t key)
{
    int lock;
    do {
        lock = xlock_open(key);
        if (lock == -1 && errno == ENOENT)
            lock = make(key);
    } while (lock == -1 && errno == EEXIST);
    return lock;
}

int xlock_open(key_t key)
{
    return semget(key, 1, 0);
}

int xlock_lock(int lock)
{
    struct sembuf take = {.sem_op = -1};
    int result = semop(lock, &take, 1);
    return result == -1 && errno == EINTR ? xlock_lock(lock) : result;
}

int xlock_unlock(int lock)
{
    if (post_if_zero(lock))
        return 0;
    if (errno == EAGAIN)
        errno = EPERM;
    return -1;
}

int xlock_remove(int lock)
{
    return semctl(lock, 0, IPC_RMID);
}
