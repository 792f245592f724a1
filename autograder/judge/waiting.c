/*
 * waiting.c - can anybody of the run ever move again? See judge.h.
 *
 * Theory of operation: the greatest fixed point. At first every thread that sleeps without a time
 * limit in a call that we understand counts as stuck. Then each one that somebody could wake who is
 * not stuck himself (or who is outside the run) is taken out, until nothing changes. Of the things
 * one thread waits for (poll) any single one is enough. What remains can wake only itself: it never
 * will.
 *
 * In an open world (`trace` of any program) strangers can reach what has a name: a queue with a
 * key, a FIFO, a bound socket. There a waiting server is no hang. Such an object counts as the
 * run's own only when the record shows that the partner is inside.
 */
#include "waiting.h"

#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "judge.h"

enum { OUTSIDE = -2 }; /* object.last_sender, last_receiver */

static bool is_dead_state(char state)
{
    return state == 'Z' || state == 'X';
}

/* At the last snapshot: a process that the kit ended afterwards still lived then. */
bool is_living(const struct record *record, int process)
{
    const struct process *of = process >= 0 ? &record->processes[process] : NULL;
    return of != NULL && (of->ended_us < 0 || of->killed_by_kit);
}

int parent_of(const struct record *record, int process)
{
    const struct process *of = &record->processes[process];
    return of->adopted_by >= 0 ? of->adopted_by : of->parent;
}

int count_threads(const struct record *record, int process)
{
    int count = 0;
    for (size_t i = 0; i < record->n_threads; i++)
        count += record->threads[i].process == process && !is_dead_state(record->threads[i].state);
    return count;
}

bool holds_end(const struct record *record, int process, int object, bool writing)
{
    for (size_t i = 0; i < record->n_descriptors; i++) {
        const struct descriptor *at = &record->descriptors[i];
        if (at->process == process && at->object == object && (writing ? at->writes : at->reads))
            return true;
    }
    return false;
}

static bool holds(const struct record *record, int process, int object)
{
    return holds_end(record, process, object, true) || holds_end(record, process, object, false);
}

/* ---- Who could do it: sets of processes ---- */

static void add_everybody(const struct graph *graph, bool *wakers)
{
    for (size_t i = 0; i < graph->record->n_processes; i++)
        if (is_living(graph->record, (int)i))
            wakers[i] = true;
}

/* Returns whether there is any. */
static bool add_holders(const struct graph *graph, int object, bool writing, bool *wakers)
{
    bool any = false;

    for (size_t i = 0; i < graph->record->n_processes; i++)
        if (is_living(graph->record, (int)i) && holds_end(graph->record, (int)i, object, writing)) {
            wakers[i] = true;
            any = true;
        }
    return any;
}

/* ---- Evidence in an open world ---- */

static bool has_name(const struct object *object)
{
    return !object->unlinked && (object->path != NULL || object->key != 0);
}

static bool waits_on(const struct record *record, int process, int object)
{
    for (size_t i = 0; i < record->n_threads; i++)
        for (size_t k = 0; record->threads[i].process == process && k < record->threads[i].n_waits;
             k++)
            if (record->threads[i].waits[k].object == object)
                return true;
    return false;
}

static bool called_on(const struct record *record, int process, int object, const char *name)
{
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (call->process == process && call->object == object && call->result >= 0 &&
            (name == NULL || strcmp(call->name, name) == 0))
            return true;
    }
    return false;
}

/* Does a living process of the run, other than the one that waits, use the object? */
static bool used_by_another(const struct record *record, int me, int object)
{
    for (size_t i = 0; i < record->n_processes; i++)
        if ((int)i != me && is_living(record, (int)i) &&
            (waits_on(record, (int)i, object) || holds(record, (int)i, object) ||
             called_on(record, (int)i, object, NULL)))
            return true;
    return false;
}

static size_t count_calls(const struct record *record, int object, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < record->n_calls; i++)
        count += record->calls[i].object == object && record->calls[i].result >= 0 &&
                 record->calls[i].end_us >= 0 && strcmp(record->calls[i].name, name) == 0;
    return count;
}

/* The partner is a stranger when a stranger used the queue last, or more came out than we put in.
 */
static bool queue_partner_is_outside(const struct record *record, int me, int object)
{
    const struct object *queue = &record->objects[object];

    if (queue->last_sender == OUTSIDE || queue->last_receiver == OUTSIDE ||
        count_calls(record, object, "msgrcv") > count_calls(record, object, "msgsnd"))
        return true;
    return !used_by_another(record, me, object) && !called_on(record, me, object, "msgsnd");
}

