/*
 * races.c - data races between processes, from the record of one run. See races.h.
 *
 * Theory of operation.  All that happened is put into one order by the numbers of the race
 * detector's clock, and gone through once. Every thread has a vector clock: for each other thread,
 * up to which of its steps it knows that they are done. A step ends with each release. What a
 * thread releases (by a write into a pipe, a semop, an unlock) is a copy of its clock; who acquires
 * takes the maximum. Accesses are kept for each eight bytes of shared memory, and compared with
 * those of the other threads that came before.
 */
#include "races.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sem.h>

#include "../race/log.h"
#include "../run/calls.h"
#include "../run/kit.h"
#include "judge.h"
#include "naming.h"

/* ---- Clocks --------------------------------------------------------------------------------- */

/* Step numbers, one for each actor; allocated when first used. */
struct clock {
    uint32_t *steps;
};

/* A thread of the run. */
struct actor {
    int process;
    pid_t tid;
    bool begun;
    struct clock now;
    struct clock seen;   /* by relaxed loads: known after the next acquire fence */
    struct clock fenced; /* at the last release fence: what relaxed stores release */
};

struct analysis {
    const struct record *record;
    struct actor *actors;
    size_t n_actors;
    struct event *events;
    size_t n_events;
    struct clock *fork_clocks;         /* of each call that makes a process or thread */
    struct clock *end_clocks, *kills;  /* of each process */
    struct clock undo_ends, lock_ends; /* of those that used SEM_UNDO, that held locks on files */
    bool *undoes;                      /* of each process */
    struct held_lock *held;
    size_t n_held;
    struct clock ends, closes, any_fd, sockets, kills_of_anybody;
    struct channel *channels;
    size_t n_channels;
    int *buckets; /* of channels: hash table of the first, then next */
    struct shadow *shadows;
    size_t n_shadows;
    int *shadow_buckets;
    struct race_pair *pairs;
    size_t n_pairs, most;
};

enum { BUCKETS = 1 << 14, SHADOW_BUCKETS = 1 << 18 };

static void join(const struct analysis *all, struct clock *into, const struct clock *from)
{
    if (from->steps == NULL)
        return;
    if (into->steps == NULL)
        into->steps = kit_alloc(all->n_actors * sizeof *into->steps);
    for (size_t i = 0; i < all->n_actors; i++)
        if (from->steps[i] > into->steps[i])
            into->steps[i] = from->steps[i];
}

static void set(const struct analysis *all, struct clock *to, const struct clock *from)
{
    free(to->steps);
    to->steps = NULL;
    join(all, to, from);
}

/* ---- Channels: what hands a clock on -------------------------------------------------------- */

/* One put: a write, a message, a post. */
struct put {
    struct clock clock;
    const struct actor *by;
    int64_t before; /* units that were certainly put before it */
};

/* Whatever carries units from one thread to another: bytes of a pipe, messages of one type, units
 * of a semaphore. One that is no more than a clock (a mutex, an atomic) uses `base` alone. */
struct channel {
    uint64_t kind, a, b; /* its name */
    struct clock base, shared;
    const struct actor *head; /* atomic: who stored last */
    struct put *puts;
    size_t n_puts;
    int64_t initial, put, taken, taking; /* units */
    int next;
};

enum channel_kind {
    CHANNEL_PIPE,     /* object */
    CHANNEL_OPEN,     /* object */
    CHANNEL_MESSAGES, /* object, type */
    CHANNEL_QUEUE,    /* object: receives in progress */
    CHANNEL_UNITS,    /* object, semaphore */
    CHANNEL_DOWNS,    /* object, semaphore */
    CHANNEL_SYSTEM_V, /* object: other calls on it */
    CHANNEL_POSIX,    /* object: mq */
    CHANNEL_LOCK,     /* object, offset of a locked part */
    CHANNEL_SHARED,   /* mapping, offset */
    CHANNEL_PRIVATE   /* process, address */
};

