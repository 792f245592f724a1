/*
 * submission_page.h - the page of a graded submission, as its learner may see it.
 */
#ifndef IPCLAB_SUBMISSION_PAGE_H
#define IPCLAB_SUBMISSION_PAGE_H

#include "../tell/results.h"
#include "course.h"

/* What the rules hide at that time is not in it. work: holds the sources in the layout of work/,
 * and the runs that were kept (saved_runs.h); NULL: neither is shown. Owned by the caller. */
char *submission_page(const struct course *course, const struct results *results, const char *work,
                      time_t now);

#endif
