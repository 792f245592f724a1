/*
 * grade.c - `ipclab grade SUBMISSION...`: a whole class.
 *
 * Theory of operation.  A process a submission, at most -j at a time; each checks its exercises one
 * after the other and writes OUT/NAME.json, whole or not at all.  This process keeps count, shows
 * progress on standard error, and at the end writes gradebook.csv and summary.json from the JSON
 * files, so that what is graded and what is in the gradebook cannot differ.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../tell/terminal.h"
#include "../tell/text.h"
#include "commands.h"
#include "jobs.h"
#include "machine.h"
#include "options.h"

enum { OPTION_OUT = 256, OPTION_LABS, OPTION_SEED, MOST_JOBS = 256 };

static const struct option_row options[] = {
    {'j',         "jobs", "N",    "grade N submissions at the same time (default: one a processor)"},
    {OPTION_OUT,  "out",  "DIR",  "where results go (default: grades)"                             },
    {OPTION_LABS, "labs", "LIST", "only these labs or exercises, with commas: 1,2 or 1.1,1.3"      },
    {OPTION_SEED, "seed", "N",    "the same seed for all (default: 1)"                             },
    {0,           NULL,   NULL,   NULL                                                             },
};

static const struct command_help help = {
    .name = "grade",
    .synopsis = "SUBMISSION...",
    .purpose = "Grades submissions: folders that hold 01-pipes/1-oneway/oneway.c and so on.",
    .options = options,
    .notes = "Writes DIR/NAME.json for each, DIR/gradebook.csv (a row a submission) and "
             "DIR/summary.json\n"
             "(what the class got wrong most). An exercise that was not handed in counts as zero.\n"
             "Exit status: 0 all were graded, 2 wrong use or a submission that is no folder (the "
             "others\n"
             "are graded), 3 the kit itself failed.",
};

struct submission {
    const char *path;
    char *name; /* base name: what the gradebook says */
    pid_t pid;  /* 0: not started, -1: done */
    bool graded;
};

struct grading {
    const char *out;
    struct selection selection;
    uint64_t seed, parallel;
    struct submission *submissions;
    size_t n, started, done;
    long long began_us;
    bool wrong; /* some submission is not usable */
};

/* ---- The words ------------------------------------------------------------------------------ */

static int select_labs(struct grading *grading, const char *list)
{
    char *copy = kit_strdup(list), *rest = NULL;
    int result = 0;
    for (char *word = strtok_r(copy, ",", &rest); word != NULL && result == 0;
         word = strtok_r(NULL, ",", &rest)) {
        char *error;
        if (selection_add(&grading->selection, word, &error) == 0)
            continue;
        usage_error(&help, "%s", error);
        free(error);
        result = -1;
    }
    free(copy);
    return result;
}

static char *name_of(const char *path)
{
    char *copy = kit_strdup(path);
    size_t length = strlen(copy);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = '\0';
    const char *base = strrchr(copy, '/');
    char *name = kit_strdup(base != NULL && base[1] != '\0' ? base + 1 : copy);
    free(copy);
    return name;
}

static bool name_taken(const struct grading *grading, const char *name)
{
    for (size_t i = 0; i < grading->n; i++)
        if (strcmp(grading->submissions[i].name, name) == 0)
            return true;
    return false;
}

/* A submission that cannot be graded is said so and left out; the rest goes on. */
static void add_submission(struct grading *grading, const char *path)
{
    struct stat status;
    char *name = name_of(path), *complaint = NULL;

    if (stat(path, &status) == -1)
        complaint = kit_strdup(strerror(errno));
    else if (!S_ISDIR(status.st_mode))
        complaint = kit_strdup("not a folder; unpack it first");
    else if (name_taken(grading, name))
        complaint = kit_format("another submission is called %s too; rename one", name);
    if (complaint != NULL) {
        char *shown = text_visible(path, strlen(path), 200);
        fprintf(stderr, "ipclab grade: %s: %s\n", shown, complaint);
        free(shown);
        free(complaint);
        free(name);
        grading->wrong = true;
        return;
    }
    struct submission *added = ARRAY_ADD(grading->submissions, grading->n);
    *added = (struct submission){.path = path, .name = name};
}

