/*
 * run.c - one run from start to end. See run.h.
 *
 * _GNU_SOURCE: pipe2(2), F_SETPIPE_SZ, posix_openpt(3) and its kin.
 */
#define _GNU_SOURCE
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "../judge/judge.h"
#include "kit.h"
#include "memcheck.h"
#include "places.h"
#include "proc.h"
#include "race.h"
#include "snapshot.h"

enum {
    STILL_US = 50000,
    IDLE_US = 15000,
    QUIET_US = 2000,
    LOOK_US = 5000,
    GRACE_US = 1000000,
    REJUDGE_US = 1000000
};
enum { PLACED_CALLS = 20000, FRUITLESS_CALLS = 20000 };

/* ---- Beginning ------------------------------------------------------------------------------ */

struct peer *run_add(struct run *run)
{
    if (run->n_peers == MOST_PEERS)
        return NULL;
    struct peer *peer = kit_alloc(sizeof *peer);
    peer->run = run;
    peer->input = peer->output = peer->error = -1;
    peer->input_object = peer->output_object = peer->error_object = peer->process = -1;
    peer->reading = true;
    run->peers[run->n_peers++] = peer;
    return peer;
}

struct peer *run_first(const struct run *run)
{
    return run->peers[0];
}

int run_status(const struct run *run)
{
    return run->record->processes[run_first(run)->process].wait_status;
}

struct run *run_new(const struct run_options *options)
{
    struct run *run = kit_alloc(sizeof *run);
    sigset_t child;

    run->options = *options;
    run->record = record_new();
    run->record->seed = options->tracer.seed;
    run->record->closed_world = !options->open_world;
    run->record->own_objects = options->confined;
    run->record->io_watched = (options->sets & CALLS_IO) != 0;
    run->began_us = kit_now_us();
    run_add(run);
    /* Built before init is cloned, so that init's memory holds it too. */
    calls_filter(options->sets | (options->schedule != NULL ? CALLS_SCHEDULE : 0u),
                 options->open_world);
    if (!options->open_world) {
        struct cell_options cell = {options->confined, options->folder, options->hide,
                                    options->read_only};
        run->cell = cell_new(&cell);
        if (run->cell == NULL)
            kit_broken("cannot make a cell for the run");
        run->options.tracer.work_folder = cell_inner_folder(run->cell);
    }
    if (options->race)
        run->race = run->options.tracer.race = race_new(run->cell, options->race_sources);
    if (options->memcheck)
        run->memcheck = memcheck_new(options->limits.descriptors);
    run->options.tracer.memcheck = options->memcheck;
    if (options->schedule != NULL) {
        run->options.tracer.schedule = options->schedule;
        run->options.sets |= CALLS_SCHEDULE;
    }
    if (options->schedule != NULL && run->race != NULL)
        race_want_yields(run->race, true);
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

static void peer_free(struct peer *peer)
{
    close_fd(&peer->input);
    close_fd(&peer->output);
    close_fd(&peer->error);
    free(peer->name);
    free(peer->pending.data);
    free(peer->out.data);
    free(peer->err.data);
    free(peer);
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

static void rename_object(struct run *run, int object, const char *label, const char *whose)
{
    if (object < 0)
        return;
    free(run->record->objects[object].label);
    run->record->objects[object].label = kit_format("%s%s", label, whose);
}

static void adopt_stdio(struct peer *peer, const int ours[3], bool close_output)
{
    struct run *run = peer->run;
    const char *whose = peer == run_first(run) ? "" : " of a program of the kit's";
    peer->input = ours[0];
    peer->output = ours[1];
    peer->error = ours[2];
    peer->input_object = kit_pipe_object(run, peer->input);
    peer->output_object = kit_pipe_object(run, peer->output);
    peer->error_object = kit_pipe_object(run, peer->error);
    rename_object(run, peer->input_object, "standard input", whose);
    rename_object(run, peer->output_object, "standard output", whose);
    rename_object(run, peer->error_object, "standard error", whose);
    if (close_output)
        close_fd(&peer->output);
}

/* One pseudo-terminal for all that want it. Raw: no echo, no translation of newlines, so that bytes
 * are the same as through a pipe. Source: pts(4), termios(3). */
static void lay_terminal(const struct run_program *program, int theirs[3], int ours[3])
{
    struct termios raw;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master == -1 || grantpt(master) == -1 || unlockpt(master) == -1)
        kit_broken("pseudo-terminal");
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave == -1 || tcgetattr(slave, &raw) == -1)
        kit_broken("pseudo-terminal");
    raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IXON);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ISIG); /* ICANON stays: control-D is end of file */
    if (tcsetattr(slave, TCSANOW, &raw) == -1 || fcntl(master, F_SETFL, O_NONBLOCK) == -1)
        kit_broken("pseudo-terminal");
    for (int i = 0; i < 3; i++)
        if (program->kind[i] == STDIO_TERMINAL)
            theirs[i] = fcntl(slave, F_DUPFD_CLOEXEC, 3);
    ours[0] = program->kind[0] == STDIO_TERMINAL ? fcntl(master, F_DUPFD_CLOEXEC, 3) : ours[0];
    ours[1] = fcntl(master, F_DUPFD_CLOEXEC, 3);
    close(master);
    close(slave);
}

