/*
 * tracer.c - follows the processes of a run. See tracer.h.
 *
 * Theory of operation.  Each thread of the run is a task here.  A task is running, or in one of
 * ptrace's stops, in which case it is resumed at the end of its event (unless frozen).  A new
 * child's first stop may be seen before its parent's fork event: it then waits, unannounced, until
 * that event says whose child it is.  A call of the table stops twice, at its entry (seccomp stop:
 * arguments, stack, faults) and at its exit (result, what it made).
 *
 * _GNU_SOURCE: process_vm_readv(2), __WALL, CLONE_* flags, F_SETPIPE_SZ.
 */
#define _GNU_SOURCE
#include "tracer.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../race/log.h"
#include "calls.h"
#include "kit.h"
#include "memcheck.h"
#include "places.h"
#include "proc.h"
#include "procfs.h"
#include "race.h"
#include "schedule.h"

/* A round of tracer_handle(): a run that never stops making events must not keep us from looking at
 * its limits. */
enum { MOST_EVENTS = 500 };

struct task {
    pid_t tid;
    pid_t own_tid;              /* as it sees itself; 0: not yet asked */
    int process;                /* index in the record; -1: unannounced */
    bool stopped;               /* in a ptrace stop that we have not resumed */
    bool listening;             /* in a group stop: PTRACE_LISTEN */
    const struct call_row *row; /* the call it is in, between entry and exit stop */
    int call;                   /* its index in the record */
    int inject;                 /* errno to return at the exit stop; 0: none */
    bool changed;               /* its arguments are not those that the program gave */
    uint64_t poked;             /* address of a count of the program's that is not its own; 0 */
    uint64_t poked_value;       /* what the program had there */
    const struct fault *fault;  /* what goes wrong in it; NULL: nothing, or not by a struct fault */
    unsigned counted;           /* bit per fault: it has counted this call */
    struct image *image;
    uint64_t interrupted; /* bit per row: the last call of that row was made to fail with EINTR */
    uint64_t interrupted_high;
    int number;                  /* for the schedule: 0, 1, ... as they came */
    bool ready;                  /* stopped, until its turn comes */
    uint64_t yields_at;          /* the access before which it stands; 0: a call */
    int go_on_signal;            /* to be delivered then */
    bool takes;                  /* the call has been counted: see rations[] */
    bool skipped;                /* the call is not made: it succeeds at once */
    bool held;                   /* stopped, until tracer_release() */
    enum __ptrace_request go_on; /* how to resume it then */
};

struct wanted_hold {
    int program;
    struct hold hold;
};

/* What a run as a whole may have so much of: rations[]. */
enum ration { RATION_QUEUES, RATION_SEMAPHORES, RATION_SEGMENTS, RATION_MEMORY_FILES, RATIONS };

struct tracer {
    struct record *record;
    const struct tracer_options *options;
    struct task *tasks;
    size_t n_tasks;
    long long began_us;
    uint64_t random;
    bool frozen;
    struct wanted_hold *holds;
    size_t n_holds;
    pid_t turn;     /* the thread that may run, where there is a schedule; 0: none */
    int last_turn;  /* its number; -1: none yet */
    bool quiet;     /* with a schedule: nobody can go, as everybody sleeps or is held */
    unsigned looks; /* in vain, one after the other: see tracer_next_look_ns() */
    int n_numbers;
    uint64_t taken[RATIONS];
    char *own_program; /* the first program's file, when there is no own_folder */
};

static const unsigned ptrace_options =
    PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACESECCOMP |
    PTRACE_O_TRACEVFORKDONE;

struct tracer *tracer_new(struct record *record, const struct tracer_options *options,
                          long long began_us)
{
    struct tracer *tracer = kit_alloc(sizeof *tracer);
    tracer->record = record;
    tracer->options = options;
    tracer->began_us = began_us;
    tracer->random = options->seed * 2862933555777941757ULL + 3037000493ULL;
    tracer->last_turn = -1;
    return tracer;
}

void tracer_free(struct tracer *tracer)
{
    if (tracer == NULL)
        return;
    for (size_t i = 0; i < tracer->n_tasks; i++)
        image_release(tracer->tasks[i].image);
    free(tracer->tasks);
    free(tracer->holds);
    free(tracer->own_program);
    free(tracer);
}

size_t tracer_living(const struct tracer *tracer)
{
    return tracer->n_tasks;
}

static int64_t now(const struct tracer *tracer)
{
    return kit_now_us() - tracer->began_us;
}

static uint64_t next_random(struct tracer *tracer)
{
    uint64_t x = tracer->random += 0x9e3779b97f4a7c15ULL; /* splitmix64 */
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/* ---- Tasks ---------------------------------------------------------------------------------- */

static struct task *task_find(struct tracer *tracer, pid_t tid)
{
    for (size_t i = tracer->n_tasks; i-- > 0;)
        if (tracer->tasks[i].tid == tid)
            return &tracer->tasks[i];
    return NULL;
}

static struct task *task_add(struct tracer *tracer, pid_t tid, int process)
{
    struct task *task = ARRAY_ADD(tracer->tasks, tracer->n_tasks);
    task->tid = tid;
    task->process = process;
    task->call = -1;
    task->number = tracer->n_numbers++;
    return task;
}

static void task_remove(struct tracer *tracer, struct task *task)
{
    image_release(task->image);
    *task = tracer->tasks[--tracer->n_tasks];
}

static size_t tasks_of(const struct tracer *tracer, int process)
{
    size_t count = 0;
    for (size_t i = 0; i < tracer->n_tasks; i++)
        count += tracer->tasks[i].process == process;
    return count;
}

/* Lets a stopped task go on. A task that was killed meanwhile is gone: its exit will be reported.
 */
static void task_resume(struct tracer *tracer, struct task *task, enum __ptrace_request how,
                        int signal)
{
    task->stopped = true;
    if (tracer->frozen)
        return;
    task->stopped = false;
    if (ptrace(how, task->tid, NULL, (void *)(intptr_t)signal) == -1 && errno != ESRCH)
        kit_broken("ptrace: cannot resume process %d", (int)task->tid);
}

static struct process *process_of(struct tracer *tracer, const struct task *task)
{
    return &tracer->record->processes[task->process];
}

/* ---- The tracee's memory and registers ------------------------------------------------------ */

/* A string of the tracee's, at most 4095 bytes. NULL: not readable. Owned by the caller. */
static char *memory_string(pid_t tid, uint64_t address)
{
    char text[4096];
    return proc_string(tid, address, text, sizeof text) ? kit_strdup(text) : NULL;
}

#if defined __x86_64__
typedef struct user_regs_struct registers;
static unsigned long long *argument_register(registers *regs, int index)
{
    unsigned long long *const all[] = {&regs->rdi, &regs->rsi, &regs->rdx,
                                       &regs->r10, &regs->r8,  &regs->r9};
    return all[index];
}
static void set_result(registers *regs, long value)
{
    regs->rax = (unsigned long long)value;
}
static void restore_arguments(registers *regs, const uint64_t args[6])
{
    for (int i = 0; i < 6; i++)
        *argument_register(regs, i) = args[i];
}
static bool set_number(pid_t tid, registers *regs, long number)
{
    (void)tid;
    regs->orig_rax = (unsigned long long)number;
    return true;
}
#elif defined __aarch64__
typedef struct user_regs_struct registers;
static unsigned long long *argument_register(registers *regs, int index)
{
    return &regs->regs[index];
}
static void set_result(registers *regs, long value)
{
    regs->regs[0] = (unsigned long long)value;
}
static void restore_arguments(registers *regs, const uint64_t args[6])
{
    for (int i = 1; i < 6; i++) /* the first register holds the result now */
        *argument_register(regs, i) = args[i];
}
static bool set_number(pid_t tid, registers *regs, long number)
{
    int value = (int)number;
    struct iovec vector = {&value, sizeof value};
    (void)regs;
    return ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &vector) == 0;
}
#else
#error "ipclab knows x86-64 and aarch64"
#endif

static bool registers_get(pid_t tid, registers *regs)
{
    struct iovec vector = {regs, sizeof *regs};
    return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &vector) == 0;
}

static void registers_set(pid_t tid, registers *regs)
{
    struct iovec vector = {regs, sizeof *regs};
    if (ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &vector) == -1 && errno != ESRCH)
        kit_broken("ptrace: cannot set registers");
}

/* Will somebody look for races when the run is over? */
static bool wants_race_facts(const struct tracer *tracer)
{
    return tracer->options->race != NULL && !tracer->options->hasty;
}

/* A number of the race detector's clock, for what happens now; 0: it is not on. */
static uint64_t number_now(const struct tracer *tracer)
{
    return race_number(tracer->options->race);
}

static pid_t own_tid_of(struct task *task)
{
    if (task->own_tid == 0)
        task->own_tid = proc_inner_pid(task->tid);
    return task->own_tid;
}

/* The stack of a stopped task, for its source line. */
static struct stack *stack_of(struct tracer *tracer, struct task *task, uint64_t pc)
{
    if (task->image != NULL && !image_covers(task->image, pc)) {
        image_release(task->image);
        task->image = NULL;
    }
    if (task->image == NULL)
        task->image = image_read(task->tid, "");
    race_keep_image(tracer->options->race, task->process, task->image);
    return task->image != NULL ? stack_capture(task->tid, task->image) : NULL;
}

/* ---- Objects made by calls ------------------------------------------------------------------ */

/* The object behind a descriptor, for those kinds that the record follows; -1 for others. */
static int object_of_fd(struct tracer *tracer, pid_t tid, int fd)
{
    struct proc_fd what;
    if (!proc_fd_identify(tid, fd, &what))
        return -1;
    if (what.kind == OBJECT_FILE || what.kind == OBJECT_OTHER || what.kind == OBJECT_TERMINAL)
        return -1;
    return record_object_by_inode(tracer->record, what.kind, what.dev, what.ino,
                                  what.path[0] != '\0' ? what.path : NULL);
}