static int read_words(struct grading *grading, int argc, char **argv)
{
    int key;
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    grading->parallel = online < 1 ? 1 : (uint64_t)online;
    grading->out = "grades";
    grading->seed = 1;
    while ((key = options_next(&help, argc, argv)) != OPTIONS_END) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key;
        if (key == OPTION_OUT)
            grading->out = optarg;
        if (key == OPTION_LABS && select_labs(grading, optarg) == -1)
            return OPTIONS_WRONG;
        if (key == 'j' && !options_number(&help, "-j", optarg, 1, MOST_JOBS, &grading->parallel))
            return OPTIONS_WRONG;
        if (key == OPTION_SEED &&
            !options_number(&help, "--seed", optarg, 0, UINT64_C(1) << 53, &grading->seed))
            return OPTIONS_WRONG;
    }
    if (grading->selection.count == 0)
        selection_add_all(&grading->selection);
    for (int i = optind; i < argc; i++)
        add_submission(grading, argv[i]);
    return 0;
}

/* ---- One submission, in its own process ----------------------------------------------------- */

static char *result_path(const struct grading *grading, const struct submission *submission)
{
    return kit_format("%s/%s.json", grading->out, submission->name);
}

static _Noreturn void grade_one(const struct grading *grading, const struct submission *submission)
{
    struct results results = {.seed = grading->seed, .machine = machine_probe()};
    struct jobs_options how = {
        .dir = submission->path, .seed = grading->seed, .repeats = 1, .parallel = 1};
    char *path = result_path(grading, submission);

    results.submission = kit_strdup(submission->name);
    jobs_run(&grading->selection, &how, &results, NULL, NULL);
    char *json = results_to_json(&results);
    if (kit_write_file(path, json, strlen(json)) == -1)
        kit_broken("cannot write %s", path);
    _exit(results_exit_status(&results) == 3 ? 3 : 0);
}

static void start_one(struct grading *grading)
{
    struct submission *submission = &grading->submissions[grading->started++];
    fflush(NULL);
    submission->pid = fork();
    if (submission->pid == -1)
        kit_broken("fork");
    if (submission->pid == 0)
        grade_one(grading, submission);
}

static void show_progress(const struct grading *grading, bool last)
{
    double seconds = (double)(kit_now_us() - grading->began_us) / 1e6;
    double left = grading->done > 0
                      ? seconds / (double)grading->done * (double)(grading->n - grading->done)
                      : 0;
    bool live = isatty(STDERR_FILENO);

    if (!live && !last)
        return;
    fprintf(stderr, "%sgraded %zu of %zu, %zu running, %.0f s so far, about %.0f s to go%s",
            live ? "\r\033[K" : "", grading->done, grading->n, grading->started - grading->done,
            seconds, left, last ? "\n" : "");
}

static void reap_one(struct grading *grading)
{
    int status;
    pid_t pid = wait(&status);
    if (pid == -1 && errno != EINTR)
        kit_broken("wait");
    for (size_t i = 0; i < grading->n; i++) {
        struct submission *submission = &grading->submissions[i];
        if (pid <= 0 || submission->pid != pid)
            continue;
        submission->pid = -1;
        submission->graded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        grading->done++;
        if (!submission->graded)
            fprintf(stderr,
                    "\nipclab grade: the kit failed on %s; its grade is not to be trusted\n",
                    submission->name);
    }
}

static void grade_all(struct grading *grading)
{
    grading->began_us = kit_now_us();
    while (grading->done < grading->n) {
        while (grading->started < grading->n &&
               grading->started - grading->done < grading->parallel)
            start_one(grading);
        show_progress(grading, false);
        reap_one(grading);
    }
    show_progress(grading, true);
}