static struct channel *channel(struct analysis *all, enum channel_kind kind, uint64_t a, uint64_t b)
{
    uint64_t hash = ((uint64_t)kind * 31 + a) * UINT64_C(0x9e3779b97f4a7c15) + b;
    hash = (hash ^ (hash >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
    int *bucket = &all->buckets[(hash >> 32) % BUCKETS];
    for (int i = *bucket; i != 0; i = all->channels[i - 1].next) {
        struct channel *at = &all->channels[i - 1];
        if (at->kind == kind && at->a == a && at->b == b)
            return at;
    }
    struct channel *made = ARRAY_ADD(all->channels, all->n_channels);
    *made = (struct channel){.kind = kind, .a = a, .b = b, .next = *bucket};
    *bucket = (int)all->n_channels;
    return made;
}

/* After a release the thread is in its next step: what it does now is not known to who acquires. */
static void next_step(const struct analysis *all, struct actor *actor)
{
    actor->now.steps[actor - all->actors]++;
}

static void release_to(struct analysis *all, struct clock *to, struct actor *actor)
{
    join(all, to, &actor->now);
    next_step(all, actor);
}

enum { MOST_PUTS = 4096 };

/* Forgets which put was which: then all of them are acquired together. */
static void merge_puts(const struct analysis *all, struct channel *channel)
{
    for (size_t i = 0; i < channel->n_puts; i++) {
        join(all, &channel->base, &channel->puts[i].clock);
        free(channel->puts[i].clock.steps);
    }
    channel->n_puts = 0;
}

static void put_begins(struct analysis *all, struct channel *channel, struct actor *actor)
{
    if (channel->n_puts == MOST_PUTS)
        merge_puts(all, channel);
    struct put *put = ARRAY_ADD(channel->puts, channel->n_puts);
    *put = (struct put){.before = channel->put, .by = actor};
    release_to(all, &put->clock, actor);
}

/* What has come: all puts that may be among the first `taken` units, whatever the order of those
 * that overlapped. others: takes in progress elsewhere, which may have had some. */
static void take_ends(struct analysis *all, struct channel *channel, struct actor *actor,
                      int64_t others)
{
    join(all, &actor->now, &channel->base);
    for (size_t i = 0; i < channel->n_puts; i++)
        if (channel->puts[i].before + channel->initial < channel->taken + others)
            join(all, &actor->now, &channel->puts[i].clock);
}

static void take_everything(struct analysis *all, struct channel *channel, struct actor *actor)
{
    take_ends(all, channel, actor, INT64_MAX / 4);
}

static void start_anew(struct analysis *all, struct channel *channel, int64_t initial)
{
    merge_puts(all, channel);
    channel->initial = initial;
    channel->put = channel->taken = 0;
}

/* ---- Actors --------------------------------------------------------------------------------- */

static struct actor *actor_of(struct analysis *all, int process, pid_t tid)
{
    for (size_t i = all->n_actors; i-- > 0;)
        if (all->actors[i].process == process && all->actors[i].tid == tid)
            return &all->actors[i];
    return NULL;
}

static void note_actor(struct analysis *all, int process, pid_t tid)
{
    if (actor_of(all, process, tid) == NULL)
        *ARRAY_ADD(all->actors, all->n_actors) = (struct actor){.process = process, .tid = tid};
}

/* The call that made this thread; -1: the kit did. */
static int made_by(const struct analysis *all, const struct actor *actor)
{
    const struct record *record = all->record;
    bool first = record->processes[actor->process].pid == actor->tid;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (!call_is(call->name, "fork"))
            continue;
        if (first ? call->other == actor->process
                  : call->process == actor->process && call->result == actor->tid)
            return (int)i;
    }
    return -1;
}

static void begin(struct analysis *all, struct actor *actor)
{
    if (actor->begun)
        return;
    actor->begun = true;
    actor->now.steps = kit_alloc(all->n_actors * sizeof *actor->now.steps);
    int call = made_by(all, actor);
    if (call >= 0)
        join(all, &actor->now, &all->fork_clocks[call]);
    else /* by the kit, which has seen others end before */
        join(all, &actor->now, &all->ends);
    actor->now.steps[actor - all->actors] = 1;
}

/* ---- Events in order ------------------------------------------------------------------------ */

enum event_kind { EVENT_NOTE, EVENT_BEGIN, EVENT_END, EVENT_PROCESS_ENDS };

struct event {
    uint64_t number;
    int index;
    enum event_kind kind;
    bool access;
};

static int by_number(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    if (x->access != y->access) /* made before the deed with that number */
        return x->access ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void add_event(struct analysis *all, uint64_t number, enum event_kind kind, size_t index,
                      bool access)
{
    if (number != 0)
        *ARRAY_ADD(all->events, all->n_events) = (struct event){number, (int)index, kind, access};
}

static bool is_access(const struct race_note *note)
{
    return note->kind == RACE_READ || note->kind == RACE_WRITE;
}

static void collect_events(struct analysis *all)
{
    const struct record *record = all->record;
    for (size_t i = 0; i < record->n_notes; i++) {
        const struct race_note *note = &record->notes[i];
        note_actor(all, note->process, note->tid);
        add_event(all, note->stamp, EVENT_NOTE, i, is_access(note));
    }
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (call->process < 0 || call->began == 0)
            continue;
        note_actor(all, call->process, call->own_tid);
        add_event(all, call->began, EVENT_BEGIN, i, false);
        if (call->ended != call->began)
            add_event(all, call->ended, EVENT_END, i, false);
    }
    for (size_t i = 0; i < record->n_processes; i++)
        add_event(all, record->processes[i].ended, EVENT_PROCESS_ENDS, i, false);
    qsort(all->events, all->n_events, sizeof *all->events, by_number);
}

/* ---- Accesses ------------------------------------------------------------------------------- */

/* One actor's last access of a kind to (some of) eight bytes. */
struct shadow {
    uint64_t block;
    int mapping, actor, note, next;
    uint32_t step;
    uint8_t mask;
    bool writes, atomic;
};

static bool same_lines(const struct analysis *all, const struct race_pair *pair, int a, int b)
{
    const struct race_note *notes = all->record->notes;
    int first = notes[pair->first].site, second = notes[pair->second].site;
    return (first == notes[a].site && second == notes[b].site) ||
           (first == notes[b].site && second == notes[a].site);
}

static void report(struct analysis *all, int first, int second)
{
    for (size_t i = 0; i < all->n_pairs; i++)
        if (same_lines(all, &all->pairs[i], first, second))
            return;
    if (all->n_pairs < all->most)
        all->pairs[all->n_pairs++] = (struct race_pair){first, second};
}

static bool conflicts(const struct analysis *all, const struct shadow *old,
                      const struct shadow *access)
{
    const struct actor *actor = &all->actors[access->actor];
    return old->mapping == access->mapping && old->block == access->block &&
           old->actor != access->actor && (old->mask & access->mask) != 0 &&
           (old->writes || access->writes) && !(old->atomic && access->atomic) &&
           actor->now.steps[old->actor] < old->step;
}

static bool replaces(const struct shadow *access, const struct shadow *old)
{
    return old->mapping == access->mapping && old->block == access->block &&
           old->actor == access->actor && old->writes == access->writes &&
           old->atomic == access->atomic && (old->mask & ~access->mask) == 0;
}

static void look_at_block(struct analysis *all, const struct shadow *access)
{
    uint64_t hash =
        (access->block + ((uint64_t)access->mapping << 40)) * UINT64_C(0x9e3779b97f4a7c15);
    int *bucket = &all->shadow_buckets[(hash >> 40) % SHADOW_BUCKETS], replaced = 0;
    for (int i = *bucket; i != 0; i = all->shadows[i - 1].next) {
        if (conflicts(all, &all->shadows[i - 1], access))
            report(all, all->shadows[i - 1].note, access->note);
        if (replaces(access, &all->shadows[i - 1]))
            replaced = i;
    }
    if (replaced != 0) {
        int next = all->shadows[replaced - 1].next;
        all->shadows[replaced - 1] = *access;
        all->shadows[replaced - 1].next = next;
        return;
    }
    struct shadow *made = ARRAY_ADD(all->shadows, all->n_shadows);
    *made = *access;
    made->next = *bucket;
    *bucket = (int)all->n_shadows;
}

static void look_at_access(struct analysis *all, struct actor *actor, int index)
{
    const struct race_note *note = &all->record->notes[index];
    uint64_t at = note->offset, end = at + (uint64_t)note->size;
    struct shadow access = {.mapping = note->mapping,
                            .actor = (int)(actor - all->actors),
                            .note = index,
                            .step = actor->now.steps[actor - all->actors],
                            .writes = note->kind == RACE_WRITE,
                            .atomic = (note->flags & RACE_ATOMIC) != 0};

    while (at < end) {
        unsigned from = (unsigned)(at % 8),
                 to = end - at < 8 - from ? from + (unsigned)(end - at) : 8;
        access.block = at / 8;
        access.mask = (uint8_t)(((1U << to) - 1) & ~((1U << from) - 1));
        look_at_block(all, &access);
        at += to - from;
    }
}

/* ---- Deeds of the race log ------------------------------------------------------------------ */

static void load(struct analysis *all, struct actor *actor, const struct channel *object, int flags)
{
    join(all, flags & RACE_ACQUIRES ? &actor->now : &actor->seen, &object->base);
}

/* Into an atomic object. A store ends what others released before; modifications by anybody and
 * relaxed stores of the same thread go on with it ("release sequence", C17 5.1.2.4). */
static void store(struct analysis *all, struct actor *actor, struct channel *object,
                  const struct race_note *note)
{
    bool releases = (note->flags & RACE_RELEASES) != 0, begins = note->kind == RACE_STORE;
    const struct clock *released = releases ? &actor->now : &actor->fenced;
    if (begins && (releases || object->head != actor))
        set(all, &object->base, released);
    else
        join(all, &object->base, released);
    if (begins)
        object->head = actor;
    next_step(all, actor);
}

static void fence(struct analysis *all, struct actor *actor, int flags)
{
    if (flags & RACE_ACQUIRES)
        join(all, &actor->now, &actor->seen);
    if (flags & RACE_RELEASES) {
        set(all, &actor->fenced, &actor->now);
        next_step(all, actor);
    }
}

static void acquire(struct analysis *all, struct actor *actor, const struct channel *lock,
                    int flags)
{
    join(all, &actor->now, &lock->base);
    if (!(flags & RACE_SHARED)) /* readers do not order each other */
        join(all, &actor->now, &lock->shared);
    if (flags & RACE_DEAD_OWNER)
        join(all, &actor->now, &all->ends);
}

/* Through a barrier: after all that arrived for the same round or an earlier one. Its own arrival
 * says which round. */
static void pass(struct analysis *all, struct actor *actor, const struct channel *barrier)
{
    int64_t members = barrier->initial > 0 ? barrier->initial : 1, round = INT64_MAX;
    join(all, &actor->now, &barrier->base);
    for (size_t i = barrier->n_puts; i-- > 0 && round == INT64_MAX;)
        if (barrier->puts[i].by == actor)
            round = barrier->puts[i].before / members;
    for (size_t i = 0; i < barrier->n_puts; i++)
        if (barrier->puts[i].before / members <= round)
            join(all, &actor->now, &barrier->puts[i].clock);
}

static void do_deed(struct analysis *all, struct actor *actor, const struct race_note *note)
{
    struct channel *object =
        note->mapping >= 0 ? channel(all, CHANNEL_SHARED, (uint64_t)note->mapping, note->offset)
                           : channel(all, CHANNEL_PRIVATE, (uint64_t)note->process, note->offset);

    switch (note->kind) {
    case RACE_LOAD:
        load(all, actor, object, note->flags);
        break;
    case RACE_MODIFY:
        load(all, actor, object, note->flags);
        store(all, actor, object, note);
        break;
    case RACE_STORE:
        store(all, actor, object, note);
        break;
    case RACE_FENCE:
        fence(all, actor, note->flags);
        break;
    case RACE_ACQUIRE:
        acquire(all, actor, object, note->flags);
        break;
    case RACE_RELEASE:
        release_to(all, note->flags & RACE_SHARED ? &object->shared : &object->base, actor);
        break;
    case RACE_POST:
        put_begins(all, object, actor);
        break;
    case RACE_POSTED:
        object->put++;
        break;
    case RACE_WAITS:
        object->taking++;
        break;
    case RACE_WAITED:
        object->taking--;
        object->taken++;
        take_ends(all, object, actor, object->taking);
        break;
    case RACE_GAVE_UP:
        object->taking--;
        break;
    case RACE_ARRIVES:
        put_begins(all, object, actor);
        object->put++;
        break;
    case RACE_PASSES:
        pass(all, actor, object);
        break;
    case RACE_SET_VALUE:
        release_to(all, &object->base, actor);
        start_anew(all, object, note->size);
        break;
    default:
        break;
    }
}

/* ---- System calls --------------------------------------------------------------------------- */

static enum object_kind kind_of(const struct analysis *all, const struct call *call)
{
    return call->object >= 0 ? all->record->objects[call->object].kind : OBJECT_OTHER;
}

static bool is_pipe(const struct analysis *all, const struct call *call)
{
    return kind_of(all, call) == OBJECT_PIPE || kind_of(all, call) == OBJECT_FIFO;
}

static bool is_write(const struct call *call)
{
    return call_is(call->name, "write") || call_is(call->name, "splice");
}

static bool is_read(const struct call *call)
{
    return call_is(call->name, "read") || call_is(call->name, "splice");
}

/* Bytes out of, and into, what a descriptor stands for. What is neither pipe nor FIFO hands its
 * clock on as a whole: no data of it comes before it was written. */
static void begin_fd(struct analysis *all, struct actor *actor, const struct call *call)
{
    if (is_read(call) && is_pipe(all, call) && strcmp(call->name, "read") == 0)
        channel(all, CHANNEL_PIPE, (uint64_t)call->object, 0)->taking += (int64_t)call->args[2];
    if (!is_write(call))
        return;
    join(all, &all->any_fd, &actor->now);
    if (is_pipe(all, call))
        put_begins(all, channel(all, CHANNEL_PIPE, (uint64_t)call->object, 0), actor);
    else
        release_to(all, &all->sockets, actor);
}

/* From whoever sent one to this process; SIGCHLD comes from an end (0: not known which came). */
static void signal_comes(struct analysis *all, struct actor *actor, int signal)
{
    join(all, &actor->now, &all->kills[actor->process]);
    join(all, &actor->now, &all->kills_of_anybody);
    if (signal == SIGCHLD || signal == 0)
        join(all, &actor->now, &all->ends);
}

static void end_fd(struct analysis *all, struct actor *actor, const struct call *call)
{
    if (is_write(call) && is_pipe(all, call) && call->result > 0)
        channel(all, CHANNEL_PIPE, (uint64_t)call->object, 0)->put += call->result;
    if (!is_read(call))
        return;
    struct channel *pipe =
        is_pipe(all, call) ? channel(all, CHANNEL_PIPE, (uint64_t)call->object, 0) : NULL;
    if (pipe != NULL && strcmp(call->name, "read") == 0)
        pipe->taking -= (int64_t)call->args[2];
    if (call->result < 0)
        return;
    bool socket = kind_of(all, call) == OBJECT_SOCKET;
    if ((pipe == NULL && !socket) || call_is(call->name, "splice")) {
        join(all, &actor->now, &all->any_fd);
        signal_comes(all, actor, 0); /* it may be a signalfd */
    }
    join(all, &actor->now, pipe == NULL ? &all->sockets : &pipe->base);
    if (pipe != NULL) {
        pipe->taken += call->result;
        take_ends(all, pipe, actor, pipe->taking);
    }
    if (call->result == 0) { /* every writer has closed its end, or has ended */
        join(all, &actor->now, &all->closes);
        join(all, &actor->now, &all->ends);
        if (pipe != NULL)
            take_everything(all, pipe, actor);
    }
}

static long message_type(const struct call *call)
{
    long type = 0;
    if (call->detail != NULL)
        sscanf(call->detail, "type %ld", &type);
    return type;
}

static void begin_message(struct analysis *all, struct actor *actor, const struct call *call)
{
    if (strcmp(call->name, "msgsnd") == 0)
        put_begins(
            all,
            channel(all, CHANNEL_MESSAGES, (uint64_t)call->object, (uint64_t)message_type(call)),
            actor);
    else
        channel(all, CHANNEL_QUEUE, (uint64_t)call->object, 0)->taking++;
}

static void end_message(struct analysis *all, struct actor *actor, const struct call *call)
{
    struct channel *queue = channel(all, CHANNEL_QUEUE, (uint64_t)call->object, 0);
    int64_t others = queue->taking - 1;
    bool receives = strcmp(call->name, "msgrcv") == 0;

    if (receives)
        queue->taking--;
    if (call->result < 0)
        return;
    struct channel *messages =
        channel(all, CHANNEL_MESSAGES, (uint64_t)call->object, (uint64_t)message_type(call));
    if (!receives) {
        messages->put++;
        return;
    }
    messages->taken++;
    take_ends(all, messages, actor, others);
}

/* One operation of a semop: "2:-1 undo". */
struct operation {
    int semaphore, change;
};

static bool next_operation(const char **at, struct operation *operation)
{
    const char *colon;
    while (*at != NULL && (colon = strchr(*at, ':')) != NULL) {
        const char *number = colon;
        while (number > *at && number[-1] >= '0' && number[-1] <= '9')
            number--;
        *operation = (struct operation){atoi(number), atoi(colon + 1)};
        *at = colon + 1;
        return true;
    }
    return false;
}

static void begin_semop(struct analysis *all, struct actor *actor, const struct call *call)
{
    struct operation operation;
    uint64_t set = (uint64_t)call->object;
    if (call->detail != NULL && strstr(call->detail, "undo") != NULL)
        all->undoes[actor->process] = true;
    for (const char *at = call->detail; next_operation(&at, &operation);) {
        uint64_t which = (uint64_t)operation.semaphore;
        if (operation.change > 0)
            put_begins(all, channel(all, CHANNEL_UNITS, set, which), actor);
        if (operation.change < 0) {
            channel(all, CHANNEL_UNITS, set, which)->taking -= operation.change;
            release_to(all, &channel(all, CHANNEL_DOWNS, set, which)->base, actor);
        }
    }
}

static void end_semop(struct analysis *all, struct actor *actor, const struct call *call)
{
    struct operation operation;
    uint64_t set = (uint64_t)call->object;
    for (const char *at = call->detail; next_operation(&at, &operation);) {
        uint64_t which = (uint64_t)operation.semaphore;
        struct channel *units = channel(all, CHANNEL_UNITS, set, which);
        if (operation.change < 0)
            units->taking += operation.change;
        if (call->result < 0)
            continue;
        if (operation.change > 0) {
            units->put += operation.change;
        } else if (operation.change < 0) {
            units->taken -= operation.change;
            take_ends(all, units, actor, units->taking);
        } else { /* it was zero: after all that brought it there */
            take_everything(all, units, actor);
            join(all, &actor->now, &channel(all, CHANNEL_DOWNS, set, which)->base);
        }
        join(all, &actor->now, &all->undo_ends); /* an end may have given units back */
    }
}

static bool sets_values(const struct call *call)
{
    int command = (int)call->args[2] & ~0x100;
    return strcmp(call->name, "semctl") == 0 && (command == SETVAL || command == SETALL);
}

/* Everything else on a System V object: its makers and users, and who looks at its state. */
static void begin_system_v(struct analysis *all, struct actor *actor, const struct call *call)
{
    release_to(all, &channel(all, CHANNEL_SYSTEM_V, (uint64_t)call->object, 0)->base, actor);
}

static void end_system_v(struct analysis *all, struct actor *actor, const struct call *call)
{
    bool attaches = strncmp(call->name, "shm", 3) == 0 &&
                    (strcmp(call->name, "shmat") == 0 || strcmp(call->name, "shmdt") == 0);
    if (attaches || call->result < 0)
        return;
    join(all, &actor->now, &channel(all, CHANNEL_SYSTEM_V, (uint64_t)call->object, 0)->base);
    if (strcmp(call->name, "semctl") != 0)
        return;
    for (uint64_t which = 0; which < 64; which++) {
        struct channel *units = channel(all, CHANNEL_UNITS, (uint64_t)call->object, which);
        if (!sets_values(call)) /* GETVAL and its kin: it may poll */
            take_everything(all, units, actor);
        else if ((int)call->args[1] == (int)which || ((int)call->args[2] & ~0x100) == SETALL) {
            bool known = ((int)call->args[2] & ~0x100) == SETVAL;
            join(all, &units->base, &actor->now);
            /* an int; what else the union holds is anything */
            start_anew(all, units, known ? (int)call->args[3] : 0);
            next_step(all, actor);
        }
    }
}

/* Record locks and flock(2), as "write START LENGTH". */
struct locked_range {
    long long start, length;
};

static bool lock_words(const struct call *call, char what[8], struct locked_range *range)
{
    return call->detail != NULL && call->result >= 0 && call->object >= 0 &&
           (strcmp(call->name, "fcntl") == 0 || strcmp(call->name, "flock") == 0) &&
           sscanf(call->detail, "%7s %lld %lld", what, &range->start, &range->length) == 3;
}

static bool overlap(const struct locked_range *a, const struct locked_range *b)
{
    return (a->length == 0 || b->start < a->start + a->length) &&
           (b->length == 0 || a->start < b->start + b->length);
}

/* What a process has locked, and not unlocked by a call that names as much: a close or its end
 * will. */
struct held_lock {
    int process, object;
    struct locked_range range;
};

static bool covers(const struct locked_range *a, const struct locked_range *b)
{
    return a->start <= b->start &&
           (a->length == 0 || (b->length != 0 && b->start + b->length <= a->start + a->length));
}

static void forget_held(struct analysis *all, const struct held_lock *unlocked)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->n_held; i++) {
        const struct held_lock *held = &all->held[i];
        if (held->process != unlocked->process || held->object != unlocked->object ||
            !covers(&unlocked->range, &held->range))
            all->held[kept++] = *held;
    }
    all->n_held = kept;
}

