/*
 * page_results.h - the part of a page (page.h) that can be read without its script: verdicts,
 * messages, expected beside actual, findings with their lines, hints.
 */
#ifndef IPCLAB_PAGE_RESULTS_H
#define IPCLAB_PAGE_RESULTS_H

#include "page.h"
#include "text.h"

/* All labs. add_runs: called below each check, for the runs to draw. */
void page_add_results(struct text_buffer *out, const struct page *page,
                      void (*add_runs)(struct text_buffer *out, const struct page *page,
                                       const char *check_id));

/* A list of findings; folders: where sources may lie, ended by NULL (or NULL). */
void page_add_findings(struct text_buffer *out, const struct findings *findings,
                       const char *const *folders);

/* Lines of a source file that a learner wrote, or NULL: the base name `file` in one of the folders,
 * a regular file of at most 256 KiB, never through a link. Owned by the caller. */
char *page_read_source(const char *const *folders, const char *file);

#endif
