/*
 * picture.c - from the calls of a record to the events of a picture. See picture.h.
 *
 * Theory of operation.  Each call becomes at most one event, at the moment when it has its effect:
 * what lets others go on (write, close, kill, a semaphore's release) when it begins, what waits
 * for others (read, wait, a semaphore's acquisition) when it ends.  So that a cause always stands
 * before its effect, although both calls may overlap in time.  The events are made in that order
 * and applied to a world (world.c) at once: what an event is about depends on what is open then.
 *
 * Messages are followed from sender to receiver: bytes of a pipe one by one in their order,
 * messages of a queue by their type.  That gives the arrows, and tells a call that had to wait from
 * one that merely took long on a busy machine.
 *
 * _GNU_SOURCE: CLONE_THREAD.
 */
#define _GNU_SOURCE
#include "picture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>

#include "../judge/judge.h"
#include "../run/calls.h"
#include "../run/kit.h"
#include "picture_parts.h"

enum { KIT = -2, NO_LANE = -1, SLOW_US = 1000 };

/* ---- What a call is drawn as ---------------------------------------------------------------- */

static const struct group_row {
    const char *group; /* of calls.h */
    enum event_kind kind;
    bool releases; /* it has its effect when it begins */
    bool waits;    /* it may sleep */
} group_rows[] = {
    {"pipe",        EVENT_MAKE,    false, false},
    {"socketpair",  EVENT_MAKE,    false, false},
    {"dup",         EVENT_DUP,     false, false},
    {"fcntl",       EVENT_OTHER,   false, true },
    {"open",        EVENT_MAKE,    false, true },
    {"mkfifo",      EVENT_MAKE,    false, false},
    {"fork",        EVENT_OTHER,   true,  false},
    {"exec",        EVENT_EXEC,    true,  false},
    {"wait",        EVENT_WAIT,    false, true },
    {"kill",        EVENT_OTHER,   true,  false},
    {"alarm",       EVENT_OTHER,   false, false},
    {"sleep",       EVENT_SLEEP,   false, true },
    {"msgget",      EVENT_MAKE,    false, false},
    {"msgsnd",      EVENT_SEND,    true,  true },
    {"msgrcv",      EVENT_RECEIVE, false, true },
    {"msgctl",      EVENT_OTHER,   true,  false},
    {"semget",      EVENT_MAKE,    false, false},
    {"semop",       EVENT_SEMOP,   false, true },
    {"semctl",      EVENT_OTHER,   true,  false},
    {"shmget",      EVENT_MAKE,    false, false},
    {"shmat",       EVENT_MEMORY,  false, false},
    {"shmdt",       EVENT_MEMORY,  true,  false},
    {"shmctl",      EVENT_OTHER,   true,  false},
    {"mq_open",     EVENT_MAKE,    false, false},
    {"mq_unlink",   EVENT_REMOVE,  true,  false},
    {"mq_send",     EVENT_SEND,    true,  true },
    {"mq_receive",  EVENT_RECEIVE, false, true },
    {"mq_notify",   EVENT_OTHER,   false, false},
    {"socket",      EVENT_MAKE,    false, false},
    {"bind",        EVENT_OTHER,   false, false},
    {"listen",      EVENT_OTHER,   false, false},
    {"accept",      EVENT_MAKE,    false, true },
    {"connect",     EVENT_OTHER,   true,  true },
    {"shutdown",    EVENT_OTHER,   true,  false},
    {"setsid",      EVENT_OTHER,   false, false},
    {"read",        EVENT_RECEIVE, false, true },
    {"write",       EVENT_SEND,    true,  true },
    {"splice",      EVENT_OTHER,   true,  true },
    {"close",       EVENT_CLOSE,   true,  false},
    {"close_range", EVENT_OTHER,   true,  false},
    {"sigwait",     EVENT_OTHER,   false, true },
    {"flock",       EVENT_OTHER,   false, true },
    {"poll",        EVENT_OTHER,   false, true },
};

static const struct group_row *group_of(const struct call *call)
{
    for (size_t i = 0; i < sizeof group_rows / sizeof *group_rows; i++)
        if (call_is(call->name, group_rows[i].group))
            return &group_rows[i];
    return NULL;
}

static const char *const kind_names[EVENT_KINDS] = {
    [EVENT_START] = "start",   [EVENT_FORK] = "fork",     [EVENT_EXEC] = "exec",
    [EVENT_EXIT] = "exit",     [EVENT_MAKE] = "make",     [EVENT_DUP] = "dup",
    [EVENT_CLOSE] = "close",   [EVENT_SEND] = "send",     [EVENT_RECEIVE] = "receive",
    [EVENT_SIGNAL] = "signal", [EVENT_WAIT] = "wait",     [EVENT_SEMOP] = "semop",
    [EVENT_MEMORY] = "memory", [EVENT_REMOVE] = "remove", [EVENT_SLEEP] = "sleep",
    [EVENT_OTHER] = "other",
};

