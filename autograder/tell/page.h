/*
 * page.h - results and the pictures of runs as one HTML page that needs nothing else.
 *
 * The page loads nothing: its style, its script and its data stand in it, and its content security
 * policy allows only those two by a nonce. Verdicts, messages and hints are plain HTML, so they can
 * be read without the script; what a run did is data (JSON) that the script draws, with the drawing
 * of picture_text() beside it. All text in it is escaped (html.h).
 */
#ifndef IPCLAB_PAGE_H
#define IPCLAB_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "results.h"

/* One run to draw. Nothing is owned by it. */
struct page_run {
    const char *check_id; /* drawn below that check of the results; NULL: below its own heading */
    const char *title;    /* "pipeline cat -- sort" */
    const char *outcome;  /* "It ended with exit status 0."; NULL: not told */
    const struct record *record;
    const struct findings *findings;
    const char *const *folders; /* where its sources may lie, ended by NULL; NULL: not known */
};

/* The hint number 0, 1, ... of a check, or NULL when there are no more. */
typedef const char *page_hint(const char *check_id, int number);

struct page {
    const char *title;
    const char *note;              /* what is to be known of it first; NULL */
    const struct results *results; /* NULL: a program was traced */
    const struct page_run *runs;
    size_t n_runs;
    page_hint *hint; /* which hints may be opened, one after the other; NULL: the first of each */
    /* The folder of an exercise's sources, for the lines around a finding; owned by the caller of
     * it. NULL: no lines are shown. */
    char *(*source_folder)(const struct lab_result *lab, const struct exercise_result *exercise,
                           void *context);
    void *context;
};

/* The whole page (owned by the caller). */
char *page_html(const struct page *page);

#endif
