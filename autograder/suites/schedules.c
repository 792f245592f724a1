/*
 * schedules.c - a check under many schedules. See schedules.h.
 *
 * Theory of operation.  The body of a check can fail anywhere and leaves its memory behind, so each
 * trial of it has a process of its own, forked from the check's.  It writes its line of JSON into
 * memory of its own, and what else is needed into a struct facts that we share.  Trial 0 has no
 * schedule, trial 1 is a random walk that counts how many choices each run takes, and the others
 * are as their number and the seed of the check say: so one of them can be had again without the
 * others.
 *
 * _GNU_SOURCE: memfd_create(2), MAP_ANONYMOUS.
 */
#define _GNU_SOURCE
#include "schedules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../judge/turns.h"
#include "../run/kit.h"
#include "../run/schedule.h"
#include "check_runs.h"
#include "worker.h"

enum { MOST_RUNS = 16, MOST_AT_A_TIME = 16, AFTER_FIRST = 6 };

/* What a trial tells beside its line. */
struct facts {
    unsigned n_runs;           /* whose programs are built for the race detector */
    unsigned steps[MOST_RUNS]; /* choices of each */
    unsigned turns;            /* of all */
};

struct trial {
    unsigned number;
    pid_t pid; /* 0: nobody */
    int line;  /* what it writes its result into */
    struct facts *facts;
};

/* What came of one. */
struct outcome {
    unsigned number, turns;
    struct check_result result;
    char *runs; /* lines */
};

struct hunt {
    const struct check *check;
    int index;
    struct trial places[MOST_AT_A_TIME];
    size_t n_places, running;
    struct facts *facts; /* of all places, shared */
    struct outcome *failed;
    size_t n_failed;
    unsigned last, tried; /* the last number that is wanted */
};

static const struct trial *present; /* in the process of a trial */
static unsigned steps[MOST_RUNS];   /* counted by trial 1 */
static struct schedule *schedules[MOST_RUNS];

/* ---- In a trial ----------------------------------------------------------------------------- */

bool is_trial(void)
{
    return present != NULL;
}

bool is_scheduled_trial(void)
{
    return present != NULL && present->number > 0;
}

struct schedule *schedule_of_run(const struct start *start)
{
    if (!start->race_build || present == NULL)
        return NULL;
    unsigned index = present->facts->n_runs++;
    if (present->number == 0 || index >= MOST_RUNS)
        return NULL;
    schedules[index] = schedule_new(2 * worker.seed + present->number - 1, steps[index]);
    return schedules[index];
}

/* The run that the failure is about: the first in which a judge found something, or else that of
 * the expectation, which was the last. */
static const struct check_run *failed_run(void)
{
    size_t count;
    const struct check_run *runs = check_runs(&count);
    for (size_t i = 0; i < count; i++)
        if (runs[i].findings.count > 0)
            return &runs[i];
    return count > 0 ? &runs[count - 1] : NULL;
}

static void tell_turns(struct check_result *result)
{
    const struct check_run *run = failed_run();
    char *turns = run != NULL ? turns_told(run->run->record, "  ") : kit_strdup("");
    if (turns[0] != '\0' && result->findings.count > 0) {
        struct finding *first = &result->findings.items[0];
        char *text = kit_format("%s\nSo it goes when they take turns like this (schedule %u):\n%s",
                                first->text, present->number, turns);
        free(first->text);
        first->text = text;
        free(result->message);
        result->message = kit_strdup(text);
    }
    free(turns);
}

void end_trial(struct check_result *result)
{
    size_t count;
    const struct check_run *runs = check_runs(&count);
    for (size_t i = 0; i < count; i++)
        present->facts->turns += (unsigned)runs[i].run->record->n_turns;
    for (unsigned i = 0; i < MOST_RUNS && schedules[i] != NULL; i++)
        present->facts->steps[i] = schedule_steps(schedules[i]);
    if (is_scheduled_trial() && result->status == CHECK_FAILED) {
        tell_turns(result);
        free(result->reproduce);
        result->reproduce = kit_format("ipclab check %s --seed %llu --schedule %u", result->id,
                                       (unsigned long long)worker.seed, present->number);
    }
}

static _Noreturn void carry_out(const struct hunt *hunt, const struct trial *trial, pid_t parent)
{
    if (kit_end_with(parent) == -1)
        kit_broken("prctl");
    present = trial;
    worker.results = trial->line;
    if (trial->number > 0) /* as the kernel likes: on all of them */
        schedule_stay_on_processor((unsigned)(trial - hunt->places));
    check_begin(hunt->check, hunt->index);
    hunt->check->body();
    check_end();
    exit(0);
}

/* ---- Around them ---------------------------------------------------------------------------- */

static void start_trial(struct hunt *hunt, unsigned number)
{
    size_t i = 0;
    while (hunt->places[i].pid != 0)
        i++;
    struct trial *trial = &hunt->places[i];
    *trial = (struct trial){
        .number = number, .line = memfd_create("result", MFD_CLOEXEC), .facts = &hunt->facts[i]};
    if (trial->line == -1)
        kit_broken("memfd_create");
    *trial->facts = (struct facts){0};
    pid_t parent = getpid();
    trial->pid = fork();
    if (trial->pid == -1)
        kit_broken("fork");
    if (trial->pid == 0)
        carry_out(hunt, trial, parent);
    hunt->running++;
}