static bool holds_locks(const struct analysis *all, int process)
{
    for (size_t i = 0; i < all->n_held; i++)
        if (all->held[i].process == process)
            return true;
    return false;
}

/* A lock's clock is kept for each range that was unlocked; who locks takes those that overlap. */
static void begin_lock(struct analysis *all, struct actor *actor, const struct call *call)
{
    char what[8];
    struct locked_range range;
    if (!lock_words(call, what, &range) || strcmp(what, "unlock") != 0)
        return;
    release_to(all,
               &channel(all, CHANNEL_LOCK, (uint64_t)call->object,
                        (uint64_t)range.start << 32 | (uint32_t)range.length)
                    ->base,
               actor);
    const struct held_lock unlocked = {actor->process, call->object, range};
    forget_held(all, &unlocked);
}

static void end_lock(struct analysis *all, struct actor *actor, const struct call *call)
{
    char what[8];
    struct locked_range wanted;
    if (!lock_words(call, what, &wanted) || strcmp(what, "unlock") == 0)
        return;
    for (size_t i = 0; i < all->n_channels; i++) {
        const struct channel *lock = &all->channels[i];
        struct locked_range range = {(long long)(lock->b >> 32), (long long)(uint32_t)lock->b};
        if (lock->kind == CHANNEL_LOCK && lock->a == (uint64_t)call->object &&
            overlap(&range, &wanted))
            join(all, &actor->now, &lock->base);
    }
    const struct held_lock locked = {actor->process, call->object, wanted};
    forget_held(all, &locked); /* not twice */
    *ARRAY_ADD(all->held, all->n_held) = locked;
    join(all, &actor->now, &all->lock_ends); /* a close and an end unlock as well */
}

