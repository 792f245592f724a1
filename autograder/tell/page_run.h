/*
 * page_run.h - one run as data for the page's script (page.js), and as text beside it.
 */
#ifndef IPCLAB_PAGE_RUN_H
#define IPCLAB_PAGE_RUN_H

#include "page.h"
#include "text.h"

/* A section with the data of the run, the place where page.js draws it, and the drawing as text.
 * number: of the run on its page. */
void page_add_run(struct text_buffer *out, const struct page_run *run, size_t number);

#endif
