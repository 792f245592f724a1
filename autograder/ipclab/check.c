/*
 * check.c - ipclab check: builds and checks what was started.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/terminal.h"
#include "chosen.h"
#include "commands.h"
#include "hint.h"
#include "jobs.h"
#include "machine.h"
#include "options.h"
#include "report.h"
#include "saved_runs.h"
#include "state.h"

enum {
    OPTION_DIR = 256,
    OPTION_SEED,
    OPTION_JSON,
    OPTION_JUNIT,
    OPTION_TAP,
    OPTION_REPEAT,
    OPTION_SCHEDULES,
    OPTION_SCHEDULE,
    OPTION_FAIL_FAST
};

enum { MOST_REPEATS = 100000, MOST_SCHEDULES = 100000, MOST_JOBS = 256 };

static const struct option_row options[] = {
    {OPTION_DIR,                                                 "dir", "DIR",
     "Where the programs are: DIR/01-pipes/3-pipeline/... (default: work)."},
    {OPTION_SEED,                                                     "seed", "N", "Repeat a run: all that is random follows from the seed."},
    {OPTION_JSON,                                                          "json", "FILE",
     "Also write the results as JSON; - writes only them, to standard "
     "output. So do the next two."},
    {OPTION_JUNIT,"junit", "FILE", "The same as JUnit XML."},
    {OPTION_TAP, "tap", "FILE", "The same as TAP, version 14."},
    {OPTION_REPEAT,                                                "repeat", "N", "Run every check N times; it passes when it passes each time."},
    {OPTION_SCHEDULES,                                                    "schedules", "N",
     "Where programs share memory, also try N orders in which their processes may run."},
    {OPTION_SCHEDULE,                                                          "schedule", "K",
     "Try order number K of these alone, to see one that went wrong again."},
    {OPTION_FAIL_FAST,                                                    "fail-fast", NULL,
     "Stop each exercise at its first check that fails; the rest is skipped."},
    {'j',                                  "jobs", "N", "Check N exercises at the same time (default: two a processor)."},
    {0                                                },
};

static const struct command_help help = {
    .name = "check",
    .synopsis = "[LAB|EXERCISE|EXERCISE.check...]",
    .purpose = "Builds and checks exercises; without a name, everything that was started.",
    .options = options,
    .notes =
        "Exit status: 0 all passed, 1 some check failed, 2 wrong use or nothing to check, 3 the "
        "kit itself failed.\nExamples: ipclab check 1    ipclab check 1.3    ipclab check "
        "pipeline --seed 8812",
};

/* In which formats results can be written. */
static const struct {
    int key;
    const char *format;
} outputs[] = {
    {OPTION_JSON,  "json" },
    {OPTION_JUNIT, "junit"},
    {OPTION_TAP,   "tap"  },
};

enum { N_OUTPUTS = sizeof outputs / sizeof *outputs };

struct arguments {
    const char *dir;              /* as given, or NULL */
    const char *files[N_OUTPUTS]; /* see outputs; "-": standard output */
    uint64_t seed, repeats, parallel, schedules, schedule;
    bool seed_given, fail_fast;
};

/* The value of an option that takes a number; false: said what was wrong. */
static bool read_number(int key, struct arguments *arguments)
{
    const struct {
        int key;
        const char *name;
        uint64_t least, most, *number;
    } numbers[] = {
        {OPTION_SEED,      "--seed",      0, UINT64_C(1) << 53, &arguments->seed     },
        {OPTION_REPEAT,    "--repeat",    1, MOST_REPEATS,      &arguments->repeats  },
        {OPTION_SCHEDULES, "--schedules", 1, MOST_SCHEDULES,    &arguments->schedules},
        {OPTION_SCHEDULE,  "--schedule",  1, MOST_SCHEDULES,    &arguments->schedule },
        {'j',              "-j",          1, MOST_JOBS,         &arguments->parallel },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].key == key)
            return options_number(&help, numbers[i].name, optarg, numbers[i].least, numbers[i].most,
                                  numbers[i].number);
    return false;
}

static bool take_output(int key, struct arguments *arguments)
{
    for (size_t i = 0; i < N_OUTPUTS; i++)
        if (outputs[i].key == key) {
            arguments->files[i] = optarg;
            return true;
        }
    return false;
}

/* How many formats go to standard output. */
static unsigned to_stdout(const struct arguments *arguments)
{
    unsigned n = 0;
    for (size_t i = 0; i < N_OUTPUTS; i++)
        n += arguments->files[i] != NULL && strcmp(arguments->files[i], "-") == 0;
    return n;
}

