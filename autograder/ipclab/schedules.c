/*
 * schedules.c - many schedules of one program. See schedules.h.
 *
 * Theory of operation.  They are tried by some workers at the same time, each a process on a
 * processor of its own: what runs one at a time changes hands faster there.  A worker takes the
 * next number from memory that all share, and reports by a pipe: one struct outcome, flat.  Such a
 * run is hasty: nobody looks up its lines.  The one that is told is then run once more here: the
 * seed is all it takes.
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
#include "../judge/turns.h"
#include "../race/log.h"
#include "../run/kit.h"
#include "../run/race.h"
#include "../run/run.h"
#include "../run/schedule.h"
#include "../tell/terminal.h"
#include "../tell/text.h"

/* Even, so that it walks; none of the user's. */
#define TO_COUNT_STEPS (UINT64_MAX - 1)

enum { PLAIN_RUNS = 5, MOST = PLAIN_RUNS / 2 + 1 };
enum { WALL_US = 20000000, MOST_OUTPUT = 1 << 20, AFTER_FIRST = 20 };

extern char **environ;

/* What a run came to. */
struct outcome {
    uint64_t seed;
    int status;        /* as from wait(2); -1: the kit ended it */
    uint64_t output;   /* hash */
    unsigned findings; /* bit per kind; data races are told without schedules */
    unsigned steps, turns;
    bool watched; /* it was built for the race detector */
};

/* What is right. */
struct usual {
    bool has_status, has_output;
    int status;
    uint64_t output;
    unsigned findings;
};

/* The next number to try, and where to stop. */
struct counter {
    uint64_t next, end;
};

struct hunt {
    char **program;
    const struct schedules_options *options;
    struct outcome plain[PLAIN_RUNS];
    size_t n_plain;
    struct usual usual;
    struct outcome worst; /* of the failing ones, that with the fewest turns */
    bool found;
    unsigned steps; /* of one schedule: the same whenever it is counted, so that a seed is enough */
    uint64_t failed_at, tried;
    struct counter *counter; /* shared with the workers */
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
    close(null);
    /* All that write share one offset, as on a terminal. */
    return kept;
}