/* ---- Gradebook and summary ------------------------------------------------------------------ */

/* A field of comma-separated values. Source: RFC 4180. A leading = + - @ is a formula to a
 * spreadsheet: a quote before it takes that away. */
static void add_field(struct text_buffer *line, const char *text)
{
    char *shown = text_visible(text, strlen(text), 300);
    text_add(line, "\"%s", strchr("=+-@", shown[0]) != NULL && shown[0] != '\0' ? "'" : "");
    for (const char *at = shown; *at != '\0'; at++)
        text_add(line, *at == '"' ? "\"\"" : "%c", *at);
    text_add(line, "\"");
    free(shown);
}

static bool load(const struct grading *grading, const struct submission *submission,
                 struct results *results)
{
    const char *error;
    char *path = result_path(grading, submission);
    char *json = kit_read_file(path, NULL);
    *results = (struct results){0};
    bool good = json != NULL && results_from_json(json, results, &error) == 0;
    free(json);
    free(path);
    return good;
}

static void add_row(struct text_buffer *csv, const struct grading *grading, const char *name,
                    const struct results *results)
{
    add_field(csv, name);
    for (size_t i = 0; i < grading->selection.count; i++) {
        const struct exercise_result *exercise =
            results_find_exercise(results, grading->selection.items[i].exercise->id);
        text_add(csv, ",%s", exercise != NULL ? points_text(exercise->score) : "0");
    }
    text_add(csv, ",%s,%s\n", points_text(results->score), points_text(results->max_score));
}

/* How often a misconception was met: at most once a submission. */
struct tally {
    char *name;
    int count;
    size_t last;
};

struct class_summary {
    struct tally *tallies;
    size_t n_tallies, graded;
    double points, max_points;
    int *passed; /* an exercise each */
};

static void count_misconception(struct class_summary *class, const char *name, size_t submission)
{
    for (size_t i = 0; i < class->n_tallies; i++) {
        struct tally *tally = &class->tallies[i];
        if (strcmp(tally->name, name) != 0)
            continue;
        tally->count += tally->last != submission;
        tally->last = submission;
        return;
    }
    *ARRAY_ADD(class->tallies, class->n_tallies) = (struct tally){kit_strdup(name), 1, submission};
}

static void count_findings(struct class_summary *class, const struct exercise_result *exercise,
                           size_t submission)
{
    for (size_t c = 0; c < exercise->n_checks; c++) {
        const struct findings *findings = &exercise->checks[c].findings;
        for (size_t f = 0; f < findings->count; f++)
            if (findings->items[f].misconception != NULL)
                count_misconception(class, findings->items[f].misconception, submission);
    }
}

static void add_to_summary(struct class_summary *class, const struct grading *grading,
                           const struct results *results, size_t submission)
{
    class->graded++;
    class->points += results->score;
    class->max_points = results->max_score;
    for (size_t i = 0; i < grading->selection.count; i++) {
        const struct exercise_result *exercise =
            results_find_exercise(results, grading->selection.items[i].exercise->id);
        if (exercise == NULL)
            continue;
        class->passed[i] += exercise->status == CHECK_PASSED;
        count_findings(class, exercise, submission);
    }
}

static int compare_tallies(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    return x->count != y->count ? y->count - x->count : strcmp(x->name, y->name);
}

