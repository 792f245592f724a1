/*
 * formats.h - results in the formats of others: JUnit, TAP, and what platforms for courses read.
 *
 * All of them are made from struct results alone. What a learner's program wrote is data in each:
 * it is escaped, and can neither end a string nor begin a line that a reader would take for ours.
 */
#ifndef IPCLAB_FORMATS_H
#define IPCLAB_FORMATS_H

#include <stdbool.h>
#include <stddef.h>

#include "results.h"

struct format {
    const char *name;    /* "junit" */
    const char *purpose; /* "JUnit XML", for a list of them */
    /* text: at most so many bytes of what a check has to say. NULL: the kit failed, and this format
     * has no way to say so without a grade. */
    char *(*write)(const struct results *results, size_t text);
    size_t limit; /* bytes that its reader takes; 0: any */
};

/* Sorted by name, ended by a row without one. */
const struct format *formats_all(void);
const struct format *format_find(const char *name); /* NULL: no such */

/* The results in it, with texts cut as far as its reader's limit asks. Owned by the caller; NULL:
 * there is no grade to be told, for the kit failed. */
char *format_write(const struct format *format, const struct results *results);

/* Did the kit fail, so that no grade can be trusted? */
bool results_are_broken(const struct results *results);

#endif
