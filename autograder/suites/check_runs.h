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
    bool one_fault; /* of EACH_FAULT */
};

struct check_run *check_run_of(const struct run *run);
/* All of the present check. */
struct check_run *check_runs(size_t *count);
void check_runs_end(void);

/* The check fails here: with the findings of all its runs, then this one (NULL: none). Does not
 * return. */
_Noreturn void check_fail(const struct finding *finding);
/* The check fails here, if a judge has found something in the run. */
void check_fail_if_found(struct run *run);
/* The call with which EACH_FAULT meddled in that run; NULL: with none. */
const struct call *meddled_call(const struct check_run *run);
/* "When the 3rd write (pump.c:57 in copy) was cut short to 1 byte: ", or "". Owned by the caller.
 */
char *meddled_words(const struct check_run *run);
/* The check cannot be decided on this machine. Does not return. */
_Noreturn void check_skip(const char *reason);

#endif