static void forget_output(int kept)
{
    if (ftruncate(kept, 0) == -1 || lseek(kept, 0, SEEK_SET) == -1)
        kit_broken("cannot keep the output");
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

/* The program, its environment and what it leaves: in run_new()'s words. */
static struct run *run_under(const struct hunt *hunt, struct schedule *schedule, bool hasty)
{
    struct run_options options = {
        .open_world = true,
        .sets = CALLS_RARE | CALLS_IO,
        .tracer = {.existed_before = hunt->options->existed_before, .hasty = hasty},
        .wall_limit_us = WALL_US,
        .schedule = schedule,
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
    unsetenv(RACE_VARIABLE); /* it is the run's */
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

static void report_outcome(const struct hunt *hunt, const struct outcome *outcome)
{
    if (write(hunt->report[1], outcome, sizeof *outcome) != (ssize_t)sizeof *outcome)
        kit_broken("cannot report a schedule");
}

static void try_once(const struct hunt *hunt, struct schedule *schedule, uint64_t seed, int output)
{
    struct findings findings = {0};
    forget_output(output);
    struct run *run = run_under(hunt, schedule, true);
    judge_run(run->record, &findings);
    struct outcome outcome = outcome_of(run, schedule, &findings, output);
    outcome.seed = seed;
    report_outcome(hunt, &outcome);
    findings_clear(&findings);
    run_free(run);
    schedule_free(schedule);
}

/* ---- Many ----------------------------------------------------------------------------------- */

/* The schedule of a number in the order of trying. */
typedef struct schedule *make_schedule(const struct hunt *hunt, uint64_t number, uint64_t *seed);

static struct schedule *no_schedule(const struct hunt *hunt, uint64_t number, uint64_t *seed)
{
    (void)hunt;
    (void)number;
    (void)seed;
    return NULL;
}

static struct schedule *counting_schedule(const struct hunt *hunt, uint64_t number, uint64_t *seed)
{
    (void)hunt;
    (void)number;
    (void)seed;
    return schedule_new(TO_COUNT_STEPS, 0);
}

static struct schedule *schedule_by_number(const struct hunt *hunt, uint64_t number, uint64_t *seed)
{
    *seed = hunt->options->seed + number;
    return schedule_new(*seed, hunt->steps);
}

/* In a process of its own: as many as are wanted when it looks. */
static _Noreturn void work(const struct hunt *hunt, make_schedule *make, unsigned processor)
{
    uint64_t number, seed = 0;
    close(hunt->report[0]);
    schedule_stay_on_processor(processor);
    int output = redirect();
    while ((number = __atomic_fetch_add(&hunt->counter->next, 1, __ATOMIC_SEQ_CST)) <
           __atomic_load_n(&hunt->counter->end, __ATOMIC_SEQ_CST)) {
        struct schedule *schedule = make(hunt, number, &seed);
        try_once(hunt, schedule, seed, output);
    }
    _exit(0);
}

static void start_workers(struct hunt *hunt, make_schedule *make, uint64_t count)
{
    fflush(NULL);
    if (pipe2(hunt->report, O_CLOEXEC) == -1)
        kit_broken("pipe");
    for (unsigned i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid == -1)
            kit_broken("cannot fork");
        if (pid == 0)
            work(hunt, make, i);
    }
    close(hunt->report[1]); /* when all have ended the pipe is at its end */
}

static void end_workers(struct hunt *hunt)
{
    int status;
    close(hunt->report[0]);
    while (wait(&status) > 0 || errno == EINTR)
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            kit_broken("a schedule could not be tried");
}

typedef void take_outcome(struct hunt *hunt, const struct outcome *outcome);

/* Tries the numbers 0 to count - 1, as long as `take` does not end it earlier. */
static void try_all(struct hunt *hunt, uint64_t count, make_schedule *make, take_outcome *take)
{
    struct outcome outcome;
    uint64_t parallel = schedule_processors();
    *hunt->counter = (struct counter){0, count};
    start_workers(hunt, make, count < parallel ? count : parallel);
    while (read(hunt->report[0], &outcome, sizeof outcome) == (ssize_t)sizeof outcome)
        take(hunt, &outcome);
    end_workers(hunt);
}

/* ---- What is right -------------------------------------------------------------------------- */

static void take_plain(struct hunt *hunt, const struct outcome *outcome)
{
    hunt->plain[hunt->n_plain++] = *outcome;
}

static void take_steps(struct hunt *hunt, const struct outcome *outcome)
{
    hunt->steps = outcome->steps;
}

/* How many of the plain runs are like this one. */
static size_t count_status(const struct hunt *hunt, int status)
{
    size_t count = 0;
    for (size_t i = 0; i < hunt->n_plain; i++)
        count += hunt->plain[i].status == status;
    return count;
}

static size_t count_output(const struct hunt *hunt, uint64_t output)
{
    size_t count = 0;
    for (size_t i = 0; i < hunt->n_plain; i++)
        count += hunt->plain[i].output == output;
    return count;
}

static size_t count_findings(const struct hunt *hunt, unsigned bit)
{
    size_t count = 0;
    for (size_t i = 0; i < hunt->n_plain; i++)
        count += (hunt->plain[i].findings & bit) != 0;
    return count;
}

/* What most of them do; what no majority does is not compared. */
static void take_majority(struct hunt *hunt)
{
    struct usual *usual = &hunt->usual;
    for (size_t i = 0; i < hunt->n_plain; i++) {
        const struct outcome *plain = &hunt->plain[i];
        if (count_status(hunt, plain->status) >= MOST) {
            usual->has_status = true;
            usual->status = plain->status;
        }
        if (count_output(hunt, plain->output) >= MOST) {
            usual->has_output = true;
            usual->output = plain->output;
        }
    }
    for (unsigned kind = 0; kind < 32; kind++)
        if (count_findings(hunt, 1U << kind) >= MOST)
            usual->findings |= 1U << kind;
}

/* -1: said what was wrong. */
static int take_expected(struct hunt *hunt)
{
    const struct schedules_options *options = hunt->options;
    if (options->expected_status >= 0) {
        hunt->usual.has_status = true;
        hunt->usual.status = options->expected_status << 8; /* as wait(2) says it */
    }
    if (options->expected_output == NULL)
        return 0;
    int fd = open(options->expected_output, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        fprintf(stderr, "ipclab trace: cannot read %s: %s\n", options->expected_output,
                strerror(errno));
        return -1;
    }
    hunt->usual.has_output = true;
    hunt->usual.output = hash_of(fd);
    close(fd);
    return 0;
}

static bool other_status(const struct hunt *hunt, const struct outcome *outcome)
{
    return hunt->usual.has_status && outcome->status != hunt->usual.status;
}

static bool other_output(const struct hunt *hunt, const struct outcome *outcome)
{
    return hunt->usual.has_output && outcome->output != hunt->usual.output;
}

static bool fails(const struct hunt *hunt, const struct outcome *outcome)
{
    return other_status(hunt, outcome) || other_output(hunt, outcome) ||
           (outcome->findings & ~hunt->usual.findings) != 0;
}

/* ---- The search ----------------------------------------------------------------------------- */

static void take_scheduled(struct hunt *hunt, const struct outcome *outcome)
{
    hunt->tried++;
    if (!fails(hunt, outcome)) {
        if (!hunt->found)
            hunt->worst = *outcome; /* told if it is the only one: whoever names a seed wants to
                                       see it */
        return;
    }
    if (!hunt->found || outcome->turns < hunt->worst.turns)
        hunt->worst = *outcome;
    if (hunt->found)
        return;
    hunt->found = true;
    hunt->failed_at = outcome->seed - hunt->options->seed + 1;
    /* Some more: one with fewer turns is easier to read. */
    uint64_t end = hunt->counter->next + AFTER_FIRST;
    if (end < hunt->options->count)
        __atomic_store_n(&hunt->counter->end, end, __ATOMIC_SEQ_CST);
}

static bool was_built_for_it(const struct hunt *hunt)
{
    return hunt->n_plain > 0 && hunt->plain[0].watched;
}

/* -1: said why it cannot be. */
static int search(struct hunt *hunt)
{
    hunt->counter = mmap(NULL, sizeof *hunt->counter, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (hunt->counter == MAP_FAILED)
        kit_broken("mmap");
    try_all(hunt, PLAIN_RUNS, no_schedule, take_plain);
    if (!was_built_for_it(hunt)) {
        fprintf(stderr,
                "ipclab trace: %s is not a program that was built for the race detector, and "
                "schedules need one.\nBuild it with: ipclab cc --race FILE.c -o PROGRAM\n",
                hunt->program[0]);
        return -1;
    }
    take_majority(hunt);
    if (take_expected(hunt) == -1)
        return -1;
    try_all(hunt, 1, counting_schedule, take_steps);
    try_all(hunt, hunt->options->count, schedule_by_number, take_scheduled);
    return 0;
}

/* ---- Telling -------------------------------------------------------------------------------- */

static char *status_words(int status)
{
    if (status == -1)
        return kit_strdup("never ends");
    if (WIFSIGNALED(status))
        return kit_format("is killed by signal %d", WTERMSIG(status));
    return kit_format("ends with exit status %d", WEXITSTATUS(status));
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
static struct run *run_here(struct hunt *hunt, struct schedule *schedule, int *output)
{
    int saved[3];
    fflush(NULL);
    for (int i = 0; i < 3; i++)
        saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
    *output = redirect();
    struct run *run = run_under(hunt, schedule, false);
    for (int i = 0; i < 3; i++) {
        dup2(saved[i], i);
        close(saved[i]);
    }
    return run;
}

/* Are the plain runs themselves of several kinds? Then say what the others are measured by. */
static void tell_unsteady(const struct hunt *hunt)
{
    const struct usual *usual = &hunt->usual;
    const struct schedules_options *options = hunt->options;
    bool steady_status = options->expected_status >= 0 ||
                         (usual->has_status && count_status(hunt, usual->status) == hunt->n_plain);
    bool steady_output = options->expected_output != NULL ||
                         (usual->has_output && count_output(hunt, usual->output) == hunt->n_plain);
    if (steady_status && steady_output)
        return;
    fprintf(stderr, "Plain runs are not all alike: of %zu, ", hunt->n_plain);
    if (!steady_status)
        fprintf(stderr, "%zu ended in the same way",
                usual->has_status ? count_status(hunt, usual->status) : 0);
    if (!steady_output)
        fprintf(stderr, "%s%zu printed the same", steady_status ? "" : ", ",
                usual->has_output ? count_output(hunt, usual->output) : 0);
    fprintf(stderr,
            "; what most do counts as right%s. To say what is right: --expect-status N, "
            "--expect-output FILE.\n",
            usual->has_status && usual->has_output ? "" : ", and what no majority does is ignored");
}

static void tell_how_it_ends(const struct hunt *hunt, const struct outcome *outcome)
{
    char *now = status_words(outcome->status);
    char *right = status_words(hunt->usual.status);
    if (!fails(hunt, outcome))
        fprintf(stderr, "This schedule ends and prints as it should: the program %s", now);
    else
        fprintf(stderr,
                "A schedule goes wrong (%llu tried, the first that fails is number %llu): the "
                "program %s",
                (unsigned long long)hunt->tried, (unsigned long long)hunt->failed_at, now);
    if (other_status(hunt, outcome))
        fprintf(stderr,
                hunt->options->expected_status >= 0 ? ", and not as it should (it %s)"
                                                    : "; as a rule it %s",
                right);
    fprintf(stderr, "%s.\n", other_output(hunt, outcome) ? ", and prints something else" : "");
    free(now);
    free(right);
}

/* For a shell. */
static void print_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=:,./@%";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        fprintf(stderr, " %s", word);
        return;
    }
    fputs(" '", stderr);
    for (; *word != '\0'; word++)
        fprintf(stderr, *word == '\'' ? "'\\''" : "%c", *word);
    fputc('\'', stderr);
}

static void tell_command(const struct hunt *hunt)
{
    const struct schedules_options *options = hunt->options;
    fprintf(stderr, "run again: ipclab trace --race --schedules 1 --seed %llu",
            (unsigned long long)hunt->worst.seed);
    if (options->expected_status >= 0)
        fprintf(stderr, " --expect-status %d", options->expected_status);
    if (options->expected_output != NULL) {
        fputs(" --expect-output", stderr);
        print_word(options->expected_output);
    }
    fputs(" --", stderr);
    for (char **word = hunt->program; *word != NULL; word++)
        print_word(*word);
    fputc('\n', stderr);
}

static void tell(struct hunt *hunt)
{
    struct findings findings = {0};
    int output;
    schedule_stay_on_processor(0); /* as it was when it was found */
    struct schedule *schedule = schedule_new(hunt->worst.seed, hunt->steps);
    struct run *run = run_here(hunt, schedule, &output);
    judge_run(run->record, &findings);
    struct outcome outcome = outcome_of(run, schedule, &findings, output);

    tell_how_it_ends(hunt, &outcome);
    char *turns = turns_told(run->record, "  ");
    fprintf(stderr, "Who ran, and up to where:\n%sWhat came out:\n", turns);
    copy_output(output, stderr);
    if (findings.count > 0) {
        struct terminal terminal = terminal_for(stderr);
        terminal_findings(&terminal, &findings, 0);
    }
    tell_command(hunt);
    free(turns);
    findings_clear(&findings);
    run_free(run);
    schedule_free(schedule);
    close(output);
}

int schedules_try(char **program, const struct schedules_options *options)
{
    struct hunt hunt = {.program = program, .options = options};

    if (search(&hunt) == -1)
        return 2;
    if (hunt.found || options->count == 1)
        tell(&hunt);
    else
        fprintf(stderr, "%llu schedules, seeds %llu to %llu: each ends and prints %s.\n",
                (unsigned long long)hunt.tried, (unsigned long long)options->seed,
                (unsigned long long)(options->seed + hunt.tried - 1),
                options->expected_output != NULL ? "as it should" : "like the usual run");
    tell_unsteady(&hunt);
    return hunt.found ? 1 : 0;
}