static void made(struct tracer *tracer, int object, int call)
{
    if (object >= 0 && tracer->record->objects[object].made_by == -1)
        tracer->record->objects[object].made_by = call;
}

/* As for a user who has too many pipes: see pipe-user-pages-soft in pipe(7). */
static void make_small(struct tracer *tracer, struct task *task, int fd)
{
    int copy = proc_borrow(process_of(tracer, task)->host_pid, fd);
    if (copy == -1 || fcntl(copy, F_SETPIPE_SZ, PIPE_BUF) == -1)
        kit_broken("cannot make a pipe small");
    close(copy);
}

static void effect_pair(struct tracer *tracer, struct task *task, struct call *call)
{
    int argument = task->row->effect == EFFECT_PAIR ? 0 : 3;
    int fds[2], index = task->call;

    if (!proc_memory(task->tid, call->args[argument], fds, sizeof fds))
        return;
    call->fds[0] = fds[0];
    call->fds[1] = fds[1];
    if (tracer->options->small_pipes && task->row->effect == EFFECT_PAIR)
        make_small(tracer, task, fds[1]);
    int first = object_of_fd(tracer, task->tid, fds[0]);
    int second = object_of_fd(tracer, task->tid, fds[1]);
    made(tracer, first, index);
    made(tracer, second, index);
    tracer->record->calls[index].object = first;
    if (first >= 0 && second >= 0 && first != second) {
        tracer->record->objects[first].peer = second;
        tracer->record->objects[second].peer = first;
    }
}

static void effect_new_fd(struct tracer *tracer, struct task *task, struct call *call)
{
    int index = task->call;
    bool creates = strcmp(task->row->group, "open") != 0;

    call->fds[0] = (int)call->result;
    if (strcmp(task->row->group, "open") == 0)
        creates = (call->args[task->row->path + 1] & 0100 /* O_CREAT */) != 0;
    int object = object_of_fd(tracer, task->tid, (int)call->result);
    if (object >= 0 && creates && tracer->record->objects[object].kind != OBJECT_FIFO &&
        !(strcmp(task->row->name, "mq_open") == 0 && (call->args[1] & 0100) == 0))
        made(tracer, object, index);
    tracer->record->calls[index].object = object;
}

/* ---- What no limit on a process bounds ------------------------------------------------------- */

/* Memory of the kernel's that belongs to no process. A run may have so much of it, all its
 * processes together; then the call fails, as where the whole system has run out. */
static const struct ration_row {
    enum call_effect effect;
    int units_at; /* the argument that says how many; -1: one a call */
    uint64_t most;
    int error;
    bool comes_back; /* with IPC_RMID; a segment may live on, attached */
} rations[RATIONS] = {
    [RATION_QUEUES] = {EFFECT_QUEUE_GET, -1, 256,       ENOSPC, true }, /* each up to msgmnb, 16 KiB */
    [RATION_SEMAPHORES] = {EFFECT_SEM_GET,   1,  65536,     ENOSPC, true },
    [RATION_SEGMENTS] = {EFFECT_SHM_GET,   1,  256 << 20, ENOSPC, false}, /* bytes */
    [RATION_MEMORY_FILES] = {EFFECT_MEMFD,     -1, 4,         ENFILE, false}, /* each up to RLIMIT_FSIZE */
};

/* Which ration a call may need; -1: none. */
static int ration_of(const struct call_row *row, const uint64_t args[6])
{
    for (int i = 0; i < RATIONS; i++) {
        if (rations[i].effect != row->effect)
            continue;
        uint64_t flags = args[row->effect == EFFECT_QUEUE_GET ? 1 : 2];
        bool makes = row->effect == EFFECT_MEMFD || (int32_t)args[0] == IPC_PRIVATE ||
                     (flags & IPC_CREAT) != 0;
        return makes ? i : -1;
    }
    return -1;
}

static uint64_t ration_units(int ration, const uint64_t args[6])
{
    return rations[ration].units_at >= 0 ? args[rations[ration].units_at] : 1;
}

/* Would a call make more than the run may have? If not, that much is taken: another thread may ask
 * before it is made. */
static bool exceeds_ration(struct tracer *tracer, struct task *task, const struct call *call)
{
    int ration = tracer->record->closed_world ? ration_of(task->row, call->args) : -1;
    if (ration == -1)
        return false;
    uint64_t units = ration_units(ration, call->args);
    if (units > rations[ration].most - tracer->taken[ration])
        return true;
    tracer->taken[ration] += units;
    task->takes = true;
    return false;
}

/* The call is done. If it has made nothing (it failed, or the object was there), nothing is taken.
 */
static void settle_ration(struct tracer *tracer, struct task *task)
{
    const struct call *call = &tracer->record->calls[task->call];
    int ration = task->takes ? ration_of(task->row, call->args) : -1;
    task->takes = false;
    if (ration == -1)
        return;
    bool made_it =
        task->row->effect == EFFECT_MEMFD
            ? call->result >= 0
            : call->object >= 0 && tracer->record->objects[call->object].made_by == task->call;
    if (!made_it)
        tracer->taken[ration] -= ration_units(ration, call->args);
}

/* What that call has made is removed. */
static void return_ration(struct tracer *tracer, int maker)
{
    if (maker < 0 || !tracer->record->closed_world)
        return;
    const struct call *call = &tracer->record->calls[maker];
    for (int i = 0; i < n_call_rows; i++) {
        int ration =
            strcmp(call_rows[i].name, call->name) == 0 ? ration_of(&call_rows[i], call->args) : -1;
        if (ration >= 0 && rations[ration].comes_back)
            tracer->taken[ration] -= ration_units(ration, call->args);
    }
}

/* System V: the object by id. Who made it is told by IPC_EXCL; without that flag it is the first
 * who may have. Another process may have found it and be met here before its maker. */
static void effect_get(struct tracer *tracer, struct task *task, enum object_kind kind)
{
    int index = task->call;
    struct call *call = &tracer->record->calls[index];
    int id = (int)call->result;
    int64_t key = (int32_t)call->args[0];
    uint64_t flags = call->args[kind == OBJECT_QUEUE ? 1 : 2];
    bool certain = key == IPC_PRIVATE || ((flags & IPC_CREAT) && (flags & IPC_EXCL));
    int at = record_object_by_id(tracer->record, kind, id, key);
    struct object *object = &tracer->record->objects[at];

    if (tracer->options->existed_before != NULL && tracer->options->existed_before(kind, id))
        object->was_there = true;
    if (certain)
        object->made_by = index;
    else if ((flags & IPC_CREAT) && !object->was_there)
        made(tracer, at, index);
    tracer->record->calls[index].object = at;
}

static void effect_use(struct tracer *tracer, struct task *task, enum object_kind kind)
{
    int index = task->call;
    int object = record_find_id(tracer->record, kind, (int)tracer->record->calls[index].args[0]);
    if (object == -1) /* met by its id alone (from a file, or a command line) */
        object =
            record_object_by_id(tracer->record, kind, (int)tracer->record->calls[index].args[0], 0);
    struct call *call = &tracer->record->calls[index];
    call->object = object;
    int command_at = kind == OBJECT_SEMAPHORES ? 2 : 1;
    bool control = strcmp(task->row->name + 3, "ctl") == 0;
    if (control && ((int)call->args[command_at] & ~0x100) == IPC_RMID && call->result >= 0) {
        tracer->record->objects[object].unlinked = true;
        return_ration(tracer, tracer->record->objects[object].made_by);
    }
}

static void effect_make_node(struct tracer *tracer, struct task *task, struct call *call)
{
    struct stat status;
    int index = task->call;
    int folder = task->row->path == 0 ? AT_FDCWD : (int)call->args[0];

    if (call->detail == NULL || !proc_stat_path(task->tid, folder, call->detail, &status))
        return;
    if (!S_ISFIFO(status.st_mode))
        return;
    char *full = proc_absolute_path(task->tid, folder, call->detail);
    int object =
        record_object_by_inode(tracer->record, OBJECT_FIFO, status.st_dev, status.st_ino, full);
    free(full);
    if (tracer->record->calls[index].result >= 0)
        made(tracer, object, index);
    tracer->record->calls[index].object = object;
}

static void effect_bind(struct tracer *tracer, struct task *task, struct call *call)
{
    struct sockaddr_un address = {0};
    size_t length = call->args[2] < sizeof address ? call->args[2] : sizeof address;
    int index = task->call;

    if (!proc_memory(task->tid, call->args[1], &address, length) || address.sun_family != AF_UNIX)
        return;
    int object = object_of_fd(tracer, task->tid, (int)call->args[0]);
    if (object == -1)
        return;
    char name[sizeof address.sun_path + 2] = "";
    size_t offset = offsetof(struct sockaddr_un, sun_path);
    if (length > offset)
        memcpy(name, address.sun_path, length - offset);
    if (name[0] == '\0' && length > offset)
        name[0] = '@';
    struct object *socket = &tracer->record->objects[object];
    free(socket->path);
    socket->path =
        name[0] == '@' ? kit_strdup(name) : proc_absolute_path(task->tid, AT_FDCWD, name);
    socket->made_by = socket->made_by == -1 ? index : socket->made_by;
    tracer->record->calls[index].object = object;
}

static void effect_timer(struct tracer *tracer, struct task *task, const struct call *call)
{
    struct process *process = process_of(tracer, task);
    struct itimerval value;

    if (strcmp(task->row->name, "alarm") == 0) {
        process->alarm_pending = call->args[0] != 0;
        process->alarm_repeats = false;
    } else if (call->args[0] == ITIMER_REAL &&
               proc_memory(task->tid, call->args[1], &value, sizeof value)) {
        process->alarm_pending = value.it_value.tv_sec != 0 || value.it_value.tv_usec != 0;
        process->alarm_repeats = value.it_interval.tv_sec != 0 || value.it_interval.tv_usec != 0;
    }
}

