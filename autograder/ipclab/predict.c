/*
 * predict.c - ipclab predict: say first what an experiment will show, then run it here and compare.
 */
#include <cjson/cJSON.h>
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
#include "predictions.h"
#include "state.h"

enum { OPTION_DIR = 256, OPTION_JSON, OPTION_ANSWERS, OPTION_SOURCE };

static const struct option_row options[] = {
    {OPTION_ANSWERS,                                                                         "answers", "FILE",
     "Take the answers from there, ask nothing, and keep nothing."},
    {OPTION_JSON,                                                                                "json", "FILE",
     "Also write what was said and measured there; - writes only that, to standard output."},
    {OPTION_SOURCE,                                                                                      "source", NULL, "Show the program of an experiment, and do not run it."},
    {OPTION_DIR, "dir", "DIR", "Where the work is (default: work)."},
    {0},
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

/* One prediction that was asked for, with what is known of it. */
struct task {
    const struct prediction *prediction;
    bool named; /* by its own number */
    char *path; /* of its answers */
    struct answers answers;
    struct facts facts;
    bool done; /* facts are there */
};

struct session {
    struct task *tasks;
    size_t count;
    const char *work;
    const char *answers_file; /* NULL: those in work */
    struct terminal terminal;
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

static void add_lab(struct session *session, const char *name)
{
    size_t n;
    const struct prediction *predictions = predictions_all(&n);

    for (size_t i = 0; i < n; i++)
        if (name == NULL || strcmp(predictions[i].lab, name) == 0)
            add_task(session, &predictions[i], false);
}

/* 0, or 2 with a message. */
static int add_word(struct session *session, const char *word)
{
    const struct prediction *prediction = prediction_find(word);
    size_t n, before = session->count;
    const struct lab *const *labs = labs_all(&n);

    if (prediction != NULL) {
        add_task(session, prediction, true);
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        if (is_lab(labs[i], word)) {
            add_lab(session, labs[i]->name);
            return session->count > before
                       ? 0
                       : usage_error(&help, "lab %s has no predictions", labs[i]->id);
        }
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
            fprintf(stderr, "ipclab predict: %s\nput that line right, then type it again\n", error);
            free(error);
            return 2;
        }
    }
    return 0;
}

static const char *said_by(const struct task *task, const struct question *question)
{
    const struct answer *answer = answers_find(&task->answers, question);
    return answer != NULL ? answer->said : NULL;
}

static size_t answered(const struct task *task)
{
    size_t count = 0;
    for (size_t i = 0; i < task->prediction->n; i++)
        count += said_by(task, &task->prediction->questions[i]) != NULL;
    return count;
}

/* What the experiment says, in the form in which answers are kept; owned by the caller. NULL: it
 * was not done. */
static char *measured_by(const struct task *task, const struct question *question)
{
    const char *value = task->done ? facts_find(&task->facts, question->name) : NULL;
    char *complaint = NULL;

    if (task->done && task->facts.skipped == NULL && value == NULL)
        kit_broken("the experiment %s says nothing of %s", task->prediction->name, question->name);
    if (value == NULL)
        return NULL;
    char *measured = answer_read(question, value, &complaint);
    free(complaint);
    return measured != NULL ? measured : kit_strdup(value);
}

static bool agrees(const struct task *task, const struct question *question)
{
    const char *said = said_by(task, question);
    char *measured = measured_by(task, question);
    bool equal = said != NULL && measured != NULL && strcmp(said, measured) == 0;
    free(measured);
    return equal;
}

static size_t agreed(const struct task *task)
{
    size_t count = 0;
    for (size_t i = 0; i < task->prediction->n; i++)
        count += agrees(task, &task->prediction->questions[i]);
    return count;
}

/* ---- Telling -------------------------------------------------------------------------------- */

static void print_wrapped(const struct session *session, const char *text, int indent)
{
    char *wrapped = text_wrap(text, indent, session->terminal.width);
    printf("%s", wrapped);
    if (wrapped[0] != '\0' && wrapped[strlen(wrapped) - 1] != '\n')
        printf("\n");
    free(wrapped);
}

static const char *colour(const struct session *session, const char *code)
{
    return session->terminal.colour ? code : "";
}

static void print_title(const struct session *session, const struct prediction *prediction)
{
    printf("%s%s  %s%s\n", colour(session, "\x1b[1m"), prediction->id, prediction->title,
           colour(session, "\x1b[0m"));
}

/* The word, and for a choice what it stands for. Owned by the caller. */
static char *in_full(const struct question *question, const char *word)
{
    for (size_t i = 0; i < question->n_choices; i++)
        if (strcmp(question->choices[i].word, word) == 0)
            return kit_strdup(question->choices[i].text);
    char *shown = text_visible(word, strlen(word), 80);
    return shown;
}

static void print_outcome(const struct session *session, const struct task *task,
                          const struct question *question)
{
    const char *said = said_by(task, question);
    char *measured = measured_by(task, question);

    print_wrapped(session, question->text, 2);
    char *full = said != NULL ? in_full(question, said) : kit_strdup("nothing yet");
    printf("    you said   %s\n", full);
    free(full);
    if (said != NULL && measured != NULL) {
        bool equal = strcmp(said, measured) == 0;
        full = in_full(question, measured);
        printf("    measured   %s%s%s%s\n", colour(session, equal ? "\x1b[32m" : "\x1b[31m"), full,
               equal ? "   (as you said)" : "   (not as you said)", colour(session, "\x1b[0m"));
        free(full);
    }
    free(measured);
}

/* What the experiment prints beside the answers. */
static void print_other_facts(const struct task *task)
{
    for (size_t i = 0; i < task->facts.count; i++) {
        const struct fact *fact = &task->facts.items[i];
        if (question_find(task->prediction, fact->name) != NULL ||
            strcmp(fact->name, "skipped") == 0)
            continue;
        char *name = kit_strdup(fact->name);
        for (char *c = name; *c != '\0'; c++)
            *c = *c == '_' ? ' ' : *c;
        char *value = text_visible(fact->value, strlen(fact->value), 200);
        printf("    also seen: %s: %s\n", name, value);
        free(value);
        free(name);
    }
}

static void print_explanation(const struct session *session, const struct prediction *prediction)
{
    printf("\n");
    print_wrapped(session, prediction->why, 2);
    if (prediction->elsewhere != NULL) {
        printf("\n  %sElsewhere%s\n", colour(session, "\x1b[1m"), colour(session, "\x1b[0m"));
        print_wrapped(session, prediction->elsewhere, 2);
    }
    printf("\n  The experiment: ipclab predict %s --source\n\n", prediction->id);
}

/* The explanation only to those who have said something to all of it. */
static void print_result(const struct session *session, const struct task *task)
{
    const struct prediction *prediction = task->prediction;

    for (size_t i = 0; i < prediction->n; i++)
        print_outcome(session, task, &prediction->questions[i]);
    if (task->facts.skipped != NULL)
        printf("  not measured: %s\n", task->facts.skipped);
    if (answered(task) < prediction->n) {
        printf("  to answer the rest: ipclab predict %s\n\n", prediction->id);
        return;
    }
    print_other_facts(task);
    print_explanation(session, prediction);
}

/* ---- Measuring ------------------------------------------------------------------------------ */

static void measure(struct session *session, bool (*wanted)(const struct task *))
{
    const struct prediction **list = NULL;
    struct facts *facts = kit_alloc((session->count + 1) * sizeof *facts);
    size_t n = 0, at = 0;

    for (size_t i = 0; i < session->count; i++)
        if (wanted(&session->tasks[i]))
            *ARRAY_ADD(list, n) = session->tasks[i].prediction;
    experiments_run(list, n, facts);
    for (size_t i = 0; i < session->count; i++)
        if (wanted(&session->tasks[i])) {
            session->tasks[i].facts = facts[at++];
            session->tasks[i].done = true;
        }
    free(facts);
    free(list);
}

static void measure_one(struct task *task)
{
    experiments_run(&task->prediction, 1, &task->facts);
    task->done = true;
}

/* Only what was answered: else the file would tell. 0, or 3: it could not be written. */
static int keep_measured(const struct task *task)
{
    const struct prediction *prediction = task->prediction;
    int result = 0;

    for (size_t i = 0; i < prediction->n && result == 0; i++) {
        const struct question *question = &prediction->questions[i];
        char *measured = measured_by(task, question), *error = NULL;
        if (measured != NULL && said_by(task, question) != NULL)
            result = answers_keep_measured(task->path, prediction, question, measured,
                                           agrees(task, question), &error);
        if (result == -1)
            fprintf(stderr, "ipclab predict: %s\n", error);
        free(error);
        free(measured);
    }
    return result == 0 ? 0 : 3;
}

/* ---- Asking --------------------------------------------------------------------------------- */

static void print_question(const struct session *session, const struct question *question)
{
    print_wrapped(session, question->text, 2);
    for (size_t i = 0; i < question->n_choices; i++)
        printf("    %c  %s\n", (char)('a' + i), question->choices[i].text);
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
    measure_one(task);
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

static bool has_answers(const struct task *task)
{
    return answered(task) > 0;
}

static void print_report(const struct session *session)
{
    size_t n_answered = 0, n_agreed = 0, n_questions = 0;

    for (size_t i = 0; i < session->count; i++) {
        const struct task *task = &session->tasks[i];
        n_questions += task->prediction->n;
        n_answered += answered(task);
        n_agreed += agreed(task);
        print_title(session, task->prediction);
        if (task->done)
            print_result(session, task);
        else
            printf("  not answered\n\n");
    }
    printf("%zu predictions, %zu questions: %zu answered, %zu as measured\n", session->count,
           n_questions, n_answered, n_agreed);
}

static int report(struct session *session, bool silent)
{
    int status = 0;

    measure(session, has_answers);
    if (!silent)
        print_report(session);
    for (size_t i = 0; i < session->count && status == 0 && session->answers_file == NULL; i++)
        if (session->tasks[i].done)
            status = keep_measured(&session->tasks[i]);
    return status;
}

/* cJSON's own helpers return NULL only when memory is out. */
static void *must(void *pointer)
{
    if (pointer == NULL)
        kit_broken("no memory for JSON");
    return pointer;
}

static void add_text_or_null(cJSON *object, const char *name, const char *text)
{
    char *clean = text != NULL ? text_utf8(text) : NULL;
    cJSON_AddItemToObject(object, name,
                          must(clean != NULL ? cJSON_CreateString(clean) : cJSON_CreateNull()));
    free(clean);
}

static cJSON *question_json(const struct task *task, const struct question *question)
{
    static const char *const kinds[] = {"choice", "number", "errno"};
    cJSON *object = must(cJSON_CreateObject());
    const char *said = said_by(task, question);
    char *measured = said != NULL ? measured_by(task, question) : NULL;

    must(cJSON_AddStringToObject(object, "name", question->name));
    must(cJSON_AddStringToObject(object, "kind", kinds[question->kind]));
    add_text_or_null(object, "said", said);
    add_text_or_null(object, "measured", measured);
    must(cJSON_AddBoolToObject(object, "agreed", agrees(task, question)));
    free(measured);
    return object;
}

static cJSON *task_json(const struct task *task)
{
    const struct prediction *prediction = task->prediction;
    cJSON *object = must(cJSON_CreateObject());

    must(cJSON_AddStringToObject(object, "id", prediction->id));
    must(cJSON_AddStringToObject(object, "lab", prediction->lab));
    must(cJSON_AddStringToObject(object, "title", prediction->title));
    add_text_or_null(object, "skipped", task->facts.skipped);
    cJSON *questions = must(cJSON_AddArrayToObject(object, "questions"));
    for (size_t i = 0; i < prediction->n; i++)
        cJSON_AddItemToArray(questions, question_json(task, &prediction->questions[i]));
    return object;
}

/* 0, or 3 with a message. */
static int write_json(const struct session *session, const char *path)
{
    cJSON *object = must(cJSON_CreateObject());
    struct utsname machine;

    must(cJSON_AddNumberToObject(object, "schema", 1));
    must(cJSON_AddStringToObject(object, "kernel", uname(&machine) == 0 ? machine.release : ""));
    cJSON *list = must(cJSON_AddArrayToObject(object, "predictions"));
    for (size_t i = 0; i < session->count; i++)
        cJSON_AddItemToArray(list, task_json(&session->tasks[i]));
    char *text = must(cJSON_Print(object));
    int result = 0;
    if (strcmp(path, "-") == 0)
        puts(text);
    else if ((result = kit_write_file(path, text, strlen(text))) == -1)
        fprintf(stderr, "ipclab predict: can't write %s: %s\n", path, strerror(errno));
    free(text);
    cJSON_Delete(object);
    return result == 0 ? 0 : 3;
}

/* ---- The list, and the source --------------------------------------------------------------- */

static void print_overview(const struct session *session)
{
    const char *lab = "";

    for (size_t i = 0; i < session->count; i++) {
        const struct task *task = &session->tasks[i];
        const struct prediction *prediction = task->prediction;
        if (strcmp(lab, prediction->lab) != 0)
            printf("%s%s\n", i > 0 ? "\n" : "", prediction->lab);
        lab = prediction->lab;
        printf("  %-4s %-44s %zu of %zu answered\n", prediction->id, prediction->title,
               answered(task), prediction->n);
    }
    printf("\nto answer: ipclab predict LAB, or ipclab predict Pn\n");
}

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
    bool source;
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
    return status == 0 && wishes->json != NULL ? write_json(session, wishes->json) : status;
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
    struct session session = {
        .work = work, .answers_file = wishes.answers, .terminal = terminal_for(stdout)};
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
