/*
 * answers.h - what a learner answered, and what was measured then: work/NN-lab/predictions.ini.
 *
 *     [P19]
 *     capacity = 4096
 *     capacity.measured = 65536
 *     capacity.agreed = no
 *
 * Such a file can be written by hand, too: the answers are enough. It only ever grows at its end,
 * so nothing in it is overwritten, and an answer once given stands.
 */
#ifndef IPCLAB_ANSWERS_H
#define IPCLAB_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

#include "predictions.h"

struct answer {
    const struct prediction *prediction;
    const struct question *question;
    char *said;     /* as answer_read() gives it; NULL: not answered */
    char *measured; /* NULL: the experiment was not run yet */
    bool agreed;
};

struct answers {
    struct answer *items;
    size_t count;
    char *last_section; /* where a line at the end would belong; NULL: nowhere */
};

/* The file of a lab in a folder of work; owned by the caller. */
char *answers_path(const char *work, const char *lab);

/* Reads a file; one that is not there holds nothing. 0; or -1 with *error, which names the file and
 * the line (owned by the caller). Either way answers_clear() is the caller's. */
int answers_load(const char *path, struct answers *answers, char **error);
void answers_clear(struct answers *answers);
/* NULL: nothing is known of that question. */
const struct answer *answers_find(const struct answers *answers, const struct question *question);

/* Writes an answer, or (measured not NULL) what was measured, at the end of the file: whole or not
 * at all. What is there already stands. 0; or -1 with *error. */
int answers_keep(const char *path, const struct prediction *prediction,
                 const struct question *question, const char *said, char **error);
int answers_keep_measured(const char *path, const struct prediction *prediction,
                          const struct question *question, const char *measured, bool agreed,
                          char **error);

/* How many predictions of a lab are answered to the last question, and how many of these came out
 * as said. */
struct answers_count {
    size_t predictions, answered, agreed;
};
struct answers_count answers_count(const char *work, const char *lab);

#endif
