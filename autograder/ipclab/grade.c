/*
 * grade.c - `ipclab grade SUBMISSION...`: a whole class.
 *
 * Theory of operation.  A process a submission, at most -j at a time, each with a process group of
 * its own. It unpacks what was handed in, finds the exercises in it, checks them one after the
 * other, and writes OUT/NAME.json, whole or not at all. This process waits for signals alone: that
 * one of them has ended, that a second has passed (for the line of progress), that somebody wants
 * us to stop. At the end it makes the gradebook from the JSON files (gradebook.h), so that what is
 * graded and what is in the gradebook cannot differ.
 *
 * What is done is told by these files alone. That is why a grading can be killed at any moment and
 * be resumed: what has its file, of the same work (by its digest) and by the same rules (by
 * grading.json), is not graded again.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../run/box.h"
#include "../run/kit.h"
#include "../tell/terminal.h"
#include "../tell/text.h"
#include "arrange.h"
#include "chosen.h"
#include "commands.h"
#include "course.h"
#include "gradebook.h"
#include "jobs.h"
#include "machine.h"
#include "options.h"
#include "saved_runs.h"
#include "submission_page.h"
#include "submissions.h"

enum {
    OPTION_OUT = 256,
    OPTION_LABS,
    OPTION_SEED,
    OPTION_CONFIG,
    OPTION_SHARD,
    OPTION_RESUME,
    OPTION_SINGLE,
    MOST_JOBS = 256,
    MOST_SHARDS = 10000
};

static const struct option_row options[] = {
    {'j',           "jobs",   "N",    "Grade N submissions at the same time (default: one a processor)."},
    {OPTION_OUT,    "out",    "DIR",  "Where results go (default: grades)."                             },
    {OPTION_RESUME, "resume", NULL,   "Go on after an interruption: what is graded stays."              },
    {OPTION_LABS,   "labs",   "LIST", "Only these labs or exercises, with commas: 1,2 or 1.1,1.3."      },
    {OPTION_CONFIG, "config", "FILE", "The rules: exercises, weights, hidden checks (course.ini)."      },
    {OPTION_SHARD,  "shard",  "I/N",  "Only part I of N, for several machines; then: ipclab merge."     },
    {OPTION_SINGLE, "single", NULL,
     "The folder is one submission, called \"submission\", whatever is in it."                          },
    {OPTION_SEED,   "seed",   "N",    "The same seed for all (default: 1)."                             },
    {0,             NULL,     NULL,   NULL                                                              },
};

static const struct command_help help = {
    .name = "grade",
    .synopsis = "SUBMISSION...",
    .purpose =
        "Grades submissions: folders or archives (.zip, .tar.gz, .tar.xz, ...) that hold "
        "01-pipes/3-pipeline/pipeline.c and so on, or only pipeline.c. One folder that holds "
        "all submissions will do, too.",
    .options = options,
    .notes =
        "Writes DIR/NAME.json for each, DIR/gradebook.csv (a row a submission), DIR/summary.json "
        "and DIR/class.html (what the class got wrong most). What an earlier grading wrote "
        "there is moved to DIR/earlier/. What was not handed in, or cannot be unpacked, counts "
        "as zero, and the file says why.\n"
        "Exit status: 0 all were graded, 2 wrong use or a submission that is not there (the others "
        "are graded), 3 the kit itself failed (a grade that is not to be trusted is left "
        "empty).\n"
        "Example: ipclab grade -j 4 --labs 1,2 --out results submissions/*",
};

/* How the process of a submission ends, when it is not the kit that failed (3). */
enum { DONE_GRADED = 0, DONE_BEFORE = 10, DONE_REFUSED = 11 };

struct grading {
    struct gradebook book;
    struct submissions submissions;
    const char *labs, *config, *shard;
    uint64_t parallel;
    bool resume, seed_given, single;
    char **words; /* of the command line, for what to type next */
    size_t started, done, before, refused, broken;
    long long began_us;
    sigset_t waited_for;
};

static void complain(const struct submission *submission, const char *what)
{
    char *shown = text_visible(submission->name, strlen(submission->name), 200);
    fprintf(stderr, "%sipclab grade: %s: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", shown,
            what);
    free(shown);
}

/* ---- One submission, in its own process ----------------------------------------------------- */

