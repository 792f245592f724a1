/*
 * habits.c - what a run did on its way: death by a signal, sleeping or spinning where it should
 * wait, more time or output than it may use.
 */
#define _GNU_SOURCE /* sigabbrev_np(3) */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../run/kit.h"
#include "judge.h"
#include "loop.h"

/* ---- Death by a signal ---------------------------------------------------------------------- */

/* The delivery of the signal that ended the process; NULL: not seen (SIGKILL cannot be). */
static const struct call *fatal_signal(const struct record *record, int process, int signal)
{
    for (size_t i = record->n_calls; i-- > 0;) {
        const struct call *call = &record->calls[i];
        if (call->process == process && strcmp(call->name, "signal") == 0 && call->result == signal)
            return call;
    }
    return NULL;
}

/* Somebody else ended it on purpose: another process of the run, or the kit. */
static bool was_sent(const struct record *record, int process, int signal)
{
    const struct call *delivery = fatal_signal(record, process, signal);
    if (signal == SIGKILL || delivery == NULL)
        return true;
    bool by_kernel = (int)delivery->args[0] > 0;
    return !by_kernel && delivery->other != process;
}

static void add_death(struct findings *findings, const struct record *record, int index, int signal)
{
    const struct process *process = &record->processes[index];
    const struct call *delivery = fatal_signal(record, index, signal);
    struct finding *finding = findings_add(findings, FINDING_KILLED_BY_SIGNAL);
    const char *meaning = signal == SIGPIPE
                              ? ": it wrote to a pipe or socket that nobody reads any more"
                          : signal == SIGSEGV ? ": it touched memory that is not its own"
                          : signal == SIGABRT ? ": it called abort(), or a library check did"
                          : signal == SIGXCPU ? ": it used up its processor time"
                                              : "";
    char *where = delivery->place.file != NULL
                      ? kit_format(" at %s:%d", delivery->place.file, delivery->place.line)
                      : kit_strdup("");

    if (signal == SIGPIPE)
        finding->misconception = kit_strdup("sigpipe-ignored-knowledge");
    finding->place = place_copy(&delivery->place);
    finding->text = kit_format("Process %d `%s` was killed by SIG%s%s%s.", process->number,
                               process->name, sigabbrev_np(signal), where, meaning);
    finding_add_process(finding, record, index);
    free(where);
}

static void judge_deaths(const struct record *record, struct findings *findings)
{
    for (size_t i = 0; i < record->n_processes; i++) {
        const struct process *process = &record->processes[i];
        if (process->own_program && process->ended_us >= 0 && !process->killed_by_kit &&
            WIFSIGNALED(process->wait_status) &&
            !was_sent(record, (int)i, WTERMSIG(process->wait_status)))
            add_death(findings, record, (int)i, WTERMSIG(process->wait_status));
    }
}

/* ---- Sleep in place of synchronisation ------------------------------------------------------ */

static bool is_sleep(const struct call *call)
{
    if (strcmp(call->name, "nanosleep") == 0 || strcmp(call->name, "clock_nanosleep") == 0)
        return true;
    /* poll and select of nothing, with a time limit, are sleep by another name. */
    if (strcmp(call->name, "poll") == 0)
        return call->args[1] == 0 && (int)call->args[2] > 0;
    /* libc makes pselect6 of select(3), and ppoll of poll(3) where the kernel has no other. */
    if (strcmp(call->name, "ppoll") == 0)
        return call->args[1] == 0 && call->args[2] != 0;
    return (strcmp(call->name, "select") == 0 || strcmp(call->name, "pselect6") == 0) &&
           call->args[0] == 0 && call->args[4] != 0;
}

static void judge_sleeps(const struct record *record, struct findings *findings)
{
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        const struct process *process = &record->processes[call->process];
        if (!record->closed_world || !is_sleep(call) || !process->own_program)
            continue;
        if (record->kit_file != NULL && call->place.file != NULL &&
            strcmp(record->kit_file, call->place.file) == 0)
            continue;
        struct finding *finding = findings_add(findings, FINDING_SLEEP_AS_SYNCHRONISATION);
        finding->misconception = kit_strdup("sleep-as-synchronisation");
        finding->place = place_copy(&call->place);
        char *where = call->place.file != NULL
                          ? kit_format(" at %s:%d", call->place.file, call->place.line)
                          : kit_strdup("");
        finding->text = kit_format(
            "Process %d `%s` sleeps for a while (%s%s). A pause orders nothing: if the other "
            "process is "
            "stopped for longer, the order is wrong again, and otherwise the time is lost.",
            process->number, process->name, call->name, where);
        free(where);
        finding_add_process(finding, record, call->process);
        return; /* one is enough to make the point */
    }
}

