/*
 * xlock.c - a lock made of a System V semaphore.
 *
 *     value 1: free     0: somebody has it, or it is not ready yet
 *
 */
#include "xlock.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>

enum { THE_LOCK = 0, SEMAPHORES = 1, TAKEN = 0, FREE = 1 };

// TODO: semctl(2) says of its fourth argument what the caller has to define.

int xlock_create(key_t key)
{
    (void)key; // TODO: Which of the processes that come here makes the set?
    // TODO: Only that one gives it its value. What do the others find meanwhile?
    return -1; // TODO: the lock
}

int xlock_open(key_t key)
{
    (void)key; // TODO
    return -1; // TODO
}

int xlock_lock(int lock)
{
    (void)lock; // TODO: In which ways can semop come back, and which of them give you the lock?
    return -1;  // TODO
}

int xlock_unlock(int lock)
{
    (void)lock; // TODO: And if nobody has it? To look first and to add then is two steps.
    return -1;  // TODO
}

int xlock_remove(int lock)
{
    (void)lock; // TODO
    return -1;  // TODO
}
