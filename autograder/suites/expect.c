/*
 * expect.c - what must hold, and how a check ends: one line of JSON for the kit, then Check's own
 * verdict.
 */
#define _GNU_SOURCE /* sigabbrev_np(3), strerrorname_np(3) */
#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/calls.h"
#include "../run/kit.h"
#include "../run/places.h"
#include "../tell/text.h"
#include "chance.h"
#include "check_runs.h"
#include "schedules.h"
#include "worker.h"

static const struct check *check;
static int check_index;
static long long check_began_us;
static const char *suspected;
static char *scene_told;                  /* what scene() said */
static const struct place *place_to_tell; /* the line that a failing expectation points at */

/* ---- The end of a check --------------------------------------------------------------------- */

static uint64_t hash(const char *text)
{
    uint64_t value = 14695981039346656037ULL; /* FNV-1a */
    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * 1099511628211ULL;
    return value;
}

void check_begin(const struct check *which, int index)
{
    check = which;
    check_index = index;
    check_began_us = kit_now_us();
    suspected = NULL;
    scene_told = NULL;
    chance_seed(worker.seed ^ hash(which->name));
}

static void write_all(const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(worker.results, data, length);
        if (written <= 0)
            kit_broken("cannot report the result of a check");
        data += written;
        length -= (size_t)written;
    }
}

/* A run for its picture: not too long, and without the race detector's log. */
static void tell_run(struct run *run, bool finished)
{
    enum { MOST_CALLS = 1500, MOST_TURNS = 1000 };
    struct record *record = run->record;

    if (!finished) {
        run_snapshot(run);
        places_resolve(record);
    }
    record_shorten(record, MOST_CALLS);
    record->n_notes = 0;
    record->n_turns = record->n_turns > MOST_TURNS ? MOST_TURNS : record->n_turns;
    char *json = record_to_json(record);
    char *line = kit_format(RUN_LINE "%s\n", json);
    write_all(line, strlen(line));
    free(line);
    free(json);
}

/* The last runs of the check: it is there that it failed. */
static void tell_runs(enum check_status status)
{
    enum { MOST_RUNS = 3 };
    size_t count;
    struct check_run *runs = check_runs(&count);

    if (worker.runs_wanted == RUNS_OF_NONE ||
        (worker.runs_wanted == RUNS_OF_FAILED && status != CHECK_FAILED))
        return;
    for (size_t i = count > MOST_RUNS ? count - MOST_RUNS : 0; i < count; i++)
        tell_run(runs[i].run, runs[i].finished);
}

void check_report(struct check_result *result, const char *runs)
{
    result->seconds = (double)(kit_now_us() - check_began_us) / 1e6;
    char *line = check_result_to_json(result);
    char *whole = kit_format("%s%s\n", runs, line);
    write_all(whole, strlen(whole));
    if (!is_trial())
        worker.told[check_index] = result->status == CHECK_FAILED ? TOLD_FAILED : TOLD;
    free(whole);
    free(line);
}

static void tell(struct check_result *result)
{
    result->id = check_id(check);
    result->max_score = check->points;
    result->score = result->status == CHECK_PASSED ? check->points : 0;
    if (result->status == CHECK_FAILED) {
        result->reproduce =
            kit_format("ipclab check %s --seed %llu", result->id, (unsigned long long)worker.seed);
        const char *hint = check_hint(check, 0);
        result->hint = hint != NULL ? kit_strdup(hint) : NULL;
    }
    if (is_trial())
        end_trial(result);
    tell_runs(result->status);
    check_report(result, "");
}

static bool is_cause(const struct finding *finding)
{
    return finding->kind == FINDING_HANG || finding->kind == FINDING_BUSY_WAIT ||
           finding->kind == FINDING_KILLED_BY_SIGNAL || finding->kind == FINDING_OUTPUT_FLOOD ||
           finding->kind == FINDING_RESOURCE_LIMIT;
}

/* Moves a finding to the end of a list. */
static void take(struct findings *into, struct finding *finding)
{
    struct finding *place = findings_add(into, finding->kind);
    *place = *finding;
    *finding = (struct finding){.kind = finding->kind};
}

