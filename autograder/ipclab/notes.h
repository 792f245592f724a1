/*
 * notes.h - what a person should know about a submission besides its verdicts: what was left out of
 * it, and why.
 */
#ifndef IPCLAB_NOTES_H
#define IPCLAB_NOTES_H

#include <stddef.h>

/* Start with {0}. After MOST_NOTES the rest is only counted. */
struct notes {
    char **lines;
    size_t count, left_out;
};

enum { MOST_NOTES = 20 };

/* One sentence. Names in it must have been made visible (text_visible). */
void notes_add(struct notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds a line that says how many were left out, if any were. Call it once, at the end. */
void notes_close(struct notes *notes);
void notes_clear(struct notes *notes);

#endif