static bool is_system_v(const struct call *call)
{
    size_t length = strlen(call->name);
    bool family = strncmp(call->name, "msg", 3) == 0 || strncmp(call->name, "sem", 3) == 0 ||
                  strncmp(call->name, "shm", 3) == 0;
    return family && call->object >= 0 && length > 3;
}

static void call_begins(struct analysis *all, struct actor *actor, int index)
{
    const struct call *call = &all->record->calls[index];

    if (strcmp(call->name, "signal") == 0) {
        if (call->args[1] != 0) /* without a handler the program does not know of it */
            signal_comes(all, actor, (int)call->result);
    } else if (call_is(call->name, "fork")) {
        release_to(all, &all->fork_clocks[index], actor);
    } else if (call_is(call->name, "kill")) {
        release_to(all, call->other >= 0 ? &all->kills[call->other] : &all->kills_of_anybody,
                   actor);
    } else if (call_is(call->name, "close") || call_is(call->name, "shutdown")) {
        join(all, &all->any_fd, &actor->now);
        if (holds_locks(all, actor->process))
            join(all, &all->lock_ends, &actor->now);
        release_to(all, &all->closes, actor);
    } else if (call_is(call->name, "connect")) {
        release_to(all, &all->sockets, actor);
    } else if (call_is(call->name, "open") && kind_of(all, call) == OBJECT_FIFO) {
        release_to(all, &channel(all, CHANNEL_OPEN, (uint64_t)call->object, 0)->base, actor);
    } else if (call_is(call->name, "mq_send")) {
        join(all, &all->any_fd, &actor->now);
        release_to(all, &channel(all, CHANNEL_POSIX, (uint64_t)call->object, 0)->base, actor);
    } else if (strcmp(call->name, "msgsnd") == 0 || strcmp(call->name, "msgrcv") == 0) {
        begin_message(all, actor, call);
    } else if (call_is(call->name, "semop")) {
        begin_semop(all, actor, call);
    } else if (is_system_v(call)) {
        begin_system_v(all, actor, call);
    } else {
        begin_fd(all, actor, call);
        begin_lock(all, actor, call);
    }
}

