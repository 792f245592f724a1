/*
 * trace.c - `ipclab trace -- PROGRAM`: any program under observation.
 *
 * The program runs in our own namespaces, with our own descriptors: its output, its input and its
 * exit status pass through unchanged.  What we have to say goes to standard error after it has
 * ended, and only if there is something to say.
 */
#define _GNU_SOURCE /* sigabbrev_np(3), environ */
#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../judge/judge.h"
#include "../run/kit.h"
#include "../run/race.h"
#include "../run/run.h"
#include "../tell/draw.h"
#include "../tell/page.h"
#include "../tell/results.h"
#include "../tell/terminal.h"
#include "../tell/text.h"
#include "commands.h"
#include "kit_paths.h"
#include "options.h"
#include "schedules.h"

enum {
    KEY_JSON = 'j',
    KEY_TIMEOUT = 't',
    KEY_KEEP = 'k',
    KEY_SEED = 's',
    KEY_IO = 'i',
    KEY_RACE = 'r',
    KEY_MEMORY = 'm',
    KEY_SCHEDULES = 256,
    KEY_EXPECT_STATUS,
    KEY_EXPECT_OUTPUT,
    KEY_TEXT,
    KEY_HTML
};

static const struct option_row option_rows[] = {
    {KEY_JSON,          "json",          "FILE", "write findings and events there (- is standard output)"      },
    {KEY_TIMEOUT,       "timeout",       "S",    "end the program after S seconds (0, the default: never)"     },
    {KEY_TEXT,          "text",          NULL,   "draw the run on standard error when it has ended"            },
    {KEY_HTML,          "html",          "FILE", "write a page there that draws the run and steps through it"  },
    {KEY_IO,            "io",            NULL,   "also record read, write, poll and close (slower)"            },
    {KEY_RACE,          "race",          NULL,   "look for data races; build the program with ipclab cc --race"},
    {KEY_MEMORY,        "memory",        NULL,   "look for memory errors with valgrind (20 to 50 times slower)"},
    {KEY_SCHEDULES,     "schedules",     "N",    "with --race: try N orders in which its processes may run"    },
    {KEY_EXPECT_STATUS, "expect-status", "N",
     "with --schedules: the right exit status (default: that of most plain runs)"                              },
    {KEY_EXPECT_OUTPUT, "expect-output", "FILE",
     "with --schedules: the right output, standard error included (the same)"                                  },
    {KEY_KEEP,          "keep",          NULL,   "do not remove the IPC objects that the program leaves behind"},
    {KEY_SEED,          "seed",          "N",    "of the first schedule; kept in the JSON"                     },
    {0,                 NULL,            NULL,   NULL                                                          },
};

static const struct command_help help = {
    .name = "trace",
    .synopsis = "[--] PROGRAM [ARG...]",
    .purpose = "Runs any program under observation and says what is wrong with it.",
    .options = option_rows,
    .notes =
        "The program's input, output and exit status are its own. Findings go to standard error\n"
        "when it has ended. A program that can never move again is told at once and ended; then\n"
        "the exit status is 1. Build with -g to get lines of source.",
};

struct trace_options {
    const char *json, *html;
    uint64_t timeout_s, seed, schedules, expected_status;
    const char *expected_output;
    bool keep, io, race, memory, text, expects_status;
};

/* ---- What existed before -------------------------------------------------------------------- */

static struct ipc_state before;

static bool existed_before(enum object_kind kind, int id)
{
    if (kind == OBJECT_QUEUE)
        for (int i = 0; i < before.n_queues; i++)
            if (before.queues[i].id == id)
                return true;
    if (kind == OBJECT_SEMAPHORES)
        for (int i = 0; i < before.n_semaphores; i++)
            if (before.semaphores[i].id == id)
                return true;
    if (kind == OBJECT_SEGMENT)
        for (int i = 0; i < before.n_segments; i++)
            if (before.segments[i].id == id)
                return true;
    return false;
}

/* ---- What it left --------------------------------------------------------------------------- */

