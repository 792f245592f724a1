/*
 * show.c - ipclab show: the picture of a check's run.
 *
 * What a picture needs (every read, write and close) is too costly to watch in every check.  So the
 * check is made once more with its seed, now watched.  When that comes out differently from the
 * last time, or cannot be done, the run that was kept then (saved_runs.h) is drawn, and that is
 * said.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../judge/judge.h"
#include "../run/kit.h"
#include "../tell/draw.h"
#include "../tell/terminal.h"
#include "../tell/text.h"
#include "checking.h"
#include "chosen.h"
#include "commands.h"
#include "jobs.h"
#include "options.h"
#include "saved_runs.h"
#include "show_page.h"
#include "state.h"

enum { OPTION_DIR = 256, OPTION_TEXT, OPTION_SAVED, OPTION_OPEN, OPTION_OUT };

static const struct option_row options[] = {
    {OPTION_TEXT,  "text",  NULL,   "Draw it here, in the terminal."                           },
    {OPTION_OPEN,  "open",  NULL,   "Show the page in the browser."                            },
    {OPTION_OUT,   "out",   "FILE", "Write the page there (default: .ipclab/show.html in DIR)."},
    {OPTION_SAVED, "saved", NULL,
     "Do not run it again: draw what was kept of the last check, less of which was watched."   },
    {OPTION_DIR,   "dir",   "DIR",
     "Where the programs are: DIR/01-pipes/3-pipeline/... (default: work)."                    },
    {0,            NULL,    NULL,   NULL                                                       },
};

static const struct command_help help = {
    .name = "show",
    .synopsis = "[LAB|EXERCISE|EXERCISE.check]",
    .purpose =
        "Draws what happened in a check; without a name, in the one that failed last. Writes a "
        "page for a browser and prints its path.",
    .options = options,
    .notes =
        "The page loads nothing; its arrow keys step through the run.\n"
        "The check is run once more for it, with the same seed, and all that moves is watched.\n"
        "Exit status: 0 drawn, 2 wrong use or nothing to show, 3 the kit itself failed.\n"
        "Examples: ipclab show    ipclab show 1.3 --open    ipclab show pipeline --text",
};

/* What is to be shown. */
struct shown {
    const char *work;
    const struct check *check;
    char *id;
    struct results last;         /* of the work */
    struct check_result *result; /* the last of this check, in `last`; NULL: it was never checked */
    struct exercise_result again; /* when it was made once more */
    struct saved_runs runs;
    char *note; /* why it is this run; NULL */
};

/* How it is to be shown. */
struct manner {
    bool saved_only, text, open;
    const char *out; /* NULL: the usual place */
};

/* ---- Which check ---------------------------------------------------------------------------- */

static struct check_result *last_result(struct results *last, const struct check *check)
{
    char *id = check_id(check);
    struct exercise_result *exercise = results_find_exercise(last, check->exercise->id);
    struct check_result *result =
        exercise != NULL ? exercise_result_find_check(exercise, id) : NULL;
    free(id);
    return result;
}

/* The first of the selection with that status. */
static const struct check *first_with(struct shown *shown, const struct selection *selection,
                                      enum check_status status)
{
    for (size_t i = 0; i < selection->count; i++) {
        const struct selected *item = &selection->items[i];
        size_t n = item->checks != NULL ? item->n_checks : item->exercise->n_checks;
        for (size_t j = 0; j < n; j++) {
            const struct check *check =
                item->checks != NULL ? item->checks[j] : item->exercise->checks[j];
            const struct check_result *result = last_result(&shown->last, check);
            if (result != NULL && result->status == status)
                return check;
        }
    }
    return NULL;
}

/* Of the exercise of which something failed last: the first check that fails there. Those after it
 * often do so for the same cause. */
static const struct check *failed_last(struct shown *shown)
{
    char *newest = saved_runs_newest(shown->work);
    const struct check *check = newest != NULL ? registry_find_check(newest) : NULL;
    struct selection exercise = {0};
    char *error;

    free(newest);
    if (check == NULL || selection_add(&exercise, check->exercise->id, &error) == -1)
        return NULL;
    check = first_with(shown, &exercise, CHECK_FAILED);
    selection_clear(&exercise);
    return check;
}

