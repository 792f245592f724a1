/*
 * snapshot.c - the state of every thread of a run, from /proc. See snapshot.h.
 *
 * Theory of operation: first all living threads and all descriptors, because what a thread waits
 * for is said in terms of both; then the call of each sleeping thread (asleep.c); then the state of
 * the objects they wait for; last, in an open world, who else on this machine holds those objects.
 */
#define _GNU_SOURCE /* F_GETPIPE_SZ */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kit.h"
#include "scan.h"

/* ---- Stillness ---- */

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t digest_add(uint64_t digest, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ bytes[i]) * UINT64_C(1099511628211);
    return digest;
}

static bool is_dead(char state)
{
    return state == 'Z' || state == 'X';
}

static bool is_fork(long number)
{
#ifdef SYS_vfork
    if (number == SYS_vfork)
        return true;
#endif
    return number == SYS_clone || number == SYS_clone3;
}

/* 1: asleep, 0: it may move, -1: dead (the others of its process may live on). */
static int thread_stillness(const struct process *process, pid_t tid, uint64_t *digest)
{
    pid_t pid = process->host_pid;
    struct thread_status status;
    struct blocked_call call;

    if (!proc_thread_status(pid, tid, &status))
        return 0;
    if (is_dead(status.state))
        return -1;
    if (process->halted && (status.state == 't' || status.state == 'T')) {
        *digest = digest_add(*digest, &tid, sizeof tid);
        return 1;
    }
    if (status.state != 'S' && status.state != 'D')
        return 0;
    if (!proc_blocked_call(pid, tid, &call)) {
        if (errno != EACCES || status.state != 'S')
            return 0;
        call = (struct blocked_call){.number = -1}; /* another user's: it sleeps, who knows where */
    }
    if (status.state == 'D' && !is_fork(call.number))
        return 0;
    *digest = digest_add(*digest, &tid, sizeof tid);
    *digest = digest_add(*digest, &call.number, sizeof call.number);
    *digest = digest_add(*digest, call.args, sizeof call.args);
    *digest = digest_add(*digest, &status.switches, sizeof status.switches);
    return 1;
}

static bool process_is_still(const struct process *process, uint64_t *digest)
{
    int *tids;
    size_t count = proc_numbers(&tids, "/proc/%d/task", (int)process->host_pid), asleep = 0;
    bool still = true;

    for (size_t i = 0; still && i < count; i++) {
        int stillness = thread_stillness(process, tids[i], digest);
        still = stillness != 0;
        asleep += stillness == 1;
    }
    free(tids);
    return still && asleep > 0; /* all dead: its end is news that the record does not have yet */
}

int snapshot_stillness(const struct record *record, uint64_t *digest)
{
    size_t living = 0;

    *digest = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < record->n_processes; i++) {
        if (record->processes[i].ended_us >= 0)
            continue;
        living++;
        if (!process_is_still(&record->processes[i], digest))
            return 0;
    }
    return living > 0;
}

/* ---- What the IPC state holds ---- */

int scan_process(const struct scan *scan, pid_t pid)
{
    const struct record *record = scan->record;

    if (pid <= 0)
        return -1;
    for (size_t i = record->n_processes; i-- > 0;) {
        const struct process *process = &record->processes[i];
        if ((scan->own_namespace ? process->host_pid : process->pid) == pid)
            return (int)i;
    }
    return -2;
}

const struct ipc_queue *scan_queue(const struct scan *scan, int id)
{
    for (int i = 0; i < scan->ipc->n_queues; i++)
        if (scan->ipc->queues[i].id == id)
            return &scan->ipc->queues[i];
    return NULL;
}

const struct ipc_semaphores *scan_semaphores(const struct scan *scan, int id)
{
    for (int i = 0; i < scan->ipc->n_semaphores; i++)
        if (scan->ipc->semaphores[i].id == id)
            return &scan->ipc->semaphores[i];
    return NULL;
}

const struct ipc_segment *scan_segment(const struct scan *scan, int id)
{
    for (int i = 0; i < scan->ipc->n_segments; i++)
        if (scan->ipc->segments[i].id == id)
            return &scan->ipc->segments[i];
    return NULL;
}

const struct ipc_name *scan_name(const struct scan *scan, uint64_t dev, uint64_t ino)
{
    for (int i = 0; i < scan->ipc->n_names; i++)
        if (scan->ipc->names[i].dev == dev && scan->ipc->names[i].ino == ino)
            return &scan->ipc->names[i];
    return NULL;
}

const struct ipc_socket *scan_socket(const struct scan *scan, uint64_t ino)
{
    for (int i = 0; i < scan->ipc->n_sockets; i++)
        if (scan->ipc->sockets[i].ino == ino)
            return &scan->ipc->sockets[i];
    return NULL;
}