const char *event_kind_name(enum event_kind kind)
{
    return kind >= 0 && kind < EVENT_KINDS ? kind_names[kind] : "other";
}

/* -ERESTARTSYS and its kin are the kernel's own: no program ever sees them. */
bool call_is_open(const struct call *call)
{
    return call->end_us < 0 || (call->result <= -512 && call->result >= -516);
}

/* ---- The moments, in order ------------------------------------------------------------------ */

/* What may become an event: a call, a birth or an end. */
struct item {
    enum { ITEM_BIRTH, ITEM_CALL, ITEM_END, ITEM_ASLEEP } what;
    int64_t at_us, since_us; /* effect, and beginning (with those that were begun again) */
    int index;               /* call, process, process, thread */
    size_t order;
};

/* Bytes or messages on their way. */
struct parcel {
    int lane; /* whose: KIT, or a process */
    int64_t at_us;
    int64_t left; /* bytes; of a message: 1 */
    int64_t type;
};

struct parcels {
    struct parcel *items;
    size_t first, count;
};

struct builder {
    const struct record *record;
    struct picture *picture;
    struct world *world;
    struct item *items;
    size_t n_items;
    struct parcels *parcels; /* one an object: what can be read from it */
    int64_t *released_us;    /* one an object: the last semop that added, or -1; and by whom */
    int *released_by;
    int64_t *since_us; /* one a call: when it was first begun */
};

static void add_item(struct builder *builder, int what, int index, int64_t at_us, int64_t since_us)
{
    struct item *item = ARRAY_ADD(builder->items, builder->n_items);
    *item = (struct item){.what = what,
                          .at_us = at_us,
                          .since_us = since_us,
                          .index = index,
                          .order = builder->n_items};
}

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* The next call of the same thread, or -1. */
static int next_of_thread(const struct record *record, int index)
{
    for (size_t i = (size_t)index + 1; i < record->n_calls; i++)
        if (record->calls[i].tid == record->calls[index].tid &&
            record->calls[i].process == record->calls[index].process &&
            strcmp(record->calls[i].name, "signal") != 0)
            return (int)i;
    return -1;
}

/* Given up for a signal and made again: then the next one is the same call, begun earlier. */
static bool goes_on(struct builder *builder, int index)
{
    const struct record *record = builder->record;
    const struct call *call = &record->calls[index];
    if (call->end_us < 0 || !call_is_open(call))
        return false;
    int next = next_of_thread(record, index);
    if (next < 0 || strcmp(record->calls[next].name, call->name) != 0 ||
        record->calls[next].args[0] != call->args[0])
        return false;
    builder->since_us[next] = builder->since_us[index];
    return true;
}

static bool only_adds(const struct call *call)
{
    struct operation one;
    size_t at = 0;
    while (next_operation(call->detail, &at, &one))
        if (one.add <= 0)
            return false;
    return true;
}

/* Did somebody take a message out of the queue while it waited for room? */
static bool waited_for_room(const struct record *record, const struct call *call)
{
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *other = &record->calls[i];
        if (other->object == call->object && other->process != call->process &&
            other->end_us > call->start_us && other->end_us < call->end_us &&
            (call_is(other->name, "msgrcv") || call_is(other->name, "mq_receive")))
            return true;
    }
    return false;
}

static int64_t effect_us(const struct record *record, const struct call *call,
                         const struct group_row *row)
{
    bool early = row->releases;

    if (call_is_open(call))
        return call->start_us;
    if (row->kind == EVENT_SEMOP)
        early = only_adds(call);
    if (call_is(call->name, "msgsnd") || call_is(call->name, "mq_send"))
        early = !waited_for_room(record, call);
    if (call_is(call->name, "exec") && call->result < 0)
        early = false;
    return early ? call->start_us : call->end_us;
}

/* A program of the kit's begins with the execve that the kit has made for it. */
static bool is_first_exec(const struct record *record, int index)
{
    const struct call *call = &record->calls[index];
    if (record->processes[call->process].parent >= 0 || !call_is(call->name, "exec") ||
        call->result < 0)
        return false;
    for (int i = 0; i < index; i++)
        if (record->calls[i].process == call->process && call_is(record->calls[i].name, "exec") &&
            record->calls[i].result >= 0)
            return false;
    return true;
}

static void add_processes(struct builder *builder)
{
    const struct record *record = builder->record;

    for (size_t i = 0; i < record->n_processes; i++) {
        const struct process *process = &record->processes[i];
        int64_t begin = process->started_us;
        for (size_t k = 0; k < record->n_calls && process->parent < 0; k++)
            if (record->calls[k].process == (int)i && is_first_exec(record, (int)k))
                begin = record->calls[k].end_us;
        add_item(builder, ITEM_BIRTH, (int)i, begin, begin);
        if (process->ended_us >= 0 && !process->killed_by_kit) {
            int64_t end = process->exits_us > 0 ? process->exits_us : process->ended_us;
            add_item(builder, ITEM_END, (int)i, end, end);
        }
    }
}

