/*
 * judge.h - what a record means. No judge starts a process or looks at the machine: the record is
 * all there is, so the same record always gives the same findings.
 */
#ifndef IPCLAB_JUDGE_H
#define IPCLAB_JUDGE_H

#include "finding.h"

/*
 * Can any process of the run ever move again?  (waiting.c)
 *
 * Reads the last snapshot (threads, descriptors, states of objects).  A thread can move if it is
 * not asleep, is timed, is not understood, or waits for something that somebody outside the run, or
 * another thread that can move, may still provide.  Returns true when no thread can move (and there
 * is at least one); then, with findings not NULL, adds one FINDING_HANG that says who waits for
 * whom, through which descriptor or object, at which lines, and names the misconception where the
 * shape of the graph shows one.
 *
 * Call it on two equal snapshots at least 50 ms apart before acting on a true.
 */
bool judge_hang(const struct record *record, struct findings *findings);

/* The open descriptor (index in record->descriptors) that is why a hung run hangs; -1: none is. */
int judge_guilty(const struct record *record);

/* The threads that can never move again although others can (a partial deadlock), for the moment
 * when time is up: adds one FINDING_HANG if there are any and returns true. */
bool judge_stuck_part(const struct record *record, struct findings *findings);

/* What the run left: zombies, orphans, objects. (leftovers.c) */
void judge_leftovers(const struct record *record, struct findings *findings);

/* Habits: busy waiting, sleep in place of synchronisation, death by a signal, limits. (habits.c) */
void judge_habits(const struct record *record, struct findings *findings);

/* Descriptors that a program was started with and does not need: at exec, anything above 2 that the
 * run itself made. (descriptors.c) */
void judge_descriptors(const struct record *record, struct findings *findings);

/* Accesses to shared memory that nothing orders, where the race detector was on. (races.c) */
void judge_races(const struct record *record, struct findings *findings);

/* Memory used wrongly, where valgrind watched. (memory.c) */
void judge_memory(const struct record *record, struct findings *findings);

/* All of the above, in the order in which they are told: what holds for every run. (judge_run.c) */
void judge_run(const struct record *record, struct findings *findings);

#endif