/* Accepted sockets carry their listener's name: the listener, or else the one without a peer. */
const struct ipc_socket *scan_socket_named(const struct scan *scan, const char *name)
{
    const struct ipc_socket *found = NULL;

    for (int i = 0; i < scan->ipc->n_sockets; i++) {
        const struct ipc_socket *at = &scan->ipc->sockets[i];
        if (strcmp(at->name, name) == 0 &&
            (at->listening || found == NULL || (found->peer_ino != 0 && at->peer_ino == 0)))
            found = at;
    }
    return found;
}

/* ---- Threads ---- */

static bool has_timer(pid_t pid)
{
    char text[8192];

    /* proc(5): four lines a POSIX timer; "notify: none/..." wakes nobody. */
    if (proc_read(text, sizeof text, "/proc/%d/timers", (int)pid) <= 0)
        return false;
    for (const char *at = proc_find(text, "notify:"); at != NULL; at = proc_find(at, "notify:"))
        if (strncmp(at, "none", 4) != 0)
            return true;
    return false;
}

/* Our own tracer is no debugger: it is a thread of this process, or of the one that started it. */
static bool is_debugged(pid_t tracer)
{
    char path[64];

    if (tracer == 0 || tracer == getppid())
        return false;
    snprintf(path, sizeof path, "/proc/self/task/%d", (int)tracer);
    return access(path, F_OK) == -1;
}

static void add_thread(struct scan *scan, int process, pid_t tid)
{
    struct record *record = scan->record;
    struct thread_status status;

    if (!proc_thread_status(record->processes[process].host_pid, tid, &status))
        status = (struct thread_status){.state = '?', .own_tid = tid};
    int index = record_add_thread(record);
    struct thread *thread = &record->threads[index];
    thread->process = process;
    thread->tid = tid;
    thread->state = status.state;
    if (!is_dead(status.state))
        *ARRAY_ADD(scan->threads, scan->n_threads) =
            (struct known_thread){.process = process, .tid = tid, .own_tid = status.own_tid};
}

static void add_threads(struct scan *scan, int process)
{
    int *tids;
    size_t count =
        proc_numbers(&tids, "/proc/%d/task", (int)scan->record->processes[process].host_pid);

    for (size_t i = 0; i < count; i++)
        add_thread(scan, process, tids[i]);
    free(tids);
}

/* A process that has ended and that its parent has not reaped: waiting for it succeeds at once. */
static void add_zombie(struct scan *scan, int process)
{
    const struct record *record = scan->record;
    const struct process *dead = &record->processes[process];
    int parent = dead->adopted_by >= 0 ? dead->adopted_by : dead->parent;
    char text[4096];

    if (dead->host_pid <= 0 || parent < 0 ||
        proc_read(text, sizeof text, "/proc/%d/status", (int)dead->host_pid) <= 0)
        return;
    const char *state = proc_find(text, "State:");
    pid_t parent_pid = (pid_t)proc_field(text, "PPid:", 10, 0);
    if (state != NULL && is_dead(*state) && parent_pid == record->processes[parent].host_pid)
        add_thread(scan, process, dead->host_pid); /* else the pid is somebody else's by now */
}

/* Stopped by a signal: only SIGCONT lets it go on, whatever it was about to do. A timer of the
 * program's may send that, too; an alarm sends SIGALRM. */
static void add_stopped(struct record *record, int thread)
{
    struct thread *at = &record->threads[thread];
    const struct process *process = &record->processes[at->process];

    at->asleep = at->understood = true;
    at->timed = has_timer(process->host_pid);
    thread_add_wait(at, WAIT_CONTINUE)->operation = process->stopped_by;
}

static void look_at_thread(struct scan *scan, int thread)
{
    struct record *record = scan->record;
    struct thread *at = &record->threads[thread];
    const struct process *process = &record->processes[at->process];
    struct thread_status status;

    if (is_dead(at->state) || !proc_thread_status(process->host_pid, at->tid, &status))
        return;
    at->state = status.state;
    if (status.state == 't' && process->halted && process->stopped_by != 0)
        add_stopped(record, thread);
    if (status.state != 'S' && status.state != 'D')
        return; /* runs, or is stopped */
    bool timed = process->alarm_pending || has_timer(process->host_pid) ||
                 is_debugged(status.tracer) || (status.pending & ~status.blocked) != 0;
    scan_sleeper(scan, thread, &status);
    at = &record->threads[thread];
    at->timed = at->timed || timed;
    if (status.state == 'D' && !(at->call != NULL && (strcmp(at->call, "vfork") == 0 ||
                                                      strncmp(at->call, "clone", 5) == 0)))
        at->asleep = false; /* the disk, which answers by itself */
}