static void add_calls(struct builder *builder)
{
    const struct record *record = builder->record;

    for (size_t i = 0; i < record->n_calls; i++)
        builder->since_us[i] = record->calls[i].start_us;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        const struct group_row *row = group_of(call);
        if (call->process < 0)
            continue;
        if (strcmp(call->name, "signal") == 0)
            add_item(builder, ITEM_CALL, (int)i, call->start_us, call->start_us);
        else if (row != NULL && !goes_on(builder, (int)i))
            add_item(builder, ITEM_CALL, (int)i, effect_us(record, call, row),
                     builder->since_us[i]);
    }
}

static bool lives_to_the_end(const struct record *record, int process)
{
    return record->processes[process].ended_us < 0 || record->processes[process].killed_by_kit;
}

/* Its call that never returned, or -1. */
static int open_call_of(const struct record *record, const struct thread *thread)
{
    for (size_t i = record->n_calls; i-- > 0;)
        if (record->calls[i].tid == thread->tid && record->calls[i].process == thread->process &&
            strcmp(record->calls[i].name, "signal") != 0)
            return call_is_open(&record->calls[i]) && group_of(&record->calls[i]) != NULL ? (int)i
                                                                                          : -1;
    return -1;
}

/* Those who sleep at the end in a call that was not watched. */
static void add_sleepers(struct builder *builder)
{
    const struct record *record = builder->record;
    int64_t last = record->snapshot_us;

    for (size_t i = 0; i < builder->n_items; i++)
        last = builder->items[i].at_us > last ? builder->items[i].at_us : last;
    for (size_t i = 0; i < record->n_threads; i++) {
        const struct thread *thread = &record->threads[i];
        if (thread->asleep && lives_to_the_end(record, thread->process) &&
            open_call_of(record, thread) < 0)
            add_item(builder, ITEM_ASLEEP, (int)i, last, last);
    }
}

/* ---- Messages on their way ------------------------------------------------------------------ */

static void send_parcel(struct builder *builder, int object, int lane, int64_t at_us, int64_t left,
                        int64_t type)
{
    struct parcels *queue = &builder->parcels[object];
    *ARRAY_ADD(queue->items, queue->count) =
        (struct parcel){.lane = lane, .at_us = at_us, .left = left, .type = type};
}

/* Takes bytes out in their order; whose the first was, or NO_LANE. */
static int take_bytes(struct parcels *queue, int64_t bytes, int64_t *sent_us)
{
    int lane = NO_LANE;

    while (bytes > 0 && queue->first < queue->count) {
        struct parcel *parcel = &queue->items[queue->first];
        if (lane == NO_LANE) {
            lane = parcel->lane;
            *sent_us = parcel->at_us;
        }
        int64_t part = parcel->left < bytes ? parcel->left : bytes;
        parcel->left -= part;
        bytes -= part;
        queue->first += parcel->left == 0;
    }
    return lane;
}

static int take_message_of(struct parcels *queue, int64_t type, bool by_priority, int64_t *sent_us)
{
    size_t best = queue->count;

    for (size_t i = 0; i < queue->count; i++) {
        const struct parcel *parcel = &queue->items[i];
        if (parcel->left == 0 || (!by_priority && parcel->type != type))
            continue;
        if (best == queue->count || (by_priority && parcel->type > queue->items[best].type))
            best = i;
        if (!by_priority)
            break;
    }
    if (best == queue->count)
        return NO_LANE;
    queue->items[best].left = 0;
    *sent_us = queue->items[best].at_us;
    return queue->items[best].lane;
}

static int64_t type_of(const struct call *call)
{
    if (call_is(call->name, "mq_send"))
        return (int64_t)call->args[3];
    return call->detail != NULL && strncmp(call->detail, "type ", 5) == 0 ? atoll(call->detail + 5)
                                                                          : 0;
}

static void follow_send(struct builder *builder, const struct call *call, int64_t at_us)
{
    int object = call->object;

    if (object < 0 || call->result < 0)
        return;
    const struct object *of = &builder->record->objects[object];
    if (of->kind == OBJECT_QUEUE || of->kind == OBJECT_POSIX_QUEUE)
        send_parcel(builder, object, call->process, at_us, 1, type_of(call));
    else if (of->kind == OBJECT_SOCKET && of->peer >= 0)
        send_parcel(builder, of->peer, call->process, at_us, call->result, 0);
    else if (of->kind != OBJECT_SOCKET)
        send_parcel(builder, object, call->process, at_us, call->result, 0);
}

/* Is it its standard input, as it was given? Then somebody outside writes there. */
static bool is_given_input(const struct builder *builder, const struct call *call)
{
    const struct end *end = world_end(builder->world, call->process, (int)call->args[0]);
    return end != NULL && end->made_by < 0 && end->fd == 0;
}