/* Hands on what a read has taken out of an object of the run's. */
static void tell_what_came_out(struct tracer *tracer, struct task *task)
{
    const struct tracer_options *options = tracer->options;
    const struct call *call = &tracer->record->calls[task->call];
    struct iovec local =
                     {
                         NULL, 0
    },
                 remote[16] = {{(void *)(uintptr_t)call->args[1], 0}};
    unsigned long count = 1;

    if (options->came_out == NULL || call->object < 0 || call->result <= 0 ||
        strcmp(task->row->group, "read") != 0 || task->row->number == SYS_recvmsg ||
        tracer->record->objects[call->object].made_by < 0)
        return;
    if (task->row->number == SYS_readv) {
        count = call->args[2] < 16 ? call->args[2] : 16;
        if (!proc_memory(task->tid, call->args[1], remote, count * sizeof remote[0]))
            return;
    } else {
        remote[0].iov_len = (size_t)call->result;
    }
    local.iov_len = (size_t)call->result;
    local.iov_base = kit_alloc(local.iov_len);
    ssize_t got = process_vm_readv(task->tid, &local, 1, remote, count, 0);
    if (got > 0)
        options->came_out(options->context, call->object, local.iov_base, (size_t)got);
    free(local.iov_base);
}

/* What poll said, in words: "fd 0 asked POLLIN got POLLHUP, fd 1 asked nothing got POLLERR". */
static char *poll_words(struct task *task, const struct call *call)
{
    static const struct {
        short bit;
        const char *name;
    } bits[] = {
        {POLLIN,   "POLLIN"  },
        {POLLOUT,  "POLLOUT" },
        {POLLERR,  "POLLERR" },
        {POLLHUP,  "POLLHUP" },
        {POLLNVAL, "POLLNVAL"}
    };
    struct pollfd fds[8];
    size_t count = call->args[1] < 8 ? (size_t)call->args[1] : 8;
    char *words = kit_strdup("");

    if (!proc_memory(task->tid, call->args[0], fds, count * sizeof fds[0]))
        return words;
    for (size_t i = 0; i < count; i++) {
        char said[2][64] = {"", ""};
        const short masks[2] = {fds[i].events, fds[i].revents};
        for (int side = 0; side < 2; side++)
            for (size_t b = 0; b < sizeof bits / sizeof bits[0]; b++)
                if (masks[side] & bits[b].bit)
                    strcat(strcat(said[side], said[side][0] != '\0' ? "|" : ""), bits[b].name);
        if (fds[i].fd < 0 || fds[i].revents == 0)
            continue;
        char *longer = kit_format("%s%sfd %d asked %s got %s", words, words[0] != '\0' ? ", " : "",
                                  fds[i].fd, said[0][0] != '\0' ? said[0] : "nothing", said[1]);
        free(words);
        words = longer;
    }
    return words;
}

static void effect_poll(struct tracer *tracer, struct task *task)
{
    struct call *call = &tracer->record->calls[task->call];
    bool decodable = strcmp(call->name, "poll") == 0 || strcmp(call->name, "ppoll") == 0;
    if (decodable && call->result > 0 && call->detail == NULL)
        call->detail = poll_words(task, call);
}

/* A lock on a file: the file as object, and in words what is asked of which bytes ("write 0 4",
 * "read 10 0", "unlock 0 0"; length 0: to the end). Source: fcntl(2), flock(2). */
static void effect_lock(struct tracer *tracer, struct task *task)
{
    struct call *call = &tracer->record->calls[task->call];
    bool record_lock = task->row->number == SYS_fcntl;
    int command = (int)call->args[1];
    struct flock range = {0};
    struct proc_fd what;

    if (tracer->options->race == NULL || call->result < 0)
        return;
    if (record_lock && command != F_SETLK && command != F_SETLKW && command != F_OFD_SETLK &&
        command != F_OFD_SETLKW)
        return;
    if (record_lock && !proc_memory(task->tid, call->args[2], &range, sizeof range))
        return;
    if (!proc_fd_identify(task->tid, (int)call->args[0], &what))
        return;
    bool unlocks = record_lock ? range.l_type == F_UNLCK : (command & ~LOCK_NB) == LOCK_UN;
    bool shared = record_lock ? range.l_type == F_RDLCK : (command & ~LOCK_NB) == LOCK_SH;
    call->detail = kit_format("%s %lld %lld",
                              unlocks  ? "unlock"
                              : shared ? "read"
                                       : "write",
                              (long long)range.l_start, (long long)range.l_len);
    int object = record_object_by_inode(tracer->record, OBJECT_FILE, what.dev, what.ino,
                                        what.path[0] != '\0' ? what.path : NULL);
    tracer->record->calls[task->call].object = object;
}

/* The operations of a semop(2), as "0:-1 1:+1 undo": semaphore, what is added, flags. */
static void note_operations(struct task *task, struct call *call)
{
    struct sembuf list[8];
    size_t count = call->args[2] < 8 ? (size_t)call->args[2] : 8;
    char *words = kit_strdup("");

    if (!proc_memory(task->tid, call->args[1], list, count * sizeof list[0]))
        count = 0;
    for (size_t i = 0; i < count; i++) {
        char *longer = kit_format("%s%s%u:%+d%s%s", words, i > 0 ? " " : "", list[i].sem_num,
                                  list[i].sem_op, list[i].sem_flg & SEM_UNDO ? " undo" : "",
                                  list[i].sem_flg & IPC_NOWAIT ? " nowait" : "");
        free(words);
        words = longer;
    }
    call->detail = words;
}

/* What semctl(SETALL) has set, as "values 1 0": a set knows how many there are by its semget(2). */
static void note_values(struct tracer *tracer, struct task *task, struct call *call)
{
    const struct object *set = call->object >= 0 ? &tracer->record->objects[call->object] : NULL;
    unsigned short values[8];
    size_t count =
        set != NULL && set->made_by >= 0 ? (size_t)tracer->record->calls[set->made_by].args[1] : 0;

    if (!tracer->options->picture || ((int)call->args[2] & ~0x100) != SETALL || count == 0 ||
        count > sizeof values / sizeof *values || call->result < 0 ||
        !proc_memory(task->tid, call->args[3], values, count * sizeof *values))
        return;
    char *words = kit_strdup("values");
    for (size_t i = 0; i < count; i++) {
        char *longer = kit_format("%s %u", words, values[i]);
        free(words);
        words = longer;
    }
    free(call->detail);
    call->detail = words;
}

/* A message's type, as "type 5": of what is to be sent or, when msgrcv(2) is done, of what came. */
static void note_message(struct task *task, struct call *call)
{
    long type;
    if (proc_memory(task->tid, call->args[1], &type, sizeof type))
        call->detail = kit_format("type %ld", type);
}

/* Where the bytes are that a call has moved: the first buffer, and at most how long that is. */
static bool moved_bytes(const struct task *task, const struct call *call, uint64_t *address,
                        size_t *length)
{
    const char *name = call->name;
    struct iovec first;
    struct msghdr header;
    uint64_t vector = call->args[1];

    *address = call->args[1];
    *length = (size_t)call->result;
    if (strcmp(name, "msgsnd") == 0 || strcmp(name, "msgrcv") == 0) {
        *address += sizeof(long);
        *length = strcmp(name, "msgsnd") == 0 ? (size_t)call->args[2] : *length;
    } else if (strcmp(name, "mq_timedsend") == 0) {
        *length = (size_t)call->args[2];
    } else if (strcmp(name, "sendmsg") == 0 || strcmp(name, "recvmsg") == 0) {
        if (!proc_memory(task->tid, call->args[1], &header, sizeof header) ||
            header.msg_iovlen == 0)
            return false;
        vector = (uint64_t)(uintptr_t)header.msg_iov;
    }
    if (vector == call->args[1] && strcmp(name, "readv") != 0 && strcmp(name, "writev") != 0)
        return strcmp(task->row->group, "splice") != 0;
    if (!proc_memory(task->tid, vector, &first, sizeof first))
        return false;
    *address = (uint64_t)(uintptr_t)first.iov_base;
    *length = first.iov_len < *length ? first.iov_len : *length;
    return true;
}

/* The first bytes of what a call of the run has moved, for its picture. */
static void keep_sample(struct tracer *tracer, const struct task *task, struct call *call)
{
    enum { SAMPLE = 48 };
    static const char *const movers[] = {"read",   "write",   "msgsnd",
                                         "msgrcv", "mq_send", "mq_receive"};
    unsigned char bytes[SAMPLE];
    uint64_t address;
    size_t length;
    bool moves = false;

    for (size_t i = 0; i < sizeof movers / sizeof *movers; i++)
        moves = moves || strcmp(task->row->group, movers[i]) == 0;
    if (!tracer->options->picture || !moves || call->result < 0 ||
        !moved_bytes(task, call, &address, &length))
        return;
    length = length < SAMPLE ? length : SAMPLE;
    if (length == 0 || !proc_memory(task->tid, address, bytes, length))
        return;
    call->sample = kit_alloc(2 * length + 1);
    for (size_t i = 0; i < length; i++)
        snprintf(call->sample + 2 * i, 3, "%02x", bytes[i]);
}

