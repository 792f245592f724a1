/*
 * xlock.h - a lock for processes that have nothing in common but a key.
 *
 *     int lock = xlock_create(0x1234);     the same in every one of them
 *     xlock_lock(lock);
 *     ...                                  nobody else is here
 *     xlock_unlock(lock);
 *
 * Behind it is a System V semaphore set, and the number by which you name a lock is its identifier:
 * 0 is as good a number as any. A lock stays when the processes end, until xlock_remove().
 *
 * See semget(2), semctl(2), semop(2).
 */
#ifndef XLOCK_H
#define XLOCK_H

#include <sys/types.h>

/*
 * The lock with that key. If there is none it is made, free, with the permissions 0600.
 *
 * Any number of processes may call this at the same time: one of them makes the lock, and it is the
 * same lock for all. What is there already, taken or free, stays as it is.
 *
 * key: as from ftok(3) or a header of yours; not IPC_PRIVATE.
 *
 * Returns the lock; or -1 with errno as semget(2) or semctl(2) set it, and then nothing is left
 * that this call has made.
 */
int xlock_create(key_t key);

/*
 * The lock with that key, which must be there.
 *
 * Returns the lock; or -1 with errno ENOENT (there is none) or as semget(2) sets it.
 */
int xlock_open(key_t key);

/*
 * Takes the lock. While somebody else has it, or while the process that makes it is not done with
 * that, the caller sleeps. A signal handler that runs meanwhile does not end the wait.
 *
 * Returns 0: it is yours; or -1 with errno EIDRM (it was removed while you waited), EINVAL (it is
 * not there) or as semop(2) sets it: it is not yours.
 */
int xlock_lock(int lock);

/*
 * Gives the lock back. Only for whoever has it.
 *
 * Returns 0; or -1 with errno EPERM (nobody has it: nothing has been changed), EINVAL (it is not
 * there) or as semop(2) sets it.
 */
int xlock_unlock(int lock);

/*
 * Removes the lock, for everybody: whoever waits for it is told so by EIDRM.
 *
 * Returns 0; or -1 with errno as semctl(2) sets it.
 */
int xlock_remove(int lock);

#endif
