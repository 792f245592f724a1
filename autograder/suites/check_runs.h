/*
 * check_runs.h - the runs of the present check, and how a check ends.
 */
#ifndef IPCLAB_CHECK_RUNS_H
#define IPCLAB_CHECK_RUNS_H

#include "../run/run.h"
#include "exercise.h"
#include "given.h"

/* What came out of one object. */
struct kept_bytes {
    int object;
    struct bytes bytes;
};
struct kept {
    struct kept_bytes *pipes;
    size_t n_pipes;
};

/* A run with what the judges said of it. */
struct check_run {
    struct run *run;
    bool finished, allow_death, stopped_some;
    struct findings findings; /* when finished */
    struct kept *kept;        /* given_kept_pipes() */
    struct xsi_wish *laid;    /* System V objects of the kit's */
    size_t n_laid;
};

struct check_run *check_run_of(const struct run *run);
/* All of the present check. */
struct check_run *check_runs(size_t *count);
void check_runs_end(void);

/* The check fails here: with the findings of all its runs, then this one (NULL: none). Does not
 * return. */
_Noreturn void check_fail(const struct finding *finding);
/* The check cannot be decided on this machine. Does not return. */
_Noreturn void check_skip(const char *reason);

#endif