/* Results without a run: all is not_built, or all is our fault. */
static void fill(struct results *results, const struct selection *selection,
                 enum check_status status, const char *why)
{
    for (size_t i = 0; i < selection->count; i++) {
        const struct exercise *exercise = selection->items[i].exercise;
        const struct lab *of = exercise_lab(exercise);
        struct lab_result *lab = results_find_lab(results, of->id);
        if (lab == NULL)
            lab = results_add_lab(results, of->id, of->name, of->title);
        struct exercise_result *result =
            lab_result_add_exercise(lab, exercise->id, exercise->name, exercise->title);
        result->build_log = kit_strdup(why);
        for (size_t c = 0; c < exercise->n_checks; c++) {
            char *id = check_id(exercise->checks[c]);
            struct check_result *check =
                exercise_result_add_check(result, id, exercise->checks[c]->points);
            check->status = status;
            check->message = kit_strdup(why);
            free(id);
        }
    }
    results_sum(results);
}

/* Lays the work out in the scratch. Returns NULL, or why there is nothing to grade. */
static char *prepare(const struct grading *grading, const struct submission *submission,
                     const struct box *scratch, const char *into, struct results *results)
{
    struct notes notes = {0};
    char *raw = kit_format("%s/runs", scratch->folder);
    char *why = lay_out(submission->path, &grading->book.course.selection, raw, into, &notes,
                        &results->digest);

    notes_close(&notes);
    results->notes = notes.lines;
    results->n_notes = notes.count;
    free(raw);
    return why;
}

/* Was this very work graded before, and can that be trusted? Then these are the results. */
static bool take_done(const struct grading *grading, struct results *results)
{
    struct results before;

    if (!grading->resume)
        return false;
    bool done = gradebook_load(&grading->book, results->submission, &before) &&
                before.digest == results->digest && before.status != SUBMISSION_KIT_ERROR;
    if (done) {
        free(before.submission); /* JSON may have changed a name that is no UTF-8 */
        before.submission = kit_strdup(results->submission);
        results_clear(results);
        *results = before;
    } else {
        results_clear(&before);
    }
    return done;
}

/* A page from before stays, with its pictures, unless it hides what may be seen now. */
static bool page_is_good(const struct grading *grading, const char *name)
{
    char *path = kit_format("%s/%s.html", grading->book.folder, name);
    struct stat status;
    bool good = stat(path, &status) == 0 &&
                !course_reveals(&grading->book.course, status.st_mtime, time(NULL));
    free(path);
    return good;
}

static void store_page(const struct grading *grading, const struct results *results,
                       const char *work)
{
    char *html = submission_page(&grading->book.course, results, work, time(NULL));
    if (gradebook_store_page(&grading->book, results->submission, html) == -1)
        kit_broken("cannot write to %s", grading->book.folder);
    free(html);
}

/* The page goes first: what has its results is done. */
static void store(struct grading *grading, const struct results *results, const char *work)
{
    gradebook_set_aside(&grading->book, results->submission);
    store_page(grading, results, work);
    if (gradebook_store(&grading->book, results) == -1)
        kit_broken("cannot write to %s", grading->book.folder);
}

/* Checks the exercises; false: somebody wants us to stop. */
static bool check_all(const struct grading *grading, const char *dir, int stop,
                      struct results *results)
{
    const struct selection *selection = &grading->book.course.selection;
    char *runs_folder = saved_runs_folder(dir);
    struct jobs_options how = {.dir = dir,
                               .handed_in = true,
                               .limits = grading->book.course.limits,
                               .seed = grading->book.seed,
                               .repeats = 1,
                               .parallel = 1,
                               .runs_folder = runs_folder,
                               .stoppable = true};
    struct pollfd *ready = kit_alloc((selection->count + 1) * sizeof *ready);
    struct jobs *jobs = jobs_begin(selection, &how, results, NULL, NULL);
    bool stopped = false;

    while (!stopped && jobs_go_on(jobs)) {
        size_t n = jobs_poll(jobs, ready);
        ready[n] = (struct pollfd){.fd = stop, .events = POLLIN};
        if (poll(ready, n + 1, -1) == -1 && errno != EINTR)
            kit_broken("poll");
        stopped = ready[n].revents != 0;
    }
    jobs_end(jobs);
    free(runs_folder);
    free(ready);
    return !stopped;
}

