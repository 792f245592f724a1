/*
 * schedules.c - many schedules of one program. See schedules.h.
 *
 * Each is tried in a process of its own, some at a time, which reports by a pipe: one struct
 * outcome, flat.  The one that is told is then run once more here: the seed is all it takes.
 *
 * _GNU_SOURCE: memfd_create(2).
 */
#define _GNU_SOURCE
#include "schedules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../judge/judge.h"
#include "../run/calls.h"
#include "../run/kit.h"
#include "../run/race.h"
#include "../run/run.h"
#include "../run/schedule.h"
#include "../tell/terminal.h"

/* Seeds that are none of the user's. */
enum { AS_THE_KERNEL_LIKES = 0 };
#define TO_COUNT_STEPS (UINT64_MAX - 1) /* even: it walks */

enum { WALL_US = 20000000, MOST_OUTPUT = 1 << 20, AFTER_FIRST = 20 };

extern char **environ;

/* What a schedule came to. */
struct outcome {
    uint64_t seed;
    int status;        /* as from wait(2); -1: the kit ended it */
    uint64_t output;   /* hash */
    unsigned findings; /* bit per kind; data races are told without schedules */
    unsigned steps, turns;
    bool watched; /* it was built for the race detector */
};

struct hunt {
    char **program;
    const struct schedules_options *options;
    struct outcome usual; /* as the kernel likes */
    struct outcome worst; /* of the failing ones, that with the fewest turns */
    bool found;
    unsigned steps; /* of one schedule: the same whenever it is counted, so that a seed is enough */
    uint64_t failed_at, tried, next;
    int report[2];
};

/* ---- One run -------------------------------------------------------------------------------- */

/* Ours become the program's: nothing to read, and a place that keeps what it writes. */
static int redirect(void)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC), kept = memfd_create("output", MFD_CLOEXEC);
    if (null == -1 || kept == -1 || dup2(null, 0) == -1 || dup2(kept, 1) == -1 ||
        dup2(kept, 2) == -1)
        kit_broken("cannot keep the output");
    /* All that write share one offset, as on a terminal. */
    return kept;
}

static uint64_t hash_of(int fd)
{
    uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
    char block[4096];
    ssize_t got;
    for (off_t at = 0; at < MOST_OUTPUT && (got = pread(fd, block, sizeof block, at)) > 0;
         at += got)
        for (ssize_t i = 0; i < got; i++)
            hash = (hash ^ (unsigned char)block[i]) * 1099511628211ULL;
    return hash;
}

static unsigned kinds_of(const struct findings *findings)
{
    unsigned bits = 0;
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].kind != FINDING_DATA_RACE)
            bits |= 1U << findings->items[i].kind;
    return bits;
}

/* The run and its findings are the caller's. */
static struct run *run_once(const struct hunt *hunt, uint64_t seed, struct schedule **schedule,
                            struct findings *findings)
{
    *schedule = seed != AS_THE_KERNEL_LIKES ? schedule_new(seed, hunt->steps) : NULL;
    struct run_options options = {
        .open_world = true,
        .sets = CALLS_RARE | CALLS_IO,
        .tracer = {.seed = seed, .existed_before = hunt->options->existed_before},
        .wall_limit_us = WALL_US,
        .schedule = *schedule,
        .race = true,
    };
    char **program = hunt->program;
    struct run_program first = {.file = program[0], .argv = (const char *const *)program};
    struct run *run = run_new(&options);
    putenv((char *)(uintptr_t)race_variable(run->race));
    first.envp = (const char *const *)environ;
    if (run_start(run_first(run), &first) == -1)
        kit_broken("cannot start %s", program[0]);
    run_finish(run);
    judge_run(run->record, findings);
    for (size_t i = 0; i < run->record->n_objects; i++)
        if (run->record->objects[i].left_behind && run->record->objects[i].made_by >= 0)
            run_remove_object(&run->record->objects[i]);
    return run;
}

static struct outcome outcome_of(const struct run *run, const struct schedule *schedule,
                                 const struct findings *findings, int output)
{
    bool ended = !run->record->hung && !run->record->timed_out && !run->record->output_flooded;
    return (struct outcome){.status = ended ? run_status(run) : -1,
                            .output = hash_of(output),
                            .findings = kinds_of(findings),
                            .steps = schedule != NULL ? schedule_steps(schedule) : 0,
                            .turns = (unsigned)run->record->n_turns,
                            .watched = run->record->race_builds};
}