static bool semaphore_partner_is_outside(const struct record *record, int me,
                                         const struct wait *wait)
{
    const struct object *set = &record->objects[wait->object];
    size_t index = (size_t)wait->semaphore;

    if (index < set->n_semaphores) {
        int last = set->semaphores[index].last_process;
        if (last >= 0 && last != me && is_living(record, last))
            return false;
    }
    return !used_by_another(record, me, wait->object);
}

/* Did this process, or an ancestor before the fork, name the FIFO in a call while it ran the same
 * program as now? */
static bool has_named(const struct record *record, int process, int object)
{
    int64_t limit = INT64_MAX;

    while (process >= 0) {
        for (size_t i = record->n_calls; i-- > 0;) {
            const struct call *call = &record->calls[i];
            if (call->process != process || call->start_us > limit)
                continue;
            if (strncmp(call->name, "execve", 6) == 0 && call->result >= 0 && call->end_us >= 0)
                return false;
            if (call->object == object && call->end_us >= 0)
                return true;
        }
        limit = record->processes[process].started_us;
        process = record->processes[process].parent;
    }
    return false;
}

static bool fifo_partner_is_outside(const struct record *record, int me, int object)
{
    for (size_t i = 0; i < record->n_processes; i++)
        if ((int)i != me && is_living(record, (int)i) && has_named(record, (int)i, object))
            return false;
    return true;
}

static bool signaller_is_outside(const struct record *record, int me)
{
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (call->other == me && call->process != me && is_living(record, call->process) &&
            (strstr(call->name, "kill") != NULL || strstr(call->name, "sigqueueinfo") != NULL))
            return false;
    }
    return true;
}

/* ---- One function a kind of wait ---- */

static bool another_holds(const struct record *record, int me, int object, bool writing)
{
    for (size_t i = 0; i < record->n_processes; i++)
        if ((int)i != me && is_living(record, (int)i) && holds_end(record, (int)i, object, writing))
            return true;
    return false;
}

static enum source pipe_source(const struct graph *graph, int me, int object, bool wants_writer,
                               bool *wakers)
{
    const struct record *record = graph->record;
    const struct object *pipe = &record->objects[object];
    bool named = pipe->kind == OBJECT_FIFO && !pipe->unlinked;

    if (!add_holders(graph, object, wants_writer, wakers))
        return AT_ONCE; /* end of file, or EPIPE */
    if (!named)
        return FROM_RUN;
    if (!record->closed_world && !another_holds(record, me, object, wants_writer))
        return FROM_OUTSIDE;      /* a FIFO server that keeps its own other end open */
    add_everybody(graph, wakers); /* whoever moves could open it */
    return FROM_RUN;
}

static enum source socket_source(const struct graph *graph, int object, bool *wakers)
{
    const struct record *record = graph->record;
    const struct object *socket = &record->objects[object];

    if (socket->peer < 0) { /* datagrams: whoever knows the name; or not accepted yet */
        add_everybody(graph, wakers);
        return !record->closed_world && has_name(socket) ? FROM_OUTSIDE : FROM_RUN;
    }
    bool reachable = add_holders(graph, socket->peer, true, wakers);
    add_holders(graph, object, true, wakers); /* they could shut it down */
    return reachable ? FROM_RUN : AT_ONCE;
}

static enum source transfer_source(const struct graph *graph, const struct thread *thread,
                                   const struct wait *wait, bool *wakers)
{
    const struct object *object = &graph->record->objects[wait->object];
    bool reading = wait->kind == WAIT_READ;

    if (reading ? object->outside_writes : object->outside_reads)
        return FROM_OUTSIDE;
    switch (object->kind) {
    case OBJECT_PIPE:
    case OBJECT_FIFO:
        return pipe_source(graph, thread->process, wait->object, reading, wakers);
    case OBJECT_SOCKET:
        return socket_source(graph, wait->object, wakers);
    case OBJECT_OTHER: /* eventfd, timerfd: whoever holds it */
        add_holders(graph, wait->object, true, wakers);
        add_holders(graph, wait->object, false, wakers);
        return FROM_RUN;
    default:
        return FROM_OUTSIDE;
    }
}