static _Noreturn void grade_one(struct grading *grading, const struct submission *submission,
                                pid_t parent)
{
    int stop = job_become_stoppable(parent), status = DONE_GRADED;
    struct results results = {.submission = kit_strdup(submission->name),
                              .seed = grading->book.seed,
                              .machine = machine_probe()};
    struct box *scratch = box_new(); /* its folder goes even if we are killed (box.c) */
    if (scratch == NULL)
        kit_broken("cannot make a folder (set TMPDIR to a place with room)");
    char *into = kit_format("%s/program", scratch->folder);
    char *why = prepare(grading, submission, scratch, into, &results);

    if (take_done(grading, &results)) {
        status = DONE_BEFORE;
    } else if (why != NULL) {
        results.status = SUBMISSION_REFUSED;
        fill(&results, &grading->book.course.selection, CHECK_NOT_BUILT, why);
        status = DONE_REFUSED;
    } else if (!check_all(grading, into, stop, &results)) {
        status = 3;
    } else if (results_exit_status(&results) == 3) {
        results.status = SUBMISSION_KIT_ERROR;
    }
    course_set_hints(&grading->book.course, &results);
    if (status == DONE_BEFORE && !page_is_good(grading, submission->name))
        store_page(grading, &results, into);
    if (status != DONE_BEFORE && status != 3)
        store(grading, &results, into);
    box_free(scratch);
    _exit(status);
}

/* ---- All of them ---------------------------------------------------------------------------- */

static void start_one(struct grading *grading)
{
    struct submission *submission = &grading->submissions.items[grading->started++];
    pid_t parent = getpid();

    fflush(NULL);
    submission->pid = fork();
    if (submission->pid == -1)
        kit_broken("fork");
    if (submission->pid == 0)
        grade_one(grading, submission, parent);
}

static double seconds_since(long long us)
{
    return (double)(kit_now_us() - us) / 1e6;
}

/* "3 min", or "40 s". Owned by the caller. */
static char *duration(double seconds)
{
    return seconds >= 100 ? kit_format("%.0f min", seconds / 60) : kit_format("%.0f s", seconds);
}

/* On a terminal only, one line that is written again and again. */
static void show_progress(const struct grading *grading)
{
    size_t n = grading->submissions.n, running = grading->started - grading->done;
    size_t worked = grading->done - grading->before;
    struct terminal terminal = terminal_for(stderr);
    struct text_buffer line = {0};

    if (!isatty(STDERR_FILENO))
        return;
    text_add(&line, "graded %zu of %zu, %zu running", grading->done, n, running);
    if (worked > 0 && grading->done < n) {
        double left =
            seconds_since(grading->began_us) / (double)worked * (double)(n - grading->done);
        time_t end = time(NULL) + (time_t)left;
        struct tm tm;
        char at[16] = "";
        if (localtime_r(&end, &tm) != NULL)
            strftime(at, sizeof at, "%H:%M", &tm);
        char *needed = duration(left);
        text_add(&line, ", about %s to go, until %s", needed, at);
        free(needed);
    }
    fprintf(stderr, "\r%.*s\033[K", terminal.width - 1, line.data);
    fflush(stderr);
    free(line.data);
}

static void end_progress(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

/* The last note says why a submission was refused. */
static void tell_refusal(const struct grading *grading, const struct submission *submission)
{
    struct results results;
    if (gradebook_load(&grading->book, submission->name, &results) && results.n_notes > 0)
        complain(submission, results.notes[results.n_notes - 1]);
    results_clear(&results);
}

/* A grade that the kit owes is written down as such: it is no zero, and nobody is forgotten. */
static void note_failure(struct grading *grading, const struct submission *submission)
{
    struct results results = {.submission = kit_strdup(submission->name),
                              .seed = grading->book.seed,
                              .status = SUBMISSION_KIT_ERROR};
    static const char why[] = "The kit failed on this submission; it has no grade.";

    *ARRAY_ADD(results.notes, results.n_notes) = kit_strdup(why);
    fill(&results, &grading->book.course.selection, CHECK_KIT_ERROR, why);
    store(grading, &results, NULL);
    complain(submission, "the kit failed on it; --resume tries it again");
    results_clear(&results);
}

static void take_end(struct grading *grading, struct submission *submission, int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 3;

    submission->pid = 0;
    grading->done++;
    grading->before += code == DONE_BEFORE;
    grading->refused += code == DONE_REFUSED;
    if (code == DONE_REFUSED)
        tell_refusal(grading, submission);
    else if (code != DONE_GRADED && code != DONE_BEFORE) {
        grading->broken++;
        note_failure(grading, submission);
    }
}

/* All that have ended; with wait, until all have, and what they leave undone is not noted. */
static void reap(struct grading *grading, bool wait)
{
    for (size_t i = 0; i < grading->started; i++) {
        struct submission *submission = &grading->submissions.items[i];
        int status;
        if (submission->pid == 0)
            continue;
        pid_t pid = waitpid(submission->pid, &status, wait ? 0 : WNOHANG);
        if (pid == -1 && errno != EINTR)
            kit_broken("waitpid");
        if (pid > 0 && !wait)
            take_end(grading, submission, status);
        else if (pid > 0)
            submission->pid = 0;
    }
}

/* ---- Stopping ------------------------------------------------------------------------------- */

static void add_word(struct text_buffer *line, const char *word)
{
    bool plain =
        word[0] != '\0' && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                                             "WXYZ0123456789_-./,=:@%+")] == '\0';
    char *shown = text_visible(word, strlen(word), 300);
    text_add(line, plain ? " %s" : " '%s'", shown);
    free(shown);
}