static void reap(struct analysis *all, struct actor *actor, const struct call *call)
{
    if (call->result < 0)
        return;
    if (call->other >= 0)
        join(all, &actor->now, &all->end_clocks[call->other]);
    else /* waitid(2) does not say whom in its result */
        join(all, &actor->now, &all->ends);
}

static void call_ends(struct analysis *all, struct actor *actor, int index)
{
    const struct call *call = &all->record->calls[index];

    if (call_is(call->name, "wait")) {
        reap(all, actor, call);
    } else if (call_is(call->name, "sigwait")) {
        signal_comes(all, actor, (int)call->result);
    } else if (call_is(call->name, "poll")) {
        join(all, &actor->now, &all->any_fd);
        join(all, &actor->now, &all->closes);
        join(all, &actor->now, &all->ends);
    } else if (call_is(call->name, "accept")) {
        join(all, &actor->now, &all->sockets);
    } else if (call_is(call->name, "open") && kind_of(all, call) == OBJECT_FIFO) {
        join(all, &actor->now, &channel(all, CHANNEL_OPEN, (uint64_t)call->object, 0)->base);
    } else if (call_is(call->name, "mq_receive")) {
        join(all, &actor->now, &channel(all, CHANNEL_POSIX, (uint64_t)call->object, 0)->base);
    } else if (strcmp(call->name, "msgsnd") == 0 || strcmp(call->name, "msgrcv") == 0) {
        end_message(all, actor, call);
    } else if (call_is(call->name, "semop")) {
        end_semop(all, actor, call);
    } else if (is_system_v(call)) {
        end_system_v(all, actor, call);
    } else {
        end_fd(all, actor, call);
        end_lock(all, actor, call);
    }
}