/* Returns 0; or the key of options_next() that ends the command. */
static int read_arguments(int argc, char **argv, struct arguments *arguments)
{
    bool good = true;

    *arguments = (struct arguments){.repeats = 1, .parallel = jobs_usual_parallel()};
    for (int key; good && (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key;
        if (key == OPTION_DIR)
            arguments->dir = optarg;
        else if (take_output(key, arguments))
            continue;
        else if (key == OPTION_FAIL_FAST)
            arguments->fail_fast = true;
        else
            good = read_number(key, arguments);
        arguments->seed_given |= key == OPTION_SEED;
    }
    if (!arguments->seed_given)
        arguments->seed = jobs_random_seed();
    if (good && arguments->schedule > 0 && (!arguments->seed_given || arguments->schedules > 0)) {
        usage_error(&help,
                    "--schedule K is one of those that --seed N --schedules M has tried: give "
                    "it with that seed, and without --schedules");
        return OPTIONS_WRONG;
    }
    if (good && to_stdout(arguments) > 1) {
        usage_error(&help, "only one format can go to standard output (-)");
        return OPTIONS_WRONG;
    }
    return good ? 0 : OPTIONS_WRONG;
}

static void tell(const struct exercise_result *exercise, void *context)
{
    const struct terminal *terminal = context;

    terminal_exercise(terminal, exercise, hint_count);
    fputc('\n', terminal->stream);
    fflush(terminal->stream);
}

/* 0, or 3 with a message. */
static int write_files(const struct results *results, const struct arguments *arguments)
{
    int status = 0;
    for (size_t i = 0; i < N_OUTPUTS; i++)
        if (arguments->files[i] != NULL && report_write("check", format_find(outputs[i].format),
                                                        results, arguments->files[i]) != 0)
            status = 3;
    return status;
}

static void print_next(const char *dir, const struct arguments *arguments)
{
    struct results all;

    if (arguments->dir != NULL)
        return; /* not necessarily the caller's own work */
    state_load(dir, &all);
    char *next = next_step(dir, &all);
    printf("next: %s\n", next);
    free(next);
    results_clear(&all);
}

/* Was one tried, or is there a reason that none was? */
static bool has_schedules(const struct results *results)
{
    if (results_exit_status(results) != 0)
        return true;
    for (size_t l = 0; l < results->n_labs; l++)
        for (size_t e = 0; e < results->labs[l].n_exercises; e++)
            for (size_t c = 0; c < results->labs[l].exercises[e].n_checks; c++)
                if (results->labs[l].exercises[e].checks[c].schedules > 0)
                    return true;
    return false;
}

static int check_all(const struct selection *selection, const char *dir,
                     const struct arguments *arguments)
{
    bool quiet = to_stdout(arguments) > 0;
    struct terminal terminal = terminal_for(stdout);
    struct results results = {.seed = arguments->seed, .machine = machine_probe()};
    char *runs_folder = saved_runs_folder(dir);
    struct jobs_options how = {.dir = dir,
                               .seed = arguments->seed,
                               .repeats = (unsigned)arguments->repeats,
                               .fail_fast = arguments->fail_fast,
                               .runs_folder = runs_folder,
                               .schedules = (unsigned)arguments->schedules,
                               .only_schedule = (unsigned)arguments->schedule,
                               .parallel = (unsigned)arguments->parallel};

    hint_count_in(dir);
    jobs_run(selection, &how, &results, quiet ? NULL : tell, &terminal);
    free(runs_folder);
    if (arguments->schedule == 0) /* one order alone says little */
        state_store(dir, &results, arguments->fail_fast);
    if (arguments->schedules + arguments->schedule > 0 && !has_schedules(&results))
        fprintf(stderr, "ipclab check: none of these checks runs programs that share memory, so "
                        "there was no order to try\n");
    if (!quiet) {
        terminal_total(&terminal, &results);
        print_next(dir, arguments);
    }
    int status = results_exit_status(&results);
    if (write_files(&results, arguments) != 0)
        status = 3;
    results_clear(&results);
    return status;
}

int command_check(int argc, char **argv)
{
    struct arguments arguments;
    struct selection selection = {0};
    int key = read_arguments(argc, argv, &arguments);

    if (key != 0)
        return key == OPTIONS_HELP ? 0 : 2;
    char *dir = work_folder(arguments.dir);
    int status = 2;
    if (choose_words(&help, &selection, argv + optind) == 0 &&
        choose_started(&help, &selection, dir) == 0)
        status = check_all(&selection, dir, &arguments);
    selection_clear(&selection);
    free(dir);
    return status;
}
