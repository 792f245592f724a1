/*
 * holder.c - a lock that outlives its holder, and a store that outlives whoever fills it.
 *
 */
#include "holder.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>

enum { SEMAPHORES = 2 };

// TODO: What the fourth argument of semctl is made of, as in 7.1.

int holder_create(key_t key)
{
    (void)key; // TODO: as in 7.1, with two semaphores and their two values
    return -1; // TODO
}

int holder_lock(int id)
{
    (void)id;  // TODO: If the process ends now, who gives the lock back?
    return -1; // TODO
}

int holder_unlock(int id)
{
    (void)id;  // TODO: What does the kernel still think that this process has?
    return -1; // TODO
}

int holder_put(int id, int things)
{
    (void)id, (void)things; // TODO: What is to become of the things when the process ends?
    return -1;              // TODO
}

int holder_take(int id)
{
    (void)id;  // TODO
    return -1; // TODO
}

int holder_remove(int id)
{
    (void)id;  // TODO
    return -1; // TODO
}
