/*
 * jobs.c - checking several exercises at once. See jobs.h.
 *
 * Theory of operation. This process forks one process a job, at most `parallel` at a time. A job
 * checks one exercise (exercise_check() does the work, in still other processes), writes the result
 * as JSON into its pipe and ends; if the caller wants to know at once, it writes a line for each
 * check before that. This process only polls the pipes: end of file means that the job is over;
 * then it is reaped, and what it wrote is read. What it did not say is filled in as a fault of the
 * kit.
 *
 * A stoppable job is a process group of its own, so that ^C and ^Z do not reach it, and takes
 * SIGTERM as the wish to give up: it ends its worker, removes its box and says nothing more. It
 * gets one also when this process dies.
 */
#include "jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../tell/text.h"
#include "kit_paths.h"
#include "saved_runs.h"

enum { SEEDS = 1000000, STOP_MS = 10000, MOST_USUAL = 256 };

enum job_state { JOB_WAITS, JOB_RUNS, JOB_DONE };

struct job {
    const struct selected *what;
    enum job_state state;
    pid_t pid;
    int fd; /* reading end of its pipe */
    struct text_buffer said;
    struct exercise_result result;
};

struct jobs {
    struct job *list;
    size_t n, told; /* the first `told` were handed to done() */
    struct jobs_options options;
    struct results *results;
    job_done *done;
    void *context; /* of done() and options.told() */
};

/* The job's own end, in its process. */
struct saying {
    int fd;   /* its pipe */
    int stop; /* can be read when it is to give up; 0 */
};

/* ---- In the job's process ------------------------------------------------------------------- */

static void replace_string(char **string, char *new_one)
{
    free(*string);
    *string = new_one;
}

/* Fills in what exercise_check() left open: a check that is asked for and has no result is ours. */
static void complete(struct exercise_result *result, const struct selected *what,
                     const char *reason)
{
    const struct exercise *exercise = what->exercise;
    size_t n = what->checks != NULL ? what->n_checks : exercise->n_checks;

    replace_string(&result->id, kit_strdup(exercise->id));
    replace_string(&result->name, kit_strdup(exercise->name));
    replace_string(&result->title, kit_strdup(exercise->title));
    for (size_t i = 0; i < n; i++) {
        const struct check *check = what->checks != NULL ? what->checks[i] : exercise->checks[i];
        char *id = check_id(check);
        if (exercise_result_find_check(result, id) == NULL) {
            struct check_result *missing = exercise_result_add_check(result, id, check->points);
            missing->message = kit_strdup(reason);
        }
        free(id);
    }
    exercise_result_sum(result);
}

/* Moves a check's result over another one. */
static void take_check(struct check_result *into, struct check_result *from)
{
    check_result_clear(into);
    *into = *from;
    *from = (struct check_result){0};
}

/* Adds the results of one more run: of two of the same check the worse one stays, and failures[]
 * counts. */
static void merge_run(struct exercise_result *into, struct exercise_result *run)
{
    if (!run->build_ok || into->n_checks == 0) {
        into->build_ok = run->build_ok;
        replace_string(&into->build_log, run->build_log);
        run->build_log = NULL;
    }
    for (size_t i = 0; i < run->n_checks; i++) {
        struct check_result *check = &run->checks[i];
        struct check_result *known = exercise_result_find_check(into, check->id);
        if (known == NULL)
            take_check(ARRAY_ADD(into->checks, into->n_checks), check);
        else if (check_status_worse(known->status, check->status) != known->status)
            take_check(known, check);
    }
    exercise_result_clear(run);
}

static void write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);
        if (written == -1 && errno != EINTR)
            kit_broken("writing a result");
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        }
    }
}

static void say_check(const struct check_result *check, void *context)
{
    const struct saying *saying = context;
    char *json = check_result_to_json(check);
    char *line = kit_format("%s\n", json);

    write_all(saying->fd, line, strlen(line));
    free(line);
    free(json);
}

/* Where the runs go, and what is known of the checks from earlier repeats. */
struct keeping {
    const char *folder;
    const struct exercise_result *earlier;
};