/* Who sent what this call has got; *sent_us: when. */
static int find_sender(struct builder *builder, const struct call *call, int64_t *sent_us)
{
    *sent_us = -1;
    if (call->result == 0 && !call_is(call->name, "msgrcv") && !call_is(call->name, "mq_receive"))
        return NO_LANE; /* the end of file */
    if (call->object < 0)
        return is_given_input(builder, call) ? KIT : NO_LANE;
    const struct object *of = &builder->record->objects[call->object];
    struct parcels *queue = &builder->parcels[call->object];
    int lane;
    if (of->kind == OBJECT_QUEUE || of->kind == OBJECT_POSIX_QUEUE)
        lane = take_message_of(queue, type_of(call), of->kind == OBJECT_POSIX_QUEUE, sent_us);
    else
        lane = take_bytes(queue, call->result, sent_us);
    bool kits_pipe = of->made_by < 0 && of->kind == OBJECT_PIPE;
    return lane == NO_LANE && kits_pipe ? KIT : lane;
}

/* ---- Is it worth a row? --------------------------------------------------------------------- */

static bool is_noise_signal(const struct record *record, const struct call *call)
{
    int signal = (int)call->result;
    bool ignored = signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH;
    return ignored && !(record->processes[call->process].handled_signals >> (signal - 1) & 1);
}

/* execvp(3) tries one folder of PATH after the other. */
static bool is_path_search(const struct record *record, int index)
{
    const struct call *call = &record->calls[index];
    int next = next_of_thread(record, index);
    return call->result == -ENOENT && next >= 0 && call_is(record->calls[next].name, "exec");
}

static bool is_known_descriptor(const struct builder *builder, const struct call *call)
{
    int fd = (int)call->args[0];
    return call->object >= 0 || world_end(builder->world, call->process, fd) != NULL ||
           ((fd == 1 || fd == 2) && !builder->record->closed_world);
}

/* By a line of the learner's own. */
static bool is_own(const struct builder *builder, const struct call *call)
{
    return call->place.file != NULL && builder->record->processes[call->process].own_program;
}

static bool is_interesting(const struct builder *builder, int index)
{
    const struct record *record = builder->record;
    const struct call *call = &record->calls[index];

    if (strcmp(call->name, "signal") == 0)
        return !is_noise_signal(record, call);
    enum event_kind kind = group_of(call)->kind;
    if (call_is(call->name, "exec"))
        return !is_path_search(record, index) && !is_first_exec(record, index);
    if (call_is(call->name, "fork")) /* else its child is the event */
        return call->other < 0;
    if (kind == EVENT_WAIT)
        return call->other >= 0 || call->result <= 0;
    if (call_is(call->name, "open"))
        return call->object >= 0 || is_own(builder, call);
    if (kind == EVENT_CLOSE || kind == EVENT_DUP)
        return world_end(builder->world, call->process, (int)call->args[0]) != NULL ||
               is_own(builder, call);
    if (kind == EVENT_RECEIVE || kind == EVENT_SEND)
        return is_known_descriptor(builder, call);
    if (strcmp(call->name, "fcntl") == 0)
        return (call->args[1] == F_SETFD &&
                world_end(builder->world, call->process, (int)call->args[0]) != NULL) ||
               ((call->args[1] == F_SETLK || call->args[1] == F_SETLKW ||
                 call->args[1] == F_OFD_SETLK || call->args[1] == F_OFD_SETLKW) &&
                is_own(builder, call));
    return true;
}

/* ---- Events --------------------------------------------------------------------------------- */

static struct event *add_event(struct builder *builder, enum event_kind kind, int process,
                               int64_t at_us)
{
    struct event *event = ARRAY_ADD(builder->picture->events, builder->picture->n_events);
    *event = (struct event){.kind = kind,
                            .at_us = at_us,
                            .process = process,
                            .lane = process,
                            .from = NO_LANE,
                            .call = -1,
                            .object = -1,
                            .size = -1};
    return event;
}

static const struct place *known_place(const struct place *place)
{
    return place->file != NULL ? place : NULL;
}

static void add_stretch(struct builder *builder, int process, int64_t since_us, int last, int call,
                        char *text)
{
    const struct picture *picture = builder->picture;
    int first = (int)picture->n_events - 1;

    /* The last event (but its own) before it began to sleep. */
    while (first >= 0 && (first == last || picture->events[first].at_us > since_us))
        first--;
    struct stretch *stretch = ARRAY_ADD(builder->picture->stretches, builder->picture->n_stretches);
    *stretch = (struct stretch){.lane = process,
                                .first = first,
                                .last = last,
                                .call = call,
                                .stuck = last < 0,
                                .text = text,
                                .object = -1,
                                .other = -1};
    if (call >= 0) {
        stretch->object = builder->record->calls[call].object;
        stretch->place = known_place(&builder->record->calls[call].place);
    }
}