/* Removes only what the run itself created (made_by), and says so. */
static void remove_leftovers(const struct record *record)
{
    for (size_t i = 0; i < record->n_objects; i++) {
        const struct object *object = &record->objects[i];
        if (!object->left_behind || object->made_by < 0)
            continue;
        if (run_remove_object(object) == 0)
            fprintf(stderr, "ipclab: removed the %s (--keep leaves it)\n", object->label);
        else
            fprintf(stderr, "ipclab: cannot remove the %s: %s\n", object->label, strerror(errno));
    }
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void add_utf8(cJSON *object, const char *name, const char *text)
{
    char *clean = text != NULL ? text_utf8(text) : NULL;
    cJSON_AddItemToObject(object, name,
                          clean != NULL ? cJSON_CreateString(clean) : cJSON_CreateNull());
    free(clean);
}

static cJSON *event_to_json(const struct record *record, const struct call *call)
{
    cJSON *event = cJSON_CreateObject();
    cJSON *args = cJSON_CreateArray();

    cJSON_AddNumberToObject(event, "time_us", (double)call->start_us);
    if (call->end_us >= 0)
        cJSON_AddNumberToObject(event, "end_us", (double)call->end_us);
    cJSON_AddNumberToObject(event, "process", record->processes[call->process].number);
    cJSON_AddStringToObject(event, "call", call->name);
    for (int i = 0; i < 6; i++)
        cJSON_AddItemToArray(args, cJSON_CreateNumber((double)(int64_t)call->args[i]));
    cJSON_AddItemToObject(event, "args", args);
    if (call->end_us >= 0)
        cJSON_AddNumberToObject(event, "result", (double)call->result);
    if (call->detail != NULL)
        add_utf8(event, "detail", call->detail);
    if (call->object >= 0)
        add_utf8(event, "object", record->objects[call->object].label);
    if (call->other >= 0)
        cJSON_AddNumberToObject(event, "other", record->processes[call->other].number);
    if (call->place.file != NULL) {
        add_utf8(event, "file", call->place.file);
        cJSON_AddNumberToObject(event, "line", call->place.line);
        add_utf8(event, "function", call->place.function);
    }
    return event;
}

static cJSON *process_to_json(const struct process *process)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "pid", process->number);
    add_utf8(object, "name", process->name);
    add_utf8(object, "command", process->command);
    cJSON_AddNumberToObject(object, "parent", process->parent >= 0 ? process->parent + 1 : 0);
    cJSON_AddNumberToObject(object, "started_us", (double)process->started_us);
    if (process->ended_us >= 0)
        cJSON_AddNumberToObject(object, "ended_us", (double)process->ended_us);
    return object;
}

/* The first program ended by itself, not by our hand. */
static bool ended_itself(const struct run *run)
{
    const struct process *first = &run->record->processes[run_first(run)->process];
    return run->state == RUN_ENDED && first->ended_us >= 0;
}

static char *trace_to_json(const struct run *run, char **program, const struct findings *findings,
                           uint64_t seed)
{
    const struct record *record = run->record;
    int status = run_status(run);
    bool exited = ended_itself(run) && WIFEXITED(status);
    bool signaled = ended_itself(run) && WIFSIGNALED(status);
    cJSON *json = cJSON_CreateObject();
    cJSON *words = cJSON_AddArrayToObject(json, "program");

    cJSON_AddNumberToObject(json, "schema", 1);
    for (; *program != NULL; program++) {
        char *word = text_utf8(*program);
        cJSON_AddItemToArray(words, cJSON_CreateString(word));
        free(word);
    }
    cJSON_AddNumberToObject(json, "seed", (double)seed);
    cJSON_AddItemToObject(json, "exit_status",
                          exited ? cJSON_CreateNumber(WEXITSTATUS(status)) : cJSON_CreateNull());
    char *name = signaled ? kit_format("SIG%s", sigabbrev_np(WTERMSIG(status))) : NULL;
    cJSON_AddItemToObject(json, "signal",
                          name != NULL ? cJSON_CreateString(name) : cJSON_CreateNull());
    free(name);
    cJSON_AddBoolToObject(json, "timed_out", run->state == RUN_TIMED_OUT);
    cJSON_AddItemToObject(json, "findings", findings_to_json(findings));
    cJSON *processes = cJSON_AddArrayToObject(json, "processes");
    for (size_t i = 0; i < record->n_processes; i++)
        cJSON_AddItemToArray(processes, process_to_json(&record->processes[i]));
    cJSON *events = cJSON_AddArrayToObject(json, "events");
    for (size_t i = 0; i < record->n_calls; i++)
        cJSON_AddItemToArray(events, event_to_json(record, &record->calls[i]));
    char *text = cJSON_Print(json);
    cJSON_Delete(json);
    return text;
}

