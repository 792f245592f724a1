/*
 * experiment.c - running the experiments behind the predictions. See experiment.h.
 *
 * The command makes a box, copies the experiments into it and starts `ipclab --try` there.
 * That runs each in a fresh cell, as a learner's program is run, and writes a line of JSON about it
 * to descriptor 3.
 */
#define _GNU_SOURCE /* close_range(2) */
#include "experiment.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/box.h"
#include "../run/kit.h"
#include "../run/run.h"
#include "../tell/draw.h"
#include "../tell/text.h"
#include "commands.h"
#include "kit_paths.h"

enum { WALL_LIMIT_US = 30000000, RESULTS = 3 };

/* ---- In the box ----------------------------------------------------------------------------- */

struct bench {
    bool confined;
    const char *programs, *runs; /* folders */
    int draw_width;              /* columns of the drawing; 0: none */
    bool unicode;
};

static struct run *make_run(const struct bench *bench)
{
    static const char *hide[] = {"/kit", "/box", NULL};
    /* No limits: these are programs of ours, and RLIMIT_NPROC counts everybody with our uid. */
    struct run_options options = {
        .confined = bench->confined,
        .hide = hide,
        .sets = CALLS_RARE | CALLS_CONFINE | (bench->draw_width > 0 ? CALLS_IO : 0u),
        .all_places = bench->draw_width > 0,
        .tracer = {.confined = bench->confined},
        .wall_limit_us = WALL_LIMIT_US,
        .output_limit = 65536,
    };
    if (!bench->confined) {
        char *folder = kit_format("%s/run-XXXXXX", bench->runs);
        if (mkdtemp(folder) == NULL)
            kit_broken("cannot make a folder for the run");
        options.folder = folder;
    }
    return run_new(&options);
}

static void start_program(const struct bench *bench, struct peer *peer, const char *name,
                          const char *role)
{
    static const char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8",
                                              NULL};
    const char *const words[] = {name, role, NULL};
    struct run_program program = {
        .file = kit_format("%s/%s", bench->programs, name),
        .argv = words,
        .envp = environment,
        .kind = {STDIO_NULL, STDIO_PIPE, STDIO_PIPE},
        .another_user = role != NULL,
    };
    peer->name = kit_strdup(name);
    peer->reading = true;
    if (run_start(peer, &program) == -1)
        kit_broken("cannot start %s", name);
}

/* The stranger comes when the owner has laid all out and waits. */
static void start_stranger(const struct bench *bench, struct run *run, const char *name)
{
    struct peer *stranger = run_add(run);

    run_until(run, run_is_still, NULL, WALL_LIMIT_US / 2);
    if (stranger == NULL || run->state != RUN_GOING)
        kit_broken("the experiment %s ended too early", name);
    start_program(bench, stranger, name, "stranger");
}

/* What was not right about a run; NULL: nothing. Owned by the caller. */
static char *fault_of(const struct run *run)
{
    if (run->state != RUN_ENDED)
        return kit_strdup("it does not end");
    if (run_status(run) != 0)
        return kit_format("it ended with wait status %#x", (unsigned)run_status(run));
    for (size_t i = 0; i < run->record->n_objects; i++)
        if (run->record->objects[i].left_behind)
            return kit_format("it left the %s behind", run->record->objects[i].label);
    return NULL;
}

static void add_string(cJSON *object, const char *name, const char *text, size_t length)
{
    char *copy = kit_strndup(text != NULL ? text : "", length);
    char *clean = text_utf8(copy);
    if (cJSON_AddStringToObject(object, name, clean) == NULL)
        kit_broken("no memory for JSON");
    free(clean);
    free(copy);
}

