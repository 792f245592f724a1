/*
 * gradebook.h - the folder of a graded class, which grade fills and merge joins:
 *
 *     NAME.json, NAME.html     a submission each
 *     grading.json             by which rules, which submissions: what --resume and merge go by
 *     gradebook.csv            \
 *     summary.json              } made from the NAME.json files alone, when all are there
 *     class.html               /
 *     earlier/STAMP/           what an earlier grading wrote, when it was done anew
 */
#ifndef IPCLAB_GRADEBOOK_H
#define IPCLAB_GRADEBOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "../tell/results.h"
#include "course.h"

struct gradebook {
    const char *command; /* "grade": who speaks */
    const char *folder;
    struct course course; /* the rules, with the exercises that are graded */
    uint64_t seed;
    uint64_t shard, shards; /* 1 of 1: all submissions */
    char **names;           /* of the submissions */
    size_t n_names;
    char *stamp; /* the folder in earlier/ that this process uses; NULL: none yet */
    int lock;
};

/* Makes the folder and locks it: two gradings must not write to it at once. Returns 0; or the exit
 * status, when it was said why not. */
int gradebook_open(struct gradebook *book);
/* Reads grading.json of a folder. Returns 0; 1 when there is none; -1 when it cannot be used, with
 * *error (owned by the caller). */
int gradebook_read(const char *folder, struct gradebook *book, char **error);
int gradebook_write(const struct gradebook *book); /* 0, or -1 with errno */

bool gradebook_has(const struct gradebook *book, const char *name);
void gradebook_add(struct gradebook *book, const char *name);
/* What two gradings must have in common to be one; NULL: it is; or what differs (static). */
const char *gradebook_differs(const struct gradebook *one, const struct gradebook *other);

/* Moves the files of a submission (name) or of the class (NULL) to earlier/STAMP/, if there are
 * any. Returns how many. */
unsigned gradebook_set_aside(struct gradebook *book, const char *name);

/* Reads NAME.json, and writes it and NAME.html; false when there is none that can be read. */
bool gradebook_load(const struct gradebook *book, const char *name, struct results *results);
int gradebook_store(const struct gradebook *book, const struct results *results);
int gradebook_store_page(const struct gradebook *book, const char *name, const char *html);

/* Writes gradebook.csv, summary.json and class.html. Returns the exit status: 3 when a result is
 * missing or not to be trusted, or something cannot be written. */
int gradebook_close(const struct gradebook *book);
void gradebook_clear(struct gradebook *book);

#endif
