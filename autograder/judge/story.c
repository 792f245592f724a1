/*
 * story.c - a waiting graph in words, for somebody who sits before it at midnight.
 *
 * One line a process: what it waits for, in which call, where. Then what keeps it from ever ending,
 * with the line that made the descriptor. The names of calls are those a program is written with.
 */
#define _GNU_SOURCE /* sigabbrev_np(3) */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/calls.h"
#include "../run/kit.h"
#include "waiting.h"

enum { MAX_LINES = 12, MAX_LISTED = 8 };

struct story {
    const struct graph *graph;
    const struct record *record;
    FILE *out;
    bool *explained; /* objects of which it was said why nothing comes from them */
    bool *loose;     /* kinds of waits whose closing sentence is due */
};

static const char *label(const struct story *story, int object)
{
    const char *text = object >= 0 ? story->record->objects[object].label : NULL;
    return text != NULL ? text : "something";
}

/* "process 3 `sort`" */
static void tell_process(const struct story *story, int process, bool with_name)
{
    const struct process *of = &story->record->processes[process];

    fprintf(story->out, "process %d", of->number);
    if (with_name && of->name != NULL)
        fprintf(story->out, " `%s`", of->name);
}

/* " and ", ", " between the items of a list. */
static const char *joint(size_t index, size_t count)
{
    return index == 0 ? "" : index + 1 == count ? " and " : ", ";
}

/* ---- One sentence a kind of wait ---- */

static const struct signal_row {
    int number;
    const char *name;
} signal_names[] = {
    {SIGHUP,  "SIGHUP" },
    {SIGINT,  "SIGINT" },
    {SIGQUIT, "SIGQUIT"},
    {SIGUSR1, "SIGUSR1"},
    {SIGUSR2, "SIGUSR2"},
    {SIGPIPE, "SIGPIPE"},
    {SIGALRM, "SIGALRM"},
    {SIGTERM, "SIGTERM"},
    {SIGCHLD, "SIGCHLD"},
    {SIGCONT, "SIGCONT"},
    {SIGIO,   "SIGIO"  },
};

static void tell_signals(const struct story *story, uint64_t signals)
{
    size_t known = sizeof signal_names / sizeof *signal_names, named = 0, total = 0;
    const char *names[sizeof signal_names / sizeof *signal_names];

    for (int i = 0; i < 64; i++)
        total += signals >> i & 1;
    for (size_t i = 0; i < known; i++)
        if (signals >> (signal_names[i].number - 1) & 1)
            names[named++] = signal_names[i].name;
    if (named != total || total == 0 || total > 3) {
        fputs("a signal", story->out);
        return;
    }
    fputs("the signal ", story->out);
    for (size_t i = 0; i < named; i++)
        fprintf(story->out, "%s%s", i == 0 ? "" : " or ", names[i]);
}

static void tell_types(const struct story *story, const struct object *queue)
{
    size_t shown = 0;
    int64_t types[MAX_LISTED];

    for (size_t i = 0; i < queue->n_message_types && shown < MAX_LISTED; i++) {
        bool seen = false;
        for (size_t k = 0; k < shown; k++)
            seen = seen || types[k] == queue->message_types[i];
        if (!seen)
            types[shown++] = queue->message_types[i];
    }
    if (queue->messages == 0)
        fputs("; the queue is empty", story->out);
    else if (shown > 0) {
        fprintf(story->out, "; the queue holds type%s ", shown > 1 ? "s" : "");
        for (size_t i = 0; i < shown; i++)
            fprintf(story->out, "%s%lld", joint(i, shown), (long long)types[i]);
    }
}

static void tell_read(const struct story *story, const struct thread *thread,
                      const struct wait *wait)
{
    fprintf(story->out, "waits in %s(%d) on %s", call_spoken(thread->call), wait->fd,
            label(story, wait->object));
}

static void tell_write(const struct story *story, const struct thread *thread,
                       const struct wait *wait)
{
    fprintf(story->out, "waits in %s(%d) on %s, which is full", call_spoken(thread->call), wait->fd,
            label(story, wait->object));
}

static void tell_open(const struct story *story, const struct thread *thread,
                      const struct wait *wait)
{
    const char *mine = wait->wants_writer ? "reading" : "writing";
    const char *theirs = wait->wants_writer ? "writing" : "reading";
    fprintf(story->out, "waits in %s of %s for %s, until somebody opens it for %s",
            call_spoken(thread->call), label(story, wait->object), mine, theirs);
}

