/*
 * checking.h - checking one exercise of one submission: stage its files, start the worker in its
 * box, read what it reports.
 */
#ifndef IPCLAB_CHECKING_H
#define IPCLAB_CHECKING_H

#include <stdbool.h>
#include <stdint.h>

#include "../suites/limits.h"
#include "../suites/registry.h"
#include "../suites/worker.h"
#include "../tell/results.h"

enum { SOURCE_LIMIT = 4 * 1024 * 1024 }; /* bytes of one source */

/* Called for each check as soon as its result is known. */
typedef void check_told(const struct check_result *check, void *context);

/* Called for each check just before its result is taken: the records of its last runs, a line of
 * JSON each; lines NULL: there are none. */
typedef void runs_told(const char *check_id, enum check_status status, const char *lines,
                       void *context);

struct check_options {
    const char *dir;        /* holds NN-lab/K-name/ */
    bool handed_in;         /* dir is the kit's own copy, and no business of who reads */
    const char *only_check; /* a check's name; NULL: all */
    uint64_t seed;
    struct limits limits;              /* of each run */
    unsigned schedules, only_schedule; /* see suites/schedules.h; 0: none */
    bool fail_fast;                    /* what comes after the first check that fails is skipped */
    const char *first; /* names of checks that are run before the others, commas between; or NULL */
    check_told *told;  /* NULL: nobody wants to know so soon */
    void *context;     /* of told */
    enum runs_wanted runs_wanted;
    runs_told *runs_told; /* where some are wanted */
    void *runs_context;
    int stop; /* a descriptor: when it can be read, the check is given up. 0: there is none */
};

/*
 * Builds and checks. Adds the results to `result` (which has its names already): the build log, and
 * one result for each check. A submission that is missing or does not compile is not an error of
 * ours: its checks are not_built, and the log says why.
 * Returns 0; -1 when the kit failed (said on standard error); CHECK_STOPPED: it was given up, and
 * nothing of it is left.
 */
enum { CHECK_STOPPED = 1 };
int exercise_check(const struct exercise *exercise, const struct check_options *options,
                   struct exercise_result *result);

#endif
