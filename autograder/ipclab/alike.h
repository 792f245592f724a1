/*
 * alike.h - which submissions have passages alike, exercise by exercise.
 *
 * What is compared is a submission's own part: its sources without the lines that the skeleton has.
 * Who compares is sim_c (similarity-tester), token by token: names, numbers, layout and comments do
 * not count, nor where in the file a passage stands.
 */
#ifndef IPCLAB_ALIKE_H
#define IPCLAB_ALIKE_H

#include <stdbool.h>
#include <stddef.h>

#include "../suites/registry.h"
#include "notes.h"

enum {
    ALIKE_TOKENS = 20,     /* the shortest passage that counts: some three lines */
    OWN_LIMIT = 256 * 1024 /* bytes of a source that is compared: 15 times the largest solution */
};

/* What the lines of an exercise's skeleton are known by. */
struct alike_given {
    char **keys; /* sorted */
    size_t n;
};

/* A source of a submission. */
struct alike_source {
    size_t submission;
    const struct exercise *exercise;
    char *name;   /* "pipeline.c" */
    char **lines; /* as handed in */
    bool *given;  /* which of them the skeleton has */
    size_t n_lines;
    unsigned tokens; /* of its own part */
};

struct alike_place {
    size_t source;        /* an index */
    unsigned first, last; /* lines, from 1 */
};

struct alike_passage {
    struct alike_place places[2];
    unsigned tokens;
};

/* Two submissions in one exercise. Each token of either counts once. */
struct alike_exercise {
    const struct exercise *exercise;
    unsigned own[2];                /* tokens */
    unsigned tokens;                /* that are alike */
    struct alike_passage *passages; /* the longest first */
    size_t n_passages;
};

struct alike_pair {
    size_t submissions[2];
    double
        weight; /* the alike tokens of each exercise, times the part that they are of the whole */
    struct alike_exercise *exercises;
    size_t n_exercises;
};

/* Start with the selection and n_submissions; alike_add() for each, then alike_compare(). */
struct alike {
    const struct selection *selection;
    size_t n_submissions;
    struct alike_source *sources;
    size_t n_sources;
    struct alike_pair *pairs; /* that have anything alike: what is most alike first */
    size_t n_pairs;
    struct alike_given *given; /* of each exercise */
    size_t n_given;
    bool failed; /* some exercise could not be compared; that was said */
};

/* Takes the sources of a submission that lie in folder/01-pipes/3-pipeline/ and so on (arrange.h).
 * Each submission once, in order, from 0. What is left out is noted. */
void alike_add(struct alike *alike, size_t submission, const char *folder, struct notes *notes);

/* Compares each with each. scratch: an empty folder; parallel: so many exercises at a time. */
void alike_compare(struct alike *alike, const char *scratch, size_t parallel);

/* How much of the own part of side 0 or 1 is alike, in percent. */
unsigned alike_percent(const struct alike_exercise *exercise, int side);
/* How many submissions besides these two have most of the left passage, too. */
size_t alike_others(const struct alike *alike, const struct alike_pair *pair,
                    const struct alike_passage *passage);
/* Does the command that compares exist here? */
bool alike_can_compare(void);

void alike_clear(struct alike *alike);

#endif