static void process_ends(struct analysis *all, int process)
{
    for (size_t i = 0; i < all->n_actors; i++) {
        struct actor *actor = &all->actors[i];
        if (actor->process != process || !actor->begun)
            continue;
        join(all, &all->end_clocks[process], &actor->now);
        next_step(all, actor);
    }
    join(all, &all->ends, &all->end_clocks[process]);
    if (all->undoes[process])
        join(all, &all->undo_ends, &all->end_clocks[process]);
    if (holds_locks(all, process))
        join(all, &all->lock_ends, &all->end_clocks[process]);
    join(all, &all->any_fd, &all->end_clocks[process]);
}

/* ---- All of it ------------------------------------------------------------------------------ */

static void happen(struct analysis *all, const struct event *event)
{
    const struct record *record = all->record;
    if (event->kind == EVENT_PROCESS_ENDS) {
        process_ends(all, event->index);
        return;
    }
    bool note = event->kind == EVENT_NOTE;
    int process = note ? record->notes[event->index].process : record->calls[event->index].process;
    pid_t tid = note ? record->notes[event->index].tid : record->calls[event->index].own_tid;
    struct actor *actor = actor_of(all, process, tid);
    begin(all, actor);
    if (event->access)
        look_at_access(all, actor, event->index);
    else if (note)
        do_deed(all, actor, &record->notes[event->index]);
    else if (event->kind == EVENT_BEGIN)
        call_begins(all, actor, event->index);
    else
        call_ends(all, actor, event->index);
}