/* In a process of its own. */
static _Noreturn void try_seed(const struct hunt *hunt, uint64_t seed)
{
    struct findings findings = {0};
    struct schedule *schedule;
    int output = redirect();
    struct run *run = run_once(hunt, seed, &schedule, &findings);
    struct outcome outcome = outcome_of(run, schedule, &findings, output);
    outcome.seed = seed;
    run_free(run);
    _exit(write(hunt->report[1], &outcome, sizeof outcome) == (ssize_t)sizeof outcome ? 0 : 3);
}

/* ---- Many ----------------------------------------------------------------------------------- */

static bool fails(const struct hunt *hunt, const struct outcome *outcome)
{
    return outcome->status != hunt->usual.status || outcome->output != hunt->usual.output ||
           (outcome->findings & ~hunt->usual.findings) != 0;
}

static void start_one(struct hunt *hunt, uint64_t seed)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == -1)
        kit_broken("cannot fork");
    if (pid == 0) {
        close(hunt->report[0]);
        try_seed(hunt, seed);
    }
}

static void take_one(struct hunt *hunt)
{
    struct outcome outcome;
    int status;
    while (wait(&status) == -1 && errno == EINTR)
        continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
        read(hunt->report[0], &outcome, sizeof outcome) != (ssize_t)sizeof outcome)
        kit_broken("a schedule could not be tried");
    hunt->tried++;
    if (outcome.seed == AS_THE_KERNEL_LIKES) {
        hunt->usual = outcome;
        return;
    }
    if (outcome.seed == TO_COUNT_STEPS) {
        hunt->steps = outcome.steps;
        return;
    }
    if (!fails(hunt, &outcome)) {
        if (!hunt->found)
            hunt->worst = outcome; /* told if it is the only one: whoever names a seed wants to see
                                      it, whatever the usual run does today */
        return;
    }
    if (!hunt->found || outcome.turns < hunt->worst.turns)
        hunt->worst = outcome;
    hunt->failed_at = hunt->found ? hunt->failed_at : hunt->tried;
    hunt->found = true;
}

/* Some more after the first failure: one with fewer turns is easier to read. */
static bool goes_on(const struct hunt *hunt)
{
    return hunt->next < hunt->options->count &&
           !(hunt->found && hunt->tried >= hunt->failed_at + AFTER_FIRST);
}

static void search(struct hunt *hunt)
{
    uint64_t running = 0;
    start_one(hunt, AS_THE_KERNEL_LIKES);
    take_one(hunt);
    if (!hunt->usual.watched)
        return;
    start_one(hunt, TO_COUNT_STEPS);
    take_one(hunt);
    hunt->tried = 0;
    while (goes_on(hunt) || running > 0) {
        while (running < hunt->options->parallel && goes_on(hunt)) {
            start_one(hunt, hunt->options->seed + hunt->next++);
            running++;
        }
        take_one(hunt);
        running--;
    }
}

/* ---- Telling -------------------------------------------------------------------------------- */

static const char *status_words(int status, char *to, size_t size)
{
    if (status == -1)
        snprintf(to, size, "never ends");
    else if (WIFSIGNALED(status))
        snprintf(to, size, "is killed by signal %d", WTERMSIG(status));
    else
        snprintf(to, size, "ends with exit status %d", WEXITSTATUS(status));
    return to;
}

static bool same_turn(const struct turn *a, const struct turn *b)
{
    return a->process == b->process && a->place.line == b->place.line &&
           (a->place.file == NULL) == (b->place.file == NULL);
}

/* What a turn ended before, in a learner's words. */
static const char *call_of(const struct turn *turn)
{
    return call_is(turn->call, "fork") ? "fork" : call_spoken(turn->call);
}