static void keep_runs(const char *check_id, enum check_status status, const char *lines,
                      void *context)
{
    const struct keeping *keeping = context;
    const struct check_result *earlier = exercise_result_find_check(keeping->earlier, check_id);

    if (registry_find_check(check_id) == NULL)
        return;
    if (lines != NULL)
        saved_runs_keep(keeping->folder, check_id, lines);
    else if (status == CHECK_PASSED && (earlier == NULL || earlier->status != CHECK_FAILED))
        saved_runs_keep(keeping->folder, check_id, NULL);
}

static void check_once(const struct selected *what, const char *only_check,
                       const struct jobs_options *options, uint64_t seed, struct saying *saying,
                       struct exercise_result *into)
{
    struct keeping keeping = {options->runs_folder, into};
    enum runs_wanted wanted = options->runs_folder != NULL ? RUNS_OF_FAILED : RUNS_OF_NONE;
    struct check_options how = {.dir = options->dir,
                                .handed_in = options->handed_in,
                                .limits = options->limits,
                                .only_check = only_check,
                                .seed = seed,
                                .schedules = options->schedules,
                                .only_schedule = options->only_schedule,
                                .fail_fast = options->fail_fast,
                                .first = options->first,
                                .told = options->told != NULL ? say_check : NULL,
                                .context = saying,
                                .stop = saying->stop,
                                .runs_wanted = wanted,
                                .runs_told = wanted != RUNS_OF_NONE ? keep_runs : NULL,
                                .runs_context = &keeping};
    struct exercise_result run = {0};

    run.build_ok = true;
    int outcome = exercise_check(what->exercise, &how, &run);
    if (outcome == CHECK_STOPPED)
        _exit(0);
    if (outcome != 0)
        fprintf(stderr, "ipclab: the check of %s could not be carried out\n", what->exercise->id);
    merge_run(into, &run);
}

/* One repeat: the whole exercise, or each check that was asked for. */
static void check_selected(const struct selected *what, const struct jobs_options *options,
                           uint64_t seed, struct saying *saying, struct exercise_result *into)
{
    if (what->checks == NULL)
        check_once(what, NULL, options, seed, saying, into);
    for (size_t i = 0; what->checks != NULL && i < what->n_checks; i++)
        check_once(what, what->checks[i]->name, options, seed, saying, into);
}

/* Says in how many of several repeats each check failed. */
static void add_repeat_note(struct exercise_result *result, const unsigned *failures,
                            unsigned repeats)
{
    for (size_t i = 0; i < result->n_checks; i++) {
        struct check_result *check = &result->checks[i];
        if (check->status != CHECK_FAILED)
            continue;
        char *old = check->message;
        bool told = old == NULL && check->findings.count > 0;
        check->message =
            kit_format("%s%sFailed in %u of %u runs; this is the first.", old != NULL ? old : "",
                       old != NULL && !told ? "\n" : "", failures[i], repeats);
        free(old);
    }
}

/* The checks of all repeats come in the same order, so they are counted by place. */
static void count_failures(const struct exercise_result *run, unsigned *failures)
{
    for (size_t i = 0; i < run->n_checks; i++)
        failures[i] += run->checks[i].status == CHECK_FAILED;
}

static void check_repeatedly(const struct selected *what, const struct jobs_options *options,
                             struct saying *saying, struct exercise_result *result)
{
    unsigned *failures = kit_alloc((what->exercise->n_checks + 1) * sizeof *failures);

    for (unsigned i = 0; i < options->repeats; i++) {
        struct exercise_result run = {0};
        check_selected(what, options, options->seed + i, saying, &run);
        complete(&run, what, "This check gave no answer.");
        count_failures(&run, failures);
        merge_run(result, &run);
    }
    if (options->repeats > 1)
        add_repeat_note(result, failures, options->repeats);
    free(failures);
}

int job_become_stoppable(pid_t parent)
{
    sigset_t stop;

    if (sigemptyset(&stop) == -1 || sigaddset(&stop, SIGTERM) == -1 ||
        sigprocmask(SIG_SETMASK, &stop, NULL) == -1)
        kit_broken("sigprocmask");
    int fd = signalfd(-1, &stop, SFD_CLOEXEC);
    if (fd == -1 || setpgid(0, 0) == -1 || prctl(PR_SET_PDEATHSIG, SIGTERM) == -1)
        kit_broken("cannot make a job that can be stopped");
    if (getppid() != parent)
        _exit(0); /* it died before we asked */
    return fd;
}