/* The same fault at the same line, of another process or another run, is told once. */
static bool is_told(const struct findings *all, const struct finding *finding)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct finding *other = &all->items[i];
        bool same_idea = other->misconception == NULL || finding->misconception == NULL ||
                         strcmp(other->misconception, finding->misconception) == 0;
        if (other->kind == finding->kind && same_idea && finding->place.file != NULL &&
            other->place.file != NULL && other->place.line == finding->place.line &&
            strcmp(other->place.file, finding->place.file) == 0)
            return true;
    }
    return false;
}

/* Several programs, and the check has failed in the middle of their scene: how they would go on
 * without the rest of it says nothing about the learner's. */
static bool is_cut_short(const struct check_run *run)
{
    return !run->finished && run->run->n_peers > 1;
}

static bool is_allowed(const struct check_run *run, const struct finding *finding)
{
    return (run->allow_death && finding->kind == FINDING_KILLED_BY_SIGNAL) ||
           (is_scheduled_trial() && finding->kind == FINDING_DATA_RACE);
}

/* Which fault came before it. Without that it went well: so that is why, if nothing else is known.
 */
static void tell_meddled(const struct check_run *run, struct finding *finding)
{
    const struct call *call = meddled_call(run);
    bool is_short = call != NULL && call->result >= 0;
    if (call == NULL)
        return;
    if (finding->misconception == NULL && (is_short || call->result == -EINTR))
        finding->misconception =
            kit_strdup(!is_short                     ? "eintr-not-handled"
                       : call_is(call->name, "read") ? "one-read-one-message"
                                                     : "partial-write-ignored");
    char *words = meddled_words(run);
    char *text = kit_format("%s%s", words, finding->text);
    free(finding->text);
    finding->text = text;
    free(words);
}

/* What the judges said of all runs: those that the check allows are left out. failed: an
 * expectation did not hold. Returns whether one of them explains why nothing else can be right. */
static bool collect(struct findings *all, bool failed)
{
    size_t count;
    bool cause = false;
    struct check_run *runs = check_runs(&count);
    for (size_t i = 0; i < count; i++) {
        if (failed && is_cut_short(&runs[i]))
            continue;
        finish_run(runs[i].run);
        for (size_t f = 0; f < runs[i].findings.count; f++) {
            struct finding *finding = &runs[i].findings.items[f];
            if (is_allowed(&runs[i], finding))
                continue;
            cause |= is_cause(finding);
            if (is_told(all, finding))
                continue;
            tell_meddled(&runs[i], finding);
            take(all, finding);
        }
    }
    return cause;
}

static _Noreturn void end_failed(struct check_result *result)
{
    tell(result);
    check_runs_end();
    if (is_trial())
        exit(0);
    ck_abort_msg("%.1000s", result->findings.count > 0 ? result->findings.items[0].text : "failed");
}

void check_fail(const struct finding *finding)
{
    struct check_result result = {.status = CHECK_FAILED};
    struct findings seen = {0};
    bool cause = collect(&seen, finding != NULL);

    if (finding != NULL &&
        !cause) { /* what the check expected comes first, then what else was seen */
        struct finding own = *finding;
        take(&result.findings, &own);
    }
    for (size_t i = 0; i < seen.count; i++)
        take(&result.findings, &seen.items[i]);
    if (result.findings.count > 0 && result.findings.items[0].text != NULL)
        result.message = kit_strdup(result.findings.items[0].text);
    if (finding != NULL && !cause && finding->expected != NULL) {
        result.expected = kit_strdup(finding->expected);
        result.actual = kit_strdup(finding->actual != NULL ? finding->actual : "");
    }
    end_failed(&result);
}

void check_fail_if_found(struct run *run)
{
    const struct check_run *it = check_run_of(run);
    finish_run(run);
    for (size_t i = 0; i < it->findings.count; i++)
        if (!is_allowed(it, &it->findings.items[i]))
            check_fail(NULL);
}

void check_skip(const char *reason)
{
    struct check_result result = {.status = CHECK_SKIPPED, .message = kit_strdup(reason)};
    tell(&result);
    check_runs_end();
    exit(0);
}

void check_end(void)
{
    struct check_result result = {.status = CHECK_PASSED};
    collect(&result.findings, false);
    if (result.findings.count > 0) {
        result.status = CHECK_FAILED;
        result.message = kit_strdup(result.findings.items[0].text);
        end_failed(&result);
    }
    tell(&result);
    check_runs_end();
}

/* ---- Expectations --------------------------------------------------------------------------- */

