/*
 * runs.c - run_program() and its kin: from the words of a check to the engine.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../judge/judge.h"
#include "../judge/loop.h"
#include "../run/kit.h"
#include "../run/memcheck.h"
#include "../run/proc.h"
#include "../run/race.h"
#include "build.h"
#include "check_runs.h"
#include "schedules.h"
#include "worker.h"

/* Generous: a correct program needs a hundredth of it. */
enum {
    WALL_LIMIT_US = 30000000,
    CPU_LIMIT_US = 3000000,
    CALL_LIMIT = 300000,
    OUTPUT_LIMIT = 16 * 1024 * 1024,
    VALGRIND_SLOWNESS = 10, /* with valgrind it needs its thirtieth part */
    IDLE_CPU_US = 1000000,
    FRUITLESS_US = 2000000,
    LOOK_AT_COST_US = 50000,
    FRUITLESS_SWITCHES = 100
};

static struct check_run *runs;
static size_t n_runs;

struct check_run *check_runs(size_t *count)
{
    *count = n_runs;
    return runs;
}

struct check_run *check_run_of(const struct run *run)
{
    for (size_t i = 0; i < n_runs; i++)
        if (runs[i].run == run)
            return &runs[i];
    kit_broken("a check uses a run that is not its own");
}

void check_runs_end(void)
{
    for (size_t i = 0; i < n_runs; i++) {
        for (size_t k = 0; k < runs[i].n_laid; k++) /* in the weaker mode they would stay */
            remove_object(runs[i].run, runs[i].laid[k].kind, runs[i].laid[k].id);
        free(runs[i].laid);
        run_free(runs[i].run);
        findings_clear(&runs[i].findings);
    }
    free(runs);
    runs = NULL;
    n_runs = 0;
}

/* ---- What came out of the run's pipes ------------------------------------------------------- */

static void keep(void *context, int object, const char *bytes, size_t length)
{
    struct kept *kept = context;
    size_t i = 0;
    while (i < kept->n_pipes && kept->pipes[i].object != object)
        i++;
    if (i == kept->n_pipes)
        ARRAY_ADD(kept->pipes, kept->n_pipes)->object = object;
    struct bytes *into = &kept->pipes[i].bytes;
    into->data = kit_realloc(into->data, into->length + length);
    memcpy(into->data + into->length, bytes, length);
    into->length += length;
}

struct text came_through_pipe(struct run *run)
{
    const struct kept *kept = check_run_of(run)->kept;
    struct text most = text_of("");
    for (size_t i = 0; i < kept->n_pipes; i++)
        if (kept->pipes[i].bytes.length > most.length)
            most = (struct text){kept->pipes[i].bytes.data, kept->pipes[i].bytes.length};
    return most;
}

/* ---- Laying out ----------------------------------------------------------------------------- */

static struct run *make_run(const struct start *start)
{
    static const char *hide[] = {"/kit", "/box", NULL};
    static const char *read_only[] = {"/program", NULL};
    for (size_t i = 0; i < n_runs; i++) /* both would wait for the news of one (waitpid) */
        if (!runs[i].finished && runs[i].run->state == RUN_GOING)
            kit_broken("a check starts a run before it has finished the one before");
    if (start->race_build) /* before the run begins: the compiler is a run, too */
        build_for_races();
    const int64_t slowness = start->memory_check ? VALGRIND_SLOWNESS : 1;
    struct fault *faults = kit_alloc(sizeof start->faults);
    struct kept *kept = kit_alloc(sizeof *kept);
    char *own = kit_format("%s/", worker.program);
    char *sources = kit_format("%s/source", worker.box);
    const struct limits *chosen = &worker.limits;
    const size_t most = chosen->processes > 0 ? chosen->processes : 256;

