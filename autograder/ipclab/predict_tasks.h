/*
 * predict_tasks.h - the predictions that somebody asked for, with what was said and measured.
 */
#ifndef IPCLAB_PREDICT_TASKS_H
#define IPCLAB_PREDICT_TASKS_H

#include <stdbool.h>
#include <stddef.h>

#include "../tell/draw.h"
#include "../tell/terminal.h"
#include "answers.h"
#include "experiment.h"
#include "predictions.h"

/* One prediction that was asked for, with what is known of it. */
struct task {
    const struct prediction *prediction;
    bool named; /* by its own number */
    char *path; /* of its answers */
    struct answers answers;
    struct facts facts;
    bool done; /* facts are there */
};

struct session {
    struct task *tasks;
    size_t count;
    const char *work;
    const char *answers_file; /* NULL: those in work */
    struct terminal terminal;
    bool draws; /* draw each run */
    struct drawing drawing;
};

/* What was said to a question of the task; NULL: nothing yet. */
const char *said_by(const struct task *task, const struct question *question);
/* What the experiment says, in the form in which answers are kept; owned by the caller. NULL: it
 * was not done. */
char *measured_by(const struct task *task, const struct question *question);
/* Was something said, and measured, and is it the same? */
bool agrees(const struct task *task, const struct question *question);
/* How many questions of the task. */
size_t answered(const struct task *task);
size_t agreed(const struct task *task);

/* Of all tasks together. */
struct sums {
    size_t questions, answered, agreed;
};
struct sums sums_of(const struct session *session);

/* Runs the experiments of those to which something was said, in one box. */
void tasks_measure(const struct session *session, struct task *tasks, size_t count);
/* Keeps what was measured: only of what was answered, else the file would tell. 0, or 3 with a
 * message: it could not be written. */
int keep_measured(const struct task *task);
/* All of it; path "-": to standard output. 0, or 3 with a message. */
int write_predictions_json(const struct session *session, const char *path);

#endif
