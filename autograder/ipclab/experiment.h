/*
 * experiment.h - running the experiments behind the predictions, in the box, each in a cell of its
 * own.
 */
#ifndef IPCLAB_EXPERIMENT_H
#define IPCLAB_EXPERIMENT_H

#include <stddef.h>

#include "../tell/draw.h"
#include "predictions.h"

struct fact {
    char *name, *value;
};

/* What an experiment has printed. */
struct facts {
    struct fact *items;
    size_t count;
    char *picture; /* of the run, drawn; NULL: nobody wanted it */
    char *skipped; /* why it could not be done on this machine; NULL: it was */
};

/* Runs the experiments of n predictions, one after the other; facts: n of them, to be filled.
 * drawing: how wide, and with which characters, to draw each run; NULL: not at all. kit_broken()
 * when one does not come to its end, or leaves something behind. */
void experiments_run(const struct prediction *const *predictions, size_t n,
                     const struct drawing *drawing, struct facts *facts);
void facts_clear(struct facts *facts);
/* NULL: it printed no such fact. */
const char *facts_find(const struct facts *facts, const char *name);

/* The source of an experiment; owned by the caller. */
char *experiment_source_path(const struct prediction *prediction);

#endif
