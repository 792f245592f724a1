/*
 * predict.c - ipclab predict: say first what an experiment will show, then run it here and compare.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../suites/registry.h"
#include "../tell/terminal.h"
#include "../tell/text.h"
#include "answers.h"
#include "commands.h"
#include "experiment.h"
#include "kit_paths.h"
#include "options.h"
#include "predict_tasks.h"
#include "predict_tell.h"
#include "predictions.h"
#include "state.h"

enum { OPTION_DIR = 256, OPTION_JSON, OPTION_ANSWERS, OPTION_SOURCE, OPTION_TEXT };

static const struct option_row options[] = {
    {OPTION_ANSWERS,                                                                         "answers", "FILE",
     "Take the answers from there, ask nothing, and keep nothing."},
    {OPTION_JSON,                                                                                "json", "FILE",
     "Also write what was said and measured there; - writes only that, to standard output."},
    {OPTION_SOURCE,                                                                                      "source", NULL, "Show the program of an experiment, and do not run it."},
    {OPTION_TEXT, "text", NULL,
     "Also draw how the experiment ran: a lane a process, a row an event."},
    {OPTION_DIR, "dir", "DIR", "Where the work is (default: work)."},
    {0                                                                         },
};

static const struct command_help help = {
    .name = "predict",
    .synopsis = "[LAB|Pn...]",
    .purpose =
        "Asks what a small experiment will show, then runs it on this machine and shows what "
        "was measured. An answer once given stands.",
    .options = options,
    .notes =
        "Examples: ipclab predict 1    ipclab predict P19    ipclab predict P19 --source\n"
        "Without a word it lists the predictions. Answers are kept in "
        "work/01-pipes/predictions.ini "
        "and so on. When standard input is not a terminal it asks nothing, and reports on the "
        "answers that are kept there, or in --answers FILE. A wrong prediction is no failure: the "
        "status is 0.",
};

/* ---- Which ---------------------------------------------------------------------------------- */

static void add_task(struct session *session, const struct prediction *prediction, bool named)
{
    for (size_t i = 0; i < session->count; i++)
        if (session->tasks[i].prediction == prediction) {
            session->tasks[i].named = session->tasks[i].named || named;
            return;
        }
    struct task *task = ARRAY_ADD(session->tasks, session->count);
    task->prediction = prediction;
    task->named = named;
}

/* "1", "01-pipes" or "pipes" */
static bool is_lab(const struct lab *lab, const char *word)
{
    const char *dash = strchr(lab->name, '-');
    return strcmp(word, lab->id) == 0 || strcmp(word, lab->name) == 0 ||
           (dash != NULL && strcasecmp(word, dash + 1) == 0);
}

/* Those of a lab (NULL: of all); false: it has none. */
static bool add_lab(struct session *session, const char *name)
{
    size_t n;
    const struct prediction *predictions = predictions_all(&n);
    bool some = false;

    for (size_t i = 0; i < n; i++)
        if (name == NULL || strcmp(predictions[i].lab, name) == 0) {
            add_task(session, &predictions[i], false);
            some = true;
        }
    return some;
}