static _Noreturn void job_main(const struct selected *what, const struct jobs_options *options,
                               pid_t parent, int fd)
{
    struct exercise_result result = {0};
    if (!options->stoppable && kit_end_with(parent) == -1)
        kit_broken("prctl");
    struct saying saying = {.fd = fd,
                            .stop = options->stoppable ? job_become_stoppable(parent) : 0};

    check_repeatedly(what, options, &saying, &result);
    exercise_result_sum(&result);
    complete(&result, what, "This check gave no answer.");
    char *json = exercise_result_to_json(&result);
    write_all(fd, json, strlen(json));
    _exit(0); /* not exit(): buffers copied from the parent must not be written twice */
}

/* ---- In the parent -------------------------------------------------------------------------- */

static void start_job(struct job *job, const struct jobs_options *options)
{
    int ends[2];

    if (pipe(ends) == -1 || fcntl(ends[0], F_SETFD, FD_CLOEXEC) == -1 ||
        fcntl(ends[1], F_SETFD, FD_CLOEXEC) == -1)
        kit_broken("pipe");
    fflush(NULL);
    pid_t parent = getpid();
    job->pid = fork();
    if (job->pid == -1)
        kit_broken("fork");
    if (job->pid == 0) {
        close(ends[0]);
        job_main(job->what, options, parent, ends[1]);
    }
    close(ends[1]); /* the job holds the only writing end: end of file means that it is over */
    job->fd = ends[0];
    job->state = JOB_RUNS;
}

static int reap(struct job *job)
{
    int status = 0;

    close(job->fd);
    while (waitpid(job->pid, &status, 0) == -1)
        if (errno != EINTR)
            kit_broken("waitpid");
    return status;
}

