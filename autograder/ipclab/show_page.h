/*
 * show_page.h - the picture of a check as a page for a browser, for `ipclab show`.
 */
#ifndef IPCLAB_SHOW_PAGE_H
#define IPCLAB_SHOW_PAGE_H

#include <stdbool.h>

#include "../suites/registry.h"
#include "../tell/results.h"
#include "saved_runs.h"

struct show_page {
    const char *work;
    const struct check *check;
    const struct results *last;        /* of the work; has the check's exercise */
    const struct check_result *result; /* what is told of the check */
    const struct saved_runs *runs;     /* its runs */
    const char *note;                  /* why it is these; NULL */
    const char *file;                  /* where it is written; NULL: .ipclab/show.html in work */
    bool open;                         /* show it in the browser */
};

/* Writes the page and prints its path. Returns the exit status: 0, or 3 when it cannot be written
 * or opened (said on stderr). */
int show_page(const struct show_page *page);

#endif
