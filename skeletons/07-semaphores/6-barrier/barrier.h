/*
 * barrier.h - nobody goes on before all are there; as often as you like.
 *
 *     struct barrier barrier;
 *     barrier_create(&barrier, 0x1234, 5);     in one process, first
 *     barrier_open(&barrier, 0x1234);          in each of the others
 *
 *     for (;;) {
 *         ...                                  my part of this round
 *         barrier_wait(&barrier);              until all five have done theirs
 *     }
 *
 * Behind it is a System V semaphore set. See semop(2), above all what sem_op 0 means.
 */
#ifndef BARRIER_H
#define BARRIER_H

#include <sys/types.h>

/* What a process has to know of a barrier. Each has its own; it may have up to 1000 bytes. */
struct barrier {
    int id;    /* of the semaphore set */
    int round; /* in which this process is */
};

/*
 * Makes a barrier for that many parties, 1 to 100, with the permissions 0600.
 *
 * The caller is not a party by that alone: whoever calls barrier_wait() is one. Nobody opens the
 * barrier before this has returned.
 *
 * Returns 0; or -1 with errno EEXIST (there is a set with that key), EINVAL (so many can't be) or
 * as semget(2) or semctl(2) set it, and then nothing is left that this call has made.
 */
int barrier_create(struct barrier *barrier, key_t key, int parties);

/*
 * Opens a barrier that is there, before its first round.
 *
 * Returns 0; or -1 with errno ENOENT (there is none) or as semget(2) sets it.
 */
int barrier_open(struct barrier *barrier, key_t key);

/*
 * Waits, asleep in semop(2), until all parties have called this as often as the caller has. A
 * signal handler that runs meanwhile does not end the wait.
 *
 * Returns 0; or -1 with errno EIDRM (the barrier was removed while you waited), EINVAL (it is not
 * there) or as semop(2) sets it.
 */
int barrier_wait(struct barrier *barrier);

/*
 * How many processes sleep in barrier_wait() now.
 *
 * Returns their number; or -1 with errno as semctl(2) sets it.
 */
int barrier_waiting(const struct barrier *barrier);

/* Removes the barrier, for everybody. Returns 0; or -1 with errno as semctl(2) sets it. */
int barrier_remove(const struct barrier *barrier);

#endif
