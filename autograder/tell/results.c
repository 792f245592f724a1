/*
 * results.c - results as structs: adding, finding, summing, freeing. See results.h. Their JSON is
 * in results_json.c.
 */
#include "results.h"

#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"

static const char *const status_names[CHECK_STATUSES] = {
    [CHECK_PASSED] = "passed",       [CHECK_FAILED] = "failed",       [CHECK_SKIPPED] = "skipped",
    [CHECK_NOT_BUILT] = "not_built", [CHECK_KIT_ERROR] = "kit_error",
};

const char *check_status_name(enum check_status status)
{
    return status_names[status];
}

int check_status_from_name(const char *name)
{
    for (int i = 0; i < CHECK_STATUSES; i++)
        if (strcmp(status_names[i], name) == 0)
            return i;
    return -1;
}

const char *submission_status_name(enum submission_status status)
{
    static const char *const names[] = {[SUBMISSION_GRADED] = "graded",
                                        [SUBMISSION_REFUSED] = "refused",
                                        [SUBMISSION_KIT_ERROR] = "kit_error"};
    return names[status];
}

enum check_status check_status_worse(enum check_status a, enum check_status b)
{
    static const int badness[CHECK_STATUSES] = {
        [CHECK_SKIPPED] = 0,   [CHECK_PASSED] = 1,    [CHECK_FAILED] = 2,
        [CHECK_NOT_BUILT] = 3, [CHECK_KIT_ERROR] = 4,
    };
    return badness[a] >= badness[b] ? a : b;
}

void exercise_result_sum(struct exercise_result *exercise)
{
    exercise->score = exercise->max_score = 0;
    exercise->status = CHECK_SKIPPED;
    for (size_t i = 0; i < exercise->n_checks; i++) {
        const struct check_result *check = &exercise->checks[i];
        exercise->score += check->score;
        exercise->max_score += check->status != CHECK_SKIPPED ? check->max_score : 0;
        exercise->status = check_status_worse(exercise->status, check->status);
    }
}

void results_sum(struct results *results)
{
    results->score = results->max_score = 0;
    for (size_t i = 0; i < results->n_labs; i++) {
        struct lab_result *lab = &results->labs[i];
        lab->score = lab->max_score = 0;
        for (size_t j = 0; j < lab->n_exercises; j++) {
            exercise_result_sum(&lab->exercises[j]);
            lab->score += lab->exercises[j].score;
            lab->max_score += lab->exercises[j].max_score;
        }
        results->score += lab->score;
        results->max_score += lab->max_score;
    }
}

int results_exit_status(const struct results *results)
{
    static const int exit_status[CHECK_STATUSES] = {
        [CHECK_PASSED] = 0,    [CHECK_FAILED] = 1,    [CHECK_SKIPPED] = 2,
        [CHECK_NOT_BUILT] = 1, [CHECK_KIT_ERROR] = 3,
    };
    enum check_status worst = CHECK_SKIPPED;

    for (size_t i = 0; i < results->n_labs; i++)
        for (size_t j = 0; j < results->labs[i].n_exercises; j++)
            worst = check_status_worse(worst, results->labs[i].exercises[j].status);
    return exit_status[worst];
}

void check_result_clear(struct check_result *check)
{
    free(check->id);
    free(check->message);
    free(check->expected);
    free(check->actual);
    findings_clear(&check->findings);
    free(check->reproduce);
    free(check->hint);
    *check = (struct check_result){0};
}

void exercise_result_clear(struct exercise_result *exercise)
{
    for (size_t i = 0; i < exercise->n_checks; i++)
        check_result_clear(&exercise->checks[i]);
    free(exercise->checks);
    free(exercise->id);
    free(exercise->name);
    free(exercise->title);
    free(exercise->build_log);
    *exercise = (struct exercise_result){0};
}

void results_clear(struct results *results)
{
    for (size_t i = 0; i < results->n_labs; i++) {
        struct lab_result *lab = &results->labs[i];
        for (size_t j = 0; j < lab->n_exercises; j++)
            exercise_result_clear(&lab->exercises[j]);
        free(lab->exercises);
        free(lab->id);
        free(lab->name);
        free(lab->title);
    }
    free(results->labs);
    for (size_t i = 0; i < results->n_notes; i++)
        free(results->notes[i]);
    free(results->notes);
    free(results->submission);
    *results = (struct results){0};
}

struct lab_result *results_add_lab(struct results *results, const char *id, const char *name,
                                   const char *title)
{
    struct lab_result *lab = ARRAY_ADD(results->labs, results->n_labs);

    lab->id = kit_strdup(id);
    lab->name = kit_strdup(name);
    lab->title = kit_strdup(title);
    return lab;
}

struct exercise_result *lab_result_add_exercise(struct lab_result *lab, const char *id,
                                                const char *name, const char *title)
{
    struct exercise_result *exercise = ARRAY_ADD(lab->exercises, lab->n_exercises);

    exercise->id = kit_strdup(id);
    exercise->name = kit_strdup(name);
    exercise->title = kit_strdup(title);
    exercise->status = CHECK_SKIPPED;
    exercise->build_ok = true;
    return exercise;
}

struct check_result *exercise_result_add_check(struct exercise_result *exercise, const char *id,
                                               double max_score)
{
    struct check_result *check = ARRAY_ADD(exercise->checks, exercise->n_checks);

    check->id = kit_strdup(id);
    check->max_score = max_score;
    check->status = CHECK_KIT_ERROR; /* until somebody knows better: never a silent pass */
    return check;
}

struct lab_result *results_find_lab(const struct results *results, const char *id)
{
    for (size_t i = 0; i < results->n_labs; i++)
        if (strcmp(results->labs[i].id, id) == 0)
            return &results->labs[i];
    return NULL;
}

struct exercise_result *results_find_exercise(const struct results *results, const char *id)
{
    for (size_t i = 0; i < results->n_labs; i++)
        for (size_t j = 0; j < results->labs[i].n_exercises; j++)
            if (strcmp(results->labs[i].exercises[j].id, id) == 0)
                return &results->labs[i].exercises[j];
    return NULL;
}

struct check_result *exercise_result_find_check(const struct exercise_result *exercise,
                                                const char *id)
{
    for (size_t i = 0; i < exercise->n_checks; i++)
        if (strcmp(exercise->checks[i].id, id) == 0)
            return &exercise->checks[i];
    return NULL;
}
