/*
 * class.h - a class as a whole: its gradebook, and what it got wrong most.
 */
#ifndef IPCLAB_CLASS_H
#define IPCLAB_CLASS_H

#include <stdbool.h>

#include "results.h"

/* An exercise of the gradebook. */
struct class_column {
    const char *id, *name;
    double points; /* what the whole exercise counts; 0: as many points as its checks have */
    unsigned passed, failed, not_handed_in; /* submissions */
};

/* A submission. */
struct class_row {
    char *name;
    enum submission_status status;
    double *scores; /* a column each; NAN: no score can be trusted, or nothing could be checked */
    double total, max; /* total NAN: not to be trusted */
};

/* How many submissions a misconception was met in, or a check was failed by. */
struct class_tally {
    char *id;
    unsigned submissions;
    size_t last; /* the last row that was counted */
};

struct class_tallies {
    struct class_tally *items;
    size_t n;
};

enum { CLASS_BINS = 10 };

/* Start with the columns, the seed and pass_percent (0: nothing is said of passing). The columns
 * stay the caller's. */
struct class_book {
    const char *title; /* NULL: none */
    struct class_column *columns;
    size_t n_columns;
    double pass_percent;
    uint64_t seed;
    struct class_row *rows;
    size_t n_rows;
    struct class_tallies misconceptions, checks;
    unsigned bins[CLASS_BINS]; /* rows with a total, by tenths of what can be reached */
};

void class_add(struct class_book *class, const struct results *results);
/* Sorts rows by name and tallies by how often. Call it once, before the next three. */
void class_close(struct class_book *class);

bool class_passed(const struct class_book *class, const struct class_row *row);
unsigned class_count(const struct class_book *class, enum submission_status status);
/* Of the rows that have a total; 0 without one. */
double class_mean(const struct class_book *class);

/* Comma-separated values, a row each: name, exercises, total, max, status (and passed). Owned by
 * the caller, like the next two. Source: RFC 4180, but for its line ends. */
char *class_gradebook(const struct class_book *class);
char *class_summary(const struct class_book *class); /* JSON */
char *class_page(const struct class_book *class);    /* one HTML file that needs nothing else */

void class_clear(struct class_book *class);

#endif
