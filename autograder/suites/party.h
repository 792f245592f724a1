/*
 * party.h - several processes in one run that do the steps of a driver, and what they are at.
 *
 * For suites in which unrelated processes meet at an object that they find by its key (lab 07). The
 * first program of the run is a keeper, whom nobody counts: it waits for the kit, so that whoever
 * waits for somebody does not hang, and removes the object at the end. The others join.
 */
#ifndef IPCLAB_PARTY_H
#define IPCLAB_PARTY_H

#include "exercise.h"

enum { MOST_GUESTS = 16 };

struct party {
    struct run *run;
    const char *driver;
    const char *key; /* in words: an argument of the driver's */
    struct peer *peers[MOST_GUESTS];
    int count;
};

/* A key that nothing else has, as 0x…. */
const char *new_key(void);
bool log_has(struct text text, const char *part);
/* A log in one line: "in, out"; "nothing" when it is empty. */
const char *in_one_line(struct text log);
/* " at xlock.c:34", or nothing when the line is not known. Also in the middle of a run. */
const char *at_place(const struct call *call);

/* Starts the run: the keeper, with these arguments (key and steps). */
struct party new_party(const char *driver, const char *key, const char *const *keeper,
                       struct given *given);
/* One more process, with these arguments. Its input is open until we close it. */
struct peer *join(struct party *party, const char *const *arguments, struct given *given);
/* Its input ends, so that it goes on; then everybody waits, or has ended. */
void let_go_on(struct party *party, struct peer *peer);

/* In a run of EACH_FAULT with one process: it logs that, unless the fault made a call fail. Then
 * the function that made it says so, and the step is logged with the errno: "lock: ENOMEM". (Whose
 * first semget only looks whether the set is there may do without.) */
void expect_fault_logged(struct run *run, const char *log);

/* How many have said "in" and not yet "out", and live. */
int count_inside(const struct party *party);
/* Has anybody logged a failure ("lock: EINVAL")? */
bool anybody_failed(const struct party *party);
/* What each has logged and does now, as at the last look: a line each, with a newline before it. */
const char *who_does_what(const struct party *party);

/* Does process number n sleep in semop (as at the last look)? */
bool sleeps_in_semop(struct run *run, int number);

#endif
