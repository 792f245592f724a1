/*
 * jobs.c - checking several exercises at once. See jobs.h.
 *
 * Theory of operation. This process forks one process a job, at most `parallel` at a time. A job
 * checks one exercise (exercise_check() does the work, in still other processes), writes the result
 * as JSON into its pipe and ends. This process only polls the pipes: end of file means that the job
 * is over; then it is reaped, and what it wrote is read. What it did not say is filled in as a
 * fault of the kit.
 */
#include "jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../tell/text.h"
#include "checking.h"
#include "kit_paths.h"

enum job_state { JOB_WAITS, JOB_RUNS, JOB_DONE };

struct job {
    const struct selected *what;
    enum job_state state;
    pid_t pid;
    int fd; /* reading end of its pipe */
    struct text_buffer said;
    struct exercise_result result;
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

static void check_once(const struct selected *what, const char *only_check,
                       const struct jobs_options *options, uint64_t seed,
                       struct exercise_result *into)
{
    struct check_options how = {.dir = options->dir,
                                .only_check = only_check,
                                .seed = seed,
                                .fail_fast = options->fail_fast};
    struct exercise_result run = {0};

    run.build_ok = true;
    if (exercise_check(what->exercise, &how, &run) != 0)
        fprintf(stderr, "ipclab: the check of %s could not be carried out\n", what->exercise->id);
    merge_run(into, &run);
}

/* One repeat: the whole exercise, or each check that was asked for. */
static void check_selected(const struct selected *what, const struct jobs_options *options,
                           uint64_t seed, struct exercise_result *into)
{
    if (what->checks == NULL)
        check_once(what, NULL, options, seed, into);
    for (size_t i = 0; what->checks != NULL && i < what->n_checks; i++)
        check_once(what, what->checks[i]->name, options, seed, into);
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
                             struct exercise_result *result)
{
    unsigned *failures = kit_alloc((what->exercise->n_checks + 1) * sizeof *failures);

    for (unsigned i = 0; i < options->repeats; i++) {
        struct exercise_result run = {0};
        check_selected(what, options, options->seed + i, &run);
        complete(&run, what, "This check gave no answer.");
        count_failures(&run, failures);
        merge_run(result, &run);
    }
    if (options->repeats > 1)
        add_repeat_note(result, failures, options->repeats);
    free(failures);
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);
        if (written == -1 && errno != EINTR)
            return -1;
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

static _Noreturn void job_main(const struct selected *what, const struct jobs_options *options,
                               int fd)
{
    struct exercise_result result = {0};

    check_repeatedly(what, options, &result);
    exercise_result_sum(&result);
    complete(&result, what, "This check gave no answer.");
    char *json = exercise_result_to_json(&result);
    if (write_all(fd, json, strlen(json)) == -1)
        kit_broken("writing the result of %s", what->exercise->id);
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
    job->pid = fork();
    if (job->pid == -1)
        kit_broken("fork");
    if (job->pid == 0) {
        close(ends[0]);
        job_main(job->what, options, ends[1]);
    }
    close(ends[1]); /* the job holds the only writing end: end of file means that it is over */
    job->fd = ends[0];
    job->state = JOB_RUNS;
}

static void end_job(struct job *job)
{
    int status = 0;

    close(job->fd);
    while (waitpid(job->pid, &status, 0) == -1)
        if (errno != EINTR)
            kit_broken("waitpid");
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

/* Reads what is there. */
static void hear_job(struct job *job)
{
    char bytes[65536];
    ssize_t got = read(job->fd, bytes, sizeof bytes);

    if (got > 0)
        text_add_bytes(&job->said, bytes, (size_t)got);
    else if (got == 0 || errno != EINTR)
        end_job(job);
}

/* Starts what may start; waits until a running job says something or ends. False: all are done. */
static bool advance(struct job *jobs, size_t n, const struct jobs_options *options)
{
    struct pollfd *ready = kit_alloc(n * sizeof *ready);
    unsigned running = 0;

    for (size_t i = 0; i < n; i++)
        running += jobs[i].state == JOB_RUNS;
    for (size_t i = 0; i < n && running < options->parallel; i++)
        if (jobs[i].state == JOB_WAITS) {
            start_job(&jobs[i], options);
            running++;
        }
    for (size_t i = 0; i < n; i++)
        ready[i] =
            (struct pollfd){.fd = jobs[i].state == JOB_RUNS ? jobs[i].fd : -1, .events = POLLIN};
    if (running > 0 && poll(ready, n, -1) == -1 && errno != EINTR)
        kit_broken("poll");
    for (size_t i = 0; i < n; i++)
        if (ready[i].revents != 0)
            hear_job(&jobs[i]);
    free(ready);
    return running > 0;
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

void jobs_run(const struct selection *selection, const struct jobs_options *options,
              struct results *results, job_done *done, void *context)
{
    size_t n = selection->count, told = 0;
    struct job *jobs = kit_alloc(n * sizeof *jobs);

    (void)kit_root(); /* look once, here, where a fault of ours ends it all */
    for (size_t i = 0; i < n; i++)
        jobs[i].what = &selection->items[i];
    while (told < n) {
        advance(jobs, n, options);
        for (; told < n && jobs[told].state == JOB_DONE; told++) {
            struct exercise_result *exercise = keep(results, &jobs[told]);
            if (done != NULL)
                done(exercise, context);
        }
    }
    results_sum(results);
    free(jobs);
}