static void lay_stdio(const struct run_program *program, int theirs[3], int ours[3])
{
    bool terminal = false;
    for (int i = 0; i < 3; i++) {
        if (program->kind[i] == STDIO_PIPE)
            lay_pipe(program, i, &theirs[i], &ours[i]);
        else if (program->kind[i] == STDIO_FD)
            theirs[i] = program->fd[i];
        else if (program->kind[i] == STDIO_NULL)
            theirs[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
        terminal |= program->kind[i] == STDIO_TERMINAL;
    }
    if (terminal)
        lay_terminal(program, theirs, ours);
}

/* ---- Input and output ----------------------------------------------------------------------- */

void peer_send(struct peer *peer, const char *data, size_t length)
{
    bytes_add(&peer->pending, data, length);
}

void peer_close_input(struct peer *peer)
{
    if (peer->terminal && peer->hold_input)
        bytes_add(&peer->pending, "\4\4", 2); /* the first may only end an unfinished line */
    peer->hold_input = false;
    if (peer->pending_from == peer->pending.length)
        close_fd(&peer->input);
}

void peer_close_output(struct peer *peer)
{
    close_fd(&peer->output);
}

static void feed(struct peer *peer)
{
    size_t left = peer->pending.length - peer->pending_from;
    if (left > 0) {
        ssize_t written = write(peer->input, peer->pending.data + peer->pending_from, left);
        if (written > 0)
            peer->pending_from += (size_t)written;
        else if (written == -1 && (errno == EPIPE || errno == EIO))
            peer->pending_from = peer->pending.length; /* nobody will read it */
        else if (written == -1 && errno != EAGAIN && errno != EINTR)
            kit_broken("feeding standard input");
    }
    if (peer->pending_from == peer->pending.length && !peer->hold_input)
        close_fd(&peer->input);
}

static bool drain(struct run *run, int *fd, struct bytes *into)
{
    char buffer[65536];
    ssize_t got = read(*fd, buffer, sizeof buffer);
    if (got > 0)
        bytes_add(into, buffer, (size_t)got);
    else if (got == 0 || errno == EIO) /* EIO: a terminal that nobody has open any more */
        close_fd(fd);
    size_t sum = 0;
    for (size_t i = 0; i < run->n_peers; i++)
        sum += run->peers[i]->out.length + run->peers[i]->err.length;
    if (run->options.output_limit > 0 && sum > run->options.output_limit)
        run->state = RUN_FLOODED;
    return got > 0;
}

static bool input_wanted(const struct peer *peer)
{
    return peer->input >= 0 && (peer->pending_from < peer->pending.length || !peer->hold_input);
}

static bool serve_peer(struct peer *peer, const struct pollfd watch[3])
{
    bool news = false;
    if (watch[0].revents != 0 && peer->input >= 0) {
        feed(peer);
        news = true;
    }
    if (watch[1].revents != 0 && peer->output >= 0)
        news |= drain(peer->run, &peer->output, &peer->out);
    if (watch[2].revents != 0 && peer->error >= 0)
        news |= drain(peer->run, &peer->error, &peer->err);
    return news;
}

int run_start(struct peer *peer, const struct run_program *program)
{
    struct run *run = peer->run;
    int theirs[3] = {-1, -1, -1}, ours[3] = {-1, -1, -1};
    struct waiting_program waiting;

    if (!run->options.open_world)
        lay_stdio(program, theirs, ours);
    const char **under = program->memcheck ? memcheck_command(run->memcheck, program) : NULL;
    struct spawn spawn = {
        .file = under != NULL ? under[0] : program->file,
        .argv = under != NULL ? under : program->argv,
        .envp = program->envp,
        .directory = program->directory,
        .stdio = {theirs[0], theirs[1], theirs[2]},
        .report = under != NULL ? memcheck_end(run->memcheck) : -1,
        .report_number = under != NULL ? memcheck_number(run->memcheck) : -1,
        .filter = calls_filter(run->options.sets, run->options.open_world),
        .limits = run->options.limits,
        .ignored_signals = program->ignored_signals,
        .umask = program->umask,
        .umask_given = program->umask_given,
        .another_user = program->another_user,
        .keep_session = run->options.open_world,
        .plain_environment = run->options.open_world,
        .mask = run->options.open_world ? &run->old_mask : NULL,
    };
    int started = cell_spawn(run->cell, &spawn, &waiting);
    int error = errno;
    free(under);
    for (int i = 0; i < 3; i++)
        if (program->kind[i] != STDIO_FD)
            close_fd(&theirs[i]);
    if (started == -1) {
        errno = error;
        return -1;
    }
    peer->process = tracer_attach(run->tracer, waiting.host_pid);
    if (peer->process == -1)
        kit_broken("ptrace is refused here (PTRACE_SEIZE)");
    adopt_stdio(peer, ours, program->close_output);
    peer->terminal = program->kind[0] == STDIO_TERMINAL;
    if (run->options.schedule != NULL && input_wanted(peer))
        feed(peer);
    cell_go(&waiting);
    return peer->process;
}

/* The kit's ends: what is wanted of each. */
static void watch_peers(const struct run *run, struct pollfd *watch)
{
    for (size_t i = 0; i < run->n_peers; i++) {
        const struct peer *peer = run->peers[i];
        watch[3 * i] = (struct pollfd){input_wanted(peer) ? peer->input : -1, POLLOUT, 0};
        watch[1 + 3 * i] = (struct pollfd){peer->reading ? peer->output : -1, POLLIN, 0};
        watch[2 + 3 * i] = (struct pollfd){peer->error, POLLIN, 0};
    }
}

static bool serve_peers(struct run *run, const struct pollfd *watch)
{
    bool news = false;
    for (size_t i = 0; i < run->n_peers; i++)
        news |= serve_peer(run->peers[i], &watch[3 * i]);
    return news;
}

static void wait_for_news(struct run *run, struct pollfd *watch, size_t count, int64_t at_most_ns)
{
    struct signalfd_siginfo info;
    const struct timespec tick = {0, at_most_ns};
    if (ppoll(watch, count, &tick, NULL) == -1 && errno != EINTR)
        kit_broken("poll");
    if (watch[0].revents != 0 && read(run->signals, &info, sizeof info) == -1 && errno != EAGAIN)
        kit_broken("signalfd");
}

/* With a schedule the kit comes last: it gives and takes only when nobody else can go, so that all
 * depends on the seed alone. */
static bool one_scheduled_round(struct run *run)
{
    struct pollfd signals = {run->signals, POLLIN, 0}, watch[3 * MOST_PEERS];

    wait_for_news(run, &signals, 1, tracer_next_look_ns(run->tracer));
    bool news = tracer_handle(run->tracer) > 0;
    if (tracer_is_quiet(run->tracer)) {
        watch_peers(run, watch);
        if (poll(watch, 3 * run->n_peers, 0) == -1 && errno != EINTR)
            kit_broken("poll");
        news |= serve_peers(run, watch);
    }
    run->settled = tracer_is_quiet(run->tracer) && !news;
    return news;
}

/* Who slept at the last look is looked at again when that may have been long enough: the digest
 * counts how often each has woken, so two looks tell as much as many. */
static int64_t next_look_us(const struct run *run)
{
    return run->last_digest != 0 ? IDLE_US : LOOK_US;
}

/* One round: waits for news (until the next look), handles it. Returns whether any came. */
static bool one_round(struct run *run)
{
    struct pollfd watch[1 + 3 * MOST_PEERS + 1] = {
        {run->signals, POLLIN, 0}
    };

    if (run->options.schedule != NULL)
        return one_scheduled_round(run);
    watch_peers(run, watch + 1);
    size_t last = 1 + 3 * run->n_peers;
    watch[last] = (struct pollfd){memcheck_input(run->memcheck), POLLIN, 0};
    wait_for_news(run, watch, last + 1, next_look_us(run) * 1000L);
    run->news = tracer_handle(run->tracer) > 0;
    run->news |= memcheck_drain(run->memcheck);
    run->news |= serve_peers(run, watch + 1);
    return run->news;
}

/* ---- Still, hung, too long ------------------------------------------------------------------ */

/* Notes whether nobody has moved since the last look. */
static bool still_since(struct run *run, long long now_us, long long long_enough_us)
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
    return now_us - run->last_digest_us >= long_enough_us;
}

