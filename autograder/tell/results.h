/*
 * results.h - what was checked and what came of it: the results file, as structs.
 *
 * results_to_json() writes the file that `check --json` and `grade` promise; the other *_to_json()
 * functions write one line each, for pipes between the kit's own processes.
 *
 * Strings are owned by their struct; NULL is null in JSON (or "" where the schema says a string).
 * Strings that came from a learner's program may hold any byte: what is written is always valid
 * UTF-8 (what is not becomes U+FFFD).
 */
#ifndef IPCLAB_RESULTS_H
#define IPCLAB_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "../judge/finding.h"

struct cJSON;

enum check_status {
    CHECK_PASSED,
    CHECK_FAILED,
    CHECK_SKIPPED,   /* this machine does not allow what it needs; says so in its message */
    CHECK_NOT_BUILT, /* the program did not compile */
    CHECK_KIT_ERROR, /* our fault; never counted against a learner */
    CHECK_STATUSES
};

struct check_result {
    char *id; /* "1.3.last_stage_sees_end_of_file" */
    enum check_status status;
    double score, max_score;
    double seconds;
    int schedules;           /* how many it was tried under, beside the kernel's; 0: none */
    char *message;           /* one paragraph; NULL: the findings say all */
    char *expected, *actual; /* printable; NULL: nothing was compared */
    struct findings findings;
    char *reproduce; /* the command that runs it again; NULL when it passed */
    char *hint;      /* the first hint; NULL when it passed */
};

struct exercise_result {
    char *id, *name, *title; /* "1.3", "pipeline", "A pipeline of N commands" */
    enum check_status status;
    double score, max_score;
    bool build_ok;
    char *build_log;
    struct check_result *checks;
    size_t n_checks;
};

struct lab_result {
    char *id, *name, *title; /* "1", "01-pipes", "Pipes" */
    double score, max_score;
    struct exercise_result *exercises;
    size_t n_exercises;
};

struct machine {
    bool ptrace, namespaces, valgrind;
};

/* How the build log of an exercise ends of which a file is missing. */
#define RESULTS_NOT_HANDED_IN "was not handed in."

/* What became of a submission as a whole. */
enum submission_status {
    SUBMISSION_GRADED,
    SUBMISSION_REFUSED,  /* nothing could be taken from it: all points are 0, the notes say why */
    SUBMISSION_KIT_ERROR /* our fault, at least in part: its points are not to be trusted */
};

struct results {
    char *submission; /* NULL: a learner's own run, and the next four mean nothing */
    enum submission_status status;
    char **notes; /* sentences on what was left out, and why */
    size_t n_notes;
    uint64_t digest; /* of what was handed in: equal for equal work */
    uint64_t seed;
    double score, max_score;
    struct machine machine;
    struct lab_result *labs;
    size_t n_labs;
};

/* "passed", "failed", "skipped", "not_built", "kit_error" (static), and back (-1: no such). */
const char *check_status_name(enum check_status status);
int check_status_from_name(const char *name);

/* "graded", "refused", "kit_error" (static). */
const char *submission_status_name(enum submission_status status);

/* The worse of two, for a whole made of parts: kit_error, not_built, failed, then passed, and
 * skipped only when nothing else is known. */
enum check_status check_status_worse(enum check_status a, enum check_status b);

/* Recomputes score, max_score and status of an exercise from its checks, of a lab from its
 * exercises, of the results from the labs. What was skipped counts in no sum. */
void exercise_result_sum(struct exercise_result *exercise);
void results_sum(struct results *results);

/* 0 all passed, 1 some failed (or did not compile), 3 the kit failed, 2 nothing was checked at all:
 * the exit status of the commands. Skipped checks count neither way. */
int results_exit_status(const struct results *results);

/* The whole file, indented, ending in a newline (owned by the caller). */
char *results_to_json(const struct results *results);
/* Reads it back. Returns 0; or -1 with *error saying why (static). */
int results_from_json(const char *json, struct results *results, const char **error);

/* One line without a newline (owned by the caller), and back (0, or -1). */
char *check_result_to_json(const struct check_result *check);
int check_result_from_json(const char *json, struct check_result *check);
char *exercise_result_to_json(const struct exercise_result *exercise);
int exercise_result_from_json(const char *json, struct exercise_result *exercise);

/* Findings as cJSON objects, shared with `trace --json`. */
struct cJSON *finding_to_json(const struct finding *finding);
struct cJSON *findings_to_json(const struct findings *findings); /* an array */
/* Adds the finding; -1 when it is none. */
int finding_from_json(const struct cJSON *json, struct findings *findings);

/* Frees what it holds and makes it empty. */
void check_result_clear(struct check_result *check);
void exercise_result_clear(struct exercise_result *exercise);
void results_clear(struct results *results);

/* Adds a lab (an exercise, a check) that is empty but for its names, which are copied. */
struct lab_result *results_add_lab(struct results *results, const char *id, const char *name,
                                   const char *title);
struct exercise_result *lab_result_add_exercise(struct lab_result *lab, const char *id,
                                                const char *name, const char *title);
struct check_result *exercise_result_add_check(struct exercise_result *exercise, const char *id,
                                               double max_score);

/* NULL when it is not there. */
struct lab_result *results_find_lab(const struct results *results, const char *id);
struct exercise_result *results_find_exercise(const struct results *results, const char *id);
struct check_result *exercise_result_find_check(const struct exercise_result *exercise,
                                                const char *id);

#endif
