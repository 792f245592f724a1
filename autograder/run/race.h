/*
 * race.h - the log that programs built for the race detector write (race/log.h), on the kit's side.
 *
 * The kit lays it where the programs of a run find it (an environment variable names the file), the
 * tracer draws numbers of its clock for what it sees, and when the run is over what was written
 * becomes part of the record.  Nobody else's memory depends on it: a program that scribbles over it
 * spoils only what is said of itself.
 */
#ifndef IPCLAB_RACE_H
#define IPCLAB_RACE_H

#include <stdbool.h>
#include <stdint.h>

#include "cell.h"
#include "places.h"

struct race;

/* cell: where it lies, in /dev/shm inside; NULL: in our own /dev/shm. sources: the folder of the
 * only sources of which a line may be told; NULL: each that the debug information names. Never
 * NULL. */
struct race *race_new(struct cell *cell, const char *sources);
void race_free(struct race *race);

/* "IPCLAB_RACE=/dev/shm/...", for the environment of the programs. Owned by the race. */
const char *race_variable(const struct race *race);

/* The next number of the clock, for something that happens between what was before and what will be
 * after. 0 when race is NULL. */
uint64_t race_number(struct race *race);

/* What a process runs, for the lines of its code. Either may be missing. */
void race_keep_image(struct race *race, int process, struct image *image);

/* From now on programs are to ask for their turn before each access, or not. race may be NULL. */
void race_want_yields(struct race *race, bool wanted);

/* The line of an address of code of a process, now. */
struct place race_place(const struct race *race, int process, uint64_t pc);

/* Says in the record whether anything was watched; unless hasty, fills notes, sites and memories.
 */
void race_collect(struct race *race, struct record *record, bool hasty);

#endif