static enum source open_source(const struct graph *graph, const struct thread *thread,
                               const struct wait *wait, bool *wakers)
{
    const struct record *record = graph->record;
    const struct object *fifo = &record->objects[wait->object];

    if (wait->wants_writer ? fifo->outside_writes : fifo->outside_reads)
        return FROM_OUTSIDE;
    if (add_holders(graph, wait->object, wait->wants_writer, wakers))
        return AT_ONCE;
    add_everybody(graph, wakers);
    return !record->closed_world && fifo_partner_is_outside(record, thread->process, wait->object)
               ? FROM_OUTSIDE
               : FROM_RUN;
}

/* Queues, System V and POSIX, both directions. */
static enum source queue_source(const struct graph *graph, const struct thread *thread,
                                const struct wait *wait, bool *wakers)
{
    const struct record *record = graph->record;
    const struct object *queue = &record->objects[wait->object];
    int me = thread->process;

    if (queue->outside_reads || queue->outside_writes)
        return FROM_OUTSIDE;
    if (queue->kind == OBJECT_SOCKET) { /* room at the socket it sends to */
        bool reachable = add_holders(graph, wait->object, false, wakers);
        return reachable ? FROM_RUN : AT_ONCE;
    }
    add_everybody(graph, wakers);
    if (record->closed_world || !has_name(queue))
        return FROM_RUN;
    bool outside = queue->kind == OBJECT_QUEUE ? queue_partner_is_outside(record, me, wait->object)
                                               : !used_by_another(record, me, wait->object);
    return outside ? FROM_OUTSIDE : FROM_RUN;
}

static enum source semaphore_source(const struct graph *graph, const struct thread *thread,
                                    const struct wait *wait, bool *wakers)
{
    const struct record *record = graph->record;
    const struct object *set = &record->objects[wait->object];

    if (set->outside_reads || set->outside_writes)
        return FROM_OUTSIDE;
    add_everybody(graph, wakers);
    return !record->closed_world && has_name(set) &&
                   semaphore_partner_is_outside(record, thread->process, wait)
               ? FROM_OUTSIDE
               : FROM_RUN;
}

static enum source futex_source(const struct graph *graph, const struct thread *thread,
                                const struct wait *wait, bool *wakers)
{
    const struct record *record = graph->record;
    const struct object *lock = &record->objects[wait->object];
    bool private = lock->kind == OBJECT_FUTEX && lock->dev == 0;

    if (lock->outside_writes)
        return FROM_OUTSIDE;
    if (wait->holder_died)
        return FROM_RUN; /* of nobody: only the owner unlocks */
    if (private || wait->process >= 0)
        wakers[wait->process >= 0 ? wait->process : thread->process] = true;
    else
        add_everybody(graph, wakers);
    if (record->closed_world || private || !has_name(lock) || lock->attached > 1 ||
        (wait->process >= 0 && wait->process != thread->process))
        return FROM_RUN;
    return used_by_another(record, thread->process, wait->object) ? FROM_RUN : FROM_OUTSIDE;
}

static enum source child_source(const struct graph *graph, const struct thread *thread,
                                const struct wait *wait, bool *wakers)
{
    const struct record *record = graph->record;
    bool any = false;

    if (wait->process >= 0) {
        wakers[wait->process] = true;
        return is_living(record, wait->process) ? FROM_RUN : AT_ONCE;
    }
    for (size_t i = 0; i < record->n_processes; i++) {
        if (parent_of(record, (int)i) != thread->process)
            continue;
        if (graph->zombie[i])
            return AT_ONCE;
        if (is_living(record, (int)i))
            wakers[i] = any = true;
    }
    return any ? FROM_RUN : AT_ONCE; /* no child at all: ECHILD */
}

static enum source lock_source(const struct graph *graph, const struct thread *thread,
                               const struct wait *wait, bool *wakers)
{
    (void)thread;
    if (wait->process < 0)
        return FROM_OUTSIDE; /* not known, or let go just now */
    wakers[wait->process] = true;
    return is_living(graph->record, wait->process) ? FROM_RUN : AT_ONCE;
}

static enum source connection_source(const struct graph *graph, const struct thread *thread,
                                     const struct wait *wait, bool *wakers)
{
    const struct record *record = graph->record;
    const struct object *socket = &record->objects[wait->object];

    if (socket->outside_reads || socket->outside_writes)
        return FROM_OUTSIDE;
    if (thread->call != NULL && strcmp(thread->call, "connect") == 0)
        return add_holders(graph, wait->object, false, wakers) ? FROM_RUN : AT_ONCE;
    add_everybody(graph, wakers);
    return !record->closed_world && has_name(socket) ? FROM_OUTSIDE : FROM_RUN;
}

