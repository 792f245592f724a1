/*
 * holder.c - a lock that outlives its holder, and a store that outlives whoever fills it.
 *
 * For an operation with SEM_UNDO the kernel keeps a sum, for each process and semaphore: what it
 * has added and taken away so far, with the sign changed. When the process ends, the kernel adds
 * the sum.
 *
 *     the lock    -1 undo ... +1 undo    the sum is +1 between the two, and 0 outside: who ends in
 *                                        between gives the lock back, and who ends later, nothing
 *     the store   +n, -1                 without: things put in and taken out are to stay so
 *
 * It is one sum: give it back with SEM_UNDO exactly what you took with SEM_UNDO.
 */
#include "holder.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>

enum { SEMAPHORES = 2 };

/* semctl(2): the caller has to define this. */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

/* All of the operations or none; tried again when a signal has interrupted the wait. Any other
 * failure is the caller's to know: nothing has been taken. */
static int operate(int id, struct sembuf *operations, size_t count)
{
    int result;
    do
        result = semop(id, operations, count);
    while (result == -1 && errno == EINTR);
    return result;
}

/* For the one process that has made the set. Until then the lock is 0 like everything new (Linux),
 * and others wait for it. SETALL is no operation: there is nothing to undo of it. */
static int make_ready(int id)
{
    unsigned short values[SEMAPHORES] = {[HOLDER_LOCK] = 1, [HOLDER_STORE] = 0};
    union semun all = {.array = values};

    if (semctl(id, 0, SETALL, all) == -1) {
        int error = errno;
        semctl(id, 0, IPC_RMID);
        errno = error;
        return -1;
    }
    return id;
}

int holder_create(key_t key)
{
    for (;;) {
        int id = semget(key, SEMAPHORES, IPC_CREAT | IPC_EXCL | 0600);
        if (id != -1)
            return make_ready(id);
        if (errno != EEXIST)
            return -1;
        id = semget(key, SEMAPHORES, 0);
        if (id != -1 || errno != ENOENT)
            return id;
        /* It was there, and was removed before we could open it: from the beginning. */
    }
}

int holder_lock(int id)
{
    struct sembuf take = {.sem_num = HOLDER_LOCK, .sem_op = -1, .sem_flg = SEM_UNDO};
    return operate(id, &take, 1);
}

int holder_unlock(int id)
{
    struct sembuf if_taken_give[] = {
        {.sem_num = HOLDER_LOCK, .sem_op = 0,  .sem_flg = IPC_NOWAIT},
        {.sem_num = HOLDER_LOCK, .sem_op = +1, .sem_flg = SEM_UNDO  },
    };
    int result = operate(id, if_taken_give, 2);
    if (result == -1 && errno == EAGAIN)
        errno = EPERM;
    return result;
}

int holder_put(int id, int things)
{
    struct sembuf add = {.sem_num = HOLDER_STORE, .sem_op = (short)things};
    return operate(id, &add, 1);
}

int holder_take(int id)
{
    struct sembuf take = {.sem_num = HOLDER_STORE, .sem_op = -1};
    return operate(id, &take, 1);
}

int holder_remove(int id)
{
    return semctl(id, 0, IPC_RMID);
}