void suspect(const char *misconception)
{
    suspected = misconception;
}

void suspect_if(bool observed, const char *misconception)
{
    if (observed)
        suspected = misconception;
}

void look_at(const struct call *call)
{
    place_to_tell = call != NULL ? &call->place : NULL;
}

void scene(const char *format, ...)
{
    char text[1024];
    va_list arguments;

    free(scene_told);
    scene_told = NULL;
    if (format == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    scene_told = kit_strdup(text);
}

static void blame_fault(const struct check_run *run, struct finding *finding)
{
    const struct call *call = meddled_call(run);
    if (call == NULL)
        return;
    if (call->result >= 0 &&
        (finding->kind == FINDING_WRONG_OUTPUT || finding->kind == FINDING_WRONG_STATUS))
        finding->kind = FINDING_SHORT_IO_IGNORED;
    if (finding->place.file == NULL)
        finding->place = place_copy(&call->place);
    tell_meddled(run, finding);
}

static _Noreturn void fail_with(enum finding_kind kind, char *text, char *expected, char *actual)
{
    size_t count;
    const struct check_run *runs = check_runs(&count);
    struct findings one = {0};
    struct finding *finding = findings_add(&one, kind);
    finding->text = scene_told != NULL ? kit_format("%s %s", scene_told, text) : text;
    finding->expected = expected;
    finding->actual = actual;
    finding->misconception = suspected != NULL ? kit_strdup(suspected) : NULL;
    if (place_to_tell != NULL)
        finding->place = place_copy(place_to_tell);
    if (count > 0)
        blame_fault(&runs[count - 1], finding);
    check_fail(finding);
}

void expect_that(struct run *run, bool holds, enum finding_kind kind, const char *format, ...)
{
    va_list arguments;
    if (holds)
        return;
    (void)check_run_of(run);
    char text[4096];
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fail_with(kind, kit_strdup(text), NULL, NULL);
}

static int wait_status_of(struct run *run)
{
    finish_run(run);
    return run_status(run);
}

int exit_status_of(struct run *run)
{
    int status = wait_status_of(run);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static char *status_words(int status)
{
    if (WIFSIGNALED(status))
        return kit_format("death by SIG%s", sigabbrev_np(WTERMSIG(status)));
    return kit_format("exit status %d", WEXITSTATUS(status));
}

static char *said_on_stderr(const struct peer *peer)
{
    if (peer->err.length == 0)
        return kit_strdup("");
    char *shown = text_visible(peer->err.data, peer->err.length, 300);
    char *words = kit_format(" On standard error it said: %s", shown);
    free(shown);
    return words;
}

/* What it would have taken, it gives back now: it goes on as if it had it. */
static bool is_another_semop(const struct call *call, const struct call *later)
{
    return call_is(call->name, "semop") && call->detail != NULL && later->detail != NULL &&
           strcmp(call->detail, later->detail) != 0;
}

/* It was interrupted, and the same thread never made it again. */
static bool was_given_up(const struct record *record, size_t index)
{
    const struct call *call = &record->calls[index];
    if (call->result != -EINTR)
        return false;
    for (size_t i = index + 1; i < record->n_calls; i++) {
        const struct call *later = &record->calls[i];
        if (later->tid == call->tid && strcmp(later->name, call->name) == 0)
            return is_another_semop(call, later);
    }
    return true;
}

/* The call that explains the end: one that the program gave up when interrupted, the first that the
 * kit made to fail, or else the last of the learner's that failed by itself. NULL: none was seen.
 */
static const struct call *telling_call(const struct record *record)
{
    const struct call *telling = NULL;
    for (size_t i = 0; i < record->n_calls; i++)
        if (record->calls[i].injected && was_given_up(record, i))
            return &record->calls[i];
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        bool failed = call->end_us >= 0 && call->result < 0 && call->place.file != NULL &&
                      strcmp(call->name, "signal") != 0;
        if (!failed || call->result == -EINTR)
            continue;
        if (call->injected)
            return call;
        /* execvp(3) tries one folder after the other; below -511 (ERESTARTSYS and its kin) the
         * kernel makes the call again. */
        bool then_execed =
            strcmp(call->name, "execve") == 0 && !record->processes[call->process].own_program;
        if (call->result != -EAGAIN && call->result != -ECHILD && call->result > -512 &&
            !then_execed)
            telling = call;
    }
    return telling;
}

/* Is the present run one of EACH_FAULT, which tells the fault itself? */
static bool is_one_fault(void)
{
    size_t count;
    const struct check_run *runs = check_runs(&count);
    return count > 0 && runs[count - 1].one_fault;
}

/* "When pipe at oneway.c:139 was made to fail with EMFILE, " or "(The last call that failed: ...)".
 */
static char *call_words(const struct call *call)
{
    if (call == NULL || (call->injected && is_one_fault()))
        return kit_strdup("");
    return kit_format(" %s: %s at %s:%d, with %s (%s).",
                      call->injected ? "Here one call was made to fail"
                                     : "The last call that failed",
                      call_spoken(call->name), call->place.file, call->place.line,
                      strerrorname_np((int)-call->result), strerror((int)-call->result));
}

static void compare_status(struct peer *peer, int status, int wanted)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == wanted)
        return;
    const struct call *call = telling_call(peer->run->record);
    char *actual = status_words(status), *said = said_on_stderr(peer), *words = call_words(call);
    char *which = peer == run_first(peer->run) ? kit_strdup("")
                                               : kit_format(" (process %d)", peer->process + 1);
    look_at(call);
    fail_with(FINDING_WRONG_STATUS,
              kit_format("`%s`%s ended with %s; the task asks for exit status %d here.%s%s",
                         peer->name, which, actual, wanted, words, said),
              kit_format("exit status %d", wanted), actual);
}

