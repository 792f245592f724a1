/*
 * finding.c - building findings. See finding.h.
 */
#include "finding.h"

#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"

static const char *const kind_names[FINDING_KINDS] = {
    [FINDING_HANG] = "hang",
    [FINDING_ZOMBIE] = "zombie",
    [FINDING_ORPHAN] = "orphan",
    [FINDING_KILLED_BY_SIGNAL] = "killed-by-signal",
    [FINDING_OBJECT_LEFT_BEHIND] = "object-left-behind",
    [FINDING_DESCRIPTOR_LEAK] = "descriptor-leak",
    [FINDING_BUSY_WAIT] = "busy-wait",
    [FINDING_SLEEP_AS_SYNCHRONISATION] = "sleep-as-synchronisation",
    [FINDING_DATA_RACE] = "data-race",
    [FINDING_LOST_MESSAGE] = "lost-message",
    [FINDING_UNCHECKED_ERROR] = "unchecked-error",
    [FINDING_SHORT_IO_IGNORED] = "short-io-ignored",
    [FINDING_MEMORY_ERROR] = "memory-error",
    [FINDING_WRONG_OUTPUT] = "wrong-output",
    [FINDING_WRONG_STATUS] = "wrong-status",
    [FINDING_FORBIDDEN_CALL] = "forbidden-call",
    [FINDING_MISSING_CALL] = "missing-call",
    [FINDING_PERMISSIONS] = "permissions",
    [FINDING_OUTPUT_FLOOD] = "output-flood",
    [FINDING_RESOURCE_LIMIT] = "resource-limit",
};

const char *finding_kind_name(enum finding_kind kind)
{
    return (unsigned)kind < FINDING_KINDS ? kind_names[kind] : "unknown";
}

int finding_kind_from_name(const char *name)
{
    for (int i = 0; i < FINDING_KINDS; i++)
        if (strcmp(kind_names[i], name) == 0)
            return i;
    return -1;
}

struct finding *findings_add(struct findings *findings, enum finding_kind kind)
{
    struct finding *finding = ARRAY_ADD(findings->items, findings->count);
    finding->kind = kind;
    return finding;
}

struct place place_copy(const struct place *place)
{
    return (struct place){.file = place->file != NULL ? kit_strdup(place->file) : NULL,
                          .line = place->line,
                          .function = place->function != NULL ? kit_strdup(place->function) : NULL};
}

void place_clear(struct place *place)
{
    free(place->file);
    free(place->function);
    *place = (struct place){0};
}

/* The thread that says what a process is blocked in: one that sleeps and is understood, if any. */
static const struct thread *blocked_thread(const struct record *record, int process)
{
    const struct thread *found = NULL;

    for (size_t i = 0; i < record->n_threads; i++) {
        const struct thread *thread = &record->threads[i];
        if (thread->process != process || !thread->asleep ||
            (thread->call == NULL && thread->n_waits == 0))
            continue;
        if (found == NULL || (found->n_waits == 0 && thread->n_waits > 0))
            found = thread;
    }
    return found;
}

const struct place *sleeping_place(const struct record *record, const struct thread *thread)
{
    if (thread->place.file != NULL)
        return &thread->place;
    for (size_t i = record->n_calls; i-- > 0;)
        if (record->calls[i].tid == thread->tid && record->calls[i].end_us < 0 &&
            record->calls[i].process == thread->process)
            return &record->calls[i].place;
    return &thread->place;
}

struct finding_process *finding_add_process(struct finding *finding, const struct record *record,
                                            int process)
{
    const struct process *of = &record->processes[process];
    const struct thread *thread = blocked_thread(record, process);
    struct finding_process *added = ARRAY_ADD(finding->processes, finding->n_processes);

    added->number = of->number;
    added->name = kit_strdup(of->name != NULL ? of->name : "?");
    added->fd = -1;
    if (thread == NULL || (of->ended_us >= 0 && !of->killed_by_kit))
        return added;
    if (thread->call != NULL)
        added->blocked_in = kit_strdup(thread->call);
    if (thread->n_waits == 1)
        added->fd = thread->waits[0].fd;
    added->place = place_copy(sleeping_place(record, thread));
    return added;
}

static void clear_finding(struct finding *finding)
{
    for (size_t i = 0; i < finding->n_processes; i++) {
        struct finding_process *process = &finding->processes[i];
        free(process->name);
        free(process->blocked_in);
        free(process->waits_for);
        place_clear(&process->place);
    }
    free(finding->processes);
    free(finding->misconception);
    free(finding->text);
    place_clear(&finding->place);
    free(finding->expected);
    free(finding->actual);
}

void findings_clear(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        clear_finding(&findings->items[i]);
    free(findings->items);
    *findings = (struct findings){0};
}