/* ---- The page ------------------------------------------------------------------------------- */

static char *words_joined(char **words)
{
    struct text_buffer text = {0};

    for (; *words != NULL; words++)
        text_add(&text, "%s%s", text.length > 0 ? " " : "", *words);
    return text.data;
}

/* The folder part of a path; "." when it has none. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? kit_strndup(path, (size_t)(slash - path) + 1) : kit_strdup(".");
}

static char *outcome_of(const struct run *run)
{
    int status = run_status(run);

    if (run->state == RUN_TIMED_OUT)
        return kit_strdup("Its time was up, and it was ended.");
    if (!ended_itself(run))
        return kit_strdup("It did not end by itself.");
    return WIFEXITED(status)
               ? kit_format("It ended with exit status %d.", WEXITSTATUS(status))
               : kit_format("It was killed by SIG%s.", sigabbrev_np(WTERMSIG(status)));
}

/* Sources are looked for here and beside the program. */
static int write_page(const char *file, const struct run *run, char **program,
                      const struct findings *findings)
{
    char *words = words_joined(program), *folder = folder_of(program[0]);
    char *outcome = outcome_of(run), *title = kit_format("ipclab trace: %s", words);
    const char *folders[] = {".", folder, NULL};
    const struct page_run drawn = {.title = words,
                                   .outcome = outcome,
                                   .record = run->record,
                                   .findings = findings,
                                   .folders = folders};
    char *html = page_html(&(struct page){.title = title, .runs = &drawn, .n_runs = 1});
    int status = options_write(help.name, file, html);

    free(html);
    free(title);
    free(outcome);
    free(folder);
    free(words);
    return status;
}

/* ---- The run -------------------------------------------------------------------------------- */

/* Ends as the program ended: the same status, or death by the same signal. */
static int end_as(const struct run *run)
{
    int status = run_status(run);
    if (!ended_itself(run))
        return 1;
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(WTERMSIG(status), SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, WTERMSIG(status));
    fflush(NULL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(WTERMSIG(status));
    return 128 + WTERMSIG(status);
}

/* A drawing wants to know what was read and written. */
static bool is_drawn(const struct trace_options *options)
{
    return options->text || options->html != NULL;
}

static struct run *start_trace(const struct trace_options *options, char **program)
{
    struct run_options run_options = {
        .open_world = true,
        .sets = CALLS_RARE | (options->io || is_drawn(options) ? CALLS_IO | CALLS_FILES : 0u) |
                (options->race ? CALLS_IO : 0u),
        .race = options->race,
        .memcheck = options->memory,
        .tracer = {.existed_before = existed_before,
                   .seed = options->seed,
                   .picture = is_drawn(options)},
        .wall_limit_us = (int64_t)options->timeout_s * 1000000,
        .all_places = options->json != NULL || is_drawn(options),
    };
    struct run_program first = {
        .file = program[0], .argv = (const char *const *)program, .memcheck = options->memory};

    ipc_state_read(&before);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1)
        kit_broken("PR_SET_CHILD_SUBREAPER");
    struct run *run = run_new(&run_options);
    if (options->race)
        putenv((char *)(uintptr_t)race_variable(run->race));
    first.envp = (const char *const *)environ;
    if (run_start(run_first(run), &first) == -1)
        kit_broken("cannot start %s", program[0]);
    /* Ctrl-C is for the program; we end when it ends. Only now: an ignored signal is inherited. */
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    return run;
}

/* Silence must mean that there is no race, not that nobody looked. */
static void say_what_was_watched(const struct record *record)
{
    if (!record->race_builds)
        fprintf(stderr,
                "ipclab trace: this program was not built for the race detector, so nothing "
                "is known about races.\n"
                "Build it with: ipclab cc --race FILE.c -o PROGRAM\n");
    if (record->notes_dropped > 0)
        fprintf(stderr,
                "ipclab trace: the log of the race detector was full: %d entries are missing.\n",
                record->notes_dropped);
}

/* The same of memory errors. */
static void say_what_valgrind_missed(const struct record *record)
{
    if (record->unwatched > 0)
        fprintf(
            stderr,
            "ipclab trace: valgrind said nothing of %d of the processes, so nothing is known "
            "about their memory.\n"
            "If it cannot read the debug information, build with -gdwarf-4, as ipclab cc does.\n",
            record->unwatched);
}