static void tell_message(const struct story *story, const struct thread *thread,
                         const struct wait *wait)
{
    const struct object *queue = &story->record->objects[wait->object];

    if (queue->kind != OBJECT_QUEUE || wait->type == 0)
        fputs("waits for a message", story->out);
    else if (wait->type > 0)
        fprintf(story->out, "waits for type %lld", (long long)wait->type);
    else
        fprintf(story->out, "waits for a type up to %lld", -(long long)wait->type);
    fprintf(story->out, " in %s on %s", call_spoken(thread->call), label(story, wait->object));
    tell_types(story, queue);
}

static void tell_room(const struct story *story, const struct thread *thread,
                      const struct wait *wait)
{
    const struct object *queue = &story->record->objects[wait->object];

    fprintf(story->out, "waits for room in %s on %s", call_spoken(thread->call),
            label(story, wait->object));
    if (queue->kind == OBJECT_QUEUE && queue->capacity > 0)
        fprintf(story->out, "; %lld of %lld bytes are taken", (long long)queue->bytes,
                (long long)queue->capacity);
    if (queue->kind == OBJECT_POSIX_QUEUE && queue->capacity > 0)
        fprintf(story->out, "; it holds %lld of %lld messages", (long long)queue->messages,
                (long long)queue->capacity);
    tell_types(story, queue);
}

static void tell_last_change(const struct story *story, int process, int me)
{
    if (process < 0)
        return;
    fputs(" (last changed by ", story->out);
    if (process == me)
        fputs("itself", story->out);
    else
        tell_process(story, process, false);
    if (!is_living(story->record, process))
        fputs(", which has ended", story->out);
    fputc(')', story->out);
}

static void tell_semaphore(const struct story *story, const struct thread *thread,
                           const struct wait *wait)
{
    const struct object *set = &story->record->objects[wait->object];

    fprintf(story->out, "waits in %s on semaphore %d of %s", call_spoken(thread->call),
            wait->semaphore, label(story, wait->object));
    if (wait->semaphore < 0 || (size_t)wait->semaphore >= set->n_semaphores)
        return;
    const struct semaphore_state *state = &set->semaphores[wait->semaphore];
    if (wait->operation == 0)
        fprintf(story->out, ": its value is %d, and it waits for 0", state->value);
    else
        fprintf(story->out, ": its value is %d, and the operation is %d", state->value,
                wait->operation);
    tell_last_change(story, state->last_process, thread->process);
}

static void tell_mutex(const struct story *story, const struct thread *thread,
                       const struct wait *wait)
{
    fprintf(story->out, "waits in pthread_mutex_lock for %s", label(story, wait->object));
    if (wait->holder_died) {
        fputs(", whose owner", story->out);
        if (wait->process >= 0) {
            fputs(", ", story->out);
            tell_process(story, wait->process, false);
            fputc(',', story->out);
        }
        fputs(" has ended without unlocking it", story->out);
    } else if (wait->process == thread->process)
        fputs(count_threads(story->record, thread->process) > 1
                  ? ", which another of its own threads, or this one itself, holds"
                  : ", which it holds itself: it locked it twice (self-deadlock)",
              story->out);
    else if (wait->process >= 0) {
        fputs(", which ", story->out);
        tell_process(story, wait->process, false);
        fputs(" holds", story->out);
    }
}

static void tell_futex(const struct story *story, const struct thread *thread,
                       const struct wait *wait)
{
    const char *name = label(story, wait->object);
    bool semaphore = wait->operation == FUTEX_IS_SEMAPHORE ||
                     story->record->objects[wait->object].kind == OBJECT_POSIX_SEMAPHORE;

    if (wait->operation == FUTEX_IS_MUTEX)
        tell_mutex(story, thread, wait);
    else if (semaphore)
        fprintf(story->out, "waits in sem_wait on %s, whose value is 0", name);
    else if (wait->operation == FUTEX_IS_THREAD)
        fputs("waits in pthread_join for another of its threads to end", story->out);
    else if (wait->operation == FUTEX_IS_RWLOCK)
        fprintf(story->out, "waits in pthread_rwlock_wrlock for %s, which readers hold", name);
    else
        fprintf(story->out, "waits on %s (a lock or condition in memory)", name);
}

