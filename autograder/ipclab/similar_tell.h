/*
 * similar_tell.h - which submissions are alike: for a terminal, as JSON, and as a page that shows
 * the passages side by side.
 */
#ifndef IPCLAB_SIMILAR_TELL_H
#define IPCLAB_SIMILAR_TELL_H

#include "alike.h"
#include "submissions.h"

/* What is told. Nothing is owned by it. */
struct similar {
    const struct alike *alike;
    const struct submissions *submissions;
    size_t n_compared; /* submissions that held anything of the exercises */
    size_t most;       /* so many pairs are told */
};

/* That it is no verdict: said wherever pairs are told. */
extern const char similar_caution[];

/* How many pairs are told. */
size_t similar_told(const struct similar *similar);

void similar_print(const struct similar *similar);
/* Owned by the caller, like the next one. */
char *similar_json(const struct similar *similar);
char *similar_page(const struct similar *similar);

#endif
