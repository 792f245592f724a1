/*
 * worker.h - the process in the box that builds one exercise and runs its checks.
 */
#ifndef IPCLAB_WORKER_H
#define IPCLAB_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "../tell/results.h"
#include "limits.h"
#include "registry.h"

/* One that takes longer is lost; more for each schedule that it is tried under. */
enum { CHECK_SECONDS = 600, SCHEDULE_SECONDS = 2 };

enum { NOT_TOLD, TOLD, TOLD_FAILED };

/* Of which runs the records are wanted. */
enum runs_wanted {
    RUNS_OF_NONE,
    RUNS_OF_FAILED, /* of checks that fail */
    RUNS_WATCHED    /* of all, and with read, write and close watched: for a picture */
};

#define RUN_LINE "run " /* begins the line of a run, in the report */

/* What the worker was told, and every check can see. */
struct worker {
    const struct exercise *exercise;
    const char *box;      /* "/box": source/ headers/ common/ drivers/ */
    const char *program;  /* "/program": what was built; without a slash at the end */
    const char *probe;    /* "/probe" */
    const char *runs;     /* weaker mode: where each run gets a folder */
    bool confined;        /* in bubblewrap: cells have namespaces */
    bool sanitized;       /* built with a sanitizer: no limit on memory */
    bool fail_fast;       /* after a check that failed the others are skipped */
    struct limits limits; /* where an instructor set them */
    enum runs_wanted runs_wanted;
    uint64_t seed;
    unsigned schedules, only_schedule; /* how many to try, or which; 0: none */
    int results;                       /* descriptor for one line of JSON a check */
    volatile char *told; /* shared: TOLD or TOLD_FAILED when check i has written its line */
};

extern struct worker worker;

/* Begins a check in this process (forked by Check): chance, given values, findings. */
void check_begin(const struct check *check, int index);
/* Writes its line, after those of its runs (RUN_LINE; in a trial they are written already: ""). */
void check_report(struct check_result *result, const char *runs);
/* Ends it: the findings of its runs decide, if no expectation did. */
void check_end(void);

#endif
