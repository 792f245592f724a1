/*
 * hint.h - the hints of checks, as a learner gets them: one at a time, and remembered.
 */
#ifndef IPCLAB_HINT_H
#define IPCLAB_HINT_H

#include "../suites/registry.h"

/* The text of the next hint (all of them, when all were given), which is now remembered as shown.
 * Owned by the caller. */
char *hint_next(const char *work, const struct check *check, int width);

/* Whose hints hint_count() counts. The string must stay. */
void hint_count_in(const char *work);
/* How many a check has and how many were shown: a count_hints of terminal.h. */
void hint_count(const char *check_id, int *hints, int *shown);

#endif