/* What it has written: the lines of its runs, and then that of its result. */
static void read_lines(int fd, struct outcome *outcome)
{
    off_t length = lseek(fd, 0, SEEK_END);
    char *lines = kit_alloc((size_t)(length > 0 ? length : 0) + 1);
    if (length <= 0 || pread(fd, lines, (size_t)length, 0) != (ssize_t)length ||
        lines[length - 1] != '\n')
        kit_broken("a trial of a check broke off");
    lines[length - 1] = '\0';
    char *end = strrchr(lines, '\n'), *last = end != NULL ? end + 1 : lines;
    if (check_result_from_json(last, &outcome->result) == -1)
        kit_broken("a trial of a check says what nobody understands");
    *last = '\0';
    outcome->runs = lines;
}

static void outcome_clear(struct outcome *outcome)
{
    check_result_clear(&outcome->result);
    free(outcome->runs);
    outcome->runs = NULL;
}

/* Waits for one to end, and forgets it; facts: its own. */
static struct outcome end_trial_of(struct hunt *hunt, struct facts *facts)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, 0)) == -1 && errno == EINTR)
        continue;
    for (size_t i = 0; i < hunt->n_places; i++) {
        struct trial *trial = &hunt->places[i];
        if (trial->pid != pid || pid <= 0)
            continue;
        struct outcome outcome = {.number = trial->number, .turns = trial->facts->turns};
        read_lines(trial->line, &outcome);
        *facts = *trial->facts;
        close(trial->line);
        trial->pid = 0;
        hunt->running--;
        return outcome;
    }
    kit_broken("a trial of a check is lost");
}

static struct outcome try_alone(struct hunt *hunt, unsigned number, struct facts *facts)
{
    start_trial(hunt, number);
    return end_trial_of(hunt, facts);
}

static void take_outcome(struct hunt *hunt, struct outcome outcome)
{
    hunt->tried++;
    if (outcome.result.status != CHECK_FAILED) {
        outcome_clear(&outcome);
        return;
    }
    *ARRAY_ADD(hunt->failed, hunt->n_failed) = outcome;
    /* Some more: one with fewer turns is easier to read. */
    if (outcome.number + AFTER_FIRST < hunt->last)
        hunt->last = outcome.number + AFTER_FIRST;
}

/* Trial 1 comes first and alone: the others need what it counts. */
static void hunt_failure(struct hunt *hunt)
{
    struct facts facts;
    unsigned next = 2;
    struct outcome first = try_alone(hunt, 1, &facts);
    for (size_t i = 0; i < MOST_RUNS; i++)
        steps[i] = facts.steps[i];
    take_outcome(hunt, first);
    while (next <= hunt->last || hunt->running > 0) {
        while (next <= hunt->last && hunt->running < hunt->n_places)
            start_trial(hunt, next++);
        take_outcome(hunt, end_trial_of(hunt, &facts));
    }
}

/* The one to tell: the fewest turns, of those up to the last that is wanted. (Some more may have
 * run beside it.) NULL: none failed. */
static struct outcome *easiest(struct hunt *hunt)
{
    struct outcome *best = NULL;
    for (size_t i = 0; i < hunt->n_failed; i++) {
        struct outcome *one = &hunt->failed[i];
        if (one->number <= hunt->last &&
            (best == NULL || one->turns < best->turns ||
             (one->turns == best->turns && one->number < best->number)))
            best = one;
    }
    return best;
}

/* By the race detector, which names both processes; an expectation may say the same of what came
 * out. */
static bool is_race(const struct finding *finding)
{
    return finding->kind == FINDING_DATA_RACE && finding->n_processes > 0;
}

/* What is wrong in any order, no order is to blame for. */
static bool is_the_order(const struct hunt *hunt, const struct check_result *result)
{
    for (size_t i = 0; i < result->findings.count; i++)
        if (is_race(&result->findings.items[i]))
            return true;
    return result->status == CHECK_PASSED || hunt->n_failed < hunt->tried;
}

/* What went wrong comes first, then the lines that race. */
static void add_races(struct check_result *to, struct check_result *from)
{
    for (size_t i = 0; i < from->findings.count; i++) {
        struct finding *finding = &from->findings.items[i];
        if (!is_race(finding))
            continue;
        *findings_add(&to->findings, finding->kind) = *finding;
        *finding = (struct finding){.kind = finding->kind};
    }
}

static void begin_hunt(struct hunt *hunt)
{
    hunt->n_places = (size_t)schedule_processors();
    if (hunt->n_places > MOST_AT_A_TIME)
        hunt->n_places = MOST_AT_A_TIME;
    hunt->facts = mmap(NULL, hunt->n_places * sizeof *hunt->facts, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (hunt->facts == MAP_FAILED)
        kit_broken("mmap");
}

/* Under one schedule alone. */
static void check_under_one(struct hunt *hunt)
{
    struct facts facts;
    struct outcome outcome = try_alone(hunt, 1, &facts);
    for (size_t i = 0; i < MOST_RUNS; i++)
        steps[i] = facts.steps[i];
    if (worker.only_schedule > 1 && facts.n_runs > 0)
        outcome = try_alone(hunt, worker.only_schedule, &facts);
    outcome.result.schedules = facts.n_runs > 0 ? 1 : 0;
    check_report(&outcome.result, outcome.runs);
}

void check_under_schedules(const struct check *check, int index)
{
    struct hunt hunt = {.check = check, .index = index, .last = worker.schedules};
    struct facts facts;

    begin_hunt(&hunt);
    if (worker.only_schedule > 0) {
        check_under_one(&hunt);
        return;
    }
    struct outcome told = try_alone(&hunt, 0, &facts);
    if (facts.n_runs > 0)
        hunt_failure(&hunt);
    struct outcome *worst = easiest(&hunt);
    if (worst != NULL && is_the_order(&hunt, &told.result)) {
        add_races(&worst->result, &told.result);
        told = *worst;
    }
    told.result.schedules = (int)hunt.tried;
    check_report(&told.result, told.runs);
}
