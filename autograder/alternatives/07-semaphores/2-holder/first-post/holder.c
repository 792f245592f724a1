/*
 * holder.c - the maker opens the lock by its first operation, without SEM_UNDO.
 *
 * _GNU_SOURCE: semtimedop(2), here without a time.
 */
#define _GNU_SOURCE
#include "holder.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/sem.h>

static const struct sembuf open_lock = {.sem_num = HOLDER_LOCK, .sem_op = +1};
static const struct sembuf lock = {.sem_num = HOLDER_LOCK, .sem_op = -1, .sem_flg = SEM_UNDO};
static const struct sembuf put = {.sem_num = HOLDER_STORE, .sem_op = +1};
static const struct sembuf take = {.sem_num = HOLDER_STORE, .sem_op = -1};

static int apply(int id, struct sembuf operation)
{
    while (semtimedop(id, &operation, 1, NULL) == -1)
        if (errno != EINTR)
            return -1;
    return 0;
}

int holder_create(key_t key)
{
    int id = semget(key, 2, IPC_CREAT | IPC_EXCL | 0600);
    if (id == -1 && errno == EEXIST)
        return semget(key, 2, 0);
    if (id == -1 || apply(id, open_lock) == 0)
        return id;
    int error = errno;
    semctl(id, 0, IPC_RMID);
    errno = error;
    return -1;
}

int holder_lock(int id)
{
    return apply(id, lock);
}

int holder_unlock(int id)
{
    struct sembuf give[2] = {
        {.sem_num = HOLDER_LOCK, .sem_op = 0,  .sem_flg = IPC_NOWAIT},
        {.sem_num = HOLDER_LOCK, .sem_op = +1, .sem_flg = SEM_UNDO  }
    };
    if (semtimedop(id, give, 2, NULL) == 0)
        return 0;
    errno = errno == EAGAIN ? EPERM : errno;
    return -1;
}

int holder_put(int id, int things)
{
    struct sembuf many = put;
    many.sem_op = (short)(put.sem_op * things);
    return apply(id, many);
}

int holder_take(int id)
{
    return apply(id, take);
}

int holder_remove(int id)
{
    return semctl(id, 0, IPC_RMID);
}