/* 0, or 2 with a message. */
static int choose_check(struct shown *shown, const struct selection *selection, const char *what)
{
    shown->check = what == NULL ? failed_last(shown) : NULL;
    if (shown->check == NULL)
        shown->check = first_with(shown, selection, CHECK_FAILED);
    if (shown->check == NULL && what != NULL)
        shown->check = first_with(shown, selection, CHECK_PASSED);
    if (shown->check != NULL)
        return 0;
    const struct check *not_built = first_with(shown, selection, CHECK_NOT_BUILT);
    const struct check *passed = first_with(shown, selection, CHECK_PASSED);
    if (not_built != NULL)
        fprintf(stderr,
                "ipclab show: %s was not built, so there is no run to show\n"
                "type: ipclab check %s   (it says why)\n",
                not_built->exercise->id, not_built->exercise->id);
    else if (passed != NULL)
        fprintf(stderr,
                "ipclab show: nothing fails now\n"
                "type: ipclab show %s   (the run of a check that passes, by its name)\n",
                passed->exercise->id);
    else
        fprintf(stderr, "ipclab show: %s checked yet\ntype: ipclab check%s%s\n",
                what != NULL ? "that was not" : "nothing was", what != NULL ? " " : "",
                what != NULL ? what : "");
    return 2;
}

/* ---- Its runs ------------------------------------------------------------------------------- */

static void take_runs(const char *check_id, enum check_status status, const char *lines,
                      void *context)
{
    struct saved_runs *runs = context;
    (void)check_id;
    (void)status;
    if (lines != NULL)
        saved_runs_parse(lines, runs);
}

/* Makes the check again, with the seed of its last run, and all watched. */
static void run_again(struct shown *shown, struct saved_runs *runs)
{
    uint64_t seed = shown->runs.count > 0 ? shown->runs.records[0]->seed : shown->last.seed;
    struct check_options how = {.dir = shown->work,
                                .only_check = shown->check->name,
                                .seed = seed,
                                .runs_wanted = RUNS_WATCHED,
                                .runs_told = take_runs,
                                .runs_context = runs};

    shown->again.build_ok = true;
    if (exercise_check(shown->check->exercise, &how, &shown->again) != 0)
        kit_broken("%s could not be run again", shown->id);
}

static void take_over(struct shown *shown, struct saved_runs *runs)
{
    saved_runs_clear(&shown->runs);
    shown->runs = *runs;
    *runs = (struct saved_runs){0};
}

/* Which of the two runs is shown, and why: 0, or 2 with a message. */
static int decide(struct shown *shown, struct saved_runs *runs)
{
    const struct check_result *now = shown->again.n_checks > 0 ? &shown->again.checks[0] : NULL;
    bool same = now != NULL && now->status == shown->result->status;
    bool kept = shown->runs.count > 0;

    if (now != NULL && now->status == CHECK_NOT_BUILT) {
        if (!kept) {
            fprintf(stderr,
                    "ipclab show: %s does not build now\ntype: ipclab check %s   (it says why)\n",
                    shown->id, shown->check->exercise->id);
            return 2;
        }
        shown->note = kit_strdup("It does not build now. This is the run of its last check.");
    } else if (same || !kept) {
        take_over(shown, runs);
        if (!same && now != NULL)
            shown->note = kit_format("It has %s now; in its last check it %s.",
                                     now->status == CHECK_PASSED ? "passed" : "failed",
                                     shown->result->status == CHECK_PASSED ? "passed" : "failed");
    } else {
        shown->note = kit_strdup("Run again it did not fail: the program has changed since, or "
                                 "what it does depends on chance. This is the run that failed.");
    }
    if (shown->runs.count > 0)
        return 0;
    fprintf(stderr, "ipclab show: %s starts no program, so there is nothing to draw\n", shown->id);
    return 2;
}

static int find_runs(struct shown *shown, bool saved_only)
{
    struct saved_runs runs = {0};
    int status = 0;

    saved_runs_load(shown->work, shown->id, &shown->runs);
    if (!saved_only) {
        run_again(shown, &runs);
        status = decide(shown, &runs);
    } else if (shown->runs.count == 0) {
        fprintf(stderr,
                "ipclab show: no run of %s was kept (only those of a failing check are)\n"
                "type: ipclab show %s   (it is run again for the picture)\n",
                shown->id, shown->id);
        status = 2;
    }
    saved_runs_clear(&runs);
    return status;
}