static void draw_run(const struct record *record, const struct findings *findings)
{
    struct picture *picture = picture_new(record, findings);
    struct drawing drawing = drawing_for(stderr);

    fputc('\n', stderr);
    draw_picture(picture, &drawing);
    picture_free(picture);
}

static int trace(const struct trace_options *options, char **program)
{
    struct findings findings = {0};
    struct run *run = start_trace(options, program);

    run_finish(run);
    judge_run(run->record, &findings);
    if (options->race)
        say_what_was_watched(run->record);
    if (options->memory)
        say_what_valgrind_missed(run->record);
    if (findings.count > 0) {
        struct terminal terminal = terminal_for(stderr);
        terminal_findings(&terminal, &findings, 0);
    }
    if (options->text)
        draw_run(run->record, &findings);
    int status = 0;
    if (options->json != NULL) {
        char *json = trace_to_json(run, program, &findings, options->seed);
        status = options_write(help.name, options->json, json);
        free(json);
    }
    if (options->html != NULL && write_page(options->html, run, program, &findings) == -1)
        status = -1;
    if (!options->keep)
        remove_leftovers(run->record);
    status = status == -1 ? 3 : end_as(run);
    findings_clear(&findings);
    run_free(run);
    return status;
}

static int try_schedules(const struct trace_options *options, char **program)
{
    struct schedules_options how = {
        .count = options->schedules,
        .seed = options->seed > 0 ? options->seed : 1,
        .expected_status = options->expects_status ? (int)options->expected_status : -1,
        .expected_output = options->expected_output,
        .existed_before = existed_before};
    ipc_state_read(&before);
    return schedules_try(program, &how);
}

int command_trace(int argc, char **argv)
{
    struct trace_options options = {0};
    int key;

    while ((key = options_next(&help, argc, argv)) != OPTIONS_END) {
        if (key == OPTIONS_HELP)
            return 0;
        if (key == OPTIONS_WRONG)
            return 2;
        if (key == KEY_JSON)
            options.json = optarg;
        if (key == KEY_HTML)
            options.html = optarg;
        if (key == KEY_KEEP)
            options.keep = true;
        if (key == KEY_TEXT)
            options.text = true;
        if (key == KEY_IO)
            options.io = true;
        if (key == KEY_SCHEDULES &&
            !options_number(&help, "--schedules", optarg, 1, 100000000, &options.schedules))
            return 2;
        if (key == KEY_EXPECT_STATUS &&
            !options_number(&help, "--expect-status", optarg, 0, 255, &options.expected_status))
            return 2;
        options.expects_status |= key == KEY_EXPECT_STATUS;
        if (key == KEY_EXPECT_OUTPUT)
            options.expected_output = optarg;
        if (key == KEY_RACE)
            options.race = true;
        if (key == KEY_MEMORY)
            options.memory = true;
        if (key == KEY_TIMEOUT &&
            !options_number(&help, "--timeout", optarg, 0, 1000000, &options.timeout_s))
            return 2;
        if (key == KEY_SEED &&
            !options_number(&help, "--seed", optarg, 0, UINT64_MAX, &options.seed))
            return 2;
    }
    if (optind >= argc)
        return usage_error(&help, "which program? For example: ipclab trace -- ./a.out");
    if (options.memory && (options.race || options.io || options.text || options.html != NULL))
        return usage_error(&help,
                           "--memory goes with none of --race, --io, --text and --html: they need "
                           "the program's own calls");
    if (options.memory && !kit_has_command("valgrind"))
        return usage_error(&help, "--memory needs valgrind, which is not installed; ipclab doctor "
                                  "says how to install it");
    if (options.schedules > 0 && !options.race)
        return usage_error(&help, "--schedules needs --race, and a program that was built for it: "
                                  "ipclab cc --race prog.c -o prog");
    if (options.schedules == 0 && (options.expects_status || options.expected_output != NULL))
        return usage_error(&help, "--expect-status and --expect-output need --schedules N");
    if (options.schedules > 0 && is_drawn(&options))
        return usage_error(&help, "--html and --text draw one run: leave out --schedules");
    if (options.schedules > 0)
        return try_schedules(&options, argv + optind);
    return trace(&options, argv + optind);
}
