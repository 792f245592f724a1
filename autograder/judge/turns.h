/*
 * turns.h - who ran, up to which line, and then who: a run under a schedule, told.
 */
#ifndef IPCLAB_TURNS_H
#define IPCLAB_TURNS_H

#include "../run/record.h"

/* One line a turn, from the first that ended in the learner's own source:
 *
 *      1. process 1 runs up to count.c:24 in main(), before an access to shared memory
 *
 * Of several in a row by one process the last is told; of very many only the first. Each line
 * starts with the indentation and ends with a newline. Owned by the caller; "" when there is none.
 */
char *turns_told(const struct record *record, const char *indentation);

#endif
