/*
 * saved_runs.h - the runs of the checks that failed last, kept for `ipclab show`.
 *
 * One file a check, .ipclab/runs/ID in the folder of the learner's work: a line for each run, the
 * record as JSON.  It is written whole or not at all, replaced by the next check, and removed when
 * the check passes; of the oldest files the kit keeps no more than some dozens.
 */
#ifndef IPCLAB_SAVED_RUNS_H
#define IPCLAB_SAVED_RUNS_H

#include <stddef.h>

#include "../run/record.h"

struct saved_runs {
    struct record **records; /* in the order in which they were made */
    size_t count;
};

/* Where they are kept; NULL: nothing is kept there (the kit's own trees). Owned by the caller. */
char *saved_runs_folder(const char *work);

/* Keeps these lines for a check; lines NULL: removes what was kept. Failure is said on stderr,
 * once, and is no reason to fail. */
void saved_runs_keep(const char *folder, const char *check_id, const char *lines);

/* Those of a check; count 0: none are kept (or they can't be read). */
void saved_runs_load(const char *work, const char *check_id, struct saved_runs *runs);
/* The same from lines. */
void saved_runs_parse(const char *lines, struct saved_runs *runs);
void saved_runs_clear(struct saved_runs *runs);

/* The check whose runs were kept last: its id, owned by the caller; NULL: there is none. */
char *saved_runs_newest(const char *work);

#endif