static void free_clocks(struct clock *clocks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(clocks[i].steps);
    free(clocks);
}

static void clear(struct analysis *all)
{
    for (size_t i = 0; i < all->n_actors; i++) {
        free(all->actors[i].now.steps);
        free(all->actors[i].seen.steps);
        free(all->actors[i].fenced.steps);
    }
    for (size_t i = 0; i < all->n_channels; i++) {
        merge_puts(all, &all->channels[i]);
        free(all->channels[i].base.steps);
        free(all->channels[i].shared.steps);
        free(all->channels[i].puts);
    }
    free_clocks(all->fork_clocks, all->record->n_calls);
    free_clocks(all->end_clocks, all->record->n_processes);
    free_clocks(all->kills, all->record->n_processes);
    free(all->undo_ends.steps);
    free(all->lock_ends.steps);
    free(all->undoes);
    free(all->held);
    free(all->ends.steps);
    free(all->closes.steps);
    free(all->any_fd.steps);
    free(all->sockets.steps);
    free(all->kills_of_anybody.steps);
    free(all->actors);
    free(all->events);
    free(all->channels);
    free(all->buckets);
    free(all->shadows);
    free(all->shadow_buckets);
}

size_t races_find(const struct record *record, struct race_pair *pairs, size_t most)
{
    struct analysis all = {.record = record, .pairs = pairs, .most = most};

    if (!record->races_watched || record->n_notes == 0)
        return 0;
    collect_events(&all);
    all.fork_clocks = kit_alloc((record->n_calls + 1) * sizeof *all.fork_clocks);
    all.end_clocks = kit_alloc((record->n_processes + 1) * sizeof *all.end_clocks);
    all.undoes = kit_alloc((record->n_processes + 1) * sizeof *all.undoes);
    all.kills = kit_alloc((record->n_processes + 1) * sizeof *all.kills);
    all.buckets = kit_alloc(BUCKETS * sizeof *all.buckets);
    all.shadow_buckets = kit_alloc(SHADOW_BUCKETS * sizeof *all.shadow_buckets);
    for (size_t i = 0; i < all.n_events; i++)
        happen(&all, &all.events[i]);
    clear(&all);
    return all.n_pairs;
}