/* What a successful call means to the record. */
static void apply_effect(struct tracer *tracer, struct task *task)
{
    struct call *call = &tracer->record->calls[task->call];
    bool failed = call->result < 0;

    switch (task->row->effect) {
    case EFFECT_PAIR:
    case EFFECT_SOCKETPAIR:
        if (!failed)
            effect_pair(tracer, task, call);
        break;
    case EFFECT_NEW_FD:
    case EFFECT_MEMFD:
        if (!failed)
            effect_new_fd(tracer, task, call);
        break;
    case EFFECT_LOCK:
        effect_lock(tracer, task);
        break;
    case EFFECT_DUP:
        if (task->row->number == SYS_fcntl)
            effect_lock(tracer, task);
        if (!failed && !(task->row->number == SYS_fcntl && call->args[1] != F_DUPFD &&
                         call->args[1] != F_DUPFD_CLOEXEC)) {
            call->fds[0] = (int)call->result;
            int object = object_of_fd(tracer, task->tid, (int)call->result);
            tracer->record->calls[task->call].object = object;
        }
        break;
    case EFFECT_QUEUE_GET:
    case EFFECT_SEM_GET:
    case EFFECT_SHM_GET:
        if (!failed)
            effect_get(tracer, task,
                       task->row->effect == EFFECT_QUEUE_GET ? OBJECT_QUEUE
                       : task->row->effect == EFFECT_SEM_GET ? OBJECT_SEMAPHORES
                                                             : OBJECT_SEGMENT);
        break;
    case EFFECT_QUEUE_USE:
    case EFFECT_SEM_USE:
    case EFFECT_SHM_USE:
        if (strcmp(call->name, "msgrcv") == 0 && !failed)
            note_message(task, call);
        effect_use(tracer, task,
                   task->row->effect == EFFECT_QUEUE_USE ? OBJECT_QUEUE
                   : task->row->effect == EFFECT_SEM_USE ? OBJECT_SEMAPHORES
                                                         : OBJECT_SEGMENT);
        if (strcmp(task->row->name, "semctl") == 0)
            note_values(tracer, task, &tracer->record->calls[task->call]);
        break;
    case EFFECT_MAKE_NODE:
        effect_make_node(tracer, task, call);
        break;
    case EFFECT_BIND:
        if (!failed)
            effect_bind(tracer, task, call);
        break;
    case EFFECT_TIMER:
        if (!failed)
            effect_timer(tracer, task, call);
        break;
    case EFFECT_KILL:
        call->other = record_find_pid(tracer->record, abs((int)call->args[0]));
        break;
    case EFFECT_WAIT:
        if (!failed && call->result > 0)
            call->other = record_find_pid(tracer->record, (pid_t)call->result);
        break;
    case EFFECT_USE_FD:
        tell_what_came_out(tracer, task);
        break;
    case EFFECT_POLL:
        effect_poll(tracer, task);
        break;
    case EFFECT_NONE:
    case EFFECT_YIELD:
    case EFFECT_EXEC:
    case EFFECT_UNIX_NAME:
        break;
    }
}

/* ---- Faults --------------------------------------------------------------------------------- */

static bool is_call(const struct call_row *row, const char *name)
{
    return strcmp(row->name, name) == 0 || strcmp(row->group, name) == 0;
}

/* Does the process hold that file open? Then it is its own partner at a FIFO's other side. */
static bool holds_open(pid_t tid, const struct stat *status)
{
    enum { LIKELY_DESCRIPTORS = 64 };
    struct proc_fd held;

    for (int fd = 0; fd < LIKELY_DESCRIPTORS; fd++)
        if (proc_fd_identify(tid, fd, &held) && held.ino == status->st_ino &&
            held.dev == status->st_dev)
            return true;
    return false;
}

/* open(2) of a FIFO, which waits for a partner (unless told not to, or if it holds the other end).
 */
static bool opens_fifo(const struct tracer *tracer, const struct task *task)
{
    const struct call *call = &tracer->record->calls[task->call];
    int path_at = task->row->path;
    struct stat status;

    return strcmp(task->row->group, "open") == 0 && path_at >= 0 && call->detail != NULL &&
           ((int)call->args[path_at + 1] & O_NONBLOCK) == 0 &&
           proc_stat_path(task->tid, path_at == 0 ? AT_FDCWD : (int)call->args[0], call->detail,
                          &status) &&
           S_ISFIFO(status.st_mode) && !holds_open(task->tid, &status);
}

/* Was it asked not to wait, or has it nothing to wait for? Then no signal interrupts it. */
static bool never_waits(const struct task *task, const struct call *call)
{
    const uint64_t *args = call->args;
    struct sembuf list[8];

    if (strcmp(call->name, "wait4") == 0)
        return (args[2] & WNOHANG) != 0;
    if (strcmp(call->name, "waitid") == 0)
        return (args[3] & WNOHANG) != 0;
    if (strcmp(call->name, "msgsnd") == 0)
        return (args[3] & IPC_NOWAIT) != 0;
    if (strcmp(call->name, "msgrcv") == 0)
        return (args[4] & IPC_NOWAIT) != 0;
    if (strcmp(task->row->group, "semop") != 0 || args[2] > 8 ||
        !proc_memory(task->tid, args[1], list, args[2] * sizeof list[0]))
        return false;
    for (size_t i = 0; i < args[2]; i++)
        if (list[i].sem_op <= 0 && (list[i].sem_flg & IPC_NOWAIT) == 0)
            return false;
    return true;
}

/* Calls that a handled signal interrupts (signal(7)). */
static bool is_interruptible(const struct tracer *tracer, const struct task *task)
{
    static const char *const groups[] = {"read",    "write",      "wait",  "poll",
                                         "msgsnd",  "msgrcv",     "semop", "accept",
                                         "mq_send", "mq_receive", NULL};
    const struct call *call = &tracer->record->calls[task->call];
    if (never_waits(task, call))
        return false;
    for (int i = 0; groups[i] != NULL; i++)
        if (strcmp(task->row->group, groups[i]) == 0)
            return true;
    bool waits_for_lock = (task->row->number == SYS_flock && ((int)call->args[1] & LOCK_NB) == 0) ||
                          (task->row->number == SYS_fcntl &&
                           ((int)call->args[1] == F_SETLKW || (int)call->args[1] == F_OFD_SETLKW));
    return waits_for_lock || opens_fifo(tracer, task);
}

/* Does such a thing come in parts? Not what the C library writes for the program, as in sem_open(3)
 * (the line is the learner's, the write is not); not an eventfd or a datagram, which come whole. */
static bool comes_in_parts(struct tracer *tracer, const struct task *task)
{
    struct proc_fd what;
    int fd = (int)tracer->record->calls[task->call].args[0], type = SOCK_STREAM;
    socklen_t size = sizeof type;
    if (!proc_fd_identify(task->tid, fd, &what) || what.kind == OBJECT_OTHER ||
        strncmp(what.path, "/dev/shm/", 9) == 0)
        return false;
    if (what.kind != OBJECT_SOCKET)
        return true;
    int copy = proc_borrow(process_of(tracer, task)->host_pid, fd);
    bool told = copy != -1 && getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
    if (copy != -1)
        close(copy);
    return told && type == SOCK_STREAM;
}

enum { MOST_PARTS = 64 };

/* The parts of a readv or writev; how many, at most MOST_PARTS. 0: it is none. */
static size_t parts_of(const struct task *task, const struct call *call, struct iovec *parts)
{
    bool vector = strcmp(task->row->name, "readv") == 0 || strcmp(task->row->name, "writev") == 0;
    if (!vector || call->args[2] > MOST_PARTS ||
        !proc_memory(task->tid, call->args[1], parts, call->args[2] * sizeof *parts))
        return 0;
    return call->args[2];
}

/* How many bytes it asks for, at most. */
static uint64_t bytes_asked(const struct task *task, const struct call *call)
{
    struct iovec parts[MOST_PARTS];
    uint64_t sum = 0;
    if (task->row->count >= 0)
        return call->args[task->row->count];
    for (size_t i = parts_of(task, call, parts); i-- > 0;)
        sum += parts[i].iov_len;
    return sum;
}

/* More memory, as malloc(3) asks for it; not where the heap ends, nor memory to share. */
static bool asks_for_memory(const struct call *call)
{
    const uint64_t private = MAP_PRIVATE | MAP_ANONYMOUS;
    if (strcmp(call->name, "brk") == 0)
        return call->args[0] != 0;
    return (call->args[3] & (private | MAP_SHARED)) == private;
}

/* The call that made this process; NULL: the kit has started it. */
static struct call *fork_of(struct tracer *tracer, int process)
{
    struct record *record = tracer->record;
    if (record->processes[process].parent < 0)
        return NULL;
    for (size_t i = record->n_calls; i-- > 0;)
        if (record->calls[i].other == process &&
            record->calls[i].process == record->processes[process].parent)
            return &record->calls[i];
    return NULL;
}

static bool is_at(const char *file, int line, const struct place *place)
{
    return line == place->line && place->file != NULL && strcmp(file, place->file) == 0;
}

/* The process that the kit started, above this one. */
static int program_of(const struct tracer *tracer, int process)
{
    while (tracer->record->processes[process].parent >= 0)
        process = tracer->record->processes[process].parent;
    return process;
}

static bool is_site(struct tracer *tracer, const struct task *task, const struct fault_site *site)
{
    const struct call *call = &tracer->record->calls[task->call];
    if (site == NULL)
        return true;
    if (!is_at(site->file, site->line, &call->place) ||
        program_of(tracer, task->process) != site->program ||
        (site->fd >= 0 && site->fd != (int)call->args[0]))
        return false;
    struct call *fork_call = fork_of(tracer, task->process);
    if (fork_call == NULL || site->forked_file == NULL)
        return fork_call == NULL && site->forked_file == NULL;
    places_resolve_call(fork_call);
    return is_at(site->forked_file, site->forked_line, &fork_call->place);
}

/* Is this a call of which the fault may be the nth? */
static bool counts_for(struct tracer *tracer, const struct task *task, const struct fault *fault)
{
    const struct call *call = &tracer->record->calls[task->call];
    if (!is_call(task->row, fault->call) || !is_site(tracer, task, fault->site))
        return false;
    if (fault->kind == FAULT_INTERRUPTS)
        return is_interruptible(tracer, task);
    if (fault->kind == FAULT_SHORT)
        return bytes_asked(task, call) > fault->bytes && comes_in_parts(tracer, task);
    return strcmp(task->row->group, "memory") != 0 || asks_for_memory(call);
}

/* Out of memory, it stays so. */
static bool is_due(const struct task *task, const struct fault *fault)
{
    return fault->seen == fault->nth ||
           (strcmp(task->row->group, "memory") == 0 && fault->nth > 0 && fault->seen > fault->nth);
}

