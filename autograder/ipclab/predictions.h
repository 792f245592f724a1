/*
 * predictions.h - the predictions: what is asked before an experiment is run.
 *
 * Dropping two files in registers one: labs/NN-lab/predictions/P7-name.md with the questions, and
 * autograder/experiments/NN-lab/P7-name.c, the program that decides. There is no key of answers.
 *
 *     # P7 — Title
 *     What happens before anything is asked. (May be left out.)
 *     Needs: another user                    (a line of its own; may be left out)
 *     ## NAME: choice                        or number, or errno
 *     The question?
 *     - word: what it means                  (choice only: at least two)
 *     ## Why
 *     Why it comes out as it does.
 *     ## Elsewhere
 *     Who says otherwise. (May be left out.)
 *
 * The experiment prints "NAME: value" for each NAME, in the same words.
 */
#ifndef IPCLAB_PREDICTIONS_H
#define IPCLAB_PREDICTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum answer_kind { ANSWER_CHOICE, ANSWER_NUMBER, ANSWER_ERRNO };

struct choice {
    char *word; /* "waits" */
    char *text; /* "It waits for ever." */
};

struct question {
    char *name; /* "capacity" */
    enum answer_kind kind;
    char *text;
    struct choice *choices; /* of a choice only */
    size_t n_choices;
};

struct prediction {
    char *id;    /* "P7" */
    char *name;  /* "P7-closed-ends": of both files */
    char *lab;   /* "01-pipes" */
    int number;  /* 7 */
    char *title; /* "Pipes with one end closed" */
    char *intro; /* NULL: none */
    char *why;
    char *elsewhere; /* NULL: none */
    bool another_user;
    struct question *questions;
    size_t n;
};

/* All, by lab and number; owned here. kit_broken() when a file of ours is not as above. */
const struct prediction *predictions_all(size_t *n);
/* "P7" or "p7"; NULL: there is none. */
const struct prediction *prediction_find(const char *id);
/* The question of that name; NULL: there is none. */
const struct question *question_find(const struct prediction *prediction, const char *name);

/* What a person typed, in the words of the experiment: "B" -> "waits", "64K" -> "65536",
 * "eagain" -> "EAGAIN". Owned by the caller; NULL: it is no answer, and *complaint says what would
 * be one (owned by the caller). */
char *answer_read(const struct question *question, const char *typed, char **complaint);

#endif