static void end_job(struct job *job)
{
    int status = reap(job);
    bool understood = job->said.data != NULL && WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
                      exercise_result_from_json(job->said.data, &job->result) == 0;
    if (!understood) {
        char *reason =
            kit_format("The kit's own process for %s ended with %s %d before it had said "
                       "what it found.",
                       job->what->exercise->id, WIFSIGNALED(status) ? "signal" : "status",
                       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        job->result = (struct exercise_result){.build_ok = true};
        complete(&job->result, job->what, reason);
        free(reason);
    }
    free(job->said.data);
    job->said = (struct text_buffer){0};
    job->state = JOB_DONE;
}

/* Takes the whole lines off what a job has said: a check each. The exercise comes last, in a line
 * without an end. */
static void take_checks(struct jobs *jobs, struct text_buffer *said)
{
    size_t taken = 0;

    for (char *end; (end = strchr(said->data + taken, '\n')) != NULL;) {
        struct check_result check = {0};
        *end = '\0';
        if (check_result_from_json(said->data + taken, &check) == 0 && jobs->options.told != NULL)
            jobs->options.told(&check, jobs->context);
        check_result_clear(&check);
        taken = (size_t)(end - said->data) + 1;
    }
    memmove(said->data, said->data + taken, said->length - taken + 1);
    said->length -= taken;
}

/* Reads what is there. */
static void hear_job(struct jobs *jobs, struct job *job)
{
    char bytes[65536];
    ssize_t got = read(job->fd, bytes, sizeof bytes);

    if (got > 0) {
        text_add_bytes(&job->said, bytes, (size_t)got);
        take_checks(jobs, &job->said);
    } else if (got == 0 || errno != EINTR) {
        end_job(job);
    }
}

/* Starts what may start. */
static void start_jobs(struct jobs *jobs)
{
    unsigned running = 0;

    for (size_t i = 0; i < jobs->n; i++)
        running += jobs->list[i].state == JOB_RUNS;
    for (size_t i = 0; i < jobs->n && running < jobs->options.parallel; i++)
        if (jobs->list[i].state == JOB_WAITS) {
            start_job(&jobs->list[i], &jobs->options);
            running++;
        }
}

/* Moves a finished exercise into the results and returns it (valid until the next). */
static struct exercise_result *keep(struct results *results, struct job *job)
{
    const struct lab *lab = exercise_lab(job->what->exercise);
    struct lab_result *to = results_find_lab(results, lab->id);

    if (to == NULL)
        to = results_add_lab(results, lab->id, lab->name, lab->title);
    struct exercise_result *exercise = ARRAY_ADD(to->exercises, to->n_exercises);
    *exercise = job->result;
    job->result = (struct exercise_result){0};
    return exercise;
}

static void tell_done(struct jobs *jobs)
{
    for (; jobs->told < jobs->n && jobs->list[jobs->told].state == JOB_DONE; jobs->told++) {
        struct exercise_result *exercise = keep(jobs->results, &jobs->list[jobs->told]);
        if (jobs->done != NULL)
            jobs->done(exercise, jobs->context);
    }
}

struct jobs *jobs_begin(const struct selection *selection, const struct jobs_options *options,
                        struct results *results, job_done *done, void *context)
{
    struct jobs *jobs = kit_alloc(sizeof *jobs);

    (void)kit_root(); /* look once, here, where a fault of ours ends it all */
    *jobs = (struct jobs){.list = kit_alloc(selection->count * sizeof *jobs->list),
                          .n = selection->count,
                          .options = *options,
                          .results = results,
                          .done = done,
                          .context = context};
    for (size_t i = 0; i < jobs->n; i++)
        jobs->list[i].what = &selection->items[i];
    start_jobs(jobs);
    return jobs;
}

size_t jobs_poll(const struct jobs *jobs, struct pollfd *ready)
{
    for (size_t i = 0; i < jobs->n; i++) {
        const struct job *job = &jobs->list[i];
        ready[i] = (struct pollfd){.fd = job->state == JOB_RUNS ? job->fd : -1, .events = POLLIN};
    }
    return jobs->n;
}

bool jobs_go_on(struct jobs *jobs)
{
    struct pollfd *ready = kit_alloc(jobs->n * sizeof *ready);

    if (poll(ready, jobs_poll(jobs, ready), 0) == -1 && errno != EINTR)
        kit_broken("poll");
    for (size_t i = 0; i < jobs->n; i++)
        if (ready[i].revents != 0)
            hear_job(jobs, &jobs->list[i]);
    free(ready);
    start_jobs(jobs);
    tell_done(jobs);
    if (jobs->told == jobs->n)
        results_sum(jobs->results);
    return jobs->told < jobs->n;
}

/* Asks a job to give up, and waits until it has: it removes its box. */
static void stop_job(struct job *job)
{
    struct pollfd end = {.fd = job->fd, .events = POLLIN};
    long long deadline_us = kit_now_us() + 1000LL * STOP_MS;
    char bytes[65536];
    ssize_t got = 1;

    kill(job->pid, SIGTERM); /* not reaped: the number is still its own */
    while (got > 0 || (got == -1 && errno == EINTR)) {
        long long left_ms = (deadline_us - kit_now_us()) / 1000;
        if (left_ms <= 0 || poll(&end, 1, (int)left_ms) == 0)
            break;
        got = read(job->fd, bytes, sizeof bytes);
    }
    kill(job->pid, SIGKILL); /* it has ended, or is lost */
    reap(job);
}

void jobs_end(struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->n; i++) {
        struct job *job = &jobs->list[i];
        if (job->state == JOB_RUNS)
            stop_job(job);
        free(job->said.data);
        exercise_result_clear(&job->result);
    }
    free(jobs->list);
    free(jobs);
}

void jobs_run(const struct selection *selection, const struct jobs_options *options,
              struct results *results, job_done *done, void *context)
{
    struct jobs *jobs = jobs_begin(selection, options, results, done, context);
    struct pollfd *ready = kit_alloc(selection->count * sizeof *ready);

    while (jobs_go_on(jobs))
        if (poll(ready, jobs_poll(jobs, ready), -1) == -1 && errno != EINTR)
            kit_broken("poll");
    free(ready);
    jobs_end(jobs);
}

/* A check often waits: two at a time keep a processor busy. */
unsigned jobs_usual_parallel(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 2 : 2 * online > MOST_USUAL ? MOST_USUAL : 2 * (unsigned)online;
}

/* Small enough to be typed again. */
uint64_t jobs_random_seed(void)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        kit_broken("getrandom");
    return 1 + seed % (SEEDS - 1);
}
