/*
 * descriptors.c - descriptors that a program was started with and does not need.
 *
 * At every exec the tracer wrote down which pipes (and sockets, FIFOs, queues) of the run's own the
 * new program had open, as calls "inherit" (fds[0], object, args[0]: access mode). A command uses 0,
 * 1 and 2; anything above is a copy that somebody forgot to close.
 */
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "judge.h"

/* Has the program that call->process became got the same object at 0, 1 or 2 as well? */
static bool also_standard(const struct record *record, size_t at)
{
    const struct call *leak = &record->calls[at];
    for (size_t i = at; i-- > 0;) {
        const struct call *call = &record->calls[i];
        if (strcmp(call->name, "inherit") != 0 || call->process != leak->process)
            break;
        if (call->fds[0] <= 2 && call->object == leak->object && call->args[0] == leak->args[0])
            return true;
    }
    return false;
}

static const char *end_name(const struct call *leak)
{
    return leak->args[0] == 0 ? "reading end" : leak->args[0] == 1 ? "writing end" : "end";
}

static void add_leak(struct findings *findings, const struct record *record, size_t at)
{
    const struct call *leak = &record->calls[at];
    const struct process *process = &record->processes[leak->process];
    const struct object *object = &record->objects[leak->object];
    const struct place *made = &record->calls[object->made_by].place;
    struct finding *finding = findings_add(findings, FINDING_DESCRIPTOR_LEAK);
    bool twice = also_standard(record, at);
    char *where = made->file != NULL ? kit_format(" (made at %s:%d)", made->file, made->line)
                                     : kit_strdup("");

    finding->misconception =
        kit_strdup(twice ? "dup2-without-close-original" : "pipe-siblings-hold-ends");
    finding->place = place_copy(made);
    finding->text = kit_format(
        "Process %d `%s` was started with descriptor %d open: the %s of %s%s%s. A command needs only "
        "0, 1 and 2; every further copy of an end can keep a reader or a writer waiting.",
        process->number, process->name, leak->fds[0], end_name(leak), object->label, where,
        twice ? ", which it also has as its standard input or output" : "");
    finding_add_process(finding, record, leak->process)->fd = leak->fds[0];
    free(where);
}

void judge_descriptors(const struct record *record, struct findings *findings)
{
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (strcmp(call->name, "inherit") == 0 && call->fds[0] > 2 && call->object >= 0 &&
            record->objects[call->object].made_by >= 0 && record->processes[call->process].parent >= 0)
            add_leak(findings, record, i);
    }
}