/* 0, or 2 with a message. */
static int add_word(struct session *session, const char *word)
{
    const struct prediction *prediction = prediction_find(word);
    size_t n;
    const struct lab *const *labs = labs_all(&n);

    if (prediction != NULL) {
        add_task(session, prediction, true);
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        if (is_lab(labs[i], word))
            return add_lab(session, labs[i]->name)
                       ? 0
                       : usage_error(&help, "lab %s has no predictions", labs[i]->id);
    char *shown = text_visible(word, strlen(word), 60);
    usage_error(&help, "there is no lab or prediction \"%s\"; ipclab predict lists them", shown);
    free(shown);
    return 2;
}

/* 0, or 2 with a message. */
static int load_answers(struct session *session)
{
    for (size_t i = 0; i < session->count; i++) {
        struct task *task = &session->tasks[i];
        char *error = NULL;
        task->path = session->answers_file != NULL
                         ? kit_strdup(session->answers_file)
                         : answers_path(session->work, task->prediction->lab);
        if (answers_load(task->path, &task->answers, &error) == -1) {
            fprintf(stderr, "ipclab predict: %s\n", error);
            free(error);
            return 2;
        }
    }
    return 0;
}

/* ---- Asking --------------------------------------------------------------------------------- */

static void print_question(const struct session *session, const struct question *question)
{
    print_wrapped(session, question->text, 2);
    for (size_t i = 0; i < question->n_choices; i++) {
        char *line = kit_format("    %c  %s", (char)('a' + i), question->choices[i].text);
        print_wrapped(session, line, 0);
        free(line);
    }
}

static void print_prompt(const struct question *question)
{
    if (question->kind == ANSWER_CHOICE)
        printf("  a to %c: ", (char)('a' + question->n_choices - 1));
    else
        printf("  %s: ", question->kind == ANSWER_NUMBER ? "a number" : "an error, or none");
    fflush(stdout);
}

/* Asks until there is an answer; NULL: end of input. Owned by the caller. */
static char *ask(const struct session *session, const struct question *question)
{
    char *line = NULL, *answer = NULL;
    size_t size = 0;

    print_question(session, question);
    while (answer == NULL) {
        char *complaint = NULL;
        print_prompt(question);
        if (getline(&line, &size, stdin) == -1)
            break;
        answer = answer_read(question, line, &complaint);
        if (answer == NULL)
            printf("  %s\n", complaint);
        free(complaint);
    }
    free(line);
    if (answer == NULL)
        printf("\n");
    return answer;
}

enum outcome { ASKED_ALL, ASKED_LEAVES, ASKED_FAILED };

/* Asks one question and keeps the answer. */
static enum outcome ask_and_keep(const struct session *session, struct task *task,
                                 const struct question *question)
{
    char *error = NULL, *said = ask(session, question);

    if (said == NULL)
        return ASKED_LEAVES;
    int kept = answers_keep(task->path, task->prediction, question, said, &error);
    if (kept == -1)
        fprintf(stderr, "ipclab predict: %s\n", error);
    free(error);
    free(said);
    printf("\n");
    return kept == 0 ? ASKED_ALL : ASKED_FAILED;
}

static enum outcome ask_all(const struct session *session, struct task *task)
{
    const struct prediction *prediction = task->prediction;
    enum outcome outcome = ASKED_ALL;
    char *error = NULL;

    print_title(session, prediction);
    if (prediction->intro != NULL)
        print_wrapped(session, prediction->intro, 2);
    printf("\n");
    for (size_t i = 0; i < prediction->n && outcome == ASKED_ALL; i++)
        if (said_by(task, &prediction->questions[i]) == NULL)
            outcome = ask_and_keep(session, task, &prediction->questions[i]);
    answers_clear(&task->answers);
    if (answers_load(task->path, &task->answers, &error) == -1) {
        fprintf(stderr, "ipclab predict: %s\n", error);
        outcome = ASKED_FAILED;
    }
    free(error);
    return outcome;
}

/* Was it answered and measured before? */
static bool is_settled(const struct task *task)
{
    for (size_t i = 0; i < task->prediction->n; i++) {
        const struct answer *answer = answers_find(&task->answers, &task->prediction->questions[i]);
        if (answer == NULL || answer->said == NULL || answer->measured == NULL)
            return false;
    }
    return true;
}

static void print_settled(const struct session *session, const struct task *task)
{
    const struct prediction *prediction = task->prediction;
    size_t as_said = 0;

    for (size_t i = 0; i < prediction->n; i++)
        as_said += answers_find(&task->answers, &prediction->questions[i])->agreed;
    print_title(session, prediction);
    printf("  answered: %zu of %zu as measured   (again: ipclab predict %s)\n\n", as_said,
           prediction->n, prediction->id);
}

/* Asks what is not answered yet, measures, tells. */
static enum outcome do_task(const struct session *session, struct task *task)
{
    if (is_settled(task) && !task->named) {
        print_settled(session, task);
        return ASKED_ALL;
    }
    enum outcome outcome = ask_all(session, task);
    if (outcome != ASKED_ALL)
        return outcome;
    struct utsname machine;
    printf("Now the experiment, on this machine (Linux %s, %s):\n\n",
           uname(&machine) == 0 ? machine.release : "?", machine.machine);
    fflush(stdout);
    tasks_measure(session, task, 1);
    print_result(session, task);
    return keep_measured(task) == 0 ? ASKED_ALL : ASKED_FAILED;
}

static int converse(struct session *session)
{
    for (size_t i = 0; i < session->count; i++) {
        enum outcome outcome = do_task(session, &session->tasks[i]);
        if (outcome == ASKED_LEAVES)
            printf("Your answers so far are kept. To go on: ipclab predict %s\n",
                   session->tasks[i].prediction->id);
        if (outcome != ASKED_ALL)
            return outcome == ASKED_LEAVES ? 0 : 3;
    }
    return 0;
}

/* ---- Without asking ------------------------------------------------------------------------- */

static int report(struct session *session, bool silent)
{
    int status = 0;

    tasks_measure(session, session->tasks, session->count);
    if (!silent)
        print_report(session);
    for (size_t i = 0; i < session->count && status == 0 && session->answers_file == NULL; i++)
        if (session->tasks[i].done)
            status = keep_measured(&session->tasks[i]);
    return status;
}

/* ---- The list, and the source --------------------------------------------------------------- */

static int print_sources(const struct session *session)
{
    for (size_t i = 0; i < session->count; i++) {
        char *path = experiment_source_path(session->tasks[i].prediction);
        char *text = kit_read_file(path, NULL);
        if (text == NULL)
            kit_broken("reading %s", path);
        printf("%s", text);
        free(text);
        free(path);
    }
    return 0;
}

/* ---- The command ---------------------------------------------------------------------------- */

struct wishes {
    const char *dir, *answers, *json;
    bool source, text;
};

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct wishes *wishes)
{
    for (int key; (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key == OPTIONS_HELP ? 0 : 2;
        wishes->dir = key == OPTION_DIR ? optarg : wishes->dir;
        wishes->answers = key == OPTION_ANSWERS ? optarg : wishes->answers;
        wishes->json = key == OPTION_JSON ? optarg : wishes->json;
        wishes->source = wishes->source || key == OPTION_SOURCE;
        wishes->text = wishes->text || key == OPTION_TEXT;
    }
    if (wishes->answers != NULL && access(wishes->answers, R_OK) == -1)
        return usage_error(&help, "can't read %s: %s", wishes->answers, strerror(errno));
    if (wishes->source && optind == argc)
        return usage_error(&help, "say of which, for example: ipclab predict P19 --source");
    return -1;
}

static int run_session(struct session *session, const struct wishes *wishes, bool all)
{
    bool overview = all && wishes->answers == NULL && wishes->json == NULL;
    int status = wishes->source ? 0 : load_answers(session);

    if (status != 0)
        return status;
    if (wishes->source)
        return print_sources(session);
    if (overview) {
        print_overview(session);
        return 0;
    }
    bool asks = wishes->answers == NULL && isatty(STDIN_FILENO) == 1;
    bool only_json = wishes->json != NULL && strcmp(wishes->json, "-") == 0;
    status = asks ? converse(session) : report(session, only_json);
    return status == 0 && wishes->json != NULL ? write_predictions_json(session, wishes->json)
                                               : status;
}

static void clear_session(struct session *session)
{
    for (size_t i = 0; i < session->count; i++) {
        answers_clear(&session->tasks[i].answers);
        facts_clear(&session->tasks[i].facts);
        free(session->tasks[i].path);
    }
    free(session->tasks);
}

int command_predict(int argc, char **argv)
{
    struct wishes wishes = {0};
    int status = read_options(argc, argv, &wishes);

    if (status != -1)
        return status;
    char *work = work_folder(wishes.dir);
    struct session session = {.work = work,
                              .answers_file = wishes.answers,
                              .terminal = terminal_for(stdout),
                              .draws = wishes.text,
                              .drawing = drawing_for(stdout)};
    bool all = optind == argc;
    status = 0;
    if (all)
        add_lab(&session, NULL);
    for (int i = optind; i < argc && status == 0; i++)
        status = add_word(&session, argv[i]);
    if (status == 0)
        status = run_session(&session, &wishes, all);
    clear_session(&session);
    free(work);
    return status;
}
