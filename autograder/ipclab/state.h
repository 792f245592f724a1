/*
 * state.h - what the kit remembers of a learner's work: the last result of every check, and how
 * many hints of each were shown. It is kept in .ipclab/ inside the folder of their work.
 */
#ifndef IPCLAB_STATE_H
#define IPCLAB_STATE_H

#include <stdbool.h>

#include "../suites/registry.h"
#include "../tell/results.h"

/* The folder of the learner's work: `given` when not NULL, else the nearest folder "work" with a
 * .ipclab in it here or above, else "work". Owned by the caller. */
char *work_folder(const char *given);

/* Was it started: is DIR/01-pipes/3-pipeline a folder? */
bool was_started(const char *work, const struct exercise *exercise);

/* The last results; empty when there are none (or they can't be read). */
void state_load(const char *work, struct results *results);
/* Puts new results over the old ones, check by check. Says so on stderr when it can't be written,
 * which is no reason to fail. Nothing is kept inside the kit's own skeletons/ and solutions/.
 * skipped_untried: what was skipped was not tried (--fail-fast), and says nothing new. */
void state_store(const char *work, const struct results *results, bool skipped_untried);
/* Makes DIR and DIR/.ipclab. -1 with errno set. */
int state_make_folder(const char *work);
/* mkdir -p: -1 with errno set. */
int make_folders(const char *path);

/* Is something remembered for this folder: is it none of the kit's own trees? */
bool state_is_kept(const char *work);

/* How many hints of a check were shown. */
int hints_shown(const char *work, const char *check_id);
void hints_set_shown(const char *work, const char *check_id, int shown);

/* What to type next, by what was started and what passed: one line without a newline, owned by the
 * caller. */
char *next_step(const char *work, const struct results *results);

#endif
