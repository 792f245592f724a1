/*
 * run.c - one run from start to end. See run.h.
 *
 * _GNU_SOURCE: pipe2(2), F_SETPIPE_SZ.
 */
#define _GNU_SOURCE
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../judge/judge.h"
#include "kit.h"
#include "places.h"
#include "proc.h"
#include "snapshot.h"

enum { STILL_US = 50000, TICK_MS = 10, GRACE_US = 1000000, REJUDGE_US = 1000000 };
enum { PLACED_CALLS = 20000 };

/* ---- Beginning ------------------------------------------------------------------------------ */

struct run *run_new(const struct run_options *options)
{
    struct run *run = kit_alloc(sizeof *run);
    sigset_t child;

    run->options = *options;
    run->record = record_new();
    run->record->seed = options->tracer.seed;
    run->record->closed_world = !options->open_world;
    run->began_us = kit_now_us();
    run->input = run->output = run->error = -1;
    run->input_object = run->output_object = run->first_program = -1;
    run->reading = true;
    /* Built before init is cloned, so that init's memory holds it too. */
    calls_filter(options->sets, options->open_world);
    if (!options->open_world) {
        struct cell_options cell = {options->confined, options->folder, options->hide,
                                    options->read_only};
        run->cell = cell_new(&cell);
        if (run->cell == NULL)
            kit_broken("cannot make a cell for the run");
    }
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &run->old_mask);
    run->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (run->signals == -1)
        kit_broken("signalfd");
    run->tracer = tracer_new(run->record, &run->options.tracer, run->began_us);
    return run;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void run_free(struct run *run)
{
    if (run == NULL)
        return;
    tracer_kill(run->tracer);
    cell_free(run->cell);
    tracer_free(run->tracer);
    close_fd(&run->input);
    close_fd(&run->output);
    close_fd(&run->error);
    close_fd(&run->signals);
    sigprocmask(SIG_SETMASK, &run->old_mask, NULL);
    record_free(run->record);
    free(run->pending.data);
    free(run->out.data);
    free(run->err.data);
    free(run);
}

static void bytes_add(struct bytes *bytes, const char *data, size_t length)
{
    bytes->data = kit_realloc(bytes->data, bytes->length + length + 1);
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
    bytes->data[bytes->length] = '\0';
}

/* A pipe for standard descriptor i: theirs goes to the program, ours stays. */
static void lay_pipe(const struct run_program *program, int i, int *theirs, int *ours)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == -1)
        kit_broken("pipe");
    *theirs = ends[i == 0 ? 0 : 1];
    *ours = ends[i == 0 ? 1 : 0];
    if (program->capacity[i] > 0)
        fcntl(*ours, F_SETPIPE_SZ, program->capacity[i]);
    if (program->nonblocking[i] && fcntl(*theirs, F_SETFL, O_NONBLOCK) == -1)
        kit_broken("O_NONBLOCK");
    if (fcntl(*ours, F_SETFL, O_NONBLOCK) == -1)
        kit_broken("O_NONBLOCK");
}

static int kit_pipe_object(struct run *run, int fd)
{
    struct stat status;
    if (fd < 0 || fstat(fd, &status) == -1)
        return -1;
    return record_object_by_inode(run->record, OBJECT_PIPE, 0, status.st_ino, NULL);
}

static void rename_object(struct run *run, int object, const char *label)
{
    if (object < 0)
        return;
    free(run->record->objects[object].label);
    run->record->objects[object].label = kit_strdup(label);
}

static void adopt_stdio(struct run *run, int ours[3], bool close_output)
{
    run->input = ours[0];
    run->output = ours[1];
    run->error = ours[2];
    run->input_object = kit_pipe_object(run, run->input);
    run->output_object = kit_pipe_object(run, run->output);
    rename_object(run, run->input_object, "standard input");
    rename_object(run, run->output_object, "standard output");
    rename_object(run, kit_pipe_object(run, run->error), "standard error");
    if (close_output)
        close_fd(&run->output);
}