static const struct fault *choose_fault(struct tracer *tracer, struct task *task)
{
    const struct tracer_options *options = tracer->options;
    const struct fault *chosen = NULL;

    for (size_t i = 0; i < options->n_faults && chosen == NULL; i++) {
        struct fault *fault = &options->faults[i];
        if (!counts_for(tracer, task, fault))
            continue;
        fault->seen++;
        task->counted |= 1u << i;
        if (is_due(task, fault))
            chosen = fault;
    }
    return chosen;
}

/* Every other one of its kind. */
static bool is_its_turn(struct task *task)
{
    int index = (int)(task->row - call_rows);
    uint64_t *bits = index < 64 ? &task->interrupted : &task->interrupted_high;
    *bits ^= 1ULL << (index % 64);
    return (*bits & (1ULL << (index % 64))) != 0;
}

/* fault: on behalf of a check; otherwise the cell refuses it. */
static void make_it_fail(struct tracer *tracer, struct task *task, int error, bool fault)
{
    registers regs;
    if (!registers_get(task->tid, &regs))
        return;
    if (!set_number(task->tid, &regs, -1))
        return;
    registers_set(task->tid, &regs);
    task->inject = error;
    tracer->record->calls[task->call].injected = fault;
    if (error == EPIPE && strcmp(task->row->group, "write") == 0)
        syscall(SYS_tgkill, process_of(tracer, task)->host_pid, task->tid, SIGPIPE); /* pipe(7) */
}

/* A number in the tracee's memory. Source: process_vm_writev(2). */
static bool poke(pid_t tid, uint64_t address, uint64_t value)
{
    struct iovec ours = {&value, sizeof value};
    struct iovec theirs = {(void *)(uintptr_t)address, sizeof value}; // NOLINT: not our memory
    return process_vm_writev(tid, &ours, 1, &theirs, 1, 0) == (ssize_t)sizeof value;
}

/* The first part that is not empty, and of it at most so many bytes. */
static bool shorten_vector(struct task *task, const struct call *call, registers *regs,
                           uint64_t bytes)
{
    struct iovec parts[MOST_PARTS];
    size_t count = parts_of(task, call, parts), i = 0;
    while (i < count && parts[i].iov_len == 0)
        i++;
    if (i == count)
        return false;
    uint64_t part = call->args[1] + i * sizeof *parts;
    if (parts[i].iov_len > bytes) {
        task->poked = part + offsetof(struct iovec, iov_len);
        task->poked_value = parts[i].iov_len;
        if (!poke(task->tid, task->poked, bytes)) {
            task->poked = 0;
            return false;
        }
    }
    *argument_register(regs, 1) = part;
    *argument_register(regs, 2) = 1;
    return true;
}

/* It is asked to move at most so many bytes. */
static void shorten(struct tracer *tracer, struct task *task, uint64_t bytes)
{
    registers regs;
    struct call *call = &tracer->record->calls[task->call];
    if (!registers_get(task->tid, &regs))
        return;
    if (task->row->count >= 0)
        *argument_register(&regs, task->row->count) = bytes;
    else if (!shorten_vector(task, call, &regs, bytes))
        return;
    task->changed = true;
    registers_set(task->tid, &regs);
    call->injected = true;
}

/* brk(2) does not say -1: it says where the heap ends, and that is where it was. So it is asked
 * that. */
static void refuse_heap(struct tracer *tracer, struct task *task)
{
    registers regs;
    if (!registers_get(task->tid, &regs))
        return;
    *argument_register(&regs, 0) = 0;
    task->changed = true;
    registers_set(task->tid, &regs);
    tracer->record->calls[task->call].injected = true;
}

static void inject(struct tracer *tracer, struct task *task, const struct fault *fault)
{
    task->fault = fault;
    if (fault->kind == FAULT_SHORT)
        shorten(tracer, task, fault->bytes);
    else if (task->row->number == SYS_brk)
        refuse_heap(tracer, task);
    else
        make_it_fail(tracer, task, fault->kind == FAULT_INTERRUPTS ? EINTR : fault->error, true);
}

static bool has_faults(const struct tracer_options *options)
{
    return options->n_faults > 0 || options->interruptions || options->short_reads ||
           options->short_writes;
}

/* Made by a line of the learner's own: not by the dynamic linker before main(), nor by a driver of
 * the kit's. */
static bool is_learners_call(struct tracer *tracer, struct task *task)
{
    struct call *call = &tracer->record->calls[task->call];
    const char *kit_file = tracer->record->kit_file;
    places_resolve_call(call);
    return call->place.file != NULL &&
           (kit_file == NULL || strcmp(call->place.file, kit_file) != 0);
}

/* Faults by the dozen: all writes, all calls that can wait, ... */
static void apply_hard_times(struct tracer *tracer, struct task *task)
{
    const struct tracer_options *options = tracer->options;
    if (options->interruptions && is_interruptible(tracer, task) && is_its_turn(task)) {
        make_it_fail(tracer, task, EINTR, true);
        return;
    }
    bool wanted = (options->short_writes && strcmp(task->row->group, "write") == 0) ||
                  (options->short_reads && strcmp(task->row->group, "read") == 0);
    if (!wanted || task->row->count < 0)
        return;
    uint64_t count = tracer->record->calls[task->call].args[task->row->count];
    if (count > 1 && comes_in_parts(tracer, task))
        shorten(tracer, task, 1 + next_random(tracer) % (count - 1));
}

static void apply_faults(struct tracer *tracer, struct task *task)
{
    if (!process_of(tracer, task)->own_program || !has_faults(tracer->options) ||
        !is_learners_call(tracer, task))
        return;
    const struct fault *fault = choose_fault(tracer, task);
    if (fault != NULL)
        inject(tracer, task, fault);
    else
        apply_hard_times(tracer, task);
}

/* ---- Holding -------------------------------------------------------------------------------- */

void tracer_hold(struct tracer *tracer, int program, const struct hold *hold)
{
    *ARRAY_ADD(tracer->holds, tracer->n_holds) = (struct wanted_hold){program, *hold};
}

static const struct hold *hold_here(struct tracer *tracer, struct task *task,
                                    const struct call_row *row, bool after)
{
    for (size_t i = 0; i < tracer->n_holds; i++) {
        struct wanted_hold *wanted = &tracer->holds[i];
        if (wanted->hold.after == after && is_call(row, wanted->hold.call) &&
            program_of(tracer, task->process) == wanted->program &&
            ++wanted->hold.seen == wanted->hold.nth)
            return &wanted->hold;
    }
    return NULL;
}

/* Holds or kills the task, if somebody wants that of this call: then the task must not be resumed.
 */
static bool stays_here(struct tracer *tracer, struct task *task, const struct call_row *row,
                       bool after)
{
    if (tracer->n_holds == 0 || !process_of(tracer, task)->own_program ||
        !is_learners_call(tracer, task))
        return false;
    const struct hold *hold = hold_here(tracer, task, row, after);
    if (hold == NULL)
        return false;
    task->stopped = true;
    if (hold->kills) {
        kill(process_of(tracer, task)->host_pid, SIGKILL);
        return true;
    }
    task->held = true;
    if (tracer->turn == task->tid)
        tracer->turn = 0;
    task->go_on = after ? PTRACE_CONT : PTRACE_SYSCALL;
    process_of(tracer, task)->halted = true;
    return true;
}

size_t tracer_held(const struct tracer *tracer)
{
    size_t count = 0;
    for (size_t i = 0; i < tracer->n_tasks; i++)
        count += tracer->tasks[i].held;
    return count;
}

void tracer_forget_holds(struct tracer *tracer)
{
    size_t kept = 0;
    for (size_t i = 0; i < tracer->n_holds; i++)
        if (tracer->holds[i].hold.kills)
            tracer->holds[kept++] = tracer->holds[i];
    tracer->n_holds = kept;
}

/* ---- One at a time -------------------------------------------------------------------------- */

/* With a schedule one thread has the turn. It loses it before each call of the table and each
 * access to shared memory (the runtime of the race detector asks there), when it falls asleep in a
 * call, and when it ends. Whoever comes out of a call without having the turn waits for it. A
 * choice is made only when everybody is either ready or asleep: so it depends on nothing but the
 * seed. */

static bool is_scheduled(const struct tracer *tracer)
{
    return tracer->options->schedule != NULL && !tracer->frozen;
}

/* Stands here until its turn comes. */
static void become_ready(struct tracer *tracer, struct task *task, enum __ptrace_request how,
                         int signal)
{
    task->stopped = task->ready = true;
    task->go_on = how;
    task->go_on_signal = signal;
    if (tracer->turn == task->tid)
        tracer->turn = 0;
    else
        race_want_yields(tracer->options->race, true);
}

/* Goes on if it has the turn; else it waits for it. */
static void resume_in_turn(struct tracer *tracer, struct task *task, enum __ptrace_request how,
                           int signal)
{
    if (is_scheduled(tracer) && tracer->turn != task->tid)
        become_ready(tracer, task, how, signal);
    else
        task_resume(tracer, task, how, signal);
}

void tracer_release(struct tracer *tracer, int program)
{
    for (size_t i = 0; i < tracer->n_tasks; i++) {
        struct task *task = &tracer->tasks[i];
        if (!task->held || (program >= 0 && program_of(tracer, task->process) != program))
            continue;
        task->held = false;
        process_of(tracer, task)->halted = false;
        resume_in_turn(tracer, task, task->go_on, 0);
    }
}

enum { MOST_TURNS = 100000 };

/* A turn is over. NULL: nobody wants to know of it. */
static struct turn *add_turn(struct tracer *tracer, const struct task *task)
{
    struct record *record = tracer->record;
    if (task->process < 0 || !process_of(tracer, task)->own_program ||
        record->n_turns == MOST_TURNS)
        return NULL;
    struct turn *turn = ARRAY_ADD(record->turns, record->n_turns);
    turn->process = task->process;
    return turn;
}