/* ---- In words ------------------------------------------------------------------------------- */

/* "writes `ring->head` at ring.c:18 in produce()"; where the name is not certain, the line itself
 * is shown: "writes at ring.c:18 in produce() (`*next(ring) = 1;`)". */
static char *side_words(const struct record *record, const struct race_note *note)
{
    const struct process *process = &record->processes[note->process];
    const struct race_site *site = note->site >= 0 ? &record->sites[note->site] : NULL;
    const char *does = note->kind == RACE_WRITE ? "writes" : "reads";
    const char *name = naming_of(record, note);

    if (site == NULL || site->place.file == NULL)
        return kit_format("process %d `%s` %s", process->number, process->name, does);
    const char *function = site->place.function;
    char *thing = name != NULL ? kit_format(" `%s`", name) : kit_strdup("");
    char *line =
        name == NULL && site->text != NULL ? kit_format(" (`%s`)", site->text) : kit_strdup("");
    char *words =
        kit_format("process %d `%s` %s%s at %s:%d%s%s%s%s", process->number, process->name, does,
                   thing, site->place.file, site->place.line, function != NULL ? " in " : "",
                   function != NULL ? function : "", function != NULL ? "()" : "", line);
    free(thing);
    free(line);
    return words;
}

static bool same_place(const struct record *record, const struct race_note *a,
                       const struct race_note *b)
{
    if (a->site < 0 || b->site < 0)
        return false;
    const struct place *one = &record->sites[a->site].place;
    const struct place *other = &record->sites[b->site].place;
    return one->file != NULL && other->file != NULL && one->line == other->line &&
           strcmp(one->file, other->file) == 0;
}

static void add_race(struct findings *findings, const struct record *record,
                     const struct race_pair *pair)
{
    const struct race_note *first = &record->notes[pair->first];
    const struct race_note *second = &record->notes[pair->second];
    struct finding *finding = findings_add(findings, FINDING_DATA_RACE);
    bool is_volatile = ((first->flags | second->flags) & RACE_VOLATILE) != 0;
    bool half_atomic = ((first->flags ^ second->flags) & RACE_ATOMIC) != 0;
    char *one = side_words(record, first), *other = side_words(record, second);
    uint64_t at = first->offset > second->offset ? first->offset : second->offset;

    finding->misconception =
        kit_strdup(same_place(record, first, second) ? "shm-unsynchronised-increment"
                                                     : "shm-needs-no-memory-order");
    finding->text = kit_format(
        "A data race in shared memory: %s, and %s, the same bytes (offset %llu of %s), and nothing "
        "orders the two: either may come first, or in the middle of the other. %s%sWhat would "
        "order "
        "them: one lock held around both (semop, sem_wait, a process-shared mutex), or something "
        "that the first gives after it is done and the second waits for before it begins.",
        one, other, (unsigned long long)at, record->memories[first->mapping].label,
        is_volatile ? "volatile does not help: it tells the compiler to make every access, and "
                      "says nothing to the other process. "
                    : "",
        half_atomic ? "One of them is atomic, the other is not: both have to be. " : "");
    finding_add_process(finding, record, first->process);
    finding_add_process(finding, record, second->process);
    if (second->site >= 0)
        finding->place = place_copy(&record->sites[second->site].place);
    free(one);
    free(other);
}

void judge_races(const struct record *record, struct findings *findings)
{
    enum { MOST_TOLD = 5 };
    struct race_pair pairs[MOST_TOLD];
    size_t count = races_find(record, pairs, MOST_TOLD);
    for (size_t i = 0; i < count; i++)
        add_race(findings, record, &pairs[i]);
}
