/*
 * holder.h - a lock that outlives its holder, and a store that outlives whoever fills it.
 *
 *     int id = holder_create(0x1234);      the same in every process
 *
 *     holder_put(id, 3);                   three more things are in store
 *     holder_take(id);                     one of them is mine; sleeps while there is none
 *
 *     holder_lock(id);
 *     ...                                  nobody else is here
 *     holder_unlock(id);
 *
 * Behind it is one System V semaphore set, and id is its identifier:
 *
 *     semaphore 0   the lock: 1 free, 0 taken
 *     semaphore 1   the store: how many things are in it
 *
 * See semop(2), and SEM_UNDO there.
 */
#ifndef HOLDER_H
#define HOLDER_H

#include <sys/types.h>

enum { HOLDER_LOCK = 0, HOLDER_STORE = 1 };

/*
 * The set with that key. If there is none it is made, with the permissions 0600: the lock free, the
 * store empty. Any number of processes may call this at the same time.
 *
 * Returns its identifier (0 is one); or -1 with errno as semget(2) or semctl(2) set it.
 */
int holder_create(key_t key);

/*
 * Takes the lock; sleeps while somebody else has it. A signal handler that runs meanwhile does not
 * end the wait.
 *
 * If the process ends in whatever way while it has the lock, the lock is free again.
 *
 * Returns 0: it is yours; or -1 with errno EIDRM (the set was removed while you waited), EINVAL (it
 * is not there) or as semop(2) sets it: it is not yours.
 */
int holder_lock(int id);

/*
 * Gives the lock back. Only for whoever has it.
 *
 * Returns 0; or -1 with errno EPERM (nobody has it: nothing has been changed) or as semop(2) sets
 * it.
 */
int holder_unlock(int id);

/*
 * Puts that many things (1 to 1000) into the store. They stay there, also when the process ends.
 *
 * Returns 0; or -1 with errno as semop(2) sets it.
 */
int holder_put(int id, int things);

/*
 * Takes one thing out of the store; sleeps while there is none, as holder_lock() does. It is gone
 * for good, also when the process ends.
 *
 * Returns 0; or -1 with errno EIDRM, EINVAL, or as semop(2) sets it: nothing was taken.
 */
int holder_take(int id);

/* Removes the set, for everybody. Returns 0; or -1 with errno as semctl(2) sets it. */
int holder_remove(int id);

#endif