/* Does anything of the others happen between the two? Else nobody sees that it slept. */
static bool others_moved(const struct builder *builder, int process, int64_t since_us)
{
    const struct picture *picture = builder->picture;
    for (size_t i = picture->n_events - 1; i-- > 0;) /* the last is the call's own */
        if (picture->events[i].at_us < since_us)
            return false;
        else if (picture->events[i].process != process)
            return true;
    return false;
}

/* An end of a pipe went away while it waited for what it has got: the end of file. */
static bool ends_went(const struct builder *builder, int process, int64_t since_us)
{
    const struct picture *picture = builder->picture;
    for (size_t i = picture->n_events - 1; i-- > 0;) {
        const struct event *event = &picture->events[i];
        if (event->at_us < since_us)
            return false;
        if (event->process != process && (event->kind == EVENT_CLOSE || event->kind == EVENT_EXIT ||
                                          event->kind == EVENT_EXEC || event->kind == EVENT_DUP))
            return true;
    }
    return false;
}

/* Did this call have to wait? cause_us: when that happened which let it go on; -1: not known. */
static bool had_to_wait(const struct builder *builder, const struct call *call, int64_t since_us,
                        int64_t cause_us)
{
    if (!group_of(call)->waits || !others_moved(builder, call->process, since_us))
        return false;
    if (cause_us >= 0)
        return cause_us > since_us;
    if (call_is(call->name, "read") && call->result == 0)
        return ends_went(builder, call->process, since_us);
    return call->end_us - since_us >= SLOW_US;
}

static void add_signal(struct builder *builder, int index)
{
    const struct call *call = &builder->record->calls[index];
    struct event *event = add_event(builder, EVENT_SIGNAL, call->process, call->start_us);

    event->call = index;
    event->text = call_words(builder->world, call);
    event->place = known_place(&call->place);
    if (call->other >= 0 && call->other != call->process)
        event->from = call->other;
    else if (call->other < 0 && (int64_t)(int32_t)call->args[0] <= 0)
        event->from = KIT;
}

/* The lane that let a semop go on, if it had to wait. */
static int find_release(const struct builder *builder, const struct call *call, int64_t since_us,
                        int64_t *cause_us)
{
    if (call->object < 0 || builder->released_us[call->object] < 0)
        return NO_LANE;
    *cause_us = builder->released_us[call->object];
    return *cause_us > since_us && builder->released_by[call->object] != call->process
               ? builder->released_by[call->object]
               : NO_LANE;
}

static void note_release(struct builder *builder, const struct call *call, int64_t at_us)
{
    bool sets =
        strcmp(call->name, "semctl") == 0 && (call->args[2] == SETVAL || call->args[2] == SETALL);
    bool adds =
        call_is(call->name, "semop") && call->detail != NULL && strchr(call->detail, '+') != NULL;
    if (call->object < 0 || call->result < 0 || (!sets && !adds))
        return;
    builder->released_us[call->object] = at_us;
    builder->released_by[call->object] = call->process;
}

/* Where it comes from, and when that was: -1, not known; INT64_MIN: it did not wait. */
static int find_cause(struct builder *builder, const struct call *call, enum event_kind kind,
                      int64_t since_us, int64_t *cause_us)
{
    *cause_us = -1;
    if (call->result < 0)
        return NO_LANE;
    if (kind == EVENT_RECEIVE)
        return find_sender(builder, call, cause_us);
    if (kind == EVENT_SEMOP)
        return find_release(builder, call, since_us, cause_us);
    if (kind == EVENT_WAIT && call->other >= 0) {
        *cause_us = builder->record->processes[call->other].ended_us;
        return call->other;
    }
    return NO_LANE;
}

static bool removes(const struct call *call)
{
    return (strcmp(call->name, "semctl") == 0 && ((int)call->args[2] & ~0x100) == IPC_RMID) ||
           ((strcmp(call->name, "msgctl") == 0 || strcmp(call->name, "shmctl") == 0) &&
            ((int)call->args[1] & ~0x100) == IPC_RMID);
}

static enum event_kind kind_of(const struct call *call)
{
    bool copies = strcmp(call->name, "fcntl") == 0 &&
                  (call->args[1] == F_DUPFD || call->args[1] == F_DUPFD_CLOEXEC);
    if (copies)
        return EVENT_DUP;
    return removes(call) ? EVENT_REMOVE : group_of(call)->kind;
}

