/*
 * jobs.h - checking several exercises at once, each in a process of its own.
 */
#ifndef IPCLAB_JOBS_H
#define IPCLAB_JOBS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "../suites/registry.h"
#include "../tell/results.h"
#include "checking.h"

struct jobs_options {
    const char *dir; /* holds NN-lab/K-name/ */
    bool handed_in;  /* see checking.h */
    struct limits limits;
    uint64_t seed;                     /* of the first repeat; repeat number i gets seed + i */
    unsigned repeats;                  /* at least 1: a check passes when it passes in each */
    unsigned parallel;                 /* at least 1 */
    unsigned schedules, only_schedule; /* see checking.h */
    bool fail_fast;                    /* see checking.h */
    const char *first;                 /* see checking.h */
    const char
        *runs_folder; /* where the runs of what fails are kept (saved_runs.h); NULL: nowhere */
    check_told *told; /* called in the caller's process, with the context of done; NULL */
    bool stoppable;   /* jobs_end() may come early; signals of the terminal do not reach the jobs */
};

/* Called once for every exercise, in the order of the selection, as soon as it and all before it
 * are done. */
typedef void job_done(const struct exercise_result *exercise, void *context);

/* Checks all of them and adds what came of it to the results (labs, exercises, checks), which are
 * summed. A check that gave no answer is a kit_error, never a pass. done: may be NULL. */
void jobs_run(const struct selection *selection, const struct jobs_options *options,
              struct results *results, job_done *done, void *context);

/*
 * The same for a caller who waits for other things as well:
 *
 *     jobs = jobs_begin(...);
 *     while (jobs_go_on(jobs))
 *         poll(..., jobs_poll(jobs, its part of the descriptors), ...);
 *     jobs_end(jobs);
 *
 * What is handed over must stay until jobs_end().
 */
struct jobs;
struct jobs *jobs_begin(const struct selection *selection, const struct jobs_options *options,
                        struct results *results, job_done *done, void *context);
/* Fills in what to wait for: one for each exercise of the selection. Returns how many. */
size_t jobs_poll(const struct jobs *jobs, struct pollfd *ready);
/* Hears what can be heard without waiting. False: all are done, and the results are summed. */
bool jobs_go_on(struct jobs *jobs);
/* Stops what still runs, waits until nothing of it is left, and frees. */
void jobs_end(struct jobs *jobs);

/* In a process that was just forked: away from the terminal's signals, with SIGTERM as a
 * descriptor, which is returned, and SIGTERM when its parent ends. The worker and what it starts
 * begin with no signal blocked (box.c). */
int job_become_stoppable(pid_t parent);

/* How many exercises are usually checked at the same time; a seed that nobody chose. */
unsigned jobs_usual_parallel(void);
uint64_t jobs_random_seed(void);

#endif
