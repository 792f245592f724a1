/*
 * schedules.h - a check under many schedules: the same body again and again, and in each run whose
 * programs are built for the race detector one thread goes at a time, as a seed says.
 *
 * What the check expects decides whether a schedule went wrong. Only a data race is told from the
 * run without a schedule: which accesses nothing orders does not depend on who comes first.
 */
#ifndef IPCLAB_SUITE_SCHEDULES_H
#define IPCLAB_SUITE_SCHEDULES_H

#include <stdbool.h>

#include "../tell/results.h"
#include "given.h"
#include "registry.h"

struct schedule;

/* Carries out a check as the kernel likes and then under worker.schedules schedules, or under
 * number worker.only_schedule alone, and reports what came of it in one line. */
void check_under_schedules(const struct check *check, int index);

/* Is this process one of those that carry out the body? Then the one line is not yet the last
 * word. */
bool is_trial(void);
/* Is it under a schedule? */
bool is_scheduled_trial(void);

/* The schedule for a run that begins now; NULL: as the kernel likes. */
struct schedule *schedule_of_run(const struct start *start);

/* At the end of a trial, with its runs still there: notes what the next ones need, and adds to what
 * went wrong who ran, and up to where. */
void end_trial(struct check_result *result);

#endif