bool run_is_still(struct run *run, void *context)
{
    (void)context;
    if (run->news) { /* somebody has just moved: it is cheaper not to look */
        run->last_digest = 0;
        return false;
    }
    return tracer_living(run->tracer) > 0 &&
           still_since(run, kit_now_us(), run->options.schedule != NULL ? QUIET_US : IDLE_US);
}

void run_snapshot(struct run *run)
{
    struct record *record = run->record;
    for (size_t i = 0; i < run->n_peers; i++) {
        const struct peer *peer = run->peers[i];
        if (peer->input_object >= 0)
            record->objects[peer->input_object].outside_writes = peer->input >= 0;
        if (peer->output_object >= 0)
            record->objects[peer->output_object].outside_reads = peer->output >= 0;
    }
    snapshot_take(record, run->cell != NULL ? cell_ipc_state(run->cell) : NULL,
                  kit_now_us() - run->began_us);
}

static void look_for_hang(struct run *run)
{
    long long now_us = kit_now_us();

    if (!still_since(run, now_us, STILL_US))
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

int64_t run_cpu_us(struct run *run)
{
    int64_t used = 0;
    for (size_t i = 0; i < run->record->n_processes; i++) {
        struct process *process = &run->record->processes[i];
        if (process->ended_us < 0)
            process->cpu_us = proc_cpu_us(process->host_pid);
        used += process->cpu_us;
    }
    return used;
}

/* Has nothing come of very many calls in a row (poll says yes, read says no, again and again)? */
static bool goes_round_in_circles(struct run *run)
{
    const struct record *record = run->record;
    for (; run->looked_calls < record->n_calls; run->looked_calls++) {
        const struct call *call = &record->calls[run->looked_calls];
        bool only_looks = strstr(call->name, "poll") != NULL ||
                          strstr(call->name, "select") != NULL || strcmp(call->name, "signal") == 0;
        if (call->result > 0 && !only_looks)
            run->last_success = run->looked_calls;
    }
    return record->n_calls - run->last_success > FRUITLESS_CALLS;
}

/* RLIMIT_AS is on each process alone. */
static void look_at_memory(struct run *run)
{
    int64_t sum = 0;
    for (size_t i = 0; run->options.memory_limit > 0 && i < run->record->n_processes; i++)
        if (run->record->processes[i].ended_us < 0)
            sum += proc_memory_bytes(run->record->processes[i].host_pid);
    if (sum <= run->options.memory_limit)
        return;
    run->record->memory = sum;
    run->state = RUN_TIMED_OUT;
}

static void look_at_limits(struct run *run)
{
    long long now_us = kit_now_us();
    const struct run_options *options = &run->options;

    if (options->wall_limit_us > 0 && now_us - run->began_us > options->wall_limit_us)
        run->state = RUN_TIMED_OUT;
    if (options->call_limit > 0 && run->record->n_calls > options->call_limit)
        run->state = RUN_TIMED_OUT;
    if (options->call_limit > 0 && goes_round_in_circles(run))
        run->state = RUN_TIMED_OUT;
    if (now_us - run->cpu_looked_us < 200000)
        return;
    run->cpu_looked_us = now_us;
    if (options->cpu_limit_us > 0 && run_cpu_us(run) > options->cpu_limit_us)
        run->state = RUN_TIMED_OUT;
    look_at_memory(run);
}

static bool programs_ended(const struct run *run)
{
    for (size_t i = 0; i < run->n_peers; i++) {
        int process = run->peers[i]->process;
        if (process >= 0 && run->record->processes[process].ended_us < 0)
            return false;
    }
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

void run_hold(struct peer *peer, const struct hold *hold)
{
    tracer_hold(peer->run->tracer, peer->process, hold);
}

void run_release(struct run *run, const struct peer *peer)
{
    tracer_release(run->tracer, peer != NULL ? peer->process : -1);
}

size_t run_held(const struct run *run)
{
    return tracer_held(run->tracer);
}

void run_stop(struct run *run)
{
    if (run->state != RUN_GOING)
        return;
    (void)run_cpu_us(run);
    run->state = RUN_TIMED_OUT;
    stop_here(run);
}

/* Whether now is a time to ask for something of the run; with a schedule only when all sleep. */
static bool may_ask(const struct run *run)
{
    return run->options.schedule == NULL || run->settled;
}

bool run_until(struct run *run, run_condition *condition, void *context, int64_t within_us)
{
    long long deadline = within_us > 0 ? kit_now_us() + within_us : 0;

    run->settled = false; /* the caller may have woken somebody */
    while (run->state == RUN_GOING) {
        if (condition != NULL && may_ask(run) && condition(run, context))
            return true;
        if (deadline != 0 && kit_now_us() > deadline)
            return false;
        bool news = one_round(run);
        if (programs_ended(run)) {
            run->state = RUN_ENDED;
        } else {
            if (!news && may_ask(run))
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
        if (!news && still_since(run, kit_now_us(), STILL_US))
            break;
    }
    if (run->options.open_world)
        mark_survivors(run);
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

/* Where /dev/mqueue is not mounted nothing lists the queues: ask for each that the run has made. */
static void note_posix_queues(struct run *run)
{
    for (size_t i = 0; i < run->record->n_calls; i++) {
        const struct call *call = &run->record->calls[i];
        if (strcmp(call->name, "mq_open") != 0 || call->object < 0 || call->detail == NULL)
            continue;
        struct object *object = &run->record->objects[call->object];
        char *name = kit_format("/%s", call->detail);
        mqd_t queue = object->made_by == (int)i ? mq_open(name, O_RDONLY | O_NONBLOCK) : (mqd_t)-1;
        if (queue != (mqd_t)-1) {
            object->left_behind = true;
            free(object->path);
            object->path = kit_strdup(name);
            mq_close(queue);
        }
        free(name);
    }
}

static bool still_there(const struct run *run, const struct object *object)
{
    struct stat status;
    bool found = (run->cell != NULL ? cell_stat(run->cell, object->path, &status)
                                    : lstat(object->path, &status)) == 0;
    return found && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

/* Whether there are more than could be listed. */
static bool note_leftovers(struct run *run)
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
    if (!run->options.confined)
        note_posix_queues(run);
    for (size_t i = 0; i < run->record->n_objects; i++) {
        struct object *object = &run->record->objects[i];
        bool named = object->kind == OBJECT_FIFO || object->kind == OBJECT_SOCKET;
        if (named && object->made_by >= 0 && object->path != NULL && object->path[0] == '/')
            object->left_behind = still_there(run, object);
    }
    return ipc->truncated;
}

/* Only what the run itself has made is touched. gone: one an object. Returns how many it was. */
static size_t remove_noted(const struct run *run, bool *gone)
{
    size_t count = 0;
    for (size_t i = 0; i < run->record->n_objects; i++) {
        const struct object *object = &run->record->objects[i];
        if (!object->left_behind || object->made_by < 0 || gone[i])
            continue;
        if (run_remove_object(object) == -1)
            fprintf(stderr, "ipclab: cannot remove the %s: %s\n", object->label, strerror(errno));
        else
            count++;
        gone[i] = true;
    }
    return count;
}

/* What is left of the run's objects. The weaker mode has no namespaces that take them with them:
 * there they are removed, as many at a time as can be listed. */
static void end_objects(struct run *run)
{
    bool more = note_leftovers(run);
    if (run->cell == NULL || run->options.confined)
        return;
    bool *gone = kit_alloc(run->record->n_objects * sizeof *gone);
    while (remove_noted(run, gone) > 0 && more)
        more = note_leftovers(run);
    free(gone);
}

/* Where each process was forked: the place of the call that made it. */
static void place_forks(struct record *record)
{
    for (size_t i = 0; i < record->n_calls; i++) {
        struct call *call = &record->calls[i];
        if (call->other < 0 || call->place.file == NULL || !call_is(call->name, "fork"))
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

/* Stops at the limit: who writes for ever must not keep us. */
static void drain_all(struct run *run, int *fd, struct bytes *into)
{
    while (*fd >= 0 && run->state != RUN_FLOODED && drain(run, fd, into))
        continue;
}

void run_drain(struct run *run)
{
    for (size_t i = 0; i < run->n_peers; i++) {
        struct peer *peer = run->peers[i];
        if (peer->reading)
            drain_all(run, &peer->output, &peer->out);
        drain_all(run, &peer->error, &peer->err);
    }
}

void run_finish(struct run *run)
{
    run->finished = true;
    for (size_t i = 0; i < run->n_peers; i++) {
        run->peers[i]->reading = true;
        peer_close_input(run->peers[i]);
    }
    tracer_forget_holds(run->tracer);
    run_release(run, NULL);
    run_until(run, NULL, NULL, 0);
    if (run->state == RUN_ENDED)
        outlast(run);
    tracer_kill(run->tracer);
    run_drain(run);
    end_objects(run);
    if (run->race != NULL)
        race_collect(run->race, run->record, run->options.tracer.hasty);
    if (run->memcheck != NULL)
        memcheck_collect(run->memcheck, run->record);
    if (!run->options.tracer.hasty) {
        place_calls(run);
        place_forks(run->record);
    }
    run->record->duration_us = kit_now_us() - run->began_us;
}

void run_free(struct run *run)
{
    if (run == NULL)
        return;
    tracer_kill(run->tracer);
    if (!run->finished && run->cell != NULL && !run->options.confined)
        end_objects(run);
    race_free(run->race);
    memcheck_free(run->memcheck);
    cell_free(run->cell);
    tracer_free(run->tracer);
    for (size_t i = 0; i < run->n_peers; i++)
        peer_free(run->peers[i]);
    close_fd(&run->signals);
    sigprocmask(SIG_SETMASK, &run->old_mask, NULL);
    record_free(run->record);
    free(run);
}