/* The turn goes from this thread to another one: where it stands. */
static void note_turn(struct tracer *tracer, struct task *task)
{
    struct turn *turn = add_turn(tracer, task);
    if (turn == NULL || tracer->options->hasty)
        return;
    if (task->yields_at != 0) {
        turn->place = race_place(tracer->options->race, task->process, task->yields_at);
    } else if (task->call >= 0) {
        struct call *call = &tracer->record->calls[task->call];
        places_resolve_call(call);
        turn->call = call->name;
        turn->place = (struct place){
            call->place.file != NULL ? kit_strdup(call->place.file) : NULL, call->place.line,
            call->place.function != NULL ? kit_strdup(call->place.function) : NULL};
    }
}

/* It was this thread's turn, and it has ended. */
static void note_last_turn(struct tracer *tracer, const struct task *task)
{
    struct turn *turn =
        is_scheduled(tracer) && task->number == tracer->last_turn ? add_turn(tracer, task) : NULL;
    if (turn != NULL)
        turn->ends = true;
}

static struct task *task_by_number(struct tracer *tracer, int number)
{
    for (size_t i = 0; i < tracer->n_tasks; i++)
        if (tracer->tasks[i].number == number)
            return &tracer->tasks[i];
    return NULL;
}

/* In a call, and off the processor: wait4(2) and its like are "S" also while they look once more
 * whether there is something, after they were woken. (/proc/PID/syscall says "running" then, and -1
 * where no call is.) "D" is over by itself, but in vfork(2). */
static bool is_asleep(struct tracer *tracer, const struct task *task)
{
    char call[160];
    if (task->listening)
        return true;
    char state = proc_state(task->tid);
    if (state != 'S' && (state != 'D' || task->process < 0 || !process_of(tracer, task)->in_vfork))
        return false;
    return proc_read(call, sizeof call, "/proc/%d/syscall", (int)task->tid) <= 0 ||
           (call[0] >= '0' && call[0] <= '9');
}

/* contested: others could go as well. */
static void give_turn(struct tracer *tracer, struct task *task, bool contested)
{
    struct task *before = task_by_number(tracer, tracer->last_turn);
    if (before != NULL && before != task)
        note_turn(tracer, before);
    tracer->turn = task->tid;
    tracer->last_turn = task->number;
    task->ready = false;
    /* Alone it need not ask before each access; from its next call on somebody may be awake. */
    if (task->yields_at != 0)
        race_want_yields(tracer->options->race, contested);
    task->yields_at = 0;
    task_resume(tracer, task, task->go_on, task->go_on_signal);
}

/* Everybody ready or asleep: then one of the ready gets the turn. */
static void choose_turn(struct tracer *tracer)
{
    enum { MOST_READY = 256 };
    int ready[MOST_READY];
    size_t count = 0;

    tracer->quiet = false;
    if (!is_scheduled(tracer))
        return;
    struct task *running = tracer->turn != 0 ? task_find(tracer, tracer->turn) : NULL;
    if (running != NULL && !is_asleep(tracer, running))
        return;
    tracer->turn = 0;
    for (size_t i = 0; i < tracer->n_tasks; i++) {
        const struct task *task = &tracer->tasks[i];
        if (task->ready && count < MOST_READY)
            ready[count++] = task->number;
        else if (!task->ready && !task->stopped && !is_asleep(tracer, task))
            return; /* on its way: out of a call, or to its end */
    }
    tracer->quiet = count == 0;
    if (count == 0)
        return;
    size_t chosen = count > 1 ? schedule_choose(tracer->options->schedule, ready, count) : 0;
    give_turn(tracer, task_by_number(tracer, ready[chosen]), count > 1);
}

bool tracer_is_quiet(const struct tracer *tracer)
{
    return tracer->quiet;
}

/* A thread that stands or ends is an event; one that falls asleep in a call is not. */
int64_t tracer_next_look_ns(struct tracer *tracer)
{
    enum { SOON_NS = 20000, LATER_NS = 320000, LATEST_NS = 1280000 };
    const struct task *running = tracer->turn != 0 ? task_find(tracer, tracer->turn) : NULL;
    bool computes = running != NULL && running->row == NULL;
    int64_t pause = (computes ? LATER_NS : SOON_NS) << (tracer->looks < 6 ? tracer->looks : 6);
    tracer->looks++;
    return tracer->quiet || pause > LATEST_NS ? LATEST_NS : pause;
}

/* Time is not what orders: a sleep is over at once, and others may come first. */
static void skip_sleep(struct task *task)
{
    registers regs;
    if (strcmp(task->row->group, "sleep") != 0 || !registers_get(task->tid, &regs) ||
        !set_number(task->tid, &regs, -1))
        return;
    registers_set(task->tid, &regs);
    task->skipped = true;
}

/* ---- Calls: entry and exit stops ------------------------------------------------------------ */

/* Flags of clone and clone3 that would hide a child from us or, in a run of a check, leave the
 * cell: as unshare(2), which the filter refuses, in both modes. */
static bool refuses_clone(struct tracer *tracer, struct task *task, const struct call *call)
{
    uint64_t flags = call->args[0];
    const uint64_t spaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNS |
                            CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP;

    if (task->row->number == SYS_clone3 &&
        !proc_memory(task->tid, call->args[0], &flags, sizeof flags))
        return false;
    if (task->row->number != SYS_clone && task->row->number != SYS_clone3)
        return false;
    return (flags & CLONE_UNTRACED) || (tracer->record->closed_world && (flags & spaces));
}

/* The kernel's limit counts all processes of a user, whoever's run they belong to. */
static bool has_too_many(struct tracer *tracer, const struct task *task)
{
    size_t most = tracer->options->most_threads;
    bool refused = most > 0 && tracer->n_tasks >= most && strcmp(task->row->group, "fork") == 0;
    tracer->record->too_many += refused;
    return refused;
}

/* In the weaker mode no PID namespace keeps a program from the rest of the machine: signals go to
 * processes of the run only. */
static bool refuses_kill(struct tracer *tracer, struct task *task, const struct call *call)
{
    bool guarded = tracer->record->closed_world && !tracer->options->confined;
    int pid = (int)call->args[0];

    if (!guarded || task->row->effect != EFFECT_KILL || pid == 0)
        return false;
    if (task->row->number == SYS_tkill) /* a thread; its number is the same for us in that mode */
        return task_find(tracer, pid) == NULL;
    return pid == -1 || record_find_pid(tracer->record, abs(pid)) == -1;
}

static void call_begin(struct tracer *tracer, struct task *task, const struct call_row *row,
                       const struct __ptrace_syscall_info *info)
{
    int index = record_add_call(tracer->record);
    struct call *call = &tracer->record->calls[index];

    call->start_us = now(tracer);
    call->process = task->process;
    call->tid = task->tid;
    call->own_tid = wants_race_facts(tracer) ? own_tid_of(task) : 0;
    call->name = row->name;
    for (int i = 0; i < 6; i++)
        call->args[i] = info->seccomp.args[i];
    if (row->path >= 0)
        call->detail = memory_string(task->tid, call->args[row->path]);
    if (strcmp(row->group, "semop") == 0)
        note_operations(task, call);
    else if (strcmp(row->name, "msgsnd") == 0)
        note_message(task, call);
    if (tracer->record->processes[task->process].execed && /* before, it is our own code */
        !tracer->options->hasty)
        call->stack = stack_of(tracer, task, info->instruction_pointer);
    if (row->effect == EFFECT_USE_FD) { /* now: close() will forget it */
        int object = object_of_fd(tracer, task->tid, (int)call->args[0]);
        tracer->record->calls[index].object = object;
    }
    task->row = row;
    task->call = index;
    tracer->record->calls[index].began = number_now(tracer);
}

static void on_call_entry(struct tracer *tracer, struct task *task)
{
    unsigned long row = 0;
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GETEVENTMSG, task->tid, NULL, &row) == -1 ||
        ptrace(PTRACE_GET_SYSCALL_INFO, task->tid, (void *)sizeof info, &info) == -1 ||
        row >= (unsigned long)n_call_rows) {
        task_resume(tracer, task, PTRACE_CONT, 0);
        return;
    }
    if (call_rows[row].effect == EFFECT_YIELD && is_scheduled(tracer)) {
        task->yields_at =
            info.seccomp.args[0] == RACE_YIELD ? info.seccomp.args[1] : info.instruction_pointer;
        become_ready(tracer, task, PTRACE_CONT, 0);
        return;
    }
    call_begin(tracer, task, &call_rows[row], &info);
    if (refuses_clone(tracer, task, &tracer->record->calls[task->call]))
        make_it_fail(tracer, task, task->row->number == SYS_clone3 ? ENOSYS : EPERM, false);
    else if (refuses_kill(tracer, task, &tracer->record->calls[task->call]))
        make_it_fail(tracer, task, EPERM, false);
    else if (has_too_many(tracer, task))
        make_it_fail(tracer, task, EAGAIN, false);
    else if (exceeds_ration(tracer, task, &tracer->record->calls[task->call]))
        make_it_fail(tracer, task, rations[ration_of(task->row, info.seccomp.args)].error, false);
    else
        apply_faults(tracer, task);
    if (is_scheduled(tracer))
        skip_sleep(task);
    if (stays_here(tracer, task, task->row, false))
        return;
    if (is_scheduled(tracer))
        become_ready(tracer, task, PTRACE_SYSCALL, 0);
    else
        task_resume(tracer, task, PTRACE_SYSCALL, 0);
}

/* It was not the nth one after all. */
static void uncount(struct tracer *tracer, const struct task *task)
{
    for (size_t i = 0; i < tracer->options->n_faults; i++)
        if (task->counted & (1u << i))
            tracer->options->faults[i].seen--;
}

#define SIGNAL_BIT(number) (UINT64_C(1) << ((number)-1))

/* -ERESTARTNOHAND, of the kernel's own: again if no handler was called, else EINTR. */
enum { RESTART_WITHOUT_HANDLER = 514 };

/* Calls that end with EINTR whenever a signal is pending. A signal that is ignored (SIGCHLD, as a
 * rule) never is, except for a traced process: to such a call only we have made the difference.
 * Source: signal(7); sig_ignored() in the kernel. */