void expect_exit(struct run *run, int wanted)
{
    int status = wait_status_of(run);
    compare_status(run_first(run), status, wanted);
}

void expect_peer_exit(struct peer *peer, int wanted)
{
    wait_until_peer_ended(peer);
    compare_status(peer, peer->run->record->processes[peer->process].wait_status, wanted);
}

void expect_killed_by(struct run *run, int signal)
{
    int status = wait_status_of(run);
    allow_death_by_signal(run);
    if (WIFSIGNALED(status) && WTERMSIG(status) == signal)
        return;
    char *actual = status_words(status);
    fail_with(FINDING_WRONG_STATUS,
              kit_format("`%s` ended with %s; the task asks that it dies of SIG%s here.",
                         run->record->program, actual, sigabbrev_np(signal)),
              kit_format("killed by SIG%s", sigabbrev_np(signal)), actual);
}

static void compare_stdout(struct peer *peer, struct text expected)
{
    struct text actual = {peer->out.data, peer->out.length};
    if (actual.length == expected.length &&
        (actual.length == 0 || memcmp(actual.bytes, expected.bytes, actual.length) == 0))
        return;
    char *difference = text_diff_first(expected.bytes, expected.length,
                                       actual.bytes != NULL ? actual.bytes : "", actual.length);
    char *said = said_on_stderr(peer);
    fail_with(
        FINDING_WRONG_OUTPUT,
        kit_format("Standard output of `%s` is not what the task asks for (%zu bytes expected, "
                   "%zu came).\n%s%s%s",
                   peer->name, expected.length, actual.length, difference,
                   said[0] != '\0' ? "\n" : "", said + strspn(said, " ")),
        text_visible(expected.bytes, expected.length, 2000),
        text_visible(actual.bytes != NULL ? actual.bytes : "", actual.length, 2000));
}

void expect_stdout(struct run *run, struct text expected)
{
    compare_stdout(run_first(run), expected);
}

void expect_peer_stdout(struct peer *peer, struct text expected)
{
    compare_stdout(peer, expected);
}

static const char *stderr_text(const struct run *run)
{
    return run_first(run)->err.data != NULL ? run_first(run)->err.data : "";
}

static _Noreturn void fail_stderr(struct run *run, const char *what, const char *text)
{
    char *shown = text_visible(stderr_text(run), run_first(run)->err.length, 300);
    fail_with(
        FINDING_WRONG_OUTPUT,
        kit_format("Standard error should %s \"%s\"; what came is: \"%s\".", what, text, shown),
        kit_strdup(text), shown);
}

void expect_stderr_begins(struct run *run, const char *text)
{
    if (strncmp(stderr_text(run), text, strlen(text)) != 0)
        fail_stderr(run, "begin with", text);
}

