/*
 * build.h - compiling a learner's exercise, inside the box, in a cell of its own.
 */
#ifndef IPCLAB_BUILD_H
#define IPCLAB_BUILD_H

#include <stdbool.h>

/*
 * Builds every program of the worker's exercise from box/source into program/:
 *   - NAME.c without a NAME.h in box/headers is a program;
 *   - NAME.c with one is a module, linked with each of the kit's drivers (box/drivers).
 * With the kit's flags, nothing of the learner's (no Makefile of theirs is looked at).
 * *log gets what the compiler said (owned by the caller, never NULL). Returns whether all was
 * built.
 */
bool build_exercise(char **log);

/* Builds it once more, for given_race_build(): into the folder race of the programs. What compiled
 * compiles again, or the kit is broken. */
void build_for_races(void);

#endif