static void tell_child(const struct story *story, const struct thread *thread,
                       const struct wait *wait)
{
    const struct record *record = story->record;
    bool wait4 = strcmp(thread->call, "wait4") == 0;

    if (wait->process >= 0) {
        fputs("waits for ", story->out);
        tell_process(story, wait->process, false);
        fprintf(story->out, " in %s", wait4 ? "waitpid" : call_spoken(thread->call));
        return;
    }
    size_t count = 0, told = 0;
    for (size_t i = 0; i < record->n_processes; i++)
        count += parent_of(record, (int)i) == thread->process && is_living(record, (int)i);
    fprintf(story->out, "waits for any child (process%s ", count > 1 ? "es" : "");
    for (size_t i = 0; i < record->n_processes && told < MAX_LISTED; i++)
        if (parent_of(record, (int)i) == thread->process && is_living(record, (int)i)) {
            fprintf(story->out, "%s%d", joint(told, count), record->processes[i].number);
            told++;
        }
    fprintf(story->out, "%s) in %s", told < count ? " and more" : "",
            wait4 ? "wait" : call_spoken(thread->call));
}

static void tell_lock(const struct story *story, const struct thread *thread,
                      const struct wait *wait)
{
    fprintf(story->out, "waits in %s(%d) for a lock on %s, which ", call_spoken(thread->call),
            wait->fd, label(story, wait->object));
    if (wait->process == thread->process)
        fputs("it holds itself through another descriptor", story->out);
    else {
        tell_process(story, wait->process, false);
        fputs(" holds", story->out);
    }
}

static void tell_connection(const struct story *story, const struct thread *thread,
                            const struct wait *wait)
{
    bool connect = strcmp(thread->call, "connect") == 0;
    fprintf(story->out, "waits in %s(%d) %s %s", call_spoken(thread->call), wait->fd,
            connect ? "for the server to accept it at" : "for a client of",
            label(story, wait->object));
}

static void tell_signal(const struct story *story, const struct thread *thread,
                        const struct wait *wait)
{
    fputs("waits for ", story->out);
    tell_signals(story, wait->signals);
    fprintf(story->out, " in %s", call_spoken(thread->call));
}

static void tell_continue(const struct story *story, const struct thread *thread,
                          const struct wait *wait)
{
    (void)thread;
    const char *name = sigabbrev_np(wait->operation);
    fprintf(story->out, "is stopped by SIG%s", name != NULL ? name : "STOP");
}

static const struct telling {
    void (*tell)(const struct story *, const struct thread *, const struct wait *);
    const char *among; /* in a list of several: "input on", ... */
    const char *close; /* why nothing comes: told once at the end; NULL: the line says it */
} tellings[WAIT_KINDS] = {
    [WAIT_READ] = {tell_read,       "input on",          NULL                                           },
    [WAIT_WRITE] = {tell_write,      "room in",           NULL                                           },
    [WAIT_OPEN] = {tell_open,       "the other side of", "Nobody is left who could open the other side."},
    [WAIT_MESSAGE] = {tell_message,    "a message in",      "Nobody is left who could send that message."  },
    [WAIT_ROOM] = {tell_room,       "room in",           "Nobody is left who could make room."          },
    [WAIT_SEMAPHORE] = {tell_semaphore,  "a semaphore of",
                   "Nobody is left who could change that semaphore."                                    },
    [WAIT_FUTEX] = {tell_futex,      "",                  NULL                                           },
    [WAIT_CHILD] = {tell_child,      "a child",           NULL                                           },
    [WAIT_LOCK] = {tell_lock,       "a lock on",         NULL                                           },
    [WAIT_CONNECTION] = {tell_connection, "a client of",       "Nobody is left who could connect."            },
    [WAIT_SIGNAL] = {tell_signal,     "a signal",          "Nobody is left who could send that signal."   },
    [WAIT_CONTINUE] = {tell_continue,   "SIGCONT",
                   "Nobody is left who could send SIGCONT to what is stopped."                          },
};

static bool is_poll(const char *call)
{
    return call != NULL && (strstr(call, "poll") != NULL || strstr(call, "select") != NULL);
}