    memcpy(faults, start->faults, sizeof start->faults);
    struct run_options options = {
        .confined = worker.confined,
        .hide = hide,
        .read_only = read_only,
        .sets = CALLS_RARE | CALLS_FILES | CALLS_CONFINE |
                (start->watched_io || worker.runs_wanted == RUNS_WATCHED ? CALLS_IO : 0u) |
                (start->watched_memory ? CALLS_MEMORY : 0u),
        .tracer = {.own_folder = own,
                   .confined = worker.confined,
                   .most_threads = most,
                   .short_writes = start->short_writes,
                   .short_reads = start->short_reads,
                   .interruptions = start->interruptions,
                   .faults = faults,
                   .n_faults = start->n_faults,
                   .seed = worker.seed,
                   .small_pipes = start->small_pipes,
                   .picture = worker.runs_wanted == RUNS_WATCHED && !start->memory_check,
                   .came_out = start->kept_pipes ? keep : NULL,
                   .context = kept},
        .wall_limit_us =
            slowness * (chosen->seconds > 0 ? (int64_t)chosen->seconds * 1000000 : WALL_LIMIT_US),
        .cpu_limit_us = slowness * (chosen->cpu_seconds > 0 ? (int64_t)chosen->cpu_seconds * 1000000
                                                            : CPU_LIMIT_US),
        .memory_limit = worker.sanitized ? 0
                        : chosen->memory_mb > 0 && !start->memory_check
                            ? (int64_t)chosen->memory_mb << 22
                            : (int64_t)4 << 30,
        .output_limit = chosen->output_mb > 0 ? chosen->output_mb << 20 : OUTPUT_LIMIT,
        .call_limit = CALL_LIMIT,
        .all_places = true,
        .race = start->race_build,
        .race_sources = sources,
        .memcheck = start->memory_check,
        .schedule = schedule_of_run(start),
        .limits = {.cpu_seconds = (unsigned long)slowness *
                                  (chosen->cpu_seconds > 30 ? chosen->cpu_seconds : 30),
                   .memory_bytes = worker.sanitized ? 0
                                   : chosen->memory_mb > 0 && !start->memory_check
                                       ? chosen->memory_mb << 20
                                       : 4UL << 30, /* valgrind has its own needs */
                   .processes = worker.confined ? 2 * most : 0,  /* elsewhere others count, too */
                   .file_bytes = 256UL << 20,
                   .descriptors = 1024},
    };
    if (!worker.confined) {
        char *folder = kit_format("%s/run-XXXXXX", worker.runs);
        if (mkdtemp(folder) == NULL)
            kit_broken("cannot make a folder for the run");
        options.folder = folder;
    }
    struct run *run = run_new(&options);
    free(sources); /* the run has its own */
    *ARRAY_ADD(runs, n_runs) =
        (struct check_run){.run = run, .kept = kept, .one_fault = start->one_fault};
    return run;
}

/* The folder in which a given file lies. */
static int open_folder(const struct run *run, const char *name)
{
    const char *slash = strrchr(name, '/');
    char *folder = slash != NULL ? kit_strndup(name, (size_t)(slash - name)) : kit_strdup(".");
    int fd = cell_open(run->cell, folder, O_RDONLY | O_DIRECTORY, 0);
    if (fd == -1)
        kit_broken("cannot open the folder of %s", name);
    free(folder);
    return fd;
}

/* A FIFO or a folder: made inside, where the programs' uid is the one that we are. */
static bool lay_node(const struct run *run, const char *name, unsigned mode)
{
    const char *slash = strrchr(name, '/'), *base = slash != NULL ? slash + 1 : name;
    int folder = open_folder(run, name);
    int made =
        S_ISFIFO(mode) ? mkfifoat(folder, base, mode & 07777) : mkdirat(folder, base, mode & 07777);
    bool laid = made == 0 && fchmodat(folder, base, mode & 07777, 0) == 0;
    close(folder);
    return laid;
}

static void lay_file(const struct run *run, const struct given_file_row *file)
{
    if (S_ISFIFO(file->mode) || S_ISDIR(file->mode)) {
        if (!lay_node(run, file->name, file->mode))
            kit_broken("cannot lay %s", file->name);
        return;
    }
    int fd = cell_open(run->cell, file->name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd == -1 ||
        write(fd, file->content.bytes, file->content.length) != (ssize_t)file->content.length ||
        fchmod(fd, file->mode) == -1)
        kit_broken("cannot lay the file %s", file->name);
    close(fd);
}

static int open_inside(const struct run *run, const char *name, int flags)
{
    int fd = name[0] == '/' ? open(name, flags | O_CLOEXEC, 0644)
                            : cell_open(run->cell, name, flags, 0644);
    if (fd == -1)
        kit_broken("cannot open %s for the program", name);
    return fd;
}

/* Adds NAME=VALUE, unless the check sets (or unsets) that variable itself. */
static size_t add_variable(const char ***list, size_t count, const struct start *start,
                           const char *name, const char *value)
{
    for (size_t i = 0; i < start->n_env; i++)
        if (strcmp(start->env[i].name, name) == 0)
            return count;
    *ARRAY_ADD(*list, count) = kit_format("%s=%s", name, value);
    return count;
}

