/*
 * world.c - the state of a run between two of its events: see picture_parts.h.
 *
 * Each event changes what its system call is defined to change: descriptors by fork(2), dup(2),
 * close(2) and execve(2), contents by what was moved.  What cannot be known becomes -1 and stays so
 * until somebody looks.
 *
 * _GNU_SOURCE: F_DUPFD_CLOEXEC, CLOSE_RANGE_CLOEXEC, SETALL.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../run/calls.h"
#include "../run/kit.h"
#include "picture_parts.h"

struct world *world_new(const struct record *record)
{
    struct world *world = kit_alloc(sizeof *world);

    world->record = record;
    world->processes = kit_alloc((record->n_processes + 1) * sizeof *world->processes);
    world->objects = kit_alloc((record->n_objects + 1) * sizeof *world->objects);
    for (size_t i = 0; i < record->n_processes; i++) {
        world->processes[i].name = record->processes[i].name;
        world->processes[i].waits_object = world->processes[i].waits_process = -1;
    }
    for (size_t i = 0; i < record->n_objects; i++) {
        struct object_now *now = &world->objects[i];
        now->exists = record->objects[i].made_by < 0;
        now->bytes = now->capacity = now->size = now->n_messages = -1;
        now->attached = record->objects[i].kind == OBJECT_SEGMENT ? 0 : -1;
    }
    return world;
}

void world_free(struct world *world)
{
    if (world == NULL)
        return;
    for (size_t i = 0; i < world->record->n_processes; i++)
        free(world->processes[i].ends);
    for (size_t i = 0; i < world->record->n_objects; i++) {
        free(world->objects[i].messages);
        free(world->objects[i].values);
    }
    free(world->processes);
    free(world->objects);
    free(world->attachments);
    free(world->undos);
    free(world);
}

/* ---- Descriptors ---------------------------------------------------------------------------- */

struct end *world_end(const struct world *world, int process, int fd)
{
    if (process < 0)
        return NULL;
    struct process_now *now = &world->processes[process];
    for (size_t i = 0; i < now->n_ends; i++)
        if (now->ends[i].fd == fd)
            return &now->ends[i];
    return NULL;
}

static void close_end(struct process_now *now, size_t at)
{
    memmove(&now->ends[at], &now->ends[at + 1], (now->n_ends - at - 1) * sizeof *now->ends);
    now->n_ends--;
}

static void close_fds(struct process_now *now, uint64_t first, uint64_t last)
{
    for (size_t i = now->n_ends; i-- > 0;)
        if ((uint64_t)now->ends[i].fd >= first && (uint64_t)now->ends[i].fd <= last)
            close_end(now, i);
}

/* Puts an end in its place by number, over one that may be there. */
static struct end *open_end(struct process_now *now, struct end end)
{
    size_t at = 0;

    close_fds(now, (uint64_t)end.fd, (uint64_t)end.fd);
    ARRAY_ADD(now->ends, now->n_ends);
    while (at + 1 < now->n_ends && now->ends[at].fd < end.fd)
        at++;
    memmove(&now->ends[at + 1], &now->ends[at], (now->n_ends - 1 - at) * sizeof *now->ends);
    now->ends[at] = end;
    return &now->ends[at];
}

static struct end new_end(int fd, int object, int access, int call)
{
    return (struct end){.fd = fd,
                        .object = object,
                        .reads = access == O_RDONLY || access == O_RDWR,
                        .writes = access == O_WRONLY || access == O_RDWR,
                        .made_by = call};
}

static void make_pair(struct world *world, const struct call *call, int index)
{
    struct process_now *now = &world->processes[call->process];
    bool sockets = strcmp(call->name, "socketpair") == 0;
    int second = call->object;
    bool on_exec = sockets ? (call->args[1] & SOCK_CLOEXEC) != 0
                           : strcmp(call->name, "pipe2") == 0 && (call->args[1] & O_CLOEXEC) != 0;

    if (sockets && call->object >= 0)
        second = world->record->objects[call->object].peer;
    struct end ends[2] = {
        new_end(call->fds[0], call->object, sockets ? O_RDWR : O_RDONLY, index),
        new_end(call->fds[1], second, sockets ? O_RDWR : O_WRONLY, index),
    };
    for (int i = 0; i < 2; i++) {
        ends[i].close_on_exec = on_exec;
        open_end(now, ends[i]);
    }
}