/* A call that did not come back: it sleeps to the end of its process, or of the run. */
static void add_open_call(struct builder *builder, int index, int64_t since_us)
{
    const struct record *record = builder->record;
    const struct call *call = &record->calls[index];

    if (!group_of(call)->waits)
        return;
    if (!lives_to_the_end(record, call->process)) {
        add_stretch(builder, call->process, since_us, (int)builder->picture->n_events, index,
                    call_wait_words(builder->world, call));
        struct stretch *added = &builder->picture->stretches[builder->picture->n_stretches - 1];
        added->last = -2; /* to its end: see close_stretches() */
        added->stuck = false;
        return;
    }
    char *text = NULL;
    int other = -1;
    for (size_t i = 0; i < record->n_threads && text == NULL; i++)
        if (record->threads[i].tid == call->tid && record->threads[i].process == call->process &&
            record->threads[i].asleep && record->threads[i].n_waits > 0) {
            text = thread_words(record, &record->threads[i]);
            other = record->threads[i].waits[0].process;
        }
    if (text == NULL)
        text = call_wait_words(builder->world, call);
    struct event *event = add_event(builder, EVENT_SLEEP, call->process, since_us);
    event->call = index;
    event->object = call->object;
    event->place = known_place(&call->place);
    event->text = text;
    event->fatal = true;
    event->failed = true; /* nothing has come of it */
    add_stretch(builder, call->process, since_us, -1, index, kit_strdup(text));
    builder->picture->stretches[builder->picture->n_stretches - 1].other = other;
    builder->picture->stretches[builder->picture->n_stretches - 1].first =
        (int)builder->picture->n_events - 1;
}

static void add_call(struct builder *builder, const struct item *item)
{
    const struct call *call = &builder->record->calls[item->index];
    int64_t cause_us;

    if (call_is_open(call)) {
        add_open_call(builder, item->index, item->since_us);
        return;
    }
    enum event_kind kind = kind_of(call);
    char *text = call_words(builder->world, call);
    int from = find_cause(builder, call, kind, item->since_us, &cause_us);
    struct event *event = add_event(builder, kind, call->process, item->at_us);
    event->call = item->index;
    event->object = call->object;
    event->text = text;
    event->from = from;
    event->size = call_size(call);
    event->bytes = sample_words(call);
    event->failed = call->result < 0;
    event->injected = call->injected;
    event->place = known_place(&call->place);
    if (had_to_wait(builder, call, item->since_us, cause_us))
        add_stretch(builder, call->process, item->since_us, (int)builder->picture->n_events - 1,
                    item->index, call_wait_words(builder->world, call));
    if (kind == EVENT_SEND)
        follow_send(builder, call, item->at_us);
    note_release(builder, call, item->at_us);
}

/* The call of which this process is the child. */
static int forking_call(const struct record *record, int process)
{
    for (size_t i = 0; i < record->n_calls; i++)
        if (record->calls[i].other == process && call_is(record->calls[i].name, "fork"))
            return (int)i;
    return -1;
}

static void add_birth(struct builder *builder, const struct item *item)
{
    const struct record *record = builder->record;
    int parent = record->processes[item->index].parent;
    struct event *event =
        add_event(builder, parent < 0 ? EVENT_START : EVENT_FORK, item->index, item->at_us);

    builder->picture->lanes[item->index].born = (int)builder->picture->n_events - 1;
    if (parent >= 0) {
        event->from = parent;
        event->call = forking_call(record, item->index);
        event->place = event->call >= 0 ? known_place(&record->calls[event->call].place) : NULL;
        event->text = kit_format("fork makes process %d", record->processes[item->index].number);
        return;
    }
    for (size_t i = 0; i < record->n_calls && event->call < 0; i++)
        if (record->calls[i].process == item->index && is_first_exec(record, (int)i))
            event->call = (int)i;
    event->text = kit_format("begins: %s", builder->picture->lanes[item->index].command);
}

static void add_end(struct builder *builder, const struct item *item)
{
    const struct process *process = &builder->record->processes[item->index];
    struct event *event = add_event(builder, EVENT_EXIT, item->index, item->at_us);

    event->text = exit_words(process);
    event->fatal = WIFSIGNALED(process->wait_status);
    builder->picture->lanes[item->index].ended = (int)builder->picture->n_events - 1;
}

static void add_asleep(struct builder *builder, const struct item *item)
{
    const struct thread *thread = &builder->record->threads[item->index];
    struct event *event = add_event(builder, EVENT_SLEEP, thread->process, item->at_us);

    event->text = thread_words(builder->record, thread);
    event->place = known_place(sleeping_place(builder->record, thread));
    event->object = thread->n_waits > 0 ? thread->waits[0].object : -1;
    event->fatal = true;
    add_stretch(builder, thread->process, item->at_us, -1, -1, kit_strdup(event->text));
    struct stretch *stretch = &builder->picture->stretches[builder->picture->n_stretches - 1];
    stretch->first = (int)builder->picture->n_events - 1;
    stretch->object = event->object;
    stretch->place = event->place;
    stretch->other = thread->n_waits > 0 ? thread->waits[0].process : -1;
}

