/*
 * submission_page.c - the page of a graded submission. See submission_page.h.
 */
#include "submission_page.h"

#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/page.h"
#include "saved_runs.h"

enum { MOST_RUNS = 12 }; /* a page should open at once */

struct drawing {
    const char *work;
    struct saved_runs *saved; /* what the runs below are taken from */
    size_t n_saved;
    struct page_run *runs;
    const char *(*folders)[2]; /* of each, ended by NULL */
    size_t n_runs;
};

/* For shown_hint(), which page.h calls with a check and a number only. */
static const struct course *rules;

static const char *shown_hint(const char *check_id, int number)
{
    const struct check *check = registry_find_check(check_id);
    if (check == NULL || rules->hints == HINTS_NONE || (rules->hints == HINTS_FIRST && number > 0))
        return NULL;
    return check_hint(check, number);
}

static char *source_folder(const struct lab_result *lab, const struct exercise_result *exercise,
                           void *context)
{
    const struct drawing *drawing = context;
    const struct exercise *known = registry_find_exercise(exercise->id);
    (void)lab;
    return drawing->work != NULL && known != NULL
               ? kit_format("%s/%s", drawing->work, known->folder)
               : NULL;
}

/* The last run of a check that failed is the one that it failed by. */
static void draw_check(struct drawing *drawing, const struct exercise_result *exercise,
                       const struct check_result *check)
{
    struct saved_runs saved;

    if (check->status != CHECK_FAILED || drawing->n_runs >= MOST_RUNS)
        return;
    saved_runs_load(drawing->work, check->id, &saved);
    if (saved.count == 0)
        return;
    const struct record *last = saved.records[saved.count - 1];
    *ARRAY_ADD(drawing->saved, drawing->n_saved) = saved;
    drawing->folders[drawing->n_runs][0] = source_folder(NULL, exercise, drawing);
    *ARRAY_ADD(drawing->runs, drawing->n_runs) =
        (struct page_run){.check_id = check->id,
                          .title = last->program != NULL ? last->program : "",
                          .record = last,
                          .findings = &check->findings,
                          .folders = drawing->folders[drawing->n_runs - 1]};
}

static void draw_runs(struct drawing *drawing, const struct results *results)
{
    for (size_t l = 0; drawing->work != NULL && l < results->n_labs; l++)
        for (size_t e = 0; e < results->labs[l].n_exercises; e++)
            for (size_t c = 0; c < results->labs[l].exercises[e].n_checks; c++)
                draw_check(drawing, &results->labs[l].exercises[e],
                           &results->labs[l].exercises[e].checks[c]);
}

/* A copy that can be cut down. */
static void copy_results(const struct results *results, struct results *copy)
{
    const char *error;
    char *json = results_to_json(results);
    if (results_from_json(json, copy, &error) == -1)
        kit_broken("cannot read results back: %s", error);
    free(json);
}

char *submission_page(const struct course *course, const struct results *results, const char *work,
                      time_t now)
{
    struct results visible;
    struct drawing drawing = {.work = work,
                              .folders = kit_alloc(MOST_RUNS * sizeof *drawing.folders)};

    copy_results(results, &visible);
    course_hide(course, &visible, now);
    draw_runs(&drawing, &visible);
    rules = course;
    char *html = page_html(&(struct page){.title = results->submission,
                                          .results = &visible,
                                          .runs = drawing.runs,
                                          .n_runs = drawing.n_runs,
                                          .hint = shown_hint,
                                          .source_folder = source_folder,
                                          .context = &drawing});
    for (size_t i = 0; i < drawing.n_saved; i++)
        saved_runs_clear(&drawing.saved[i]);
    for (size_t i = 0; i < drawing.n_runs; i++)
        free((char *)drawing.folders[i][0]);
    free(drawing.folders);
    free(drawing.saved);
    free(drawing.runs);
    results_clear(&visible);
    return html;
}