/* Owned by the caller. */
static char *draw(const struct bench *bench, struct record *record)
{
    const struct findings none = {0};
    char *text = NULL;
    size_t size = 0;
    struct drawing drawing = {open_memstream(&text, &size), bench->draw_width, bench->unicode,
                              false};
    struct picture *picture = picture_new(record, &none);

    if (drawing.stream == NULL)
        kit_broken("no memory for a drawing");
    draw_sequence(picture, &drawing);
    fclose(drawing.stream);
    picture_free(picture);
    return text;
}

static void report(const struct bench *bench, const struct run *run)
{
    const struct peer *first = run_first(run);
    char *fault = fault_of(run);
    cJSON *json = cJSON_CreateObject();

    add_string(json, "out", first->out.data, first->out.length);
    add_string(json, "err", first->err.data, first->err.length);
    if (fault != NULL)
        add_string(json, "fault", fault, strlen(fault));
    char *picture = bench->draw_width > 0 ? draw(bench, run->record) : NULL;
    if (picture != NULL)
        add_string(json, "picture", picture, strlen(picture));
    free(picture);
    char *line = cJSON_PrintUnformatted(json);
    if (line == NULL || dprintf(RESULTS, "%s\n", line) < 0)
        kit_broken("the report of an experiment");
    free(line);
    free(fault);
    cJSON_Delete(json);
}

static void run_one(const struct bench *bench, const char *name, bool two_users)
{
    if (two_users && !cell_has_another_user()) {
        if (dprintf(RESULTS, "{\"out\":\"skipped: it needs a second user, whom only root can give "
                             "to the box (and only in the confined mode)\\n\"}\n") < 0)
            kit_broken("the report of an experiment");
        return;
    }
    struct run *run = make_run(bench);
    start_program(bench, run_first(run), name, NULL);
    if (two_users)
        start_stranger(bench, run, name);
    run_finish(run);
    report(bench, run);
    run_free(run);
}

/* --try confined|weak PROGRAMS RUNS WIDTH unicode|ascii (NAME alone|with-stranger)... */
int command_experiment(int argc, char **argv)
{
    if (argc < 8 || fcntl(RESULTS, F_GETFD) == -1) {
        fprintf(stderr, "ipclab: --try is the kit's own; type: ipclab predict\n");
        return 2;
    }
    struct bench bench = {strcmp(argv[1], "confined") == 0, argv[2], argv[3], atoi(argv[4]),
                          strcmp(argv[5], "unicode") == 0};
    close_range(RESULTS + 1, ~0U, 0); /* the box's user namespace */
    /* The right to hand two users on to a cell is ours alone. */
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int i = 6; i + 1 < argc; i += 2)
        run_one(&bench, argv[i], strcmp(argv[i + 1], "with-stranger") == 0);
    return 0;
}

/* ---- Outside -------------------------------------------------------------------------------- */

char *experiment_source_path(const struct prediction *prediction)
{
    return kit_path("autograder/experiments/%s/%s.c", prediction->lab, prediction->name);
}

static void stage(struct box *box, const struct prediction *const *predictions, size_t n)
{
    char *self = realpath("/proc/self/exe", NULL);
    char *folder = kit_experiments();

    if (self == NULL || box_copy(box, self, "kit") == -1)
        kit_broken("cannot copy the kit's command");
    for (size_t i = 0; i < n; i++) {
        char *program = kit_format("%s/%s/%s", folder, predictions[i]->lab, predictions[i]->name);
        if (box_copy(box, program, "program") == -1)
            kit_broken("cannot copy %s (type make)", program);
        free(program);
    }
    if (box_seal(box) == -1)
        kit_broken("cannot give the box away");
    free(folder);
    free(self);
}