/* ---- Too much time or output ---------------------------------------------------------------- */

static int busiest(const struct record *record)
{
    int best = -1;
    for (size_t i = 0; i < record->n_processes; i++)
        if (best == -1 || record->processes[i].cpu_us > record->processes[best].cpu_us)
            best = (int)i;
    return best;
}

static const struct place *place_of(const struct record *record, int process)
{
    for (size_t i = 0; i < record->n_threads; i++)
        if (record->threads[i].process == process && record->threads[i].place.file != NULL)
            return &record->threads[i].place;
    return NULL;
}

/* Forks for ever, or nearly so. */
static void judge_crowd(const struct record *record, struct findings *findings)
{
    struct finding *finding = findings_add(findings, FINDING_RESOURCE_LIMIT);
    finding->text = kit_format(
        "The run wanted more processes and threads than it may have at one time, and did not end: "
        "fork() or another call that makes one failed %lld times (EAGAIN).",
        (long long)record->too_many);
}

static void judge_memory_use(const struct record *record, struct findings *findings)
{
    struct finding *finding = findings_add(findings, FINDING_RESOURCE_LIMIT);
    finding->text = kit_format("The run had %lld MiB of memory, all its processes together. That "
                               "is more than it may have, and it was ended.",
                               (long long)(record->memory >> 20));
}

static void judge_time(const struct record *record, struct findings *findings)
{
    int index = busiest(record);
    if (!record->timed_out || index < 0)
        return;
    if (record->memory > 0) {
        judge_memory_use(record, findings);
        return;
    }
    if (record->too_many > 0) {
        judge_crowd(record, findings);
        return;
    }
    const struct process *process = &record->processes[index];
    const struct place *place = place_of(record, index);
    char *where = place != NULL
                      ? kit_format("; at the end it was at %s:%d", place->file, place->line)
                      : kit_strdup("");
    const char *misconception = NULL;
    char *loop = NULL;
    bool loops = judge_loop(record, index, &misconception, &loop);
    bool spins = loops || process->cpu_us > record->duration_us / 4 || process->cpu_us > 1000000;
    struct finding *finding =
        findings_add(findings, spins ? FINDING_BUSY_WAIT : FINDING_RESOURCE_LIMIT);

    if (place != NULL)
        finding->place = place_copy(place);
    if (spins) {
        finding->misconception =
            kit_strdup(misconception != NULL ? misconception : "busy-wait-flag");
        finding->text =
            loops
                ? kit_format("Process %d `%s` does not wait, it looks again and again, and nothing "
                             "comes of it%s. Its last calls, over and over: %s.",
                             process->number, process->name, where, loop)
                : kit_format("Process %d `%s` did not end: it used %.1f s of processor time%s. It "
                             "looks again and again, or loops for ever, instead of sleeping in a "
                             "call until something happens.",
                             process->number, process->name, (double)process->cpu_us / 1e6, where);
    } else {
        finding->text = kit_format("The run was still going after %.0f s and was ended%s.",
                                   (double)record->snapshot_us / 1e6, where);
    }
    finding_add_process(finding, record, index);
    free(where);
    free(loop);
}

static void judge_flood(const struct record *record, struct findings *findings)
{
    if (!record->output_flooded)
        return;
    struct finding *finding = findings_add(findings, FINDING_OUTPUT_FLOOD);
    finding->text =
        kit_strdup("The run wrote far more output than the task can need, and was ended. "
                   "Does a loop miss its end?");
}

void judge_habits(const struct record *record, struct findings *findings)
{
    judge_deaths(record, findings);
    judge_sleeps(record, findings);
    judge_time(record, findings);
    judge_flood(record, findings);
}