static const char **environment(const struct run *run, const struct start *start)
{
    const char *folder = cell_inner_folder(run->cell);
    const struct {
        const char *name, *value;
    } usual[] = {
        {"PATH",            "/usr/local/bin:/usr/bin:/bin"},
        {"LANG",            "C.UTF-8"                     },
        {"LC_ALL",          "C.UTF-8"                     },
        {"HOME",            folder                        },
        {"TMPDIR",          folder                        },
        {"MALLOC_PERTURB_", "165"                         }, /* memory that nobody filled is not zero */
    };
    const char **list = NULL;
    size_t count = 0;

    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        count = add_variable(&list, count, start, usual[i].name, usual[i].value);
    if (run->race != NULL)
        *ARRAY_ADD(list, count) = race_variable(run->race);
    if (worker.sanitized) /* its leak check cannot work under ptrace */
        *ARRAY_ADD(list, count) = "ASAN_OPTIONS=detect_leaks=0";
    for (size_t i = 0; i < start->n_env; i++)
        if (start->env[i].value != NULL)
            *ARRAY_ADD(list, count) = kit_format("%s=%s", start->env[i].name, start->env[i].value);
    *ARRAY_ADD(list, count) = NULL;
    return list;
}

static const char **command_line(const char *program, const char *const *arguments)
{
    const char **list = NULL;
    size_t count = 0;
    *ARRAY_ADD(list, count) = program;
    for (size_t i = 0; arguments[i] != NULL; i++)
        *ARRAY_ADD(list, count) = arguments[i];
    *ARRAY_ADD(list, count) = NULL;
    return list;
}

static void lay_stdio(const struct run *run, const struct start *start, struct run_program *program)
{
    for (int i = 0; i < 3; i++) {
        program->kind[i] = start->closed[i]  ? STDIO_CLOSED
                           : start->terminal ? STDIO_TERMINAL
                                             : STDIO_PIPE;
        program->nonblocking[i] = start->nonblocking[i];
        program->capacity[i] = start->capacity[i];
    }
    if (start->input_file != NULL) {
        program->kind[0] = STDIO_FD;
        program->fd[0] = open_inside(run, start->input_file, O_RDONLY);
    }
    if (start->output_file != NULL) {
        program->kind[1] = STDIO_FD;
        program->fd[1] = open_inside(run, start->output_file, O_WRONLY | O_CREAT | O_APPEND);
    }
    program->close_output = start->no_reader;
    program->ignored_signals = start->ignored_signals;
    program->umask = start->umask;
    program->umask_given = start->umask_given;
    program->another_user = start->another_user;
    program->memcheck = start->memory_check;
}

/* The source file of a driver of the kit's: what it does is not the learner's doing. */
static void note_driver(struct run *run, const char *program)
{
    char *path = kit_format("%s/drivers/%s.c", worker.box, program);
    if (access(path, F_OK) == 0)
        run->record->kit_file = kit_format("%s.c", program);
    free(path);
}

static void need_known_calls(const char *program)
{
    const char *call = memcheck_unknown_call(program);
    if (call != NULL)
        check_skip(kit_format("It needs valgrind, which may not know what %s(2) asks for, and this "
                              "program calls it.",
                              call));
}

static void start_in(struct peer *peer, const char *name, const char *const *arguments,
                     const struct start *start)
{
    struct run *run = peer->run;
    struct run_program program = {.file = name[0] == '/'
                                              ? kit_strdup(name)
                                              : kit_format("%s/%s%s", worker.program,
                                                           start->race_build ? "race/" : "", name)};

    if (start->race_build)
        build_for_races();
    if (start->memory_check)
        need_known_calls(program.file);
    lay_stdio(run, start, &program);
    program.argv = command_line(name, arguments);
    program.envp = environment(run, start);
    peer->name = kit_strdup(name);
    if (start->input.length > 0)
        peer_send(peer, start->input.bytes, start->input.length);
    peer->hold_input = start->hold_input || start->terminal;
    peer->reading = !start->unread_output;
    if (run_start(peer, &program) == -1)
        kit_broken("cannot start %s", name);
    for (size_t i = 0; i < start->n_holds; i++)
        run_hold(peer, &start->holds[i]);
    for (int i = 0; i < 3; i++)
        if (program.kind[i] == STDIO_FD)
            close(program.fd[i]);
}