void expect_stderr_contains(struct run *run, const char *text)
{
    if (strstr(stderr_text(run), text) == NULL)
        fail_stderr(run, "contain", text);
}

void expect_error_told(struct run *run, const char *text)
{
    int status = wait_status_of(run);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1 && run_first(run)->err.length > 0) {
        expect_stderr_contains(run, text);
        return;
    }
    const struct call *call = telling_call(run->record);
    char *ending = status_words(status), *said = said_on_stderr(run_first(run)),
         *words = call_words(call);
    place_to_tell = call != NULL ? &call->place : NULL;
    if (suspected == NULL && run_first(run)->err.length == 0)
        suspected = "ignore-return-values";
    fail_with(
        FINDING_UNCHECKED_ERROR,
        kit_format(
            "A call failed without which `%s` cannot do its work. The task asks for exit status 1 "
            "and a message with the reason; it ended with %s%s.%s%s",
            run->record->program, ending,
            run_first(run)->err.length == 0 ? " and said nothing" : "", words, said),
        kit_strdup("exit status 1, and a message"), ending);
}

/* The first call that the kit has made to fail; NULL: none. */
static const struct call *failed_call(const struct record *record)
{
    for (size_t i = 0; i < record->n_calls; i++)
        if (record->calls[i].injected && record->calls[i].result < 0)
            return &record->calls[i];
    return NULL;
}

void expect_fault_told(struct run *run, const char *text)
{
    finish_run(run);
    const struct call *call = failed_call(run->record);
    if (call == NULL && is_one_fault()) /* the run without one */
        expect_exit(run, 0);
    bool memory = call != NULL && call_is(call->name, "memory");
    if (call == NULL || (memory && exit_status_of(run) == 0))
        return;
    /* pthread_create(3) gives that reason when there is no memory for a stack. */
    const char *of_threads = strerrordesc_np(EAGAIN);
    if (text == NULL && memory && strstr(stderr_text(run), of_threads) != NULL)
        text = of_threads;
    if (text == NULL)
        text = strerrordesc_np((int)-call->result);
    bool told = strstr(stderr_text(run), text) != NULL;
    if (!told && suspected == NULL)
        suspected = "ignore-return-values";
    expect_that(run, told || exit_status_of(run) != 1 || run_first(run)->err.length == 0,
                FINDING_UNCHECKED_ERROR,
                "Standard error should give the reason, \"%s\"; what came is: \"%s\".", text,
                text_visible(stderr_text(run), run_first(run)->err.length, 300));
    expect_error_told(run, text);
}

void expect_fault_named(struct run *run)
{
    const struct call *call = failed_call(run->record);
    if (call != NULL && !call_is(call->name, "memory"))
        expect_stderr_contains(run, call_group(call->name));
}

void expect_ipc_fault_named(struct run *run)
{
    static const char *const kinds[] = {"msg", "sem", "shm"};
    const struct call *call = failed_call(run->record);
    for (size_t i = 0; call != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(call->name, kinds[i], strlen(kinds[i])) == 0)
            expect_fault_named(run);
}

void expect_full_told(struct run *run)
{
    suspect_if(stderr_of(run).length == 0, "ignore-return-values");
    expect_that(
        run, exit_status_of(run) == 1 && stderr_of(run).length > 0, FINDING_UNCHECKED_ERROR,
        "Standard output is /dev/full here: whatever is written to it fails with ENOSPC. The "
        "program ended with status %d%s.",
        exit_status_of(run), stderr_of(run).length > 0 ? "" : " and said nothing");
    suspect(NULL);
    expect_stderr_contains(run, strerrordesc_np(ENOSPC));
}

void expect_stderr_empty(struct run *run)
{
    if (run_first(run)->err.length > 0)
        fail_stderr(run, "stay", "empty");
}

/* ---- Calls ---------------------------------------------------------------------------------- */

bool saw_failure(struct run *run, const char *name, int error)
{
    for (size_t i = 0; i < run->record->n_calls; i++) {
        const struct call *call = &run->record->calls[i];
        if (call->end_us >= 0 && call->result == -error && !call->injected &&
            (run->record->processes[call->process].own_program || call->place.file != NULL) &&
            call_is(call->name, name))
            return true;
    }
    return false;
}

bool saw_fault(struct run *run)
{
    return failed_call(run->record) != NULL;
}