static pid_t start_in_box(struct box *box, const struct prediction *const *predictions, size_t n,
                          const struct drawing *drawing, int result_fd)
{
    const char **words = NULL;
    size_t count = 0;
    char *programs = box_inner_path(box, "program"), *runs = box_inner_path(box, "runs");
    char *width = kit_format("%d", drawing != NULL ? drawing->width : 0);

    *ARRAY_ADD(words, count) = "--try";
    *ARRAY_ADD(words, count) = box->mode == BOX_STRONG ? "confined" : "weak";
    *ARRAY_ADD(words, count) = programs;
    *ARRAY_ADD(words, count) = runs;
    *ARRAY_ADD(words, count) = width;
    *ARRAY_ADD(words, count) = drawing != NULL && drawing->unicode ? "unicode" : "ascii";
    for (size_t i = 0; i < n; i++) {
        *ARRAY_ADD(words, count) = predictions[i]->name;
        *ARRAY_ADD(words, count) = predictions[i]->another_user ? "with-stranger" : "alone";
    }
    *ARRAY_ADD(words, count) = NULL;
    pid_t pid = box_start(box, words, result_fd);
    free(words);
    free(programs);
    free(runs);
    free(width);
    return pid;
}

static void add_fact(struct facts *facts, const char *line, const char *colon)
{
    struct fact *fact = ARRAY_ADD(facts->items, facts->count);

    fact->name = kit_strndup(line, (size_t)(colon - line));
    fact->value = kit_strdup(colon + 2);
    if (strcmp(fact->name, "skipped") == 0) {
        free(facts->skipped);
        facts->skipped = kit_strdup(fact->value);
    }
}

static void take_report(const struct prediction *prediction, const char *line, struct facts *facts)
{
    cJSON *json = cJSON_Parse(line);
    const char *out = cJSON_GetStringValue(cJSON_GetObjectItem(json, "out"));
    const char *err = cJSON_GetStringValue(cJSON_GetObjectItem(json, "err"));
    const char *fault = cJSON_GetStringValue(cJSON_GetObjectItem(json, "fault"));

    errno = 0;
    if (out == NULL || fault != NULL)
        kit_broken("the experiment %s failed: %s\n%s", prediction->name,
                   fault != NULL ? fault : "no report", err != NULL ? err : "");
    const char *picture = cJSON_GetStringValue(cJSON_GetObjectItem(json, "picture"));
    facts->picture = picture != NULL ? kit_strdup(picture) : NULL;
    char *text = kit_strdup(out), *rest = text;
    for (char *one; (one = strtok_r(rest, "\n", &rest)) != NULL;) {
        const char *colon = strstr(one, ": ");
        if (colon != NULL)
            add_fact(facts, one, colon);
    }
    free(text);
    cJSON_Delete(json);
}

void experiments_run(const struct prediction *const *predictions, size_t n,
                     const struct drawing *drawing, struct facts *facts)
{
    int ends[2];
    size_t size = 0, done = 0;
    char *line = NULL;

    if (n == 0)
        return;
    struct box *box = box_new();
    if (box == NULL)
        kit_broken("cannot make a folder for the box (set TMPDIR to a place with room)");
    stage(box, predictions, n);
    if (pipe(ends) == -1 || fcntl(ends[0], F_SETFD, FD_CLOEXEC) == -1)
        kit_broken("pipe");
    pid_t pid = start_in_box(box, predictions, n, drawing, ends[1]);
    close(ends[1]);
    FILE *reports = fdopen(ends[0], "r");
    if (pid == -1 || reports == NULL)
        kit_broken("cannot start the experiments");
    while (done < n && getline(&line, &size, reports) > 0) {
        take_report(predictions[done], line, &facts[done]);
        done++;
    }
    fclose(reports);
    free(line);
    box_end(pid);
    box_free(box);
    errno = 0;
    if (done < n)
        kit_broken("the experiment %s broke off", predictions[done]->name);
}

void facts_clear(struct facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        free(facts->items[i].name);
        free(facts->items[i].value);
    }
    free(facts->items);
    free(facts->skipped);
    free(facts->picture);
    *facts = (struct facts){0};
}

const char *facts_find(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->count; i++)
        if (strcmp(facts->items[i].name, name) == 0)
            return facts->items[i].value;
    return NULL;
}