/* What a program of the run finds in the cell. */
static void furnish(struct run *run, const struct start *start)
{
    for (size_t i = 0; i < start->n_files; i++)
        lay_file(run, &start->files[i]);
    for (size_t i = 0; i < start->n_objects; i++)
        xsi_lay(run, start->objects[i]);
}

static void start_as_first(struct run *run, const char *name, const char *const *arguments,
                           const struct start *start)
{
    note_driver(run, name);
    run->record->program = kit_strdup(name);
    start_in(run_first(run), name, arguments, start);
}

struct run *new_run(struct given *given)
{
    struct start start = {0};
    given_apply(given, &start);
    struct run *run = make_run(&start);
    furnish(run, &start);
    return run;
}

void start_first(struct run *run, const char *name, const char *const *arguments,
                 struct given *given)
{
    struct start start = {0};
    given_apply(given, &start);
    furnish(run, &start);
    start_as_first(run, name, arguments, &start);
}

struct run *start_program(const char *name, const char *const *arguments, struct given *given)
{
    struct start start = {0};
    given_apply(given, &start);
    struct run *run = make_run(&start);
    furnish(run, &start);
    start_as_first(run, name, arguments, &start);
    return run;
}

struct peer *start_peer(struct run *run, const char *name, const char *const *arguments,
                        struct given *given)
{
    struct start start = {0};
    struct peer *peer = run_add(run);

    if (peer == NULL)
        kit_broken("too many programs in one run");
    given_apply(given, &start);
    furnish(run, &start);
    start_in(peer, name, arguments, &start);
    return peer;
}

/* What the check has stopped is to end as well. */
static void wake_stopped(struct check_run *it)
{
    for (size_t i = 0; it->stopped_some && i < it->run->record->n_processes; i++) {
        const struct process *process = &it->run->record->processes[i];
        if (process->ended_us < 0)
            kill(process->host_pid, SIGCONT);
    }
}

void finish_run(struct run *run)
{
    struct check_run *it = check_run_of(run);
    if (it->finished)
        return;
    wake_stopped(it);
    run_finish(run);
    it->finished = true;
    if (run->record->unwatched > 0) { /* "no finding" would be a guess */
        errno = 0;
        kit_broken("valgrind did not watch %d of the processes", run->record->unwatched);
    }
    judge_run(run->record, &it->findings);
}

struct run *run_program(const char *name, const char *const *arguments, struct given *given)
{
    struct run *run = start_program(name, arguments, given);
    finish_run(run);
    return run;
}

const char *probe(const char *name)
{
    return kit_format("%s/%s", worker.probe, name);
}

/* ---- Waiting -------------------------------------------------------------------------------- */

/* Over the processes that are alive. */
static size_t sum_of(const struct run *run, size_t (*count)(pid_t pid))
{
    size_t sum = 0;
    for (size_t i = 0; i < run->record->n_processes; i++)
        if (run->record->processes[i].ended_us < 0)
            sum += count(run->record->processes[i].host_pid);
    return sum;
}

static size_t switches_of(const struct run *run)
{
    return sum_of(run, proc_switches);
}

/* Bytes and processes: what changes when a run gets on with its work. */
static size_t progress_of(const struct run *run)
{
    size_t sum = run->record->n_processes + sum_of(run, proc_moved_bytes);
    for (size_t i = 0; i < run->n_peers; i++)
        sum += run->peers[i]->out.length + run->peers[i]->err.length + run->peers[i]->pending_from;
    return sum;
}

struct idle_watch {
    int64_t cpu_at_start;
    size_t progress, switches; /* at the last moment when something had changed, ... */
    long long since_us;        /* ... and that moment */
    long long looked_us;       /* at what it costs; not at every event, for looking costs, too */
    bool still;
};

static struct idle_watch new_watch(struct run *run)
{
    return (struct idle_watch){.cpu_at_start = run_cpu_us(run),
                               .progress = progress_of(run),
                               .switches = switches_of(run),
                               .since_us = kit_now_us()};
}

static int64_t slowness_of(const struct run *run)
{
    return run->memcheck != NULL ? VALGRIND_SLOWNESS : 1;
}

/* For a while nothing has come of it, but it has woken up very often. */
static bool keeps_looking(struct run *run, struct idle_watch *watch)
{
    if (progress_of(run) != watch->progress) {
        int64_t cpu = watch->cpu_at_start;
        *watch = new_watch(run);
        watch->cpu_at_start = cpu;
    }
    return kit_now_us() - watch->since_us > FRUITLESS_US * slowness_of(run) &&
           switches_of(run) > watch->switches + FRUITLESS_SWITCHES;
}

