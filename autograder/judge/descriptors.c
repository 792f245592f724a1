/*
 * descriptors.c - descriptors that a program was started with and does not need.
 *
 * At every exec the tracer wrote down which pipes (and sockets, FIFOs, queues) of the run's own the
 * new program had open, as calls "inherit" (fds[0], object, args[0]: access mode). A command uses
 * 0, 1 and 2; anything above is a copy that somebody forgot to close.
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

static bool is_leak(const struct record *record, size_t at)
{
    const struct call *call = &record->calls[at];
    return strcmp(call->name, "inherit") == 0 && call->fds[0] > 2 && call->object >= 0 &&
           record->objects[call->object].made_by >= 0 &&
           record->processes[call->process].parent >= 0;
}

/* The same mistake: the same line made the pipe, and it was kept in the same way. */
static bool same_leak(const struct record *record, size_t a, size_t b)
{
    const struct call *x = &record->calls[record->objects[record->calls[a].object].made_by];
    const struct call *y = &record->calls[record->objects[record->calls[b].object].made_by];
    bool same_place =
        x == y || (x->place.file != NULL && y->place.file != NULL &&
                   x->place.line == y->place.line && strcmp(x->place.file, y->place.file) == 0);
    return same_place && also_standard(record, a) == also_standard(record, b);
}

static size_t count_like(const struct record *record, size_t at)
{
    size_t count = 0;
    for (size_t i = at + 1; i < record->n_calls; i++)
        count += is_leak(record, i) && same_leak(record, at, i);
    return count;
}

static bool told_already(const struct record *record, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (is_leak(record, i) && same_leak(record, i, at))
            return true;
    return false;
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

    size_t more = count_like(record, at);
    char *others = more > 0 ? kit_format(" (%zu more like it in this run.)", more) : kit_strdup("");
    finding->misconception =
        kit_strdup(twice ? "dup2-without-close-original" : "pipe-siblings-hold-ends");
    finding->place = place_copy(made);
    finding->text = kit_format(
        "Process %d `%s` was started with descriptor %d open: the %s of %s%s%s. A command needs "
        "only "
        "0, 1 and 2; every further copy of an end can keep a reader or a writer waiting.%s",
        process->number, process->name, leak->fds[0], end_name(leak), object->label, where,
        twice ? ", which it also has as its standard input or output" : "", others);
    free(others);
    finding_add_process(finding, record, leak->process)->fd = leak->fds[0];
    free(where);
}

void judge_descriptors(const struct record *record, struct findings *findings)
{
    for (size_t i = 0; i < record->n_calls; i++)
        if (is_leak(record, i) && !told_already(record, i))
            add_leak(findings, record, i);
}