/* ---- In the terminal ------------------------------------------------------------------------ */

/* The last run of which the judges say something, or the last. */
static size_t telling_run(const struct saved_runs *runs)
{
    for (size_t i = runs->count; i-- > 0;) {
        struct findings findings = {0};
        judge_run(runs->records[i], &findings);
        bool tells = findings.count > 0;
        findings_clear(&findings);
        if (tells)
            return i;
    }
    return runs->count - 1;
}

static const struct check_result *result_to_tell(const struct shown *shown)
{
    return shown->note == NULL && shown->again.n_checks > 0 ? &shown->again.checks[0]
                                                            : shown->result;
}

static void draw_run(const struct record *record)
{
    struct findings findings = {0};
    struct drawing drawing = drawing_for(stdout);

    judge_run(record, &findings);
    struct picture *picture = picture_new(record, &findings);
    draw_picture(picture, &drawing);
    picture_free(picture);
    findings_clear(&findings);
}

static int show_text(const struct shown *shown)
{
    struct terminal terminal = terminal_for(stdout);
    const struct check_result *result = result_to_tell(shown);
    size_t which = telling_run(&shown->runs);

    printf("%s: %s, %s of %s points\n", shown->id, check_status_name(result->status),
           points_text(result->score), points_text(result->max_score));
    if (result->findings.count > 0)
        terminal_findings(&terminal, &result->findings, 2);
    if (shown->note != NULL) {
        char *note = text_wrap(shown->note, 2, terminal.width);
        fputs(note, stdout);
        free(note);
    }
    putchar('\n');
    if (shown->runs.count > 1)
        printf("  Run %zu of the last %zu of this check:\n\n", which + 1, shown->runs.count);
    draw_run(shown->runs.records[which]);
    return 0;
}

/* ---- In a browser --------------------------------------------------------------------------- */

static int show_as_page(const struct shown *shown, const struct manner *manner)
{
    return show_page(&(struct show_page){.work = shown->work,
                                         .check = shown->check,
                                         .last = &shown->last,
                                         .result = result_to_tell(shown),
                                         .runs = &shown->runs,
                                         .note = shown->note,
                                         .file = manner->out,
                                         .open = manner->open});
}

/* ---- The command ---------------------------------------------------------------------------- */

static int show(struct shown *shown, const struct selection *selection, const char *what,
                const struct manner *manner)
{
    state_load(shown->work, &shown->last);
    int status = choose_check(shown, selection, what);
    if (status == 0) {
        shown->id = check_id(shown->check);
        shown->result = last_result(&shown->last, shown->check);
        status = find_runs(shown, manner->saved_only);
    }
    if (status == 0)
        status = manner->text ? show_text(shown) : show_as_page(shown, manner);
    saved_runs_clear(&shown->runs);
    exercise_result_clear(&shown->again);
    results_clear(&shown->last);
    free(shown->note);
    free(shown->id);
    return status;
}

int command_show(int argc, char **argv)
{
    const char *given = NULL;
    struct manner manner = {0};
    struct selection selection = {0};

    for (int key; (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key == OPTIONS_HELP ? 0 : 2;
        if (key == OPTION_DIR)
            given = optarg;
        if (key == OPTION_OUT)
            manner.out = optarg;
        manner.saved_only = manner.saved_only || key == OPTION_SAVED;
        manner.text = manner.text || key == OPTION_TEXT;
        manner.open = manner.open || key == OPTION_OPEN;
    }
    if (manner.text && (manner.open || manner.out != NULL))
        return usage_error(&help, "--text draws in the terminal; --open and --out are for a page");
    if (argc > optind + 1)
        return usage_error(&help, "one at a time, please: %s, or %s", argv[optind],
                           argv[optind + 1]);
    const char *what = argv[optind];
    if (choose_words(&help, &selection, argv + optind) == -1)
        return 2;
    char *work = work_folder(given);
    struct shown shown = {.work = work};
    int status = show(&shown, &selection, what, &manner);
    selection_clear(&selection);
    free(work);
    return status;
}
