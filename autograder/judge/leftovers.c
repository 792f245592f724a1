/*
 * leftovers.c - what a run leaves: dead children that nobody waited for, processes that live on,
 * objects that outlive it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../run/kit.h"
#include "judge.h"

static char *at_place(const struct place *place, const char *before, const char *after)
{
    if (place->file == NULL)
        return kit_strdup("");
    return kit_format("%s%s:%d%s", before, place->file, place->line, after);
}

static bool is_own_child(const struct record *record, const struct process *process)
{
    return process->parent >= 0 && record->processes[process->parent].own_program;
}

/* SIGKILL leaves no chance to wait for anybody. */
static bool was_killed(const struct process *process)
{
    return process->ended_us >= 0 && !process->killed_by_kit && WIFSIGNALED(process->wait_status) &&
           WTERMSIG(process->wait_status) == SIGKILL;
}

static void add_child(struct findings *findings, const struct record *record, int index,
                      enum finding_kind kind)
{
    const struct process *process = &record->processes[index];
    const struct process *parent = &record->processes[process->parent];
    struct finding *finding = findings_add(findings, kind);
    char *where = at_place(&process->forked_at, ", started at ", ",");

    finding->misconception = kit_strdup("no-wait-zombies");
    finding->place = place_copy(&process->forked_at);
    if (kind == FINDING_ZOMBIE)
        finding->text =
            kit_format("Process %d `%s`%s ended, and its parent, process %d `%s`, never waited for "
                       "it: it stayed "
                       "a zombie until the parent ended, and its status is lost.",
                       process->number, process->name, where, parent->number, parent->name);
    else
        finding->text = kit_format(
            "Process %d `%s`%s was still running when process %d `%s` ended: nobody waited for it.",
            process->number, process->name, where, parent->number, parent->name);
    finding_add_process(finding, record, index);
    finding_add_process(finding, record, process->parent);
    free(where);
}

static const char *object_misconception(enum object_kind kind)
{
    switch (kind) {
    case OBJECT_FIFO:
        return "fifo-not-unlinked";
    case OBJECT_SOCKET:
        return "server-forgets-unlink-socket";
    case OBJECT_POSIX_QUEUE:
    case OBJECT_POSIX_SEMAPHORE:
    case OBJECT_POSIX_MEMORY:
        return "posix-object-left-behind";
    default:
        return "ipc-object-left-behind";
    }
}

/* One of the kit's own programs, which plays somebody else in a lab run. */
static bool is_kits(const struct record *record, int process)
{
    const struct process *maker = &record->processes[process];
    return record->closed_world && maker->parent == -1 && !maker->own_program;
}

static void add_object(struct findings *findings, const struct record *record,
                       const struct object *object)
{
    const struct call *call = &record->calls[object->made_by];
    const struct process *maker = &record->processes[call->process];
    struct finding *finding = findings_add(findings, FINDING_OBJECT_LEFT_BEHIND);
    char *where = at_place(&call->place, " at ", "");

    finding->misconception = kit_strdup(object_misconception(object->kind));
    finding->place = place_copy(&call->place);
    finding->text = kit_format(
        "The %s is still there after the run. Process %d `%s` made it%s; it stays until somebody "
        "removes it.",
        object->label, maker->number, maker->name, where);
    finding_add_process(finding, record, call->process);
    free(where);
}

void judge_leftovers(const struct record *record, struct findings *findings)
{
    for (size_t i = 0; i < record->n_processes; i++) {
        const struct process *process = &record->processes[i];
        if (!is_own_child(record, process) || was_killed(&record->processes[process->parent]))
            continue;
        if (process->was_zombie)
            add_child(findings, record, (int)i, FINDING_ZOMBIE);
        else if (process->outlived_run)
            add_child(findings, record, (int)i, FINDING_ORPHAN);
    }
    for (size_t i = 0; i < record->n_objects; i++)
        if (record->objects[i].left_behind && record->objects[i].made_by >= 0 &&
            !is_kits(record, record->calls[record->objects[i].made_by].process))
            add_object(findings, record, &record->objects[i]);
}