/* poll, select, splice: any one of several things would do. */
static void tell_choice(const struct story *story, const struct thread *thread)
{
    fprintf(story->out, "waits in %s for %s", call_spoken(thread->call),
            thread->n_waits > 1 ? "any of: " : "");
    for (size_t i = 0; i < thread->n_waits && i < MAX_LISTED; i++) {
        const struct wait *wait = &thread->waits[i];
        fprintf(story->out, "%s%s", i > 0 ? ", " : "", tellings[wait->kind].among);
        if (wait->object >= 0)
            fprintf(story->out, " %s", label(story, wait->object));
        if (wait->fd >= 0)
            fprintf(story->out, " (fd %d)", wait->fd);
    }
}

/* ---- Places ---- */

static void tell_where(const struct story *story, const struct thread *thread)
{
    const struct process *of = &story->record->processes[thread->process];
    const struct place *place = sleeping_place(story->record, thread);

    if (place->file != NULL) {
        fprintf(story->out, "  %s:%d", place->file, place->line);
        if (place->function != NULL)
            fprintf(story->out, " in %s", place->function);
    } else if (of->forked_at.file != NULL)
        fprintf(story->out, " (started at %s:%d)", of->forked_at.file, of->forked_at.line);
}

static void tell_thread(const struct story *story, const struct thread *thread)
{
    fputs("  ", story->out);
    tell_process(story, thread->process, true);
    fputc(' ', story->out);
    if (thread->n_waits > 1 || is_poll(thread->call))
        tell_choice(story, thread);
    else
        tellings[thread->waits[0].kind].tell(story, thread, &thread->waits[0]);
    tell_where(story, thread);
    fputc('\n', story->out);
}

/* ---- Why it never ends ---- */

/* "fd 4, made by pipe() at pipeline.c:35" */
static void tell_descriptor(const struct story *story, const struct descriptor *descriptor)
{
    fprintf(story->out, "fd %d", descriptor->fd);
    if (descriptor->made_by < 0)
        return;
    const struct call *maker = &story->record->calls[descriptor->made_by];
    fprintf(story->out, ", made by %s()", call_spoken(maker->name));
    if (maker->place.file != NULL)
        fprintf(story->out, " at %s:%d", maker->place.file, maker->place.line);
}

static bool is_end(const struct descriptor *at, int process, int object, bool writing)
{
    return at->process == process && at->object == object && (writing ? at->writes : at->reads);
}

/* "process 1 (fd 4, made by pipe() at pipeline.c:35)" */
static void tell_holder(const struct story *story, int process, int object, bool writing)
{
    const struct record *record = story->record;
    const char *before = " (";

    tell_process(story, process, false);
    for (size_t i = 0; i < record->n_descriptors; i++)
        if (is_end(&record->descriptors[i], process, object, writing)) {
            fputs(before, story->out);
            tell_descriptor(story, &record->descriptors[i]);
            before = "; ";
        }
    fputc(')', story->out);
}

static size_t count_holders(const struct story *story, int object, bool writing)
{
    size_t count = 0;
    for (size_t i = 0; i < story->record->n_processes; i++)
        count += holds_end(story->record, (int)i, object, writing);
    return count;
}

static void tell_holders(const struct story *story, int object, bool writing)
{
    size_t count = count_holders(story, object, writing), told = 0;

    for (size_t i = 0; i < story->record->n_processes; i++)
        if (holds_end(story->record, (int)i, object, writing)) {
            fputs(joint(told++, count), story->out);
            tell_holder(story, (int)i, object, writing);
        }
}

/* A label at the beginning of a sentence: "Pipe A". */
static void tell_label_first(const struct story *story, int object)
{
    const char *text = label(story, object);
    fprintf(story->out, "%c%s", toupper((unsigned char)*text), text + 1);
}

static void explain_read(const struct story *story, int object)
{
    tell_label_first(story, object);
    fputs(" can still be written to by ", story->out);
    tell_holders(story, object, true);
    fputs(",\nso its reader can never see end of file.\n", story->out);
}

static void explain_write(const struct story *story, int object)
{
    const struct object *pipe = &story->record->objects[object];

    tell_label_first(story, object);
    if (pipe->capacity > 0)
        fprintf(story->out, " holds all that fits (%lld bytes)", (long long)pipe->capacity);
    else
        fputs(" holds all that fits", story->out);
    fputs(" and could be emptied only by ", story->out);
    tell_holders(story, object, false);
    fputs(".\n", story->out);
}