static void tell_how_to_go_on(const struct grading *grading)
{
    struct text_buffer line = {0};
    size_t n = 0, shown = 12;

    while (grading->words[n] != NULL)
        n++;
    for (size_t i = 1; i < n && i < shown; i++)
        if (strcmp(grading->words[i], "--resume") != 0)
            add_word(&line, grading->words[i]);
    fprintf(stderr,
            "ipclab grade: stopped; %zu of %zu are graded and kept.\n"
            "to go on: ipclab grade --resume%s%s\n",
            grading->done, grading->submissions.n, line.data != NULL ? line.data : "",
            n > shown ? " ... (the same words as before)" : "");
    free(line.data);
}

/* Ends what runs, and then this process as the signal asks. */
static _Noreturn void stop(struct grading *grading, int signal_number)
{
    for (size_t i = 0; i < grading->started; i++)
        if (grading->submissions.items[i].pid != 0)
            kill(grading->submissions.items[i].pid, SIGTERM);
    end_progress();
    reap(grading, true);
    tell_how_to_go_on(grading);
    signal(signal_number, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &grading->waited_for, NULL);
    raise(signal_number);
    _exit(3);
}

static void await_signals(struct grading *grading)
{
    static const int numbers[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    struct sigaction now;
    sigemptyset(&grading->waited_for);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] != SIGHUP || sigaction(SIGHUP, NULL, &now) == -1 ||
            now.sa_handler != SIG_IGN) /* nohup(1) */
            sigaddset(&grading->waited_for, numbers[i]);
    if (sigprocmask(SIG_BLOCK, &grading->waited_for, NULL) == -1)
        kit_broken("sigprocmask");
}

static void grade_all(struct grading *grading)
{
    const struct timespec second = {.tv_sec = 1};

    (void)machine_probe(); /* once, for all of them */
    await_signals(grading);
    grading->began_us = kit_now_us();
    while (grading->done < grading->submissions.n) {
        while (grading->started < grading->submissions.n &&
               grading->started - grading->done < grading->parallel)
            start_one(grading);
        show_progress(grading);
        int got = sigtimedwait(&grading->waited_for, NULL, &second);
        if (got > 0 && got != SIGCHLD)
            stop(grading, got);
        reap(grading, false);
    }
    end_progress();
    if (sigprocmask(SIG_UNBLOCK, &grading->waited_for, NULL) == -1)
        kit_broken("sigprocmask");
}

/* ---- The words ------------------------------------------------------------------------------ */

static bool read_shard(const char *word, struct gradebook *book)
{
    char end;
    unsigned long long shard, shards;
    if (sscanf(word, "%5llu/%5llu%c", &shard, &shards, &end) == 2 && shard >= 1 &&
        shard <= shards && shards <= MOST_SHARDS) {
        book->shard = shard;
        book->shards = shards;
        return true;
    }
    char *shown = text_visible(word, strlen(word), 40);
    usage_error(&help, "--shard takes a part and a number of parts, such as 2/4, not \"%s\"",
                shown);
    free(shown);
    return false;
}

/* course.ini, if one was named; else everything. */
static bool read_course(struct grading *grading)
{
    char *error;

    if (course_load(&grading->book.course, grading->config, &error) == 0)
        return true;
    fprintf(stderr, "ipclab grade: %s\n", error);
    free(error);
    return false;
}