/* The turns, from the first that was not the program's start; equal ones in a row once. */
static void print_turns(const struct record *record)
{
    enum { MOST_SHOWN = 24 };
    size_t shown = 0;
    for (size_t i = 0; i < record->n_turns; i++) {
        const struct turn *turn = &record->turns[i];
        if (turn->place.file == NULL || (i > 0 && same_turn(turn, &record->turns[i - 1])))
            continue;
        if (shown++ == MOST_SHOWN) {
            fprintf(stderr, "  ... and %zu turns more\n", record->n_turns - i);
            return;
        }
        fprintf(stderr, "  %2zu. process %d runs up to %s:%d%s%s%s, before %s%s\n", shown,
                record->processes[turn->process].number, turn->place.file, turn->place.line,
                turn->place.function != NULL ? " in " : "",
                turn->place.function != NULL ? turn->place.function : "",
                turn->place.function != NULL ? "()" : "",
                turn->call != NULL ? call_of(turn) : "an access to shared memory",
                turn->call != NULL ? "()" : "");
    }
}

static void copy_output(int from, FILE *to)
{
    char block[4096];
    ssize_t got;
    for (off_t at = 0; at < MOST_OUTPUT && (got = pread(from, block, sizeof block, at)) > 0;
         at += got)
        fwrite(block, 1, (size_t)got, to);
}

/* Runs a seed here, with the output kept; gives our own descriptors back. */
static struct run *run_here(struct hunt *hunt, uint64_t seed, struct findings *findings,
                            int *output, struct schedule **schedule)
{
    int saved[3];
    fflush(NULL);
    for (int i = 0; i < 3; i++)
        saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
    *output = redirect();
    struct run *run = run_once(hunt, seed, schedule, findings);
    for (int i = 0; i < 3; i++) {
        dup2(saved[i], i);
        close(saved[i]);
    }
    return run;
}

static void tell(struct hunt *hunt)
{
    struct findings findings = {0};
    struct schedule *schedule;
    char now[64], usual[64];
    int output;
    struct run *run = run_here(hunt, hunt->worst.seed, &findings, &output, &schedule);
    struct outcome outcome = outcome_of(run, schedule, &findings, output);

    if (!hunt->found)
        fprintf(stderr, "This schedule ends and prints like the usual run: the program %s",
                status_words(outcome.status, now, sizeof now));
    else
        fprintf(stderr,
                "A schedule goes wrong (%llu tried, the first that fails is number %llu): the "
                "program %s",
                (unsigned long long)hunt->tried, (unsigned long long)hunt->failed_at,
                status_words(outcome.status, now, sizeof now));
    if (outcome.status != hunt->usual.status)
        fprintf(stderr, "; as a rule it %s", status_words(hunt->usual.status, usual, sizeof usual));
    fprintf(stderr, "%s.\n",
            outcome.output != hunt->usual.output ? ", and prints something else" : "");
    fprintf(stderr, "Who ran, and up to where:\n");
    print_turns(run->record);
    fprintf(stderr, "What came out:\n");
    copy_output(output, stderr);
    if (findings.count > 0) {
        struct terminal terminal = terminal_for(stderr);
        terminal_findings(&terminal, &findings, 0);
    }
    fprintf(stderr, "run again: ipclab trace --race --schedules 1 --seed %llu -- %s ...\n",
            (unsigned long long)hunt->worst.seed, hunt->program[0]);
    findings_clear(&findings);
    run_free(run);
    schedule_free(schedule);
    close(output);
}

int schedules_try(char **program, const struct schedules_options *options)
{
    struct hunt hunt = {.program = program, .options = options};

    if (pipe2(hunt.report, O_CLOEXEC) == -1)
        kit_broken("pipe");
    search(&hunt);
    if (!hunt.usual.watched)
        fprintf(stderr,
                "ipclab trace: %s is not a program that was built for the race detector, and "
                "schedules need one.\nBuild it with: ipclab cc --race FILE.c -o PROGRAM\n",
                program[0]);
    else if (hunt.found || options->count == 1)
        tell(&hunt);
    else
        fprintf(stderr,
                "%llu schedules, seeds %llu to %llu: each ends and prints like the usual "
                "run.\n",
                (unsigned long long)hunt.tried, (unsigned long long)options->seed,
                (unsigned long long)(options->seed + hunt.tried - 1));
    close(hunt.report[0]);
    close(hunt.report[1]);
    return !hunt.usual.watched ? 2 : hunt.found ? 1 : 0;
}