static bool still_or_busy(struct run *run, void *context)
{
    struct idle_watch *watch = context;
    long long now_us = kit_now_us();

    watch->still = run_is_still(run, NULL);
    if (run->options.schedule != NULL) /* asked only when all sleep; its time says nothing */
        return watch->still;
    if (watch->still || now_us - watch->looked_us < LOOK_AT_COST_US)
        return watch->still;
    watch->looked_us = now_us;
    return run_cpu_us(run) - watch->cpu_at_start > IDLE_CPU_US * slowness_of(run) ||
           keeps_looking(run, watch);
}

/* Ends a run that is busy where it should sleep: as if its time were up, so that judge_habits()
 * says who was busy and where. */
static _Noreturn void fail_as_busy(struct run *run)
{
    run_stop(run);
    finish_run(run);
    check_fail(NULL);
}

/* Who has woken up most often. */
static int most_restless(const struct run *run)
{
    int most = run_first(run)->process;
    size_t switches = 0;
    for (size_t i = 0; i < run->record->n_processes; i++) {
        const struct process *process = &run->record->processes[i];
        size_t its =
            process->ended_us < 0 && process->own_program ? proc_switches(process->host_pid) : 0;
        if (its > switches) {
            most = (int)i;
            switches = its;
        }
    }
    return most;
}

/* Do the recorded calls say more than that it wakes up? Then judge_habits() tells it. */
static bool shows_its_loop(const struct run *run)
{
    const char *misconception;
    char *words = NULL;
    bool shows = judge_loop(run->record, most_restless(run), &misconception, &words);
    free(words);
    return shows;
}

/* The same, for one that uses little time, but wakes up again and again. */
static _Noreturn void fail_as_restless(struct run *run, size_t woken)
{
    struct findings one = {0};
    struct finding *finding = findings_add(&one, FINDING_BUSY_WAIT);
    finding->misconception = kit_strdup("busy-wait-flag");
    finding->text = kit_format("With nothing to do for %d s it woke up %zu times to look again. A "
                               "process that waits sleeps in one call until something happens.",
                               FRUITLESS_US / 1000000, woken);
    finding_add_process(finding, run->record, most_restless(run));
    check_fail(finding);
}

void wait_until_idle(struct run *run)
{
    struct idle_watch watch = new_watch(run);
    run->last_digest = 0; /* what was still a moment ago, we may have woken since */
    run_until(run, still_or_busy, &watch, 0);
    run_drain(run); /* the last words of one that has ended */
    if (run->state == RUN_ENDED)
        return;
    if (run->state != RUN_GOING) {
        finish_run(run);
        check_fail(NULL);
    }
    if (!watch.still && keeps_looking(run, &watch) && !shows_its_loop(run))
        fail_as_restless(run, switches_of(run) - watch.switches);
    if (!watch.still)
        fail_as_busy(run);
    run_snapshot(run);
    if (judge_hang(run->record,
                   NULL)) { /* nobody waits for us: the engine will see it and say so */
        finish_run(run);
        check_fail(NULL);
    }
}

void expect_still_idle(struct run *run)
{
    int64_t cpu = run_cpu_us(run);
    size_t switches = switches_of(run);

    if (run->state != RUN_GOING)
        return;
    run_until(run, NULL, NULL, 300000);
    if (run->state != RUN_GOING)
        return;
    if (run_cpu_us(run) - cpu > 50000)
        fail_as_busy(run);
    size_t now = switches_of(run), woken = now > switches ? now - switches : 0; /* some may end */
    expect_that(
        run, woken <= 20, FINDING_BUSY_WAIT,
        "With nothing to do for 0.3 s it woke up %zu times to look again. A process that waits "
        "sleeps in one call until something happens.",
        woken);
}

struct wanted_output {
    const struct peer *peer;
    size_t bytes;
};

static bool has_output(struct run *run, void *context)
{
    const struct wanted_output *wanted = context;
    (void)run;
    return wanted->peer->out.length >= wanted->bytes;
}

/* Waits for something of a run; if the run hangs or must be ended meanwhile, the check fails. */
static void wait_for(struct run *run, run_condition *condition, void *context)
{
    run_until(run, condition, context, 0);
    run_drain(run);
    if (run->state == RUN_GOING || run->state == RUN_ENDED)
        return;
    finish_run(run);
    check_fail(NULL);
}