/* Returns 0; or the key of options_next() that ends the command. */
static int read_words(struct grading *grading, int argc, char **argv)
{
    bool good = true;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t seed = 1;

    grading->parallel = online < 1 ? 1 : (uint64_t)online;
    grading->book = (struct gradebook){
        .command = "grade", .folder = "grades", .shard = 1, .shards = 1, .lock = -1};
    for (int key; good && (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key;
        if (key == OPTION_OUT)
            grading->book.folder = optarg;
        else if (key == OPTION_LABS)
            grading->labs = optarg;
        else if (key == OPTION_CONFIG)
            grading->config = optarg;
        else if (key == OPTION_RESUME)
            grading->resume = true;
        else if (key == OPTION_SINGLE)
            grading->single = true;
        else if (key == OPTION_SHARD)
            good = read_shard(optarg, &grading->book);
        else if (key == OPTION_SEED)
            good = grading->seed_given =
                options_number(&help, "--seed", optarg, 0, UINT64_C(1) << 53, &seed);
        else
            good = options_number(&help, "-j", optarg, 1, MOST_JOBS, &grading->parallel);
    }
    if (!good || !read_course(grading))
        return OPTIONS_WRONG;
    struct course *course = &grading->book.course;
    grading->book.seed = grading->seed_given ? seed : course->seed;
    if (grading->labs != NULL && choose_list(&help, &course->selection, grading->labs) == -1)
        return OPTIONS_WRONG;
    if (course->selection.count == 0)
        selection_add_all(&course->selection);
    return 0;
}

/* ---- The command ---------------------------------------------------------------------------- */

/* What the folder holds already: of the same grading, it is kept; of an earlier one, it is moved.
 * Returns 0, or the exit status after saying what is wrong. */
static int meet_earlier(struct grading *grading)
{
    struct gradebook earlier, *book = &grading->book;
    char *error;
    int found = gradebook_read(book->folder, &earlier, &error);

    if (found == -1 && grading->resume) {
        fprintf(stderr, "ipclab grade: %s\n", error);
        free(error);
        return 2;
    }
    free(error);
    const char *differs = found == 0 ? gradebook_differs(&earlier, book) : NULL;
    if (found == 0 && differs == NULL && earlier.shard != book->shard)
        differs = "another shard";
    if (differs != NULL &&
        (grading->resume || earlier.shards != book->shards || earlier.shard != book->shard)) {
        fprintf(stderr,
                "ipclab grade: %s holds a grading of %s.\n"
                "Give this one a folder of its own: --out DIR%s\n",
                book->folder, differs,
                grading->resume ? "; or leave --resume away, and the old results are moved aside"
                                : "");
        gradebook_clear(&earlier);
        return 2;
    }
    for (size_t i = 0; found == 0 && i < earlier.n_names; i++) {
        if (grading->resume)
            gradebook_add(book, earlier.names[i]);
        else
            gradebook_set_aside(book, earlier.names[i]);
    }
    if (!grading->resume)
        gradebook_set_aside(book, NULL);
    gradebook_clear(&earlier);
    return 0;
}

static int grade(struct grading *grading)
{
    struct gradebook *book = &grading->book;
    int status = gradebook_open(book);

    if (status == 0)
        status = meet_earlier(grading);
    if (status != 0)
        return status;
    for (size_t i = 0; i < grading->submissions.n; i++) {
        const char *name = grading->submissions.items[i].name;
        if (!gradebook_has(book, name))
            gradebook_add(book, name);
        if (!grading->resume)
            gradebook_set_aside(book, name);
    }
    if (gradebook_write(book) == -1)
        kit_broken("cannot write to %s", book->folder);
    grade_all(grading);
    status = gradebook_close(book);
    printf("%zu graded", grading->done);
    if (grading->before > 0)
        printf(", of which %zu before", grading->before);
    if (grading->refused > 0)
        printf(", %zu refused", grading->refused);
    if (grading->broken > 0)
        printf(", %zu without a grade by the kit's fault", grading->broken);
    printf("; see %s/gradebook.csv, summary.json and class.html\n", book->folder);
    if (book->stamp != NULL)
        printf("earlier results are in %s\n", book->stamp);
    return status != 0 ? status : grading->submissions.wrong ? 2 : 0;
}

int command_grade(int argc, char **argv)
{
    struct grading grading = {.words = argv, .submissions.command = help.name};
    int key = read_words(&grading, argc, argv), status = 2;

    if (key == OPTIONS_HELP)
        status = 0;
    else if (key == 0 && optind == argc)
        usage_error(&help, "which submissions? For example: ipclab grade submissions/*");
    else if (key == 0 && grading.single && argc - optind > 1)
        usage_error(&help, "--single takes one submission");
    else if (key == 0) {
        if (grading.single)
            submissions_single(&grading.submissions, argv[optind]);
        else
            submissions_find(&grading.submissions, argv + optind, (size_t)(argc - optind));
        submissions_keep_shard(&grading.submissions, grading.book.shard, grading.book.shards);
        if (grading.submissions.n > 0 || grading.book.shards > 1)
            status = grade(&grading);
    }
    gradebook_clear(&grading.book);
    submissions_clear(&grading.submissions);
    return status;
}
