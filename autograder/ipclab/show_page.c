/*
 * show_page.c - the picture of a check as a page for a browser. See show_page.h.
 */
#include "show_page.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../judge/judge.h"
#include "../run/kit.h"
#include "../tell/page.h"
#include "state.h"

extern char **environ;

/* ---- What the page tells -------------------------------------------------------------------- */

static const char *hint_of(const char *check_id, int number)
{
    const struct check *check = registry_find_check(check_id);
    return check != NULL ? check_hint(check, number) : NULL;
}

static char *folder_of_exercise(const struct show_page *page)
{
    return kit_format("%s/%s", page->work, page->check->exercise->folder);
}

static char *source_folder(const struct lab_result *lab, const struct exercise_result *exercise,
                           void *context)
{
    (void)lab; /* there is only one */
    (void)exercise;
    return folder_of_exercise(context);
}

/* The checks of the exercise with what is told of this one: shallow copies, nothing to clear. */
static struct check_result *checks_to_tell(const struct exercise_result *exercise,
                                           const struct show_page *page)
{
    struct check_result *checks = kit_alloc(exercise->n_checks * sizeof *checks);

    for (size_t i = 0; i < exercise->n_checks; i++)
        checks[i] = strcmp(exercise->checks[i].id, page->result->id) == 0 ? *page->result
                                                                          : exercise->checks[i];
    return checks;
}

static char *page_of(const struct show_page *page, const struct page_run *runs, size_t n_runs)
{
    struct exercise_result exercise = *results_find_exercise(page->last, page->check->exercise->id);
    exercise.checks = checks_to_tell(&exercise, page);
    exercise_result_sum(&exercise);
    struct lab_result lab = *results_find_lab(page->last, exercise_lab(page->check->exercise)->id);
    lab.exercises = &exercise;
    lab.n_exercises = 1;
    struct results results = {.seed = page->last->seed, .labs = &lab, .n_labs = 1};
    results_sum(&results);
    char *title = kit_format("ipclab show %s", page->result->id);
    char *html = page_html(&(struct page){.title = title,
                                          .note = page->note,
                                          .results = &results,
                                          .runs = runs,
                                          .n_runs = n_runs,
                                          .hint = hint_of,
                                          .source_folder = source_folder,
                                          .context = (void *)(uintptr_t)page});
    free(title);
    free(exercise.checks);
    return html;
}

static char *page_with_runs(const struct show_page *page)
{
    size_t n = page->runs->count;
    struct page_run *runs = kit_alloc((n + 1) * sizeof *runs);
    struct findings *findings = kit_alloc((n + 1) * sizeof *findings);
    char *folder = folder_of_exercise(page);
    const char *folders[] = {folder, NULL};

    for (size_t i = 0; i < n; i++) {
        const struct record *record = page->runs->records[i];
        judge_run(record, &findings[i]);
        runs[i] = (struct page_run){.check_id = page->result->id,
                                    .title = record->program,
                                    .record = record,
                                    .findings = &findings[i],
                                    .folders = folders};
    }
    char *html = page_of(page, runs, n);
    for (size_t i = 0; i < n; i++)
        findings_clear(&findings[i]);
    free(findings);
    free(runs);
    free(folder);
    return html;
}

/* ---- Where it goes -------------------------------------------------------------------------- */

static char *usual_file(const char *work)
{
    if (state_make_folder(work) == -1)
        return NULL;
    return kit_format("%s/.ipclab/show.html", work);
}

/* The desktop knows which program shows a page. */
static int open_in_browser(const char *file)
{
    const char *const argv[] = {"xdg-open", file, NULL};
    pid_t child;
    int status = 0;
    int error = posix_spawnp(&child, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ);

    if (error == 0 && waitpid(child, &status, 0) == child && status == 0)
        return 0;
    fprintf(stderr, "ipclab show: xdg-open cannot show it (%s): open the page in a browser\n",
            error != 0 ? strerror(error) : "it failed");
    return 3;
}

int show_page(const struct show_page *page)
{
    char *file = page->file != NULL ? kit_strdup(page->file) : usual_file(page->work);
    char *html = page_with_runs(page);
    int status = 3;

    if (file == NULL || kit_write_file(file, html, strlen(html)) == -1) {
        fprintf(stderr, "ipclab show: cannot write %s: %s\n", file != NULL ? file : page->work,
                strerror(errno));
    } else {
        char *path = realpath(file, NULL);
        puts(path != NULL ? path : file);
        fflush(stdout);
        status = page->open ? open_in_browser(path != NULL ? path : file) : 0;
        free(path);
    }
    free(html);
    free(file);
    return status;
}