/* open, mq_open, socket, accept. */
static void make_fd(struct world *world, const struct call *call, int index)
{
    const bool mq = strcmp(call->name, "mq_open") == 0;
    const bool file = call_is(call->name, "open");
    uint64_t flags = strcmp(call->name, "openat") == 0 ? call->args[2] : call->args[1];
    struct end end =
        new_end(call->fds[0], call->object, file || mq ? (int)(flags & O_ACCMODE) : O_RDWR, index);

    if (strcmp(call->name, "accept") == 0)
        flags = 0;
    else if (strcmp(call->name, "accept4") == 0)
        flags = call->args[3];
    _Static_assert(SOCK_CLOEXEC == O_CLOEXEC, "one bit for both");
    end.close_on_exec = (flags & O_CLOEXEC) != 0;
    end.what = call->object < 0 ? call->detail : NULL;
    open_end(&world->processes[call->process], end);
}

static void copy_fd(struct world *world, const struct call *call, int index)
{
    const struct end *from = world_end(world, call->process, (int)call->args[0]);
    struct end end = new_end(call->fds[0], call->object, -1, index);
    bool fcntl_copy = strcmp(call->name, "fcntl") == 0;

    if (call->fds[0] < 0 || (from != NULL && from->fd == call->fds[0]))
        return;
    if (from != NULL) {
        end = *from;
        end.fd = call->fds[0];
        end.made_by = index;
    }
    end.close_on_exec = (strcmp(call->name, "dup3") == 0 && (call->args[2] & O_CLOEXEC) != 0) ||
                        (fcntl_copy && call->args[1] == F_DUPFD_CLOEXEC);
    open_end(&world->processes[call->process], end);
}

static void set_flags(struct world *world, const struct call *call)
{
    struct end *end = world_end(world, call->process, (int)call->args[0]);
    if (end != NULL && call->args[1] == F_SETFD)
        end->close_on_exec = (call->args[2] & FD_CLOEXEC) != 0;
}

static void close_range_of(struct world *world, const struct call *call)
{
    struct process_now *now = &world->processes[call->process];
    enum { RANGE_CLOEXEC = 4 }; /* CLOSE_RANGE_CLOEXEC: <linux/close_range.h> */

    if ((call->args[2] & RANGE_CLOEXEC) == 0) {
        close_fds(now, call->args[0] & 0xffffffff, call->args[1] & 0xffffffff);
        return;
    }
    for (size_t i = 0; i < now->n_ends; i++)
        if ((uint64_t)now->ends[i].fd >= (call->args[0] & 0xffffffff) &&
            (uint64_t)now->ends[i].fd <= (call->args[1] & 0xffffffff))
            now->ends[i].close_on_exec = true;
}

/* What a call that used a descriptor says of it, if we did not know. */
static void learn_end(struct world *world, const struct call *call)
{
    const struct end *known = world_end(world, call->process, (int)call->args[0]);
    bool writes = call_is(call->name, "write") || call_is(call->name, "mq_send");

    if (call->object < 0 || call->result < 0 || (known != NULL && known->object == call->object))
        return;
    bool both = world->record->objects[call->object].kind == OBJECT_SOCKET;
    open_end(&world->processes[call->process], new_end((int)call->args[0], call->object,
                                                       both     ? O_RDWR
                                                       : writes ? O_WRONLY
                                                                : O_RDONLY,
                                                       -1));
}

/* The descriptors written down when a program began: "given" or "inherit". */
static void take_noted(struct world *world, int process, const char *name, int from)
{
    const struct record *record = world->record;

    for (size_t i = (size_t)from + 1; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (call->process != process || strcmp(call->name, "signal") == 0)
            continue;
        if (strcmp(call->name, name) != 0)
            return;
        const struct end *known = world_end(world, process, call->fds[0]);
        if (known != NULL && known->object == call->object && call->object >= 0)
            continue;
        struct end end = new_end(call->fds[0], call->object, (int)call->args[0], -1);
        end.what = call->object < 0 ? call->detail : NULL;
        open_end(&world->processes[process], end);
    }
}