/* ---- Objects ---- */

static void fill_queue(const struct scan *scan, struct object *object)
{
    const struct ipc_queue *queue = scan_queue(scan, object->id);

    if (queue == NULL)
        return;
    object->mode = queue->mode;
    object->owner = queue->uid;
    object->bytes = queue->bytes;
    object->messages = queue->messages;
    object->capacity = queue->limit;
    object->last_sender = scan_process(scan, queue->last_sender);
    object->last_receiver = scan_process(scan, queue->last_receiver);
    free(object->message_types);
    object->n_message_types = (size_t)queue->n_types;
    object->message_types = kit_alloc(object->n_message_types * sizeof *object->message_types);
    memcpy(object->message_types, queue->types,
           object->n_message_types * sizeof *object->message_types);
}

static void fill_semaphores(const struct scan *scan, struct object *object)
{
    const struct ipc_semaphores *set = scan_semaphores(scan, object->id);

    if (set == NULL)
        return;
    object->mode = set->mode;
    object->owner = set->uid;
    free(object->semaphores);
    object->n_semaphores = (size_t)set->count;
    object->semaphores = kit_alloc(object->n_semaphores * sizeof *object->semaphores);
    for (int i = 0; i < set->count; i++)
        object->semaphores[i] =
            (struct semaphore_state){.value = set->value[i],
                                     .waiting_up = set->waiting_up[i],
                                     .waiting_zero = set->waiting_zero[i],
                                     .last_process = scan_process(scan, set->last_pid[i])};
}

static void fill_segment(const struct scan *scan, struct object *object)
{
    const struct ipc_segment *segment = scan_segment(scan, object->id);

    if (segment == NULL)
        return;
    object->mode = segment->mode;
    object->owner = segment->uid;
    object->bytes = segment->size;
    object->attached = segment->attached;
    object->unlinked = segment->removed;
}

static void fill_posix_queue(const struct scan *scan, struct object *object)
{
    const struct ipc_name *name = scan_name(scan, object->dev, object->ino);

    if (name == NULL)
        return;
    object->mode = name->mode & 0777;
    object->owner = name->uid;
    object->bytes = name->size;
    object->messages = name->messages;
}

static void (*const fill[OBJECT_KINDS])(const struct scan *, struct object *) = {
    [OBJECT_QUEUE] = fill_queue,
    [OBJECT_SEMAPHORES] = fill_semaphores,
    [OBJECT_SEGMENT] = fill_segment,
    [OBJECT_POSIX_QUEUE] = fill_posix_queue,
};

/* In a cell of its own, every object belongs to the run, also those that no thread waits for. */
static void add_cell_objects(struct scan *scan)
{
    const struct ipc_state *ipc = scan->ipc;

    for (int i = 0; i < ipc->n_queues; i++)
        record_object_by_id(scan->record, OBJECT_QUEUE, ipc->queues[i].id, ipc->queues[i].key);
    for (int i = 0; i < ipc->n_semaphores; i++)
        record_object_by_id(scan->record, OBJECT_SEMAPHORES, ipc->semaphores[i].id,
                            ipc->semaphores[i].key);
    for (int i = 0; i < ipc->n_segments; i++)
        record_object_by_id(scan->record, OBJECT_SEGMENT, ipc->segments[i].id,
                            ipc->segments[i].key);
}

static int holder_of(const struct record *record, int object)
{
    for (size_t i = 0; i < record->n_descriptors; i++)
        if (record->descriptors[i].object == object)
            return (int)i;
    return -1;
}

/* How full it is, through a borrowed descriptor. Only for words: a failure is of no consequence. */
static void measure(struct record *record, int object)
{
    struct object *at = &record->objects[object];
    int index = holder_of(record, object), waiting;
    struct mq_attr attributes;

    if (index < 0)
        return;
    const struct descriptor *holder = &record->descriptors[index];
    int copy = proc_borrow(record->processes[holder->process].host_pid, holder->fd);
    if (copy == -1)
        return;
    if (at->kind == OBJECT_POSIX_QUEUE && mq_getattr(copy, &attributes) == 0) {
        at->messages = attributes.mq_curmsgs;
        at->capacity = attributes.mq_maxmsg;
    } else if (ioctl(copy, FIONREAD, &waiting) == 0)
        at->bytes = waiting;
    if (at->kind == OBJECT_PIPE || at->kind == OBJECT_FIFO)
        at->capacity = fcntl(copy, F_GETPIPE_SZ);
    close(copy);
}

static bool is_measurable(enum object_kind kind)
{
    return kind == OBJECT_PIPE || kind == OBJECT_FIFO || kind == OBJECT_SOCKET ||
           kind == OBJECT_POSIX_QUEUE;
}

