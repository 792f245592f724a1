/*
 * registry.h - which labs, exercises and checks exist. Dropping a file in registers it.
 *
 * A suite's file registers itself before main(): LAB, EXERCISE and CHECK (exercise.h) expand to
 * constructors that call registry_add_*() with __FILE__. The ids are read from that path, never
 * typed: ".../01-pipes/3-pipeline.c" is exercise "1.3", name "pipeline", of lab "1", "01-pipes".
 * Files may register in any order; labs_all() sorts by lab, exercise and line.
 */
#ifndef IPCLAB_REGISTRY_H
#define IPCLAB_REGISTRY_H

#include <stddef.h>

struct exercise;

struct check {
    const char *name; /* "last_stage_sees_end_of_file" */
    int points;
    const char *hints; /* each ended by a NUL, the list by one more: "first\0second\0" */
    int line;          /* where it stands in the suite's file: the order of checks */
    void (*body)(void);
    const struct exercise *exercise; /* set by registry_add_check() */
};

struct exercise {
    const char *file;     /* of the suite, as the compiler was told it */
    const char *id;       /* "1.3" */
    const char *lab_name; /* "01-pipes" */
    const char *name;     /* "pipeline" */
    const char *title;    /* "A pipeline of N commands" */
    struct check **checks;
    size_t n_checks;
    const char *folder; /* "01-pipes/3-pipeline": the same under skeletons/, solutions/ and work/ */
    int number;         /* 3 */
};

struct lab {
    const char *id;    /* "1" */
    const char *name;  /* "01-pipes" */
    const char *title; /* "Pipes" */
    struct exercise **exercises;
    size_t n;
    int number; /* 1 */
};

/*
 * What a suite's file is made of. LAB stands once in a lab's folder (lab.c), EXERCISE once in an
 * exercise's file. EXERCISE("A pipeline of N commands");  CHECK(name, points, HINT("..."))  { ... }
 */
#define LAB(title_)                                             \
    __attribute__((constructor)) static void register_lab(void) \
    {                                                           \
        registry_add_lab(__FILE__, title_);                     \
    }                                                           \
    struct registered /* takes the semicolon */
#define EXERCISE(title_)                                             \
    __attribute__((constructor)) static void register_exercise(void) \
    {                                                                \
        registry_add_exercise(__FILE__, title_);                     \
    }                                                                \
    struct registered
#define HINT(text_) text_ "\0"
#define CHECK(name_, points_, hints_)                                     \
    static void body_of_##name_(void);                                    \
    static struct check check_called_##name_ = {                          \
        .name = #name_,                                                   \
        .points = (points_),                                              \
        .hints = hints_,                                                  \
        .line = __LINE__,                                                 \
        .body = body_of_##name_,                                          \
    };                                                                    \
    __attribute__((constructor)) static void register_check_##name_(void) \
    {                                                                     \
        registry_add_check(__FILE__, &check_called_##name_);              \
    }                                                                     \
    static void body_of_##name_(void)

/* For the macros. The strings must live as long as the program. kit_broken() when the path does not
 * say which exercise it is: that is a fault of the suite, and every test would notice. */
void registry_add_lab(const char *file, const char *title);
void registry_add_exercise(const char *file, const char *title);
void registry_add_check(const char *file, struct check *check);

/* All labs, sorted; owned by the registry. */
const struct lab *const *labs_all(size_t *n);
/* Forgets all (for tests of the registry itself). */
void registry_clear(void);

/* Points of all checks. */
int exercise_points(const struct exercise *exercise);
int lab_points(const struct lab *lab);
/* The lab that an exercise belongs to. */
const struct lab *exercise_lab(const struct exercise *exercise);

/* "1.3.last_stage_sees_end_of_file"; owned by the caller. */
char *check_id(const struct check *check);
int check_hints(const struct check *check);
/* Hint number 0, 1, ...; NULL when there are no more. */
const char *check_hint(const struct check *check, int number);
/* By its whole id; NULL: there is none. */
const struct check *registry_find_check(const char *id);
const struct exercise *registry_find_exercise(const char *id);

/* What a learner asked for: exercises, each whole or only some of its checks. */
struct selected {
    const struct exercise *exercise;
    const struct check **checks; /* owned; NULL: all of them */
    size_t n_checks;
    int named; /* it was asked for by its own name, not as a part of its lab */
};

struct selection {
    struct selected *items;
    size_t count;
};

/* Adds what a word means: LAB ("1", "01-pipes", "pipes"), EXERCISE ("1.3", "pipeline",
 * "3-pipeline", "01-pipes/3-pipeline", also with folders before and a slash after) or
 * EXERCISE.check. Returns 0; or -1 with *error, one sentence on what was wrong and what exists
 * (owned by the caller). */
int selection_add(struct selection *selection, const char *word, char **error);
/* Adds every exercise of every lab. */
void selection_add_all(struct selection *selection);
void selection_clear(struct selection *selection);

#endif