static bool is_never_restarted(const struct call_row *row)
{
    static const char *const names[] = {"semop",      "msgsnd",      "msgrcv",
                                        "epoll_wait", "epoll_pwait", "sigwait"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_call(row, names[i]))
            return true;
    return false;
}

/* Is there a signal to come now that would interrupt it untraced as well: one with a handler, or
 * one that ends or stops the process? */
static bool has_real_signal(struct tracer *tracer, struct task *task)
{
    const uint64_t by_default =
        SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH) | SIGNAL_BIT(SIGCONT);
    struct thread_status status;
    if (!proc_thread_status(process_of(tracer, task)->host_pid, task->tid, &status))
        return true;
    uint64_t ignored = status.ignored | (by_default & ~status.handled);
    return (status.pending & ~status.blocked & ~ignored) != 0;
}

static void call_end(struct tracer *tracer, struct task *task, long result)
{
    struct call *call = &tracer->record->calls[task->call];
    registers regs;

    if (task->skipped && registers_get(task->tid, &regs)) {
        set_result(&regs, 0);
        result = 0;
        registers_set(task->tid, &regs);
    }
    task->skipped = false;
    if ((task->inject != 0 || task->changed) && registers_get(task->tid, &regs)) {
        if (task->inject != 0) {
            set_result(&regs, -task->inject);
            result = -task->inject;
        }
        if (task->changed) /* the program may count on its registers to survive the call */
            restore_arguments(&regs, call->args);
        registers_set(task->tid, &regs);
    }
    if (task->poked != 0)
        poke(task->tid, task->poked, task->poked_value);
    if (result == -EINTR && task->inject == 0 && is_never_restarted(task->row) &&
        !has_real_signal(tracer, task) && registers_get(task->tid, &regs)) {
        set_result(&regs, -RESTART_WITHOUT_HANDLER);
        result = -RESTART_WITHOUT_HANDLER;
        registers_set(task->tid, &regs);
    }
    /* The kernel gave the call up for a signal (a child's end, say) and makes it again by itself:
     * to the program it is one call. Source: ERESTARTSYS and its kin. */
    bool again = result <= -512 && result >= -516;
    bool not_cut = task->fault != NULL && task->fault->kind == FAULT_SHORT &&
                   result < (long)task->fault->bytes; /* there was no more, or it has failed */
    if (again || not_cut)
        uncount(tracer, task);
    if (not_cut)
        call->injected = false;
    if (task->fault != NULL && task->row->number == SYS_brk)
        result = -ENOMEM; /* that is what it comes to */
    task->fault = NULL;
    task->counted = 0;
    task->inject = 0;
    task->changed = false;
    task->poked = 0;
    call->result = result;
    call->end_us = now(tracer);
    call->ended = number_now(tracer);
    keep_sample(tracer, task, call);
    if (!call->injected || result >= 0)
        apply_effect(tracer, task);
    settle_ration(tracer, task);
    task->row = NULL;
    task->call = -1;
}

static void on_call_exit(struct tracer *tracer, struct task *task)
{
    struct __ptrace_syscall_info info;
    const struct call_row *row = task->row;

    if (row != NULL &&
        ptrace(PTRACE_GET_SYSCALL_INFO, task->tid, (void *)sizeof info, &info) != -1 &&
        info.op == PTRACE_SYSCALL_INFO_EXIT) {
        int call = task->call;
        call_end(tracer, task, (long)info.exit.rval);
        task->call = call; /* whose line it is, for the hold */
        bool stays = tracer->record->calls[call].result >= 0 && stays_here(tracer, task, row, true);
        task->call = -1;
        if (stays)
            return;
    }
    if (is_scheduled(tracer) && tracer->n_tasks > 1) /* the call may have woken somebody */
        race_want_yields(tracer->options->race, true);
    resume_in_turn(tracer, task, PTRACE_CONT, 0);
}

/* ---- Processes ------------------------------------------------------------------------------ */

static int process_add(struct tracer *tracer, pid_t host_pid, int parent)
{
    int index = record_add_process(tracer->record);
    struct process *process = &tracer->record->processes[index];
    struct process *forker = parent >= 0 ? &tracer->record->processes[parent] : NULL;

    process->number = index + 1;
    process->host_pid = host_pid;
    process->pid = proc_inner_pid(host_pid);
    process->parent = parent;
    process->started_us = now(tracer);
    process->began = number_now(tracer);
    process->name = kit_strdup(forker != NULL && forker->name != NULL ? forker->name : "program");
    process->command = kit_strdup(forker != NULL && forker->command != NULL ? forker->command : "");
    process->own_program = forker != NULL && forker->own_program;
    process->execed = forker != NULL && forker->execed;
    return index;
}

int tracer_attach(struct tracer *tracer, pid_t host_pid)
{
    if (ptrace(PTRACE_SEIZE, host_pid, NULL, (void *)(uintptr_t)ptrace_options) == -1)
        return -1;
    int process = process_add(tracer, host_pid, -1);
    task_add(tracer, host_pid, process);
    return process;
}

static void on_fork(struct tracer *tracer, struct task *task, int event)
{
    unsigned long message = 0;
    pid_t parent_tid = task->tid;
    int parent = task->process;

    if (ptrace(PTRACE_GETEVENTMSG, task->tid, NULL, &message) == -1)
        return;
    pid_t tid = (pid_t)message;
    bool thread = event == PTRACE_EVENT_CLONE && proc_thread_group(tid) != tid;
    int process = thread ? parent : process_add(tracer, tid, parent);
    struct task *child = task_find(tracer, tid);
    bool was_waiting = child != NULL;
    if (child == NULL)
        child = task_add(tracer, tid, process);
    task = task_find(tracer, parent_tid); /* task_add may have moved it */
    child->process = process;
    child->image = image_share(task->image);
    race_keep_image(tracer->options->race, process, child->image);
    if (!thread && task->call >= 0)
        tracer->record->calls[task->call].other = process;
    if (event == PTRACE_EVENT_VFORK)
        tracer->record->processes[parent].in_vfork = true;
    if (was_waiting && child->stopped)
        resume_in_turn(tracer, child, PTRACE_CONT, 0);
}

/* The descriptors of pipes and the like, made by the run itself, that a new program was started
 * with: each written down as a call "inherit", for judge_descriptors(). */
static void record_inherited(struct tracer *tracer, struct task *task)
{
    int *fds;
    size_t n = proc_numbers(&fds, "/proc/%d/fd", (int)task->tid);
    for (size_t i = 0; i < n; i++) {
        int object = object_of_fd(tracer, task->tid, fds[i]);
        if (object < 0 || tracer->record->objects[object].made_by < 0)
            continue;
        struct proc_fd what;
        int index = record_add_call(tracer->record);
        struct call *call = &tracer->record->calls[index];
        call->start_us = call->end_us = now(tracer);
        call->process = task->process;
        call->tid = task->tid;
        call->name = "inherit";
        call->object = object;
        call->fds[0] = fds[i];
        if (proc_fd_identify(task->tid, fds[i], &what))
            call->args[0] = what.writes ? (what.reads ? 2 : 1) : 0;
    }
    free(fds);
}

/* The descriptors that a program of the kit's begins with, each as a call "given"; what is not an
 * object of the record is named by its path. */
static void record_given(struct tracer *tracer, struct task *task)
{
    int *fds;
    size_t n = proc_numbers(&fds, "/proc/%d/fd", (int)task->tid);
    for (size_t i = 0; i < n; i++) {
        struct proc_fd what;
        if (!proc_fd_identify(task->tid, fds[i], &what))
            continue;
        int index = record_add_call(tracer->record);
        struct call *call = &tracer->record->calls[index];
        call->start_us = call->end_us = now(tracer);
        call->process = task->process;
        call->tid = task->tid;
        call->name = "given";
        call->object = record_find_inode(tracer->record, what.kind, what.dev, what.ino);
        call->fds[0] = fds[i];
        call->args[0] = what.writes ? (what.reads ? 2 : 1) : 0;
        if (what.path[0] != '\0')
            call->detail = kit_strdup(what.path);
    }
    free(fds);
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* A file that can only be the run's work: a copy of the learner's program is theirs, too. */
static bool is_made_by_run(const struct tracer *tracer, const char *file)
{
    const char *work = tracer->options->work_folder;
    return work != NULL && (begins_with(file, "/memfd:") || begins_with(file, "/dev/shm/") ||
                            (begins_with(file, work) && file[strlen(work)] == '/'));
}

static bool is_own(struct tracer *tracer, pid_t pid)
{
    char *file = proc_executable(pid);
    bool own = false;
    if (file != NULL && tracer->options->memcheck) {
        own = memcheck_runs_in(file);
    } else if (file != NULL && tracer->options->own_folder != NULL) {
        own = begins_with(file, tracer->options->own_folder) || is_made_by_run(tracer, file);
    } else if (file != NULL) {
        if (tracer->own_program == NULL)
            tracer->own_program = kit_strdup(file);
        own = strcmp(file, tracer->own_program) == 0;
    }
    free(file);
    return own;
}

static void on_exec(struct tracer *tracer, struct task *task)
{
    unsigned long former = 0;
    pid_t tid = task->tid;

    /* The thread that called exec has become the leader; the others are gone. */
    ptrace(PTRACE_GETEVENTMSG, tid, NULL, &former);
    if ((pid_t)former != tid) {
        struct task *caller = task_find(tracer, (pid_t)former);
        if (caller != NULL) {
            task->row = caller->row;
            task->call = caller->call;
            task_remove(tracer, caller);
        }
        task = task_find(tracer, tid);
    }
    image_release(task->image);
    task->image = NULL;
    task->interrupted = task->interrupted_high = 0;
    struct process *process = process_of(tracer, task);
    bool begins = process->parent < 0 && !process->execed;
    process->execed = true;
    free(process->name);
    free(process->command);
    process->command = proc_command(tid);
    process->name = proc_program_name(tid);
    process->own_program = is_own(tracer, tid);
    if (process->parent >= 0)
        tracer->record->processes[process->parent].in_vfork = false;
    if (process->parent >= 0 && !process->own_program)
        record_inherited(tracer, task);
    if (begins && tracer->options->picture)
        record_given(tracer, task);
}

/* What a child is when its parent ends: dead and unreaped, or (where that alone is a fault: the
 * parent is a program that the kit has started in a cell) still alive. One of which we have not
 * heard that it is dead cannot have been waited for: its parent hears of it after us. */
static void mark_unreaped(struct tracer *tracer, int parent, struct process *child)
{
    const struct process *process = &tracer->record->processes[parent];

    if (child->parent != parent || child->was_zombie)
        return;
    if (proc_is_zombie_of(child->host_pid, process->host_pid))
        child->was_zombie = true;
    else if (child->ended_us < 0 && process->parent == -1 && tracer->record->closed_world)
        child->outlived_run = true;
}

/* The last thread of a process is about to end. */
static void on_last_exit(struct tracer *tracer, struct task *task)
{
    struct record *record = tracer->record;
    struct process *process = process_of(tracer, task);

    process->cpu_us = proc_cpu_us(process->host_pid);
    if (tasks_of(tracer, task->process) == 1)
        process->exits_us = now(tracer);
    if (tracer->options->race != NULL && tasks_of(tracer, task->process) == 1)
        process->ended = number_now(tracer);
    if (tasks_of(tracer, task->process) > 1 || process->killed_by_kit)
        return;
    process->handled_signals = proc_handled_signals(process->host_pid);
    for (size_t i = 0; i < record->n_processes; i++)
        mark_unreaped(tracer, task->process, &record->processes[i]);
}

static void on_end(struct tracer *tracer, struct task *task, int status)
{
    struct process *process = process_of(tracer, task);
    bool leader = task->tid == process->host_pid;

    if (leader) {
        process->ended_us = now(tracer);
        process->wait_status = status;
        if (process->parent >= 0)
            tracer->record->processes[process->parent].in_vfork = false;
    }
    note_last_turn(tracer, task);
    task_remove(tracer, task);
}

/* Signals that a mistake raises in the process itself: the line is worth knowing. */
static bool is_deadly(int signal)
{
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
           signal == SIGABRT || signal == SIGPIPE || signal == SIGSYS;
}

static struct stack *stack_here(struct tracer *tracer, struct task *task)
{
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, task->tid, (void *)sizeof info, &info) == -1)
        return NULL;
    return stack_of(tracer, task, info.instruction_pointer);
}