static void add_all(struct builder *builder)
{
    for (size_t i = 0; i < builder->n_items; i++) {
        const struct item *item = &builder->items[i];
        size_t before = builder->picture->n_events;
        if (item->what == ITEM_BIRTH)
            add_birth(builder, item);
        else if (item->what == ITEM_END)
            add_end(builder, item);
        else if (item->what == ITEM_ASLEEP)
            add_asleep(builder, item);
        else if (strcmp(builder->record->calls[item->index].name, "signal") == 0) {
            if (is_interesting(builder, item->index))
                add_signal(builder, item->index);
        } else if (is_interesting(builder, item->index))
            add_call(builder, item);
        for (size_t k = before; k < builder->picture->n_events; k++)
            world_apply(builder->world, &builder->picture->events[k]);
    }
}

/* Who slept until his end woke up with that. */
static void close_stretches(struct picture *picture)
{
    for (size_t i = 0; i < picture->n_stretches; i++) {
        struct stretch *stretch = &picture->stretches[i];
        if (stretch->last == -2)
            stretch->last = picture->lanes[stretch->lane].ended;
    }
}

/* ---- Lanes ---------------------------------------------------------------------------------- */

static void make_lanes(struct picture *picture)
{
    const struct record *record = picture->record;

    for (size_t i = 0; i < record->n_processes; i++) {
        const struct process *process = &record->processes[i];
        struct lane *lane = ARRAY_ADD(picture->lanes, picture->n_lanes);
        lane->process = (int)i;
        lane->name = safe_text(process->name != NULL ? process->name : "program");
        lane->command =
            safe_text(process->command != NULL && process->command[0] != '\0' ? process->command
                                                                              : lane->name);
        lane->born = lane->ended = -1;
        lane->killed = process->ended_us >= 0 && process->killed_by_kit;
    }
}

/* The kit is a lane, the first one, when something comes from it. */
static void make_kits_lane(struct picture *picture)
{
    bool acts = false;

    for (size_t i = 0; i < picture->n_events; i++)
        acts = acts || picture->events[i].from == KIT;
    if (!acts)
        return;
    ARRAY_ADD(picture->lanes, picture->n_lanes);
    memmove(&picture->lanes[1], &picture->lanes[0],
            (picture->n_lanes - 1) * sizeof *picture->lanes);
    const char *name = picture->record->closed_world ? "the kit" : "outside";
    picture->lanes[0] = (struct lane){.process = -1,
                                      .name = kit_strdup(name),
                                      .command = kit_strdup(name),
                                      .born = -1,
                                      .ended = -1};
    for (size_t i = 0; i < picture->n_events; i++) {
        struct event *event = &picture->events[i];
        event->lane++;
        event->from = event->from == KIT ? 0 : event->from >= 0 ? event->from + 1 : NO_LANE;
    }
    for (size_t i = 0; i < picture->n_stretches; i++)
        picture->stretches[i].lane++;
}

int lane_process(const struct picture *picture, int lane)
{
    return lane >= 0 ? picture->lanes[lane].process : -1;
}

/* ---- Repeats -------------------------------------------------------------------------------- */

enum { LONGEST_REPEAT = 12, LEAST_TIMES = 3 };

/* Types of messages and operations of semaphores are worth a row each; paths and bytes are not. */
static bool same_detail(const struct picture *picture, const struct event *x, const struct event *y)
{
    const struct call *a = x->call >= 0 ? &picture->record->calls[x->call] : NULL;
    const struct call *b = y->call >= 0 ? &picture->record->calls[y->call] : NULL;
    if (a == NULL || b == NULL || a->detail == NULL || b->detail == NULL)
        return a == NULL || b == NULL || a->detail == b->detail;
    return strcmp(a->detail, b->detail) == 0;
}

static bool look_alike(const struct picture *picture, size_t a, size_t b)
{
    const struct event *x = &picture->events[a], *y = &picture->events[b];
    if (x->kind != y->kind || x->lane != y->lane || x->from != y->from || x->object != y->object ||
        x->failed != y->failed || x->injected != y->injected || (x->call < 0) != (y->call < 0) ||
        x->fatal != y->fatal)
        return false;
    if (x->kind == EVENT_FORK || x->kind == EVENT_EXIT || x->kind == EVENT_START || x->fatal)
        return false;
    bool same_line = (x->place == NULL && y->place == NULL) ||
                     (x->place != NULL && y->place != NULL && x->place->line == y->place->line &&
                      strcmp(x->place->file, y->place->file) == 0);
    return same_line && same_detail(picture, x, y) &&
           (x->call < 0 || strcmp(picture->record->calls[x->call].name,
                                  picture->record->calls[y->call].name) == 0);
}

/* How often the `length` events at `at` come one after the other. */
static int count_repeats(const struct picture *picture, size_t at, int length)
{
    int times = 1;
    for (size_t next = at + (size_t)length; next + (size_t)length <= picture->n_events;
         next += (size_t)length) {
        for (size_t i = 0; i < (size_t)length; i++)
            if (!look_alike(picture, at + i, next + i))
                return times;
        times++;
    }
    return times;
}