int run_start(struct run *run, const struct run_program *program)
{
    int theirs[3] = {-1, -1, -1}, ours[3] = {-1, -1, -1};
    struct waiting_program waiting;

    for (int i = 0; i < 3 && !run->options.open_world; i++) {
        if (program->kind[i] == STDIO_PIPE)
            lay_pipe(program, i, &theirs[i], &ours[i]);
        else if (program->kind[i] == STDIO_FD)
            theirs[i] = program->fd[i];
        else if (program->kind[i] == STDIO_NULL)
            theirs[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
    }
    struct spawn spawn = {
        .file = program->file,
        .argv = program->argv,
        .envp = program->envp,
        .directory = program->directory,
        .stdio = {theirs[0], theirs[1], theirs[2]},
        .filter = calls_filter(run->options.sets, run->options.open_world),
        .limits = run->options.limits,
        .ignored_signals = program->ignored_signals,
        .keep_session = run->options.open_world,
        .plain_environment = run->options.open_world,
        .mask = run->options.open_world ? &run->old_mask : NULL,
    };
    int started = cell_spawn(run->cell, &spawn, &waiting);
    int error = errno;
    for (int i = 0; i < 3; i++)
        if (program->kind[i] != STDIO_FD)
            close_fd(&theirs[i]);
    if (started == -1) {
        errno = error;
        return -1;
    }
    int process = tracer_attach(run->tracer, waiting.host_pid);
    if (process == -1)
        kit_broken("ptrace is refused here (PTRACE_SEIZE)");
    if (run->first_program == -1) {
        run->first_program = process;
        adopt_stdio(run, ours, program->close_output);
    }
    run->programs[run->n_programs++] = process;
    cell_go(&waiting);
    return process;
}

/* ---- Input and output ----------------------------------------------------------------------- */

void run_send(struct run *run, const char *data, size_t length)
{
    bytes_add(&run->pending, data, length);
}

void run_close_input(struct run *run)
{
    run->hold_input = false;
    if (run->pending_from == run->pending.length)
        close_fd(&run->input);
}

void run_close_output(struct run *run)
{
    close_fd(&run->output);
}

static void feed(struct run *run)
{
    size_t left = run->pending.length - run->pending_from;
    if (left > 0) {
        ssize_t written = write(run->input, run->pending.data + run->pending_from, left);
        if (written > 0)
            run->pending_from += (size_t)written;
        else if (written == -1 && errno == EPIPE)
            run->pending_from = run->pending.length; /* nobody will read it */
        else if (written == -1 && errno != EAGAIN && errno != EINTR)
            kit_broken("feeding standard input");
    }
    if (run->pending_from == run->pending.length && !run->hold_input)
        close_fd(&run->input);
}

static bool drain(struct run *run, int *fd, struct bytes *into)
{
    char buffer[65536];
    ssize_t got = read(*fd, buffer, sizeof buffer);
    if (got > 0)
        bytes_add(into, buffer, (size_t)got);
    else if (got == 0)
        close_fd(fd);
    if (run->options.output_limit > 0 &&
        run->out.length + run->err.length > run->options.output_limit)
        run->state = RUN_FLOODED;
    return got > 0;
}

static bool input_wanted(const struct run *run)
{
    return run->input >= 0 && (run->pending_from < run->pending.length || !run->hold_input);
}

/* One round: waits for news (at most a tick), handles it. Returns whether anything happened. */
static bool one_round(struct run *run)
{
    struct pollfd watch[] = {
        {run->signals,                        POLLIN,  0},
        {input_wanted(run) ? run->input : -1, POLLOUT, 0},
        {run->reading ? run->output : -1,     POLLIN,  0},
        {run->error,                          POLLIN,  0},
    };
    struct signalfd_siginfo info;
    bool news = false;

    if (poll(watch, 4, TICK_MS) == -1 && errno != EINTR)
        kit_broken("poll");
    if (watch[0].revents != 0)
        while (read(run->signals, &info, sizeof info) > 0)
            continue;
    if (tracer_handle(run->tracer) > 0)
        news = true;
    if (watch[1].revents != 0 && run->input >= 0) {
        feed(run);
        news = true;
    }
    if (watch[2].revents != 0 && run->output >= 0)
        news |= drain(run, &run->output, &run->out);
    if (watch[3].revents != 0 && run->error >= 0)
        news |= drain(run, &run->error, &run->err);
    return news;
}

/* ---- Still, hung, too long ------------------------------------------------------------------ */

/* Notes whether nobody has moved since the last look. */
static bool still_since(struct run *run, long long now_us)
{
    uint64_t digest;
    if (snapshot_stillness(run->record, &digest) != 1) {
        run->last_digest = 0;
        return false;
    }
    if (digest != run->last_digest) {
        run->last_digest = digest;
        run->last_digest_us = now_us;
        return false;
    }
    return now_us - run->last_digest_us >= STILL_US;
}

bool run_is_still(struct run *run, void *context)
{
    (void)context;
    return tracer_living(run->tracer) > 0 && still_since(run, kit_now_us());
}

void run_snapshot(struct run *run)
{
    struct record *record = run->record;
    if (run->input_object >= 0)
        record->objects[run->input_object].outside_writes = run->input >= 0;
    if (run->output_object >= 0)
        record->objects[run->output_object].outside_reads = run->output >= 0;
    snapshot_take(record, run->cell != NULL ? cell_ipc_state(run->cell) : NULL,
                  kit_now_us() - run->began_us);
}

static void look_for_hang(struct run *run)
{
    long long now_us = kit_now_us();

    if (!still_since(run, now_us))
        return;
    if (run->judged_digest == run->last_digest && now_us - run->judged_us < REJUDGE_US)
        return;
    run_snapshot(run);
    uint64_t digest;
    if (snapshot_stillness(run->record, &digest) != 1 || digest != run->last_digest)
        return; /* somebody moved while we looked */
    run->judged_digest = digest;
    run->judged_us = now_us;
    if (judge_hang(run->record, NULL))
        run->state = RUN_HUNG;
}

static void look_at_limits(struct run *run)
{
    long long now_us = kit_now_us();
    const struct run_options *options = &run->options;

    if (options->wall_limit_us > 0 && now_us - run->began_us > options->wall_limit_us)
        run->state = RUN_TIMED_OUT;
    if (options->call_limit > 0 && run->record->n_calls > options->call_limit)
        run->state = RUN_TIMED_OUT;
    if (options->cpu_limit_us == 0 || now_us - run->cpu_looked_us < 200000)
        return;
    run->cpu_looked_us = now_us;
    int64_t used = 0;
    for (size_t i = 0; i < run->record->n_processes; i++) {
        struct process *process = &run->record->processes[i];
        if (process->ended_us < 0)
            process->cpu_us = proc_cpu_us(process->host_pid);
        used += process->cpu_us;
    }
    if (used > options->cpu_limit_us)
        run->state = RUN_TIMED_OUT;
}

static bool programs_ended(const struct run *run)
{
    for (size_t i = 0; i < run->n_programs; i++)
        if (run->record->processes[run->programs[i]].ended_us < 0)
            return false;
    return true;
}

/* What remains when all is over is exactly what the last snapshot shows: places, then the end. */
static void stop_here(struct run *run)
{
    run->record->hung = run->state == RUN_HUNG;
    run->record->timed_out = run->state == RUN_TIMED_OUT;
    run->record->output_flooded = run->state == RUN_FLOODED;
    if (run->state != RUN_HUNG)
        run_snapshot(run);
    tracer_freeze(run->tracer);
}

bool run_until(struct run *run, run_condition *condition, void *context, int64_t within_us)
{
    long long deadline = within_us > 0 ? kit_now_us() + within_us : 0;

    while (run->state == RUN_GOING) {
        if (condition != NULL && condition(run, context))
            return true;
        if (deadline != 0 && kit_now_us() > deadline)
            return false;
        bool news = one_round(run);
        if (programs_ended(run)) {
            run->state = RUN_ENDED;
        } else {
            if (!news)
                look_for_hang(run);
            if (run->state == RUN_GOING)
                look_at_limits(run);
            if (run->state != RUN_GOING)
                stop_here(run);
        }
    }
    return condition != NULL && condition(run, context);
}

/* ---- The end -------------------------------------------------------------------------------- */

static void mark_survivors(struct run *run)
{
    for (size_t i = 0; i < run->record->n_processes; i++) {
        struct process *process = &run->record->processes[i];
        if (process->ended_us < 0)
            process->outlived_run = true;
    }
}

/* The programs have ended, others still live: in a lab run that alone is a fault; what they still
 * do (the rest of the output) is waited for until they end, sleep for good, or a second has passed.
 */
static void outlast(struct run *run)
{
    long long deadline = kit_now_us() + GRACE_US;

    if (!run->options.open_world)
        mark_survivors(run);
    run->last_digest = 0;
    while (tracer_living(run->tracer) > 0 && kit_now_us() < deadline) {
        bool news = one_round(run);
        if (!news && still_since(run, kit_now_us()))
            break;
    }
    if (run->options.open_world)
        mark_survivors(run);
}

/* What is in the pipes after everybody is gone. */
static void drain_rest(struct run *run)
{
    while (run->output >= 0 && run->reading && drain(run, &run->output, &run->out))
        continue;
    while (run->error >= 0 && drain(run, &run->error, &run->err))
        continue;
}

static void note_name(struct run *run, const struct ipc_name *name)
{
    static const enum object_kind kinds[] = {
        [IPC_NAME_SHM] = OBJECT_POSIX_MEMORY,
        [IPC_NAME_SEMAPHORE] = OBJECT_POSIX_SEMAPHORE,
        [IPC_NAME_QUEUE] = OBJECT_POSIX_QUEUE,
        [IPC_NAME_FILE] = OBJECT_FILE,
    };
    for (size_t i = 0; i < run->record->n_objects; i++) {
        struct object *object = &run->record->objects[i];
        bool posix = object->kind == OBJECT_POSIX_MEMORY ||
                     object->kind == OBJECT_POSIX_SEMAPHORE || object->kind == OBJECT_POSIX_QUEUE;
        if (!posix || object->ino != name->ino || object->made_by < 0)
            continue;
        object->kind = kinds[name->kind];
        free(object->path);
        object->path = kit_strdup(name->name);
        free(object->label);
        object->label = kit_format("%s %s", object_kind_name(object->kind), name->name);
        object->left_behind = true;
    }
}

static void note_id(struct run *run, enum object_kind kind, int id, unsigned mode)
{
    int index = record_find_id(run->record, kind, id);
    if (index < 0)
        return;
    struct object *object = &run->record->objects[index];
    object->mode = mode;
    object->left_behind = object->made_by >= 0;
}

static bool still_there(const struct run *run, const struct object *object)
{
    struct stat status;
    char *path = run->cell != NULL ? cell_path(run->cell, object->path) : kit_strdup(object->path);
    bool found =
        lstat(path, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
    free(path);
    return found;
}

static void note_leftovers(struct run *run)
{
    static struct ipc_state here;
    const struct ipc_state *ipc = &here;

    if (run->cell != NULL)
        ipc = cell_ipc_state(run->cell);
    else
        ipc_state_read(&here);
    for (int i = 0; i < ipc->n_queues; i++)
        note_id(run, OBJECT_QUEUE, ipc->queues[i].id, ipc->queues[i].mode);
    for (int i = 0; i < ipc->n_semaphores; i++)
        note_id(run, OBJECT_SEMAPHORES, ipc->semaphores[i].id, ipc->semaphores[i].mode);
    for (int i = 0; i < ipc->n_segments; i++)
        note_id(run, OBJECT_SEGMENT, ipc->segments[i].id, ipc->segments[i].mode);
    for (int i = 0; i < ipc->n_names; i++)
        note_name(run, &ipc->names[i]);
    for (size_t i = 0; i < run->record->n_objects; i++) {
        struct object *object = &run->record->objects[i];
        bool named = object->kind == OBJECT_FIFO || object->kind == OBJECT_SOCKET;
        if (named && object->made_by >= 0 && object->path != NULL && object->path[0] == '/')
            object->left_behind = still_there(run, object);
    }
}

/* Where each process was forked: the place of the call that made it. */
static void place_forks(struct record *record)
{
    for (size_t i = 0; i < record->n_calls; i++) {
        struct call *call = &record->calls[i];
        if (call->other < 0 || call->place.file == NULL || strcmp(call->name, "signal") == 0)
            continue;
        const struct call_row *row = NULL;
        for (int r = 0; r < n_call_rows; r++)
            if (strcmp(call_rows[r].name, call->name) == 0)
                row = &call_rows[r];
        if (row == NULL || strcmp(row->group, "fork") != 0)
            continue;
        struct process *child = &record->processes[call->other];
        if (child->forked_at.file == NULL) {
            child->forked_at.file = kit_strdup(call->place.file);
            child->forked_at.function =
                call->place.function != NULL ? kit_strdup(call->place.function) : NULL;
            child->forked_at.line = call->place.line;
        }
    }
}

static void place_call(struct record *record, int call)
{
    if (call >= 0)
        places_resolve_call(&record->calls[call]);
}

/* Lines cost some microseconds each. Where there are very many calls (or nobody will look at them)
 * only those get one that a judge may want to point at. */
static void place_calls(struct run *run)
{
    struct record *record = run->record;
    if (run->options.all_places && record->n_calls <= PLACED_CALLS) {
        places_resolve(record);
        return;
    }
    for (size_t i = 0; i < record->n_objects; i++)
        place_call(record, record->objects[i].made_by);
    for (size_t i = 0; i < record->n_descriptors; i++)
        place_call(record, record->descriptors[i].made_by);
    for (size_t i = 0; i < record->n_calls; i++) {
        struct call *call = &record->calls[i];
        struct process *other = call->other >= 0 ? &record->processes[call->other] : NULL;
        bool blamed =
            other != NULL && (other->was_zombie || other->outlived_run || other->killed_by_kit);
        bool died = strcmp(call->name, "signal") == 0;
        if (blamed || died || call->end_us < 0)
            places_resolve_call(call);
    }
}

void run_finish(struct run *run)
{
    run->reading = true;
    run_close_input(run);
    run_until(run, NULL, NULL, 0);
    if (run->state == RUN_ENDED)
        outlast(run);
    tracer_kill(run->tracer);
    drain_rest(run);
    note_leftovers(run);
    place_calls(run);
    place_forks(run->record);
    run->record->duration_us = kit_now_us() - run->began_us;
}