static void fill_objects(struct scan *scan)
{
    struct record *record = scan->record;

    if (record->own_objects)
        add_cell_objects(scan);
    for (size_t i = 0; i < record->n_objects; i++)
        if (fill[record->objects[i].kind] != NULL)
            fill[record->objects[i].kind](scan, &record->objects[i]);
    for (size_t i = 0; i < record->n_threads; i++)
        for (size_t k = 0; k < record->threads[i].n_waits; k++) {
            int object = record->threads[i].waits[k].object;
            if (object >= 0 && is_measurable(record->objects[object].kind))
                measure(record, object);
        }
}

/* ---- Outsiders: only in an open world ---- */

/* The objects that somebody waits for and that another process may hold. */
static bool *wanted_objects(const struct record *record)
{
    bool *wanted = kit_alloc(record->n_objects * sizeof *wanted);

    for (size_t i = 0; i < record->n_threads; i++)
        for (size_t k = 0; k < record->threads[i].n_waits; k++) {
            int object = record->threads[i].waits[k].object;
            if (object >= 0)
                wanted[object] = true;
        }
    return wanted;
}

static bool is_object(const struct record *record, const struct object *object,
                      const struct stat *status)
{
    bool by_inode = object->kind == OBJECT_PIPE || object->kind == OBJECT_SOCKET;
    mode_t type = object->kind == OBJECT_SOCKET ? S_IFSOCK : S_IFIFO;

    if (by_inode && (status->st_mode & S_IFMT) == type)
        return status->st_ino == object->ino ||
               (object->peer >= 0 && status->st_ino == record->objects[object->peer].ino);
    return !by_inode && object->dev == status->st_dev && object->ino == status->st_ino;
}

static void mark_held(struct record *record, const bool *wanted, const struct stat *status,
                      unsigned access_mode)
{
    for (size_t i = 0; i < record->n_objects; i++) {
        struct object *object = &record->objects[i];
        if (!wanted[i] || !is_object(record, object, status))
            continue;
        object->outside_reads = object->outside_reads || access_mode != O_WRONLY;
        object->outside_writes = object->outside_writes || access_mode != O_RDONLY;
    }
}

static void mark_outsider(struct record *record, const bool *wanted, pid_t pid)
{
    int *fds;
    size_t count = proc_numbers(&fds, "/proc/%d/fd", (int)pid);

    for (size_t i = 0; i < count; i++) {
        char path[64], info[4096];
        struct stat status;
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fds[i]);
        if (stat(path, &status) == -1 ||
            proc_read(info, sizeof info, "/proc/%d/fdinfo/%d", (int)pid, fds[i]) < 0)
            continue;
        mark_held(record, wanted, &status, (unsigned)proc_field(info, "flags:", 8, 0) & O_ACCMODE);
    }
    free(fds);
}

static void mark_outsiders(struct scan *scan)
{
    bool *wanted = wanted_objects(scan->record);
    int *pids;
    size_t count = proc_numbers(&pids, "/proc");

    for (size_t i = 0; i < count; i++)
        if (record_find_host_pid(scan->record, pids[i]) < 0)
            mark_outsider(scan->record, wanted, pids[i]);
    free(pids);
    free(wanted);
}

/* Sockets of other families, and connections that nobody has accepted yet: the other end may be
 * anybody's. */
static void mark_unknown_peers(struct record *record)
{
    for (size_t i = 0; i < record->n_objects; i++) {
        struct object *object = &record->objects[i];
        if (object->kind == OBJECT_SOCKET && !object->listening && object->peer < 0 &&
            object->path == NULL)
            object->outside_reads = object->outside_writes = true;
    }
}

/* ---- The whole ---- */

static void take(struct scan *scan)
{
    struct record *record = scan->record;

    for (size_t i = 0; i < record->n_processes; i++)
        if (record->processes[i].ended_us < 0) {
            add_threads(scan, (int)i);
            scan_descriptors(scan, (int)i);
        } else
            add_zombie(scan, (int)i);
    for (size_t i = 0; i < record->n_threads; i++)
        look_at_thread(scan, (int)i);
    fill_objects(scan);
    if (!record->closed_world) {
        mark_outsiders(scan);
        mark_unknown_peers(record);
    }
}

void snapshot_take(struct record *record, const struct ipc_state *ipc, int64_t now_us)
{
    struct ipc_state *own = NULL;
    struct scan scan = {.record = record, .ipc = ipc, .own_namespace = ipc == NULL};

    if (ipc == NULL) {
        own = kit_alloc(sizeof *own);
        ipc_state_read(own);
        scan.ipc = own;
    }
    record_clear_snapshot(record);
    take(&scan);
    record->snapshot_us = now_us;
    free(scan.opened);
    free(scan.locks);
    free(scan.threads);
    free(own);
}