bool saw_fault_in(struct run *run, const char *name)
{
    const struct call *call = failed_call(run->record);
    return call != NULL && call_is(call->name, name);
}

int error_of_fault(struct run *run)
{
    const struct call *call = failed_call(run->record);
    return call != NULL ? -(int)call->result : 0;
}

bool saw_given_up(struct run *run, const char *name)
{
    for (size_t i = 0; i < run->record->n_calls; i++)
        if (was_given_up(run->record, i) && call_is(run->record->calls[i].name, name))
            return true;
    return false;
}

bool saw_fall_through(struct run *run)
{
    const struct record *record = run->record;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *exec = &record->calls[i];
        if (!call_is(exec->name, "exec") || exec->result >= 0 ||
            record->processes[exec->process].parent < 0)
            continue;
        for (size_t k = i + 1; k < record->n_calls; k++) {
            const struct call *call = &record->calls[k];
            if (call->process == exec->process && call->place.file != NULL &&
                !call_is(call->name, "exec") && !call_is(call->name, "write"))
                return true;
        }
    }
    return false;
}

const struct process *find_process(struct run *run, const char *name, const char *word)
{
    for (size_t i = 0; i < run->record->n_processes; i++) {
        const struct process *process = &run->record->processes[i];
        if (strcmp(process->name, name) == 0 &&
            (word == NULL || strstr(process->command, word) != NULL))
            return process;
    }
    return NULL;
}

const struct call *call_in_progress(struct run *run, int number)
{
    const struct record *record = run->record;
    for (size_t i = record->n_calls; i-- > 0;)
        if (record->calls[i].process == number - 1 && record->calls[i].end_us < 0)
            return &record->calls[i];
    return NULL;
}

int count_calls(struct run *run, const char *name)
{
    int count = 0;
    for (size_t i = 0; i < run->record->n_calls; i++) {
        const struct call *call = &run->record->calls[i];
        bool mine = run->record->processes[call->process].own_program;
        /* A failed exec, fork, ... is not one; a thread is not a process. */
        bool done = call->end_us >= 0 && call->result >= 0;
        if (strcmp(name, "fork") == 0 && call->other < 0)
            done = false;
        /* A process that has exec'ed meanwhile made its calls as the learner's program. */
        if (done && call_is(call->name, name) && (mine || call->place.file != NULL))
            count++;
    }
    return count;
}

void expect_calls_between(struct run *run, const char *name, int least, int most)
{
    int count = count_calls(run, name);
    if (count >= least && count <= most)
        return;
    char *wanted = least == most       ? kit_format("%d", least)
                   : most == INT32_MAX ? kit_format("at least %d", least)
                                       : kit_format("%d to %d", least, most);
    fail_with(count < least ? FINDING_MISSING_CALL : FINDING_FORBIDDEN_CALL,
              kit_format("`%s` made %d successful call%s of %s; the task asks for %s.",
                         run->record->program, count, count == 1 ? "" : "s", name, wanted),
              wanted, kit_format("%d", count));
}

void expect_calls(struct run *run, const char *name, int count)
{
    expect_calls_between(run, name, count, count);
}

/* ---- Descriptors ---------------------------------------------------------------------------- */

static const struct descriptor *other_end(const struct record *record,
                                          const struct descriptor *reader)
{
    for (size_t i = 0; i < record->n_descriptors; i++) {
        const struct descriptor *d = &record->descriptors[i];
        if (d->process == reader->process && d->object == reader->object && d->writes)
            return d;
    }
    return NULL;
}

void expect_one_way_pipes(struct run *run)
{
    const struct record *record = run->record;
    for (size_t i = 0; i < record->n_descriptors && run->state == RUN_GOING; i++) {
        const struct descriptor *reader = &record->descriptors[i];
        const struct object *object = &record->objects[reader->object];
        if (object->kind != OBJECT_PIPE || object->made_by < 0 || !reader->reads)
            continue;
        const struct descriptor *writer = other_end(record, reader);
        if (writer == NULL)
            continue;
        const struct process *process = &record->processes[reader->process];
        fail_with(FINDING_DESCRIPTOR_LEAK,
                  kit_format(
                      "While everybody waits, process %d `%s` holds both ends of %s: descriptor %d "
                      "to read and %d to write. Each process needs one end only.",
                      process->number, process->name, object->label, reader->fd, writer->fd),
                  NULL, NULL);
    }
}
