/*
 * jobs.h - checking several exercises at once, each in a process of its own.
 */
#ifndef IPCLAB_JOBS_H
#define IPCLAB_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "../suites/registry.h"
#include "../tell/results.h"

struct jobs_options {
    const char *dir;   /* holds NN-lab/K-name/ */
    uint64_t seed;     /* of the first repeat; repeat number i gets seed + i */
    unsigned repeats;  /* at least 1: a check passes when it passes in each */
    unsigned parallel; /* at least 1 */
    bool fail_fast;    /* see checking.h */
};

/* Called once for every exercise, in the order of the selection, as soon as it and all before it
 * are done. */
typedef void job_done(const struct exercise_result *exercise, void *context);

/* Checks all of them and adds what came of it to the results (labs, exercises, checks), which are
 * summed. A check that gave no answer is a kit_error, never a pass. done: may be NULL. */
void jobs_run(const struct selection *selection, const struct jobs_options *options,
              struct results *results, job_done *done, void *context);

#endif