/* ---- Processes ------------------------------------------------------------------------------ */

static void add_attachment(struct world *world, int process, int object, uint64_t address)
{
    *ARRAY_ADD(world->attachments, world->n_attachments) =
        (struct attachment){process, object, address};
}

/* Those of a process (at an address; 0: all) go. */
static void drop_attachments(struct world *world, int process, uint64_t address)
{
    size_t kept = 0;
    for (size_t i = 0; i < world->n_attachments; i++) {
        const struct attachment *it = &world->attachments[i];
        if (it->process != process || (address != 0 && it->address != address))
            world->attachments[kept++] = *it;
    }
    world->n_attachments = kept;
}

static void count_attached(struct world *world)
{
    const struct record *record = world->record;
    for (size_t i = 0; i < record->n_objects; i++)
        if (record->objects[i].kind == OBJECT_SEGMENT)
            world->objects[i].attached = 0;
    for (size_t i = 0; i < world->n_attachments; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again = again || (world->attachments[k].process == world->attachments[i].process &&
                              world->attachments[k].object == world->attachments[i].object);
        world->objects[world->attachments[i].object].attached += !again;
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void begin_program(struct world *world, int process, int call)
{
    struct process_now *now = &world->processes[process];

    now->life = LIFE_RUNS;
    if (call < 0)
        return;
    if (world->record->calls[call].detail != NULL)
        now->name = base_name(world->record->calls[call].detail);
    take_noted(world, process, "given", call);
}

static void begin_child(struct world *world, int process)
{
    struct process_now *now = &world->processes[process];
    int parent = world->record->processes[process].parent;

    now->life = LIFE_RUNS;
    if (parent < 0)
        return;
    if (now->place != NULL)
        world->processes[parent].place = now->place;
    const struct process_now *forker = &world->processes[parent];
    size_t attached = world->n_attachments;
    now->name = forker->name;
    for (size_t i = 0; i < forker->n_ends; i++)
        *ARRAY_ADD(now->ends, now->n_ends) = forker->ends[i];
    for (size_t i = 0; i < attached; i++)
        if (world->attachments[i].process == parent)
            add_attachment(world, process, world->attachments[i].object,
                           world->attachments[i].address);
    count_attached(world);
}

static void become_program(struct world *world, const struct call *call, int index)
{
    struct process_now *now = &world->processes[call->process];

    for (size_t i = now->n_ends; i-- > 0;) {
        /* Where close() was not watched, "inherit" says which ends of the run's own are left. */
        int object = now->ends[i].object;
        bool noted = !world->record->io_watched && object >= 0 &&
                     world->record->objects[object].made_by >= 0 &&
                     !world->record->processes[call->process].own_program;
        if (now->ends[i].close_on_exec || noted)
            close_end(now, i);
    }
    if (call->detail != NULL)
        now->name = base_name(call->detail);
    drop_attachments(world, call->process, 0);
    count_attached(world);
    take_noted(world, call->process, "inherit", index);
}

/* Does the record say that it was a zombie for a while? */
static bool stays_as_zombie(const struct record *record, int process)
{
    if (record->processes[process].was_zombie)
        return true;
    for (size_t i = 0; i < record->n_calls; i++)
        if (record->calls[i].other == process && call_is(record->calls[i].name, "wait"))
            return true;
    return false;
}

static void make_up_undos(struct world *world, int process)
{
    for (size_t i = 0; i < world->n_undos; i++) {
        struct undo *undo = &world->undos[i];
        struct object_now *set = &world->objects[undo->object];
        if (undo->process != process || (size_t)undo->semaphore >= set->n_values)
            continue;
        if (set->values[undo->semaphore] >= 0)
            set->values[undo->semaphore] += undo->adjust;
        undo->adjust = 0;
    }
}

static void end_process(struct world *world, int process)
{
    const struct record *record = world->record;

    world->processes[process].life = stays_as_zombie(record, process) ? LIFE_ZOMBIE : LIFE_GONE;
    world->processes[process].n_ends = 0;
    drop_attachments(world, process, 0);
    count_attached(world);
    make_up_undos(world, process);
    for (size_t i = 0; i < record->n_processes; i++) /* its zombies: init takes them */
        if (record->processes[i].parent == process && world->processes[i].life == LIFE_ZOMBIE)
            world->processes[i].life = LIFE_GONE;
}

/* ---- Contents ------------------------------------------------------------------------------- */

static void add_bytes(struct object_now *now, int64_t bytes)
{
    if (now->bytes >= 0)
        now->bytes = now->bytes + bytes < 0 ? -1 : now->bytes + bytes;
}

static void forget_contents(struct object_now *now)
{
    now->bytes = now->n_messages = -1;
}

static bool is_queue(enum object_kind kind)
{
    return kind == OBJECT_QUEUE || kind == OBJECT_POSIX_QUEUE;
}

/* A message's type from "type 5". */
static int64_t message_type(const struct call *call)
{
    if (strcmp(call->name, "mq_timedsend") == 0)
        return (int64_t)call->args[3];
    return call->detail != NULL && strncmp(call->detail, "type ", 5) == 0 ? atoll(call->detail + 5)
                                                                          : 0;
}

static void put_message(struct object_now *now, const struct call *call)
{
    if (now->n_messages < 0)
        return;
    size_t count = (size_t)now->n_messages;
    *ARRAY_ADD(now->messages, count) =
        (struct message_now){message_type(call), (int64_t)call->args[2]};
    now->n_messages = (int64_t)count;
}

/* The message that comes out: of that type the oldest; of a POSIX queue the oldest of the highest
 * priority (mq_overview(7)). -1: none that we know. */
static int64_t leaving_message(const struct object_now *now, const struct call *call)
{
    bool posix = strcmp(call->name, "msgrcv") != 0;
    int64_t best = -1;

    for (int64_t i = 0; i < now->n_messages; i++) {
        if (!posix && now->messages[i].type == message_type(call))
            return i;
        if (posix && (best < 0 || now->messages[i].type > now->messages[best].type))
            best = i;
    }
    return best;
}

static void take_message(struct object_now *now, const struct call *call)
{
    int64_t at = leaving_message(now, call);
    if (now->n_messages < 0)
        return;
    if (at < 0) { /* somebody has sent it of whom we know nothing */
        now->n_messages = -1;
        return;
    }
    memmove(&now->messages[at], &now->messages[at + 1],
            (size_t)(now->n_messages - at - 1) * sizeof *now->messages);
    now->n_messages--;
}

/* Where the bytes written to an object wait to be read. */
static int reading_side(const struct record *record, int object)
{
    return record->objects[object].kind == OBJECT_SOCKET ? record->objects[object].peer : object;
}

static void move_contents(struct world *world, const struct event *event)
{
    const struct call *call = &world->record->calls[event->call];
    bool in = event->kind == EVENT_SEND;

    if (call->object < 0 || call->result < 0)
        return;
    if (is_queue(world->record->objects[call->object].kind)) {
        struct object_now *now = &world->objects[call->object];
        if (in)
            put_message(now, call);
        else
            take_message(now, call);
        return;
    }
    int object = in ? reading_side(world->record, call->object) : call->object;
    if (object >= 0 && call_is_open(call))
        forget_contents(&world->objects[object]);
    else if (object >= 0)
        add_bytes(&world->objects[object], in ? call->result : -call->result);
}

bool next_operation(const char *words, size_t *at, struct operation *operation)
{
    int length = 0;

    if (words == NULL || words[*at] == '\0')
        return false;
    char *end;
    operation->semaphore = (int)strtol(words + *at, &end, 10);
    operation->add = *end == ':' ? (int)strtol(end + 1, &end, 10) : 0;
    *at = (size_t)(end - words);
    operation->undo = strncmp(words + *at, " undo", 5) == 0;
    *at += operation->undo ? 5 : 0;
    operation->nowait = strncmp(words + *at, " nowait", 7) == 0;
    *at += operation->nowait ? 7 : 0;
    length = (int)strspn(words + *at, " ");
    *at += (size_t)length;
    return true;
}

static void note_undo(struct world *world, const struct call *call, const struct operation *it)
{
    *ARRAY_ADD(world->undos, world->n_undos) =
        (struct undo){call->process, call->object, it->semaphore, -it->add};
}

static void operate(struct world *world, const struct call *call)
{
    struct operation one;
    size_t at = 0;

    if (call->object < 0)
        return;
    struct object_now *set = &world->objects[call->object];
    while (next_operation(call->detail, &at, &one)) {
        if (one.undo)
            note_undo(world, call, &one);
        if (one.semaphore >= 0 && (size_t)one.semaphore < set->n_values &&
            set->values[one.semaphore] >= 0) {
            int value = set->values[one.semaphore] + one.add;
            set->values[one.semaphore] = value < 0 ? -1 : value; /* somebody else had a hand in */
        }
    }
}

static void control(struct world *world, const struct call *call)
{
    if (call->object < 0)
        return;
    struct object_now *now = &world->objects[call->object];
    bool semaphores = strcmp(call->name, "semctl") == 0;
    int command = (int)call->args[semaphores ? 2 : 1] & ~0x100;

    if (command == IPC_RMID) {
        now->removed = true;
        now->exists = strcmp(call->name, "shmctl") == 0 && now->attached > 0;
    } else if (semaphores && command == SETVAL && call->args[1] < now->n_values) {
        now->values[call->args[1]] = (int)call->args[3];
    } else if (semaphores && command == SETALL) {
        const char *words = call->detail != NULL ? call->detail + strlen("values") : "";
        char *end = (char *)(uintptr_t)words;
        for (size_t i = 0; i < now->n_values; i++)
            now->values[i] = *words != '\0' ? (int)strtol(end, &end, 10) : -1;
    }
}

/* An object that this very call has made is empty. */
static void make_object(struct world *world, const struct call *call, int index)
{
    if (call->object < 0)
        return;
    const struct object *object = &world->record->objects[call->object];
    struct object_now *now = &world->objects[call->object];
    bool io = world->record->io_watched;

    now->exists = true;
    if (object->made_by != index)
        return;
    now->capacity = object->capacity;
    bool pair = object->kind == OBJECT_SOCKET && strcmp(call->name, "socketpair") == 0;
    if (is_queue(object->kind))
        now->n_messages = 0;
    else if (io && (object->kind == OBJECT_PIPE || object->kind == OBJECT_FIFO || pair))
        now->bytes = 0;
    if (object->peer >= 0 && strcmp(call->name, "socketpair") == 0) {
        world->objects[object->peer].exists = true;
        world->objects[object->peer].bytes = now->bytes;
    }
    if (object->kind == OBJECT_SEGMENT)
        now->size = (int64_t)call->args[1];
    if (object->kind == OBJECT_SEMAPHORES && now->values == NULL) {
        enum { MOST = 4096 };
        size_t count = call->args[1] < MOST ? (size_t)call->args[1] : MOST;
        now->values = kit_alloc((count + 1) * sizeof *now->values);
        now->n_values = count; /* Linux begins with zeros: semget(2) */
    }
}

/* splice and its kin move bytes between two objects, of which the record names one. */
static void forget_spliced(struct world *world, const struct call *call)
{
    static const int places[] = {0, 1, 2};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const struct end *end = world_end(world, call->process, (int)call->args[places[i]]);
        if (end != NULL && end->object >= 0)
            forget_contents(&world->objects[end->object]);
    }
}

static void use_memory(struct world *world, const struct call *call)
{
    if (strcmp(call->name, "shmat") == 0 && call->object >= 0)
        add_attachment(world, call->process, call->object, (uint64_t)call->result);
    else if (strcmp(call->name, "shmdt") == 0)
        drop_attachments(world, call->process, call->args[0]);
    count_attached(world);
}

/* ---- Events --------------------------------------------------------------------------------- */

static void apply_made(struct world *world, const struct call *call, int index)
{
    make_object(world, call, index);
    if (call_is(call->name, "pipe") || call_is(call->name, "socketpair"))
        make_pair(world, call, index);
    else if (call->fds[0] >= 0)
        make_fd(world, call, index);
}

static void apply_other(struct world *world, const struct call *call)
{
    if (call_is(call->name, "splice"))
        forget_spliced(world, call);
    else if (strcmp(call->name, "fcntl") == 0)
        set_flags(world, call);
    else if (strcmp(call->name, "close_range") == 0)
        close_range_of(world, call);
    else if (strlen(call->name) == 6 && strcmp(call->name + 3, "ctl") == 0)
        control(world, call);
}

static void apply_call(struct world *world, const struct event *event)
{
    const struct call *call = &world->record->calls[event->call];

    switch (event->kind) {
    case EVENT_MAKE:
        apply_made(world, call, event->call);
        break;
    case EVENT_DUP:
        copy_fd(world, call, event->call);
        break;
    case EVENT_CLOSE:
        close_fds(&world->processes[call->process], call->args[0], call->args[0]);
        break;
    case EVENT_SEND:
    case EVENT_RECEIVE:
        if (!call_is(call->name, "msgsnd") && !call_is(call->name, "msgrcv"))
            learn_end(world, call);
        move_contents(world, event);
        break;
    case EVENT_EXEC:
        become_program(world, call, event->call);
        break;
    case EVENT_WAIT:
        if (call->other >= 0 && world->processes[call->other].life == LIFE_ZOMBIE)
            world->processes[call->other].life = LIFE_GONE;
        break;
    case EVENT_SEMOP:
        operate(world, call);
        break;
    case EVENT_MEMORY:
        use_memory(world, call);
        break;
    case EVENT_REMOVE:
    case EVENT_OTHER:
        apply_other(world, call);
        break;
    case EVENT_START:
    case EVENT_FORK:
    case EVENT_EXIT:
    case EVENT_SIGNAL:
    case EVENT_SLEEP:
    case EVENT_KINDS:
        break;
    }
}

void world_apply(struct world *world, const struct event *event)
{
    int process = event->process;

    if (event->place != NULL && process >= 0)
        world->processes[process].place = event->place;
    if (event->kind == EVENT_START)
        begin_program(world, process, event->call);
    else if (event->kind == EVENT_FORK)
        begin_child(world, process);
    else if (event->kind == EVENT_EXIT)
        end_process(world, process);
    else if (event->call >= 0 && !event->failed)
        apply_call(world, event);
}

/* ---- The snapshot --------------------------------------------------------------------------- */

static void take_descriptors(struct world *world)
{
    const struct record *record = world->record;

    for (size_t i = 0; i < record->n_processes; i++)
        for (size_t k = world->processes[i].n_ends; k-- > 0;)
            if (world->processes[i].ends[k].object >= 0)
                close_end(&world->processes[i], k);
    for (size_t i = 0; i < record->n_descriptors; i++) {
        const struct descriptor *it = &record->descriptors[i];
        if (it->process < 0 || it->object < 0)
            continue;
        open_end(&world->processes[it->process], (struct end){.fd = it->fd,
                                                              .object = it->object,
                                                              .reads = it->reads,
                                                              .writes = it->writes,
                                                              .close_on_exec = it->close_on_exec,
                                                              .made_by = it->made_by});
    }
}

static void take_object(struct object_now *now, const struct object *object)
{
    bool queue = is_queue(object->kind);

    now->capacity = object->capacity >= 0 ? object->capacity : now->capacity;
    if (object->kind == OBJECT_SEGMENT)
        now->size = object->bytes >= 0 ? object->bytes : now->size;
    else if (object->bytes >= 0)
        now->bytes = object->bytes;
    if (queue && object->messages >= 0) {
        free(now->messages);
        now->messages = NULL;
        size_t count = 0;
        for (size_t i = 0; i < object->n_message_types; i++)
            *ARRAY_ADD(now->messages, count) = (struct message_now){object->message_types[i], -1};
        while (count < (size_t)object->messages) /* of these only the number is known */
            *ARRAY_ADD(now->messages, count) = (struct message_now){0, -1};
        now->n_messages = object->messages;
    }
    if (object->n_semaphores > 0) {
        free(now->values);
        now->values = kit_alloc((object->n_semaphores + 1) * sizeof *now->values);
        now->n_values = object->n_semaphores;
        for (size_t i = 0; i < object->n_semaphores; i++)
            now->values[i] = object->semaphores[i].value;
    }
}

void world_take_snapshot(struct world *world)
{
    const struct record *record = world->record;

    if (record->snapshot_us < 0 || record->n_descriptors == 0)
        return;
    take_descriptors(world);
    for (size_t i = 0; i < record->n_objects; i++)
        take_object(&world->objects[i], &record->objects[i]);
}