static void explain_socket(const struct story *story, int object)
{
    int peer = story->record->objects[object].peer;

    if (peer < 0)
        return;
    fputs("The other end of ", story->out);
    fprintf(story->out, "%s is held by ", label(story, object));
    tell_holders(story, peer, true);
    fputs(", which sleeps as well.\n", story->out);
}

static void explain_wait(const struct story *story, const struct thread *thread,
                         const struct wait *wait)
{
    bool connecting =
        thread->call != NULL && strcmp(thread->call, "connect") == 0; /* its line has said all */

    if (tellings[wait->kind].close != NULL && !connecting)
        story->loose[wait->kind] = true;
    if (wait->object < 0 || story->explained[wait->object])
        return;
    enum object_kind kind = story->record->objects[wait->object].kind;
    bool pipe = kind == OBJECT_PIPE || kind == OBJECT_FIFO;
    bool empty = pipe && story->record->objects[wait->object].bytes == 0;
    if (wait->kind != WAIT_READ && (wait->kind != WAIT_WRITE || empty))
        return; /* splice names both its ends, and room in an empty pipe is not what it lacks */
    story->explained[wait->object] = true;
    if (pipe && wait->kind == WAIT_READ)
        explain_read(story, wait->object);
    else if (pipe)
        explain_write(story, wait->object);
    else if (kind == OBJECT_SOCKET)
        explain_socket(story, wait->object);
}

static void explain(const struct story *story)
{
    const struct record *record = story->record;

    for (size_t i = 0; i < record->n_threads; i++)
        for (size_t k = 0; story->graph->stuck[i] && k < record->threads[i].n_waits; k++)
            explain_wait(story, &record->threads[i], &record->threads[i].waits[k]);
    for (int kind = 0; kind < WAIT_KINDS; kind++)
        if (story->loose[kind])
            fprintf(story->out, "%s\n", tellings[kind].close);
}

/* ---- The whole ---- */

static const char *headline(size_t count, bool whole)
{
    if (!whole)
        return "A part of the program can never go on, although the rest still moves:\n";
    if (count == 1)
        return "The program never ended. It waits for something that nobody is left to do:\n";
    return "The program never ended. Everybody is waiting for somebody else:\n";
}

/* Threads of one process that wait alike are told once. */
static bool told_before(const struct graph *graph, size_t index)
{
    const struct thread *threads = graph->record->threads;

    for (size_t i = 0; i < index; i++)
        if (graph->stuck[i] && threads[i].process == threads[index].process &&
            threads[i].n_waits == 1 && threads[index].n_waits == 1 &&
            threads[i].call == threads[index].call &&
            threads[i].waits[0].kind == threads[index].waits[0].kind &&
            threads[i].waits[0].object == threads[index].waits[0].object)
            return true;
    return false;
}

static void tell_threads(const struct story *story)
{
    const struct record *record = story->record;
    int *processes, lines = 0;
    size_t count = stuck_processes(story->graph, &processes);

    for (size_t p = 0; p < count; p++)
        for (size_t i = 0; i < record->n_threads; i++) {
            if (!story->graph->stuck[i] || record->threads[i].process != processes[p] ||
                told_before(story->graph, i))
                continue;
            if (lines++ < MAX_LINES)
                tell_thread(story, &record->threads[i]);
        }
    if (lines > MAX_LINES)
        fprintf(story->out, "  and %d more\n", lines - MAX_LINES);
    free(processes);
}

char *graph_story(const struct graph *graph, bool whole)
{
    const struct record *record = graph->record;
    char *text = NULL;
    size_t size = 0;
    int *processes;
    struct story story = {.graph = graph,
                          .record = record,
                          .explained = kit_alloc(record->n_objects * sizeof(bool)),
                          .loose = kit_alloc(WAIT_KINDS * sizeof(bool)),
                          .out = open_memstream(&text, &size)};

    if (story.out == NULL)
        kit_broken("open_memstream");
    size_t count = stuck_processes(graph, &processes);
    fputs(headline(count, whole), story.out);
    tell_threads(&story);
    explain(&story);
    if (fclose(story.out) != 0)
        kit_broken("cannot write a finding's text");
    if (size > 0 && text[size - 1] == '\n')
        text[size - 1] = '\0';
    free(processes);
    free(story.explained);
    free(story.loose);
    return text;
}
