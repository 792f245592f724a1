/*
 * course.h - the rules by which a class is graded: course.ini. The sample, autograder/course.ini,
 * documents every key.
 */
#ifndef IPCLAB_COURSE_H
#define IPCLAB_COURSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "../suites/limits.h"
#include "../suites/registry.h"
#include "../tell/results.h"

enum hint_policy { HINTS_FIRST, HINTS_NONE, HINTS_ALL };

/* What a lab or an exercise counts. */
struct course_weight {
    const char *id; /* "1" or "1.3" */
    double points;
};

struct course_hidden {
    const struct check *check;
    time_t until; /* the first second in which learners may see it; 0: never */
};

struct course {
    char *text; /* the file's own; NULL: there was none */
    char *title;
    struct selection selection; /* empty: everything */
    double pass_percent;        /* 0: nothing is said of passing */
    uint64_t seed;
    bool seed_given;
    enum hint_policy hints;
    struct limits limits;
    struct course_weight *weights;
    size_t n_weights;
    struct course_hidden *hidden;
    size_t n_hidden;
};

/* Reads it. -1: *error says FILE:LINE, what is wrong and what is allowed (owned by the caller).
 * name: how errors call it. */
int course_read(struct course *course, const char *name, const char *text, char **error);
/* The same from a file; file NULL: the rules of no file at all. */
int course_load(struct course *course, const char *file, char **error);
void course_clear(struct course *course);

/* What an exercise counts in the gradebook; 0: the points of its checks. */
double course_points(const struct course *course, const struct exercise *exercise);
/* Points by the weights, as the gradebook has them: into results. */
void course_weigh(const struct course *course, struct results *results);
/* The hints of a failed check by the policy: into results. */
void course_set_hints(const struct course *course, struct results *results);
/* Until when learners may not see a check; -1: they may see it. 0: never. */
time_t course_hidden_until(const struct course *course, const char *check_id, time_t now);
/* Is some check visible now that was hidden at `then`? */
bool course_reveals(const struct course *course, time_t then, time_t now);
/* Takes out of the results what learners may not see now: a hidden check says that it is hidden,
 * and how it ended. */
void course_hide(const struct course *course, struct results *results, time_t now);

#endif