struct wanted_held {
    size_t count;
};

static bool enough_held(struct run *run, void *context)
{
    const struct wanted_held *wanted = context;
    return run_held(run) >= wanted->count || run_is_still(run, NULL);
}

bool wait_until_all_held(struct run *run, int count)
{
    struct wanted_held wanted = {(size_t)count};
    run->last_digest = 0;
    wait_for(run, enough_held, &wanted);
    return run_held(run) >= wanted.count;
}

bool wait_until_held(struct run *run)
{
    return wait_until_all_held(run, 1);
}

void release(struct run *run)
{
    run_release(run, NULL);
}

void release_peer(struct peer *peer)
{
    run_release(peer->run, peer);
}

void wait_until_output(struct run *run, size_t bytes)
{
    struct wanted_output wanted = {run_first(run), bytes};
    wait_for(run, has_output, &wanted);
}

void wait_until_peer_output(struct peer *peer, size_t bytes)
{
    struct wanted_output wanted = {peer, bytes};
    wait_for(peer->run, has_output, &wanted);
}

static bool has_ended(struct run *run, void *context)
{
    const struct peer *peer = context;
    return run->record->processes[peer->process].ended_us >= 0;
}

void wait_until_peer_ended(struct peer *peer)
{
    wait_for(peer->run, has_ended, peer);
}

void wait_until_first_ended(struct run *run)
{
    wait_for(run, has_ended, run_first(run));
}

void wait_until_ended(struct run *run)
{
    run_until(run, NULL, NULL, 0);
    run_drain(run);
}

/* ---- Input, output, signals ----------------------------------------------------------------- */

void send_input(struct run *run, struct text bytes)
{
    peer_send(run_first(run), bytes.bytes, bytes.length);
}

void close_input(struct run *run)
{
    peer_close_input(run_first(run));
}

void stop_reading(struct run *run)
{
    run_first(run)->reading = false;
}

void resume_reading(struct run *run)
{
    run_first(run)->reading = true;
}

void close_output(struct run *run)
{
    peer_close_output(run_first(run));
}

void send_signal(struct run *run, int number, int signal)
{
    if (number < 1 || (size_t)number > run->record->n_processes)
        kit_broken("send_signal: the run has no process %d", number);
    const struct process *process = &run->record->processes[number - 1];
    check_run_of(run)->stopped_some |= signal == SIGSTOP;
    if (process->ended_us < 0 && kill(process->host_pid, signal) == -1 && errno != ESRCH)
        kit_broken("cannot send signal %d", signal);
}

void send_to_peer(struct peer *peer, struct text bytes)
{
    peer_send(peer, bytes.bytes, bytes.length);
}

void close_peer_input(struct peer *peer)
{
    peer_close_input(peer);
}

int number_of_peer(struct peer *peer)
{
    return peer->process + 1;
}

void kill_peer(struct peer *peer, int signal)
{
    send_signal(peer->run, number_of_peer(peer), signal);
}

/* ---- What was seen -------------------------------------------------------------------------- */

struct text stdout_of(struct run *run)
{
    return text_bytes(run_first(run)->out.data, run_first(run)->out.length);
}

struct text stderr_of(struct run *run)
{
    return text_bytes(run_first(run)->err.data, run_first(run)->err.length);
}

struct text stdout_of_peer(struct peer *peer)
{
    return text_bytes(peer->out.data, peer->out.length);
}

struct text stderr_of_peer(struct peer *peer)
{
    return text_bytes(peer->err.data, peer->err.length);
}

bool stat_in_cell(struct run *run, const char *name, struct stat *status)
{
    return cell_stat(run->cell, name, status) == 0;
}

struct text read_in_cell(struct run *run, const char *name)
{
    size_t length = 0;
    struct stat status;
    int fd = cell_open(run->cell, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd >= 0 && (fstat(fd, &status) == -1 || !S_ISREG(status.st_mode))) {
        close(fd); /* a program has laid a FIFO there, say, or a link to a device */
        fd = -1;
    }
    char *data = fd >= 0 ? kit_read_fd(fd, &length) : NULL;
    struct text text = text_bytes(data, length);
    free(data);
    return text;
}

const struct record *record_of(struct run *run)
{
    return run->record;
}

void allow_death_by_signal(struct run *run)
{
    check_run_of(run)->allow_death = true;
}
