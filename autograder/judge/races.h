/*
 * races.h - pairs of accesses to shared memory that nothing orders.
 */
#ifndef IPCLAB_RACES_H
#define IPCLAB_RACES_H

#include "finding.h"

/* Two accesses, at least one a write, to the same bytes, by threads of which neither is known to be
 * done before the other begins. Indices of record->notes; first was seen first. */
struct race_pair {
    int first, second;
};

/*
 * Finds them: each pair of lines once, at most `most`. Returns how many.
 *
 * Happens-before by vector clocks over all that the record holds: system calls (pipes, FIFOs and
 * messages one by one; semop by counting; sockets, files, signals, fork, wait, locks, ends of
 * processes) and the deeds of the race log (atomics with their memory orders, mutexes, conditions,
 * rwlocks, barriers, semaphores, threads). Where the order of two calls that overlap in time cannot
 * be known, both orders count as possible, so that no correct program is accused.
 *
 * Source: Lamport 1978; Flanagan and Freund, FastTrack, PLDI 2009.
 */
size_t races_find(const struct record *record, struct race_pair *pairs, size_t most);

#endif