static void fold_rows(struct picture *picture)
{
    for (size_t at = 0; at < picture->n_events;) {
        struct row best = {.first = (int)at, .length = 1, .times = 1};
        for (int length = 1; length <= LONGEST_REPEAT; length++) {
            int times = count_repeats(picture, at, length);
            if (times >= LEAST_TIMES && times * length > best.times * best.length)
                best = (struct row){.first = (int)at, .length = length, .times = times};
        }
        *ARRAY_ADD(picture->rows, picture->n_rows) = best;
        at += (size_t)best.length * (size_t)best.times;
    }
}

/* ---- What the findings mark ----------------------------------------------------------------- */

static int process_by_number(const struct record *record, int number)
{
    for (size_t i = 0; i < record->n_processes; i++)
        if (record->processes[i].number == number)
            return (int)i;
    return -1;
}

static void mark_stuck(struct picture *picture, const struct finding *finding)
{
    picture->hung = true;
    for (size_t k = 0; k < finding->n_processes; k++) {
        int process = process_by_number(picture->record, finding->processes[k].number);
        if (process < 0)
            continue;
        picture->in_cycle[process] = true;
        for (size_t i = 0; i < finding->processes[k].n_waits_for; i++) {
            int other = process_by_number(picture->record, finding->processes[k].waits_for[i]);
            if (other >= 0)
                *ARRAY_ADD(picture->needs, picture->n_needs) = (struct need){process, other};
        }
        for (size_t i = 0; i < picture->n_lanes; i++)
            picture->lanes[i].stuck =
                picture->lanes[i].stuck || picture->lanes[i].process == process;
    }
}

static void mark_findings(struct picture *picture, const struct findings *findings)
{
    const struct record *record = picture->record;

    picture->guilty_process = picture->guilty_fd = -1;
    picture->in_cycle = kit_alloc((record->n_processes + 1) * sizeof *picture->in_cycle);
    for (size_t i = 0; findings != NULL && i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->kind == FINDING_HANG) {
            mark_stuck(picture, finding);
            int guilty = judge_guilty(record);
            if (guilty >= 0) {
                picture->guilty_process = record->descriptors[guilty].process;
                picture->guilty_fd = record->descriptors[guilty].fd;
            }
        } else if (finding->kind == FINDING_DESCRIPTOR_LEAK && finding->n_processes > 0 &&
                   picture->guilty_fd < 0) {
            picture->guilty_process = process_by_number(record, finding->processes[0].number);
            picture->guilty_fd = finding->processes[0].fd;
        }
    }
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void prepare(struct builder *builder)
{
    const struct record *record = builder->record;

    builder->world = world_new(record);
    builder->parcels = kit_alloc((record->n_objects + 1) * sizeof *builder->parcels);
    builder->released_us = kit_alloc((record->n_objects + 1) * sizeof *builder->released_us);
    builder->released_by = kit_alloc((record->n_objects + 1) * sizeof *builder->released_by);
    builder->since_us = kit_alloc((record->n_calls + 1) * sizeof *builder->since_us);
    for (size_t i = 0; i < record->n_objects; i++)
        builder->released_us[i] = -1;
    add_processes(builder);
    add_calls(builder);
    add_sleepers(builder);
    qsort(builder->items, builder->n_items, sizeof *builder->items, compare_items);
}

static void put_away(struct builder *builder)
{
    for (size_t i = 0; i < builder->record->n_objects; i++)
        free(builder->parcels[i].items);
    free(builder->parcels);
    free(builder->released_us);
    free(builder->released_by);
    free(builder->since_us);
    free(builder->items);
    world_free(builder->world);
}

struct picture *picture_new(const struct record *record, const struct findings *findings)
{
    struct picture *picture = kit_alloc(sizeof *picture);
    struct builder builder = {.record = record, .picture = picture};

    picture->record = record;
    picture->io_watched = record->io_watched;
    picture->complete = !record->calls_left_out;
    make_lanes(picture);
    prepare(&builder);
    add_all(&builder);
    put_away(&builder);
    close_stretches(picture);
    make_kits_lane(picture);
    fold_rows(picture);
    mark_findings(picture, findings);
    return picture;
}

void picture_free(struct picture *picture)
{
    if (picture == NULL)
        return;
    for (size_t i = 0; i < picture->n_lanes; i++) {
        free(picture->lanes[i].name);
        free(picture->lanes[i].command);
    }
    for (size_t i = 0; i < picture->n_events; i++) {
        free(picture->events[i].text);
        free(picture->events[i].bytes);
    }
    for (size_t i = 0; i < picture->n_stretches; i++)
        free(picture->stretches[i].text);
    free(picture->lanes);
    free(picture->events);
    free(picture->stretches);
    free(picture->rows);
    free(picture->in_cycle);
    free(picture->needs);
    free(picture);
}