static enum source signal_source(const struct graph *graph, const struct thread *thread,
                                 const struct wait *wait, bool *wakers)
{
    (void)wait;
    add_everybody(graph, wakers);
    return !graph->record->closed_world && signaller_is_outside(graph->record, thread->process)
               ? FROM_OUTSIDE
               : FROM_RUN;
}

/* SIGCONT, from anybody of the run; a driver of the kit's may have stopped itself by agreement. */
static enum source continue_source(const struct graph *graph, const struct thread *thread,
                                   const struct wait *wait, bool *wakers)
{
    (void)thread;
    (void)wait;
    add_everybody(graph, wakers);
    return graph->record->closed_world && graph->record->kit_file == NULL ? FROM_RUN : FROM_OUTSIDE;
}

static enum source (*const sources[WAIT_KINDS])(const struct graph *, const struct thread *,
                                                const struct wait *, bool *) = {
    [WAIT_READ] = transfer_source, [WAIT_WRITE] = transfer_source,
    [WAIT_OPEN] = open_source,     [WAIT_MESSAGE] = queue_source,
    [WAIT_ROOM] = queue_source,    [WAIT_SEMAPHORE] = semaphore_source,
    [WAIT_FUTEX] = futex_source,   [WAIT_CHILD] = child_source,
    [WAIT_LOCK] = lock_source,     [WAIT_CONNECTION] = connection_source,
    [WAIT_SIGNAL] = signal_source, [WAIT_CONTINUE] = continue_source,
};

enum source wait_source(const struct graph *graph, const struct thread *thread,
                        const struct wait *wait, bool *wakers)
{
    bool objectless =
        wait->kind == WAIT_CHILD || wait->kind == WAIT_SIGNAL || wait->kind == WAIT_CONTINUE;

    if ((unsigned)wait->kind >= WAIT_KINDS || (wait->object < 0 && !objectless))
        return FROM_OUTSIDE;
    return sources[wait->kind](graph, thread, wait, wakers);
}

/* ---- The fixed point ---- */

static bool may_be_met(const struct graph *graph, const struct thread *thread,
                       const struct wait *wait)
{
    bool *wakers = kit_alloc(graph->record->n_processes * sizeof *wakers);
    bool met = wait_source(graph, thread, wait, wakers) != FROM_RUN;

    for (size_t i = 0; i < graph->record->n_processes; i++)
        met = met || (wakers[i] && graph->moves[i]);
    free(wakers);
    return met;
}

static bool can_move(const struct graph *graph, const struct thread *thread)
{
    for (size_t i = 0; i < thread->n_waits; i++)
        if (may_be_met(graph, thread, &thread->waits[i]))
            return true;
    return thread->n_waits == 0; /* nothing stands in its way any more */
}

static void find_movers(const struct graph *graph)
{
    const struct record *record = graph->record;

    for (size_t i = 0; i < record->n_processes;
         i++) /* one that could not be read may do anything */
        graph->moves[i] = is_living(record, (int)i);
    for (size_t i = 0; i < record->n_threads; i++)
        graph->moves[record->threads[i].process] = false;
    for (size_t i = 0; i < record->n_threads; i++)
        if (!graph->stuck[i] && !is_dead_state(record->threads[i].state))
            graph->moves[record->threads[i].process] = true;
}

static void find_zombies(const struct graph *graph)
{
    const struct record *record = graph->record;

    for (size_t i = 0; i < record->n_threads; i++)
        if (is_dead_state(record->threads[i].state) &&
            count_threads(record, record->threads[i].process) == 0)
            graph->zombie[record->threads[i].process] = true;
}

static struct graph build_graph(const struct record *record)
{
    struct graph graph = {.record = record,
                          .stuck = kit_alloc(record->n_threads * sizeof(bool)),
                          .moves = kit_alloc(record->n_processes * sizeof(bool)),
                          .zombie = kit_alloc(record->n_processes * sizeof(bool))};
    bool changed;

    find_zombies(&graph);
    for (size_t i = 0; i < record->n_threads; i++) {
        const struct thread *thread = &record->threads[i];
        graph.stuck[i] =
            thread->asleep && !thread->timed && thread->understood && !is_dead_state(thread->state);
    }
    do {
        changed = false;
        find_movers(&graph);
        for (size_t i = 0; i < record->n_threads; i++)
            if (graph.stuck[i] && can_move(&graph, &record->threads[i])) {
                graph.stuck[i] = false;
                changed = true;
            }
    } while (changed);
    return graph;
}