static void on_signal(struct tracer *tracer, struct task *task, int signal)
{
    siginfo_t info;
    int index = record_add_call(tracer->record);
    struct call *call = &tracer->record->calls[index];

    call->start_us = call->end_us = now(tracer);
    call->process = task->process;
    call->tid = task->tid;
    call->name = "signal";
    call->result = signal;
    call->began = call->ended = number_now(tracer);
    if (wants_race_facts(tracer)) /* is there a handler, which would know of it? */
        call->args[1] =
            proc_handled_signals(process_of(tracer, task)->host_pid) >> (signal - 1) & 1;
    call->own_tid = wants_race_facts(tracer) ? own_tid_of(task) : 0;
    if (ptrace(PTRACE_GETSIGINFO, task->tid, NULL, &info) == 0) {
        call->args[0] = (uint64_t)info.si_code;
        if (info.si_code <=
            0) /* from a process: kill, raise; the kernel's own SIGPIPE says so too */
            call->other = record_find_pid(tracer->record, info.si_pid);
    }
    if (is_deadly(signal) && !tracer->options->hasty)
        call->stack = stack_here(tracer, task);
    if (signal == SIGALRM && !process_of(tracer, task)->alarm_repeats)
        process_of(tracer, task)->alarm_pending = false;
    resume_in_turn(tracer, task, PTRACE_CONT, signal);
}

/* The signal that stopped a process, if the kernel or a process of the run has sent it; 0: somebody
 * outside has, who may continue it as well. */
static int stopped_by(const struct record *record, int process, int signal)
{
    for (size_t i = record->n_calls; i-- > 0;) {
        const struct call *call = &record->calls[i];
        if (call->process != process || call->result != signal || strcmp(call->name, "signal") != 0)
            continue;
        return call->other >= 0 || (int)call->args[0] > 0 ? signal : 0;
    }
    return 0;
}

/* ---- Events --------------------------------------------------------------------------------- */

static void on_event(struct tracer *tracer, struct task *task, int event, int signal)
{
    pid_t tid = task->tid;
    switch (event) {
    case PTRACE_EVENT_SECCOMP:
        on_call_entry(tracer, task);
        return;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
        on_fork(tracer, task, event);
        task = task_find(tracer, tid);
        break;
    case PTRACE_EVENT_VFORK_DONE:
        process_of(tracer, task)->in_vfork = false;
        break;
    case PTRACE_EVENT_EXEC:
        on_exec(tracer, task);
        task = task_find(tracer, tid);
        break;
    case PTRACE_EVENT_EXIT:
        on_last_exit(tracer, task);
        break;
    case PTRACE_EVENT_STOP:
        if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
            task->listening = true;
            process_of(tracer, task)->halted = true;
            process_of(tracer, task)->stopped_by =
                stopped_by(tracer->record, task->process, signal);
            task_resume(tracer, task, PTRACE_LISTEN, 0);
            return;
        }
        task->listening = false;
        process_of(tracer, task)->halted = false;
        process_of(tracer, task)->stopped_by = 0;
        break;
    default:
        break;
    }
    /* Between entry and exit of a recorded call (fork, exec) its exit stop is still wanted. */
    if (event == PTRACE_EVENT_STOP)
        resume_in_turn(tracer, task, task->row != NULL ? PTRACE_SYSCALL : PTRACE_CONT, 0);
    else
        task_resume(tracer, task, task->row != NULL ? PTRACE_SYSCALL : PTRACE_CONT, 0);
}

static void on_stop(struct tracer *tracer, pid_t tid, int status)
{
    struct task *task = task_find(tracer, tid);
    int signal = WSTOPSIG(status), event = status >> 16;

    if (task == NULL)
        task = task_add(tracer, tid, -1);
    task->held = task->ready = false;
    if (task->process == -1) { /* a child before its parent's event */
        task->stopped = true;
        return;
    }
    if (signal == (SIGTRAP | 0x80))
        on_call_exit(tracer, task);
    else if (event != 0)
        on_event(tracer, task, event, signal);
    else
        on_signal(tracer, task, signal);
}

int tracer_handle(struct tracer *tracer)
{
    int status, events = 0;
    pid_t tid;

    while (events < MOST_EVENTS && (tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
        events++;
        if (WIFSTOPPED(status)) {
            on_stop(tracer, tid, status);
            continue;
        }
        struct task *task = task_find(tracer, tid);
        if (task != NULL && task->process >= 0)
            on_end(tracer, task, status);
        else if (task != NULL)
            task_remove(tracer, task);
    }
    if (events > 0)
        tracer->looks = 0;
    choose_turn(tracer);
    return events;
}

/* ---- Freezing and ending -------------------------------------------------------------------- */

/* In vfork(2) a thread sleeps where only its child or SIGKILL reaches it. */
static bool cannot_stop(const struct tracer *tracer, const struct task *task)
{
    return task->process >= 0 && tracer->record->processes[task->process].in_vfork &&
           proc_state(task->tid) == 'D';
}

static bool all_stopped(const struct tracer *tracer)
{
    for (size_t i = 0; i < tracer->n_tasks; i++)
        if (!tracer->tasks[i].stopped && !cannot_stop(tracer, &tracer->tasks[i]))
            return false;
    return true;
}

static void wait_a_moment(void)
{
    /* Until some child has news; the limit only guards against a lost one. */
    sigset_t set;
    struct timespec limit = {0, 5000000};
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigtimedwait(&set, NULL, &limit);
}

static void place_threads(struct tracer *tracer)
{
    struct record *record = tracer->record;
    for (size_t i = 0; i < record->n_threads; i++) {
        struct thread *thread = &record->threads[i];
        struct task *task = task_find(tracer, thread->tid);
        /* In a lab run the lines of other programs (a command, one of the kit's) are no help. */
        bool foreign = record->closed_world && !record->processes[thread->process].own_program;
        if (task == NULL || !task->stopped || thread->place.file != NULL || foreign)
            continue;
        image_release(task->image); /* libraries may have been loaded since */
        task->image = image_read(task->tid, "");
        struct stack *stack = task->image != NULL ? stack_capture(task->tid, task->image) : NULL;
        if (stack != NULL)
            thread->place = stack_place(stack, task->tid);
        stack_free(stack);
    }
}

void tracer_freeze(struct tracer *tracer)
{
    long long deadline = kit_now_us() + 2000000;

    tracer->frozen = true;
    for (size_t i = 0; i < tracer->n_tasks; i++)
        if (!tracer->tasks[i].stopped)
            ptrace(PTRACE_INTERRUPT, tracer->tasks[i].tid, NULL, NULL);
    while (!all_stopped(tracer) && kit_now_us() < deadline) {
        if (tracer_handle(tracer) == 0)
            wait_a_moment();
    }
    place_threads(tracer);
}

void tracer_kill(struct tracer *tracer)
{
    long long deadline = kit_now_us() + 5000000;

    tracer->frozen = false;
    while (tracer->n_tasks > 0 && kit_now_us() < deadline) {
        for (size_t i = 0; i < tracer->n_tasks; i++) {
            struct task *task = &tracer->tasks[i];
            if (task->process >= 0)
                process_of(tracer, task)->killed_by_kit = true;
            kill(task->tid, SIGKILL);
            if (task->stopped) {
                task->stopped = false;
                ptrace(PTRACE_CONT, task->tid, NULL, NULL);
            }
        }
        if (tracer_handle(tracer) == 0)
            wait_a_moment();
    }
}
