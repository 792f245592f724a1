/*
 * holder.c - the same, with SETVAL for the lock only (the store is born empty).
 */
#include "holder.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/ipc.h>
#include <sys/sem.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

/* -1 for every failure but a signal. */
static int change(int id, unsigned short number, short by, short flags)
{
    struct sembuf operation = {number, by, flags};
    for (;;) {
        if (semop(id, &operation, 1) == 0)
            return 0;
        if (errno == EINTR)
            continue;
        return -1;
    }
}

static bool open_it(key_t key, int *id)
{
    *id = semget(key, 2, 0);
    return *id != -1;
}

int holder_create(key_t key)
{
    union semun one = {.val = 1};
    int id;

    if (open_it(key, &id))
        return id;
    id = semget(key, 2, 0600 | IPC_CREAT | IPC_EXCL);
    if (id == -1)
        return errno == EEXIST && open_it(key, &id) ? id : -1;
    if (semctl(id, HOLDER_LOCK, SETVAL, one) == 0)
        return id;
    int error = errno;
    holder_remove(id);
    errno = error;
    return -1;
}

int holder_lock(int id)
{
    return change(id, HOLDER_LOCK, -1, SEM_UNDO);
}

int holder_unlock(int id)
{
    struct sembuf operations[2] = {
        {HOLDER_LOCK, 0, IPC_NOWAIT           },
        {HOLDER_LOCK, 1, IPC_NOWAIT | SEM_UNDO}
    };
    if (semop(id, operations, 2) == 0)
        return 0;
    if (errno == EAGAIN)
        errno = EPERM;
    return -1;
}

int holder_put(int id, int things)
{
    return change(id, HOLDER_STORE, (short)things, 0);
}

int holder_take(int id)
{
    return change(id, HOLDER_STORE, -1, 0);
}

int holder_remove(int id)
{
    return semctl(id, 0, IPC_RMID);
}