static char *summary_to_json(struct class_summary *class, const struct grading *grading)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "schema", 1);
    cJSON_AddStringToObject(json, "kit", "1.0");
    cJSON_AddNumberToObject(json, "seed", (double)grading->seed);
    cJSON_AddNumberToObject(json, "submissions", (double)grading->n);
    cJSON_AddNumberToObject(json, "graded", (double)class->graded);
    cJSON_AddNumberToObject(json, "mean_score",
                            class->graded > 0 ? class->points / (double)class->graded : 0);
    cJSON_AddNumberToObject(json, "max_score", class->max_points);
    cJSON *exercises = cJSON_AddArrayToObject(json, "exercises");
    for (size_t i = 0; i < grading->selection.count; i++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "id", grading->selection.items[i].exercise->id);
        cJSON_AddStringToObject(row, "name", grading->selection.items[i].exercise->name);
        cJSON_AddNumberToObject(row, "passed", class->passed[i]);
        cJSON_AddItemToArray(exercises, row);
    }
    if (class->n_tallies > 0)
        qsort(class->tallies, class->n_tallies, sizeof *class->tallies, compare_tallies);
    cJSON *misconceptions = cJSON_AddArrayToObject(json, "misconceptions");
    for (size_t i = 0; i < class->n_tallies; i++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "id", class->tallies[i].name);
        cJSON_AddNumberToObject(row, "submissions", class->tallies[i].count);
        cJSON_AddItemToArray(misconceptions, row);
    }
    char *text = cJSON_Print(json);
    cJSON_Delete(json);
    return text;
}

static int write_out(const struct grading *grading, const char *name, const char *text)
{
    char *path = kit_format("%s/%s", grading->out, name);
    int result = kit_write_file(path, text, strlen(text));
    if (result == -1)
        fprintf(stderr, "ipclab grade: cannot write %s: %s\n", path, strerror(errno));
    free(path);
    return result;
}

static void add_heading(struct text_buffer *csv, const struct grading *grading)
{
    text_add(csv, "submission");
    for (size_t i = 0; i < grading->selection.count; i++)
        text_add(csv, ",%s", grading->selection.items[i].exercise->id);
    text_add(csv, ",total,max\n");
}

static int write_class(const struct grading *grading)
{
    struct text_buffer csv = {0};
    struct class_summary class = {0};
    int status = 0;

    class.passed = kit_alloc((grading->selection.count + 1) * sizeof *class.passed);
    add_heading(&csv, grading);
    for (size_t i = 0; i < grading->n; i++) {
        struct results results;
        if (!grading->submissions[i].graded)
            status = 3;
        if (load(grading, &grading->submissions[i], &results)) {
            add_row(&csv, grading, grading->submissions[i].name, &results);
            add_to_summary(&class, grading, &results, i);
        }
        results_clear(&results);
    }
    char *summary = summary_to_json(&class, grading);
    if (write_out(grading, "gradebook.csv", csv.data) == -1 ||
        write_out(grading, "summary.json", summary) == -1)
        status = 3;
    free(summary);
    free(csv.data);
    for (size_t i = 0; i < class.n_tallies; i++)
        free(class.tallies[i].name);
    free(class.tallies);
    free(class.passed);
    return status;
}

/* ---- The command ---------------------------------------------------------------------------- */

static int grade(struct grading *grading)
{
    if (mkdir(grading->out, 0755) == -1 && errno != EEXIST) {
        fprintf(stderr, "ipclab grade: cannot make the folder %s: %s\n", grading->out,
                strerror(errno));
        return 3;
    }
    grade_all(grading);
    int status = write_class(grading);
    printf("%zu graded; see %s/gradebook.csv and %s/summary.json\n", grading->n, grading->out,
           grading->out);
    return status != 0 ? status : grading->wrong ? 2 : 0;
}

int command_grade(int argc, char **argv)
{
    struct grading grading = {0};
    int key = read_words(&grading, argc, argv), status = 2;

    if (key == OPTIONS_HELP)
        status = 0;
    else if (key == 0 && grading.n > 0)
        status = grade(&grading);
    else if (key == 0 && !grading.wrong)
        usage_error(&help, "which submissions? For example: ipclab grade submissions/*");
    selection_clear(&grading.selection);
    for (size_t i = 0; i < grading.n; i++)
        free(grading.submissions[i].name);
    free(grading.submissions);
    return status;
}