static void free_graph(struct graph *graph)
{
    free(graph->stuck);
    free(graph->moves);
    free(graph->zombie);
}

/* ---- What is said of it ---- */

const struct thread *stuck_thread(const struct graph *graph, int process)
{
    for (size_t i = 0; i < graph->record->n_threads; i++)
        if (graph->stuck[i] && graph->record->threads[i].process == process)
            return &graph->record->threads[i];
    return NULL;
}

const struct wait *stuck_wait(const struct graph *graph, int process, enum wait_kind kind)
{
    for (size_t i = 0; i < graph->record->n_threads; i++) {
        const struct thread *thread = &graph->record->threads[i];
        for (size_t k = 0; graph->stuck[i] && thread->process == process && k < thread->n_waits;
             k++)
            if (thread->waits[k].kind == kind)
                return &thread->waits[k];
    }
    return NULL;
}

size_t stuck_processes(const struct graph *graph, int **processes)
{
    size_t count = 0;

    *processes = NULL;
    for (int parents = 0; parents < 2; parents++)
        for (size_t i = 0; i < graph->record->n_processes; i++)
            if (stuck_thread(graph, (int)i) != NULL &&
                (stuck_wait(graph, (int)i, WAIT_CHILD) != NULL) == (parents == 1))
                *ARRAY_ADD(*processes, count) = (int)i;
    return count;
}

/* The numbers of the processes that could wake it; itself only if there is nobody else. */
static void add_wakers(const struct graph *graph, int process, struct finding_process *told)
{
    const struct record *record = graph->record;
    bool *wakers = kit_alloc(record->n_processes * sizeof *wakers);

    for (size_t i = 0; i < record->n_threads; i++)
        for (size_t k = 0; graph->stuck[i] && record->threads[i].process == process &&
                           k < record->threads[i].n_waits;
             k++)
            wait_source(graph, &record->threads[i], &record->threads[i].waits[k], wakers);
    bool self = wakers[process];
    wakers[process] = false;
    for (size_t i = 0; i < record->n_processes; i++)
        if (wakers[i])
            *ARRAY_ADD(told->waits_for, told->n_waits_for) = record->processes[i].number;
    if (self && told->n_waits_for == 0)
        *ARRAY_ADD(told->waits_for, told->n_waits_for) = record->processes[process].number;
    free(wakers);
}

static void tell_hang(const struct graph *graph, bool whole, struct findings *findings)
{
    const struct record *record = graph->record;
    struct finding *finding = findings_add(findings, FINDING_HANG);
    int *processes, guilty = -1;
    size_t count = stuck_processes(graph, &processes);

    for (size_t i = 0; i < count; i++)
        add_wakers(graph, processes[i], finding_add_process(finding, record, processes[i]));
    free(processes);
    const char *shape = graph_shape(graph, &guilty);
    if (shape != NULL)
        finding->misconception = kit_strdup(shape);
    finding->text = graph_story(graph, whole);
    int maker = guilty >= 0 ? record->descriptors[guilty].made_by : -1;
    if (maker >= 0 && record->calls[maker].place.file != NULL)
        finding->place = place_copy(&record->calls[maker].place);
    for (size_t i = 0; finding->place.file == NULL && i < finding->n_processes; i++)
        finding->place = place_copy(&finding->processes[i].place);
}

bool judge_hang(const struct record *record, struct findings *findings)
{
    struct graph graph = build_graph(record);
    bool hung = false, moving = false;

    for (size_t i = 0; i < record->n_threads; i++)
        hung = hung || graph.stuck[i];
    for (size_t i = 0; i < record->n_processes; i++)
        moving = moving || graph.moves[i];
    hung = hung && !moving;
    if (hung && findings != NULL)
        tell_hang(&graph, true, findings);
    free_graph(&graph);
    return hung;
}

int judge_guilty(const struct record *record)
{
    struct graph graph = build_graph(record);
    int guilty;

    graph_shape(&graph, &guilty);
    free_graph(&graph);
    return guilty;
}

bool judge_stuck_part(const struct record *record, struct findings *findings)
{
    struct graph graph = build_graph(record);
    bool stuck = false, moving = false;

    for (size_t i = 0; i < record->n_threads; i++)
        stuck = stuck || graph.stuck[i];
    for (size_t i = 0; i < record->n_processes; i++)
        moving = moving || graph.moves[i];
    if (stuck && findings != NULL)
        tell_hang(&graph, !moving, findings);
    free_graph(&graph);
    return stuck;
}
