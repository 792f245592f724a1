/*
 * test_run.c - the engine on real programs: cell, tracer, input and output, limits, the end.
 *
 * engine/program.c is many tiny programs in one, compiled once into a scratch folder.  Each test
 * runs in both modes: number 0 without namespaces, number 1 in a cell of its own, where the machine
 * allows it.  As root, a test does what the box does: it becomes the unprivileged uid first.
 *
 * The scratch folder is in /var/tmp: a cell covers /tmp.
 */
/* _GNU_SOURCE: setresuid(2), setgroups(2) */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <mqueue.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../judge/judge.h"
#include "../run/box.h"
#include "../run/kit.h"
#include "../run/remove.h"
#include "../run/run.h"
#include "tests.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* No test comes near it: a run that does has failed. */
enum { DEADLINE_US = 20000000 };

/* ---- The scratch folder -----------------------------------------------------------------------
 */

static char scratch[] = "/var/tmp/ipclab-test-XXXXXX";
static char own_folder[sizeof scratch + 8], program_file[sizeof scratch + 16];
static char key_text[16], posix_name[32];
static key_t key;

static char *source_path(void)
{
    const char *slash = strrchr(__FILE__, '/');
    return kit_format("%.*s/engine/program.c", slash == NULL ? 1 : (int)(slash - __FILE__),
                      slash == NULL ? "." : __FILE__);
}

static void must(bool worked, const char *what)
{
    if (!worked)
        kit_broken("%s", what);
}

/* program/ holds the program, runs/ a folder for each run of the weaker mode. */
static void make_scratch(void)
{
    char *source = source_path();

    must(mkdtemp(scratch) != NULL && chmod(scratch, 0755) == 0, "mkdtemp");
    snprintf(own_folder, sizeof own_folder, "%s/", scratch);
    snprintf(program_file, sizeof program_file, "%s/program", scratch);
    char *runs = kit_format("%s/runs", scratch);
    must(mkdir(runs, 0700) == 0 && chmod(runs, 01777) == 0, "mkdir");
    char *command = kit_format("cc -std=c17 -D_XOPEN_SOURCE=700 -O1 -g -fno-omit-frame-pointer "
                               "-fno-optimize-sibling-calls -o %s %s -pthread -lrt",
                               program_file, source);
    must(system(command) == 0, command);
    key = 0x1bc00000 + getpid();
    snprintf(key_text, sizeof key_text, "%d", (int)key);
    snprintf(posix_name, sizeof posix_name, "/ipclab-test-%d", (int)getpid());
    box_mode_here(); /* found out once: the tests are forked from here */
    free(command);
    free(runs);
    free(source);
}

/* Of the weaker mode: what a failed test, or a run that could not list it, did not remove. */
static void remove_objects(void)
{
    int queue = msgget(key, 0), semaphores = semget(key, 0, 0), segment = shmget(key, 0, 0);

    if (queue != -1)
        msgctl(queue, IPC_RMID, NULL);
    if (semaphores != -1)
        semctl(semaphores, 0, IPC_RMID);
    if (segment != -1)
        shmctl(segment, IPC_RMID, NULL);
    shm_unlink(posix_name);
    sem_unlink(posix_name);
    mq_unlink(posix_name);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static void remove_scratch(void)
{
    remove_objects();
    nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    memcpy(scratch + strlen(scratch) - 6, "XXXXXX", 6);
}

/* In the test's own process. */
static void become_nobody(void)
{
    if (geteuid() == 0 && (setgroups(0, NULL) == -1 || setresgid(BOX_UID, BOX_UID, BOX_UID) == -1 ||
                           setresuid(BOX_UID, BOX_UID, BOX_UID) == -1))
        kit_broken("cannot drop privileges");
    prctl(PR_SET_DUMPABLE, 1); /* changing the uid took our own /proc/self from us */
}

/* ---- A run ------------------------------------------------------------------------------------
 */

static struct run *run;
static struct peer *first;
static struct findings findings;

/* What a check's run has (suites/runs.c), but for its limits. */
static struct run_options usual(int mode)
{
    struct run_options options = {
        .confined = mode == 1,
        .sets = CALLS_RARE | CALLS_FILES | CALLS_CONFINE | CALLS_IO,
        .tracer = {.own_folder = own_folder, .confined = mode == 1},
        .wall_limit_us = DEADLINE_US,
        .output_limit = 64 << 20,
        .all_places = true,
    };
    if (mode == 0) {
        char *folder = kit_format("%s/runs/XXXXXX", scratch);
        ck_assert_ptr_nonnull(mkdtemp(folder));
        options.folder = folder; /* kept until the test's process ends */
    }
    return options;
}

static void open_run(const struct run_options *options)
{
    run = run_new(options);
    ck_assert_ptr_nonnull(run);
    first = run_first(run);
}

static void start_program(struct peer *peer, struct run_program program, const char *name,
                          const char *word, const char *second)
{
    const char *const argv[] = {"program", name, word, second, NULL};
    static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};

    program.file = program_file;
    program.argv = argv;
    program.envp = envp;
    ck_assert_int_ge(run_start(peer, &program), 0);
}

static void start(struct peer *peer, const char *name, const char *word)
{
    start_program(peer, (struct run_program){0}, name, word, NULL);
}

static void close_run(void)
{
    findings_clear(&findings);
    run_free(run);
    run = NULL;
}

static void run_usual(int mode, const char *name, const char *word)
{
    struct run_options options = usual(mode);
    open_run(&options);
    start(first, name, word);
    run_finish(run);
}

static const char *said(const struct bytes *bytes)
{
    return bytes->data != NULL ? bytes->data : "";
}

/* Condition: it has said so. */
struct saying {
    const struct peer *peer;
    const char *words;
};

static bool has_said(struct run *of, void *context)
{
    const struct saying *saying = context;
    (void)of;
    return strstr(said(&saying->peer->out), saying->words) != NULL;
}

static void await_words(struct peer *peer, const char *words)
{
    struct saying saying = {peer, words};
    ck_assert_msg(run_until(peer->run, has_said, &saying, DEADLINE_US),
                  "it never said %s, but %s%s", words, said(&peer->out), said(&peer->err));
}

static void expect_status(int status)
{
    int got = run_status(run);
    ck_assert_int_eq(run->state, RUN_ENDED);
    ck_assert_msg(WIFEXITED(got) && WEXITSTATUS(got) == status, "wait status %#x; it said %s%s",
                  (unsigned)got, said(&first->out), said(&first->err));
}

/* ---- Looking into the record ------------------------------------------------------------------
 */

/* The number of the line of program.c that says "at: NAME". */
static int line_of(const char *name)
{
    char *path = source_path(), *text = kit_read_file(path, NULL);
    char *mark = kit_format("/* at: %s */", name), *at;
    int line = 1;

    ck_assert_ptr_nonnull(text);
    at = strstr(text, mark);
    ck_assert_msg(at != NULL, "no line says %s", mark);
    for (const char *c = text; c < at; c++)
        line += *c == '\n';
    free(mark);
    free(text);
    free(path);
    return line;
}

static bool is_at(const struct place *place, const char *name)
{
    return place->file != NULL && strcmp(place->file, "program.c") == 0 &&
           place->line == line_of(name);
}

static void expect_at(const struct place *place, const char *name)
{
    ck_assert_msg(is_at(place, name), "%s: placed at %s:%d", name,
                  place->file != NULL ? place->file : "nowhere", place->line);
}

/* The call that was made there; NULL: none. */
static const struct call *call_at(const char *name)
{
    for (size_t i = 0; i < run->record->n_calls; i++)
        if (is_at(&run->record->calls[i].place, name))
            return &run->record->calls[i];
    return NULL;
}

static int count_injected(void)
{
    int count = 0;
    for (size_t i = 0; i < run->record->n_calls; i++)
        count += run->record->calls[i].injected;
    return count;
}

/* Whatever the kit made fail was made by a line of the program's. */
static void expect_only_own_lines_touched(void)
{
    for (size_t i = 0; i < run->record->n_calls; i++) {
        const struct call *call = &run->record->calls[i];
        if (call->injected)
            ck_assert_pstr_eq(call->place.file, "program.c");
    }
}

/* ---- Output, input ----------------------------------------------------------------------------
 */

START_TEST(output_and_status_are_collected)
{
    run_usual(_i, "speak", NULL);
    expect_status(7);
    ck_assert_str_eq(said(&first->out), "to standard output\n");
    ck_assert_str_eq(said(&first->err), "to standard error\n");
    ck_assert_uint_eq(run->record->n_processes, 1);
    ck_assert(run->record->processes[0].own_program);
    ck_assert_str_eq(run->record->processes[0].name, "program");
    ck_assert(!run->record->hung && !run->record->timed_out && !run->record->output_flooded);
}
END_TEST

START_TEST(input_is_fed_to_its_end)
{
    struct run_options options = usual(_i);
    open_run(&options);
    peer_send(first, "from the kit\n", 13);
    start(first, "copy", NULL);
    run_finish(run);
    expect_status(0);
    ck_assert_str_eq(said(&first->out), "from the kit\n");
}
END_TEST

/* While input is held, the program waits for the kit, which is no hang. */
START_TEST(input_is_held)
{
    struct run_options options = usual(_i);
    open_run(&options);
    first->hold_input = true;
    start(first, "copy", NULL);
    peer_send(first, "one ", 4);
    await_words(first, "one ");
    ck_assert(run_until(run, run_is_still, NULL, DEADLINE_US));
    ck_assert_int_eq(run->state, RUN_GOING);
    ck_assert(!run_until(run, NULL, NULL, 200000));
    ck_assert_int_eq(run->state, RUN_GOING);
    peer_send(first, "two", 3);
    await_words(first, "one two");
    peer_close_input(first);
    run_finish(run);
    expect_status(0);
}
END_TEST

START_TEST(a_program_that_is_not_there_has_status_127)
{
    struct run_options options = usual(_i);
    const char *const argv[] = {"nobody", NULL};
    struct run_program program = {.file = "/nonexistent/nobody", .argv = argv, .envp = argv + 1};

    open_run(&options);
    run_start(first, &program);
    run_finish(run);
    expect_status(127);
    ck_assert_ptr_nonnull(strstr(said(&first->err), "cannot run /nonexistent/nobody"));
}
END_TEST

START_TEST(a_non_blocking_output_gets_full)
{
    struct run_options options = usual(_i);
    struct run_program program = {.nonblocking = {[1] = true}, .capacity = {[1] = 4096}};

    open_run(&options);
    first->reading = false;
    start_program(first, program, "fill", NULL, NULL);
    run_until(run, NULL, NULL, 0); /* run_finish() alone would read along */
    ck_assert_uint_eq(first->out.length, 0);
    run_finish(run);
    expect_status(0);
    ck_assert_str_eq(said(&first->err), "4096 EAGAIN\n");
    ck_assert_uint_eq(first->out.length, 4096);
}
END_TEST

/* Nobody reads: it sleeps, but the kit may read at any moment, so it does not hang. */
START_TEST(an_output_that_is_not_read_blocks)
{
    struct run_options options = usual(_i);
    open_run(&options);
    first->reading = false;
    start(first, "pour", "64");
    ck_assert(run_until(run, run_is_still, NULL, DEADLINE_US));
    ck_assert(!run_until(run, NULL, NULL, 200000));
    ck_assert_int_eq(run->state, RUN_GOING);
    ck_assert_uint_eq(first->out.length, 0);
    run_finish(run);
    expect_status(0);
    ck_assert_uint_eq(first->out.length, 64 * 4096);
}
END_TEST

START_TEST(an_output_without_reader_ends_it)
{
    struct run_options options = usual(_i);
    open_run(&options);
    start_program(first, (struct run_program){.close_output = true}, "pour", "0", NULL);
    run_finish(run);
    ck_assert(WIFSIGNALED(run_status(run)) && WTERMSIG(run_status(run)) == SIGPIPE);
    judge_run(run->record, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_pstr_eq(findings.items[0].misconception, "sigpipe-ignored-knowledge");
    expect_at(&findings.items[0].place, "pour");
}
END_TEST

/* Neither of the kit's nor of the test's, which has some that stay open over an exec. */
START_TEST(only_three_descriptors_reach_the_program)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    run_usual(_i, "list_descriptors", NULL);
    expect_status(0);
    ck_assert_str_eq(said(&first->out), "0 1 2 ");
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* ---- Calls that are made to fail --------------------------------------------------------------
 */

static const char text48[] = "abcdefghijklmnopabcdefghijklmnopabcdefghijklmnop";

static void copy_text(const struct run_options *options, const char *kit_file)
{
    open_run(options);
    run->record->kit_file = kit_file != NULL ? kit_strdup(kit_file) : NULL;
    peer_send(first, text48, sizeof text48 - 1);
    start(first, "copy", NULL);
    run_finish(run);
    expect_status(0);
    ck_assert_str_eq(said(&first->out), text48);
    expect_only_own_lines_touched();
}

START_TEST(nothing_is_touched_unasked)
{
    struct run_options options = usual(_i);
    copy_text(&options, NULL);
    ck_assert_str_eq(said(&first->err), "interrupted 0 full 3 small 0\n");
    ck_assert_int_eq(count_injected(), 0);
}
END_TEST

START_TEST(reads_are_shortened)
{
    struct run_options options = usual(_i);
    options.tracer.short_reads = true;
    copy_text(&options, NULL);
    ck_assert_ptr_nonnull(strstr(said(&first->err), "full 0 small "));
    ck_assert_int_gt(count_injected(), 3);
}
END_TEST

START_TEST(writes_are_shortened)
{
    struct run_options options = usual(_i);
    options.tracer.short_writes = true;
    copy_text(&options, NULL);
    ck_assert_int_gt(count_injected(), 3);
    for (size_t i = 0; i < run->record->n_calls; i++)
        if (run->record->calls[i].injected)
            ck_assert_str_eq(run->record->calls[i].name, "write");
}
END_TEST

/* Every other call. The loader's reads are not: it would have given up. */
START_TEST(calls_are_interrupted)
{
    struct run_options options = usual(_i);
    options.tracer.interruptions = true;
    copy_text(&options, NULL);
    ck_assert_str_eq(said(&first->err), "");
    int interrupted = 0;
    for (size_t i = 0; i < run->record->n_calls; i++)
        interrupted += run->record->calls[i].injected && run->record->calls[i].result == -EINTR;
    ck_assert_int_ge(interrupted, 7);
}
END_TEST

START_TEST(the_kits_driver_is_spared)
{
    struct run_options options = usual(_i);
    options.tracer.interruptions = options.tracer.short_reads = true;
    copy_text(&options, "program.c");
    ck_assert_str_eq(said(&first->err), "interrupted 0 full 3 small 0\n");
    ck_assert_int_eq(count_injected(), 0);
}
END_TEST

START_TEST(the_nth_call_fails)
{
    struct run_options options = usual(_i);
    struct fault faults[] = {
        {.kind = FAULT_FAILS, .call = "pipe", .nth = 3, .error = EMFILE}
    };
    options.tracer.faults = faults;
    options.tracer.n_faults = 1;
    open_run(&options);
    start(first, "make_pipes", NULL);
    run_finish(run);
    expect_status(0);
    ck_assert_str_eq(said(&first->out), "2 EMFILE\n");
    ck_assert_int_eq(count_injected(), 1);
    expect_only_own_lines_touched();
}
END_TEST

/* ---- One fault, at one call ---- */

static void run_with_fault(int mode, struct fault *fault, const char *name)
{
    struct run_options options = usual(mode);
    options.sets |= CALLS_MEMORY;
    options.tracer.faults = fault;
    options.tracer.n_faults = 1;
    open_run(&options);
    if (strcmp(name, "copy") == 0)
        peer_send(first, text48, sizeof text48 - 1);
    start(first, name, NULL);
    run_finish(run);
    expect_only_own_lines_touched();
}

/* The result of the one call that was touched. */
static long touched_result(void)
{
    ck_assert_int_eq(count_injected(), 1);
    for (size_t i = 0; i < run->record->n_calls; i++)
        if (run->record->calls[i].injected)
            return (long)run->record->calls[i].result;
    return 0;
}

START_TEST(the_nth_write_is_short)
{
    struct fault fault = {.kind = FAULT_SHORT, .call = "write", .nth = 2, .bytes = 3};
    run_with_fault(_i, &fault, "copy");
    ck_assert_int_eq(touched_result(), 3);
    ck_assert_str_eq(said(&first->out), text48);
    ck_assert_str_eq(said(&first->err), "interrupted 0 full 3 small 0\n");
}
END_TEST

START_TEST(the_nth_read_is_short)
{
    struct fault fault = {.kind = FAULT_SHORT, .call = "read", .nth = 3, .bytes = 1};
    run_with_fault(_i, &fault, "copy");
    ck_assert_int_eq(touched_result(), 1);
    ck_assert_str_eq(said(&first->out), text48);
    ck_assert_str_eq(said(&first->err), "interrupted 0 full 2 small 2\n");
}
END_TEST

/* The fourth read is the end of the input; and nobody asks for more than 16 bytes. */
START_TEST(what_moves_nothing_is_not_cut)
{
    struct fault end = {.kind = FAULT_SHORT, .call = "read", .nth = 4, .bytes = 1};
    run_with_fault(_i, &end, "copy");
    ck_assert_int_eq(count_injected(), 0);
    run_free(run);
    struct fault wide = {.kind = FAULT_SHORT, .call = "read", .nth = 1, .bytes = 16};
    run_with_fault(_i, &wide, "copy");
    ck_assert_int_eq(count_injected(), 0);
}
END_TEST

START_TEST(the_nth_call_is_interrupted)
{
    struct fault fault = {.kind = FAULT_INTERRUPTS, .call = "read", .nth = 2};
    run_with_fault(_i, &fault, "copy");
    ck_assert_int_eq(touched_result(), -EINTR);
    ck_assert_str_eq(said(&first->out), text48);
    ck_assert_str_eq(said(&first->err), "interrupted 1 full 3 small 0\n");
}
END_TEST

START_TEST(a_vector_is_short)
{
    struct fault fault = {.kind = FAULT_SHORT, .call = "write", .nth = 1, .bytes = 2};
    run_with_fault(_i, &fault, "write_parts");
    ck_assert_int_eq(touched_result(), 2);
    ck_assert_str_eq(said(&first->out), "ab");
    ck_assert_str_eq(said(&first->err), "2 of 0 4 5\n");
}
END_TEST

START_TEST(memory_runs_out)
{
    struct fault never = {.kind = FAULT_FAILS, .call = "memory", .nth = 1000, .error = ENOMEM};
    run_with_fault(_i, &never, "ask_for_memory");
    ck_assert_str_eq(said(&first->out), "got got ");
    run_free(run);
    struct fault fault = {.kind = FAULT_FAILS, .call = "memory", .nth = 1, .error = ENOMEM};
    run_with_fault(_i, &fault, "ask_for_memory");
    expect_status(0);
    ck_assert_str_eq(said(&first->out), "ENOMEM ENOMEM ");
    ck_assert_int_gt(count_injected(), 1);
}
END_TEST

static int compare_letters(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* At one line: only what comes there from the wanted process. */
START_TEST(a_site_is_a_line_and_a_part)
{
    static const struct {
        const char *forked_at;
        const char *said;
        int status;
    } parts[] = {
        {NULL,     "stt", 10},
        {"twins",  "pst", 1 },
        {"single", "ptt", 1 }
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *file = "program.c", *from = parts[i].forked_at;
        if (i > 0)
            run_free(run);
        struct fault_site site = {
            file, line_of("name"), 0, from != NULL ? file : NULL, from != NULL ? line_of(from) : 0,
            -1};
        struct fault fault = {
            .kind = FAULT_FAILS, .call = "write", .nth = 1, .error = EIO, .site = &site};
        run_with_fault(_i, &fault, "say_names");
        expect_status(parts[i].status);
        ck_assert_int_eq(touched_result(), -EIO);
        char *out = first->out.data;
        qsort(out, first->out.length, 1, compare_letters);
        ck_assert_str_eq(out, parts[i].said);
    }
}
END_TEST

static bool signal_came(struct run *of, void *context)
{
    (void)context;
    for (size_t i = 0; i < of->record->n_calls; i++)
        if (strcmp(of->record->calls[i].name, "signal") == 0)
            return true;
    return false;
}

/* The first read is begun twice, for a signal came; it is one call all the same. */
START_TEST(a_call_that_the_kernel_restarts_counts_once)
{
    struct run_options options = usual(_i);
    struct fault faults[] = {
        {.kind = FAULT_FAILS, .call = "read", .nth = 2, .error = EIO}
    };
    options.tracer.faults = faults;
    options.tracer.n_faults = 1;
    open_run(&options);
    first->hold_input = true;
    start(first, "read_twice", NULL);
    await_words(first, "ready\n");
    ck_assert(run_until(run, run_is_still, NULL, DEADLINE_US));
    ck_assert_int_eq(kill(run->record->processes[0].host_pid, SIGUSR1), 0);
    ck_assert(run_until(run, signal_came, NULL, DEADLINE_US));
    ck_assert(run_until(run, run_is_still, NULL, DEADLINE_US));
    peer_send(first, "xyz", 3);
    run_finish(run);
    expect_status(0);
    ck_assert_str_eq(said(&first->out), "ready\n1 -1 EIO\n");
}
END_TEST

/* ---- Held and killed at a call ----------------------------------------------------------------
 */

static bool one_is_held(struct run *a_run, void *context)
{
    (void)context;
    return run_held(a_run) == 1;
}

/* Being watched, it is woken by them; alone it is not. */
START_TEST(what_is_ignored_interrupts_nothing)
{
    struct run_options options = usual(_i);

    open_run(&options);
    start_program(first, (struct run_program){0}, "sleep_through", NULL, NULL);
    run_finish(run);
    expect_status(0);
    close_run();
}
END_TEST

START_TEST(a_process_is_held_before_a_call)
{
    struct run_options options = usual(_i);
    open_run(&options);
    start(first, "start_command", NULL);
    run_hold(first, &(struct hold){.call = "wait", .nth = 1});
    ck_assert(run_until(run, one_is_held, NULL, DEADLINE_US));
    ck_assert(run->record->processes[0].halted);
    ck_assert(run_until(run, run_is_still, NULL, DEADLINE_US));
    run_until(run, NULL, NULL, 200000);
    ck_assert_int_eq(run->state, RUN_GOING); /* no hang: it will go on */
    ck_assert_int_eq((int)call_at("wait")->end_us, -1);
    run_release(run, NULL);
    run_finish(run);
    expect_status(3);
    ck_assert(!run->record->processes[0].halted);
}
END_TEST

/* The fork has happened, and the program does not know yet. What is still held at the end is let
 * go. */
START_TEST(a_process_is_held_after_a_call)
{
    struct run_options options = usual(_i);
    open_run(&options);
    start(first, "start_command", NULL);
    run_hold(first, &(struct hold){.call = "fork", .nth = 1, .after = true});
    ck_assert(run_until(run, one_is_held, NULL, DEADLINE_US));
    ck_assert_uint_eq(run->record->n_processes, 2);
    ck_assert_int_gt((int)call_at("fork")->result, 0);
    ck_assert_ptr_null(call_at("wait"));
    run_finish(run);
    expect_status(3);
}
END_TEST

START_TEST(a_process_is_killed_at_a_call)
{
    struct run_options options = usual(_i);
    open_run(&options);
    start(first, "start_command", NULL);
    run_hold(first, &(struct hold){.call = "wait", .nth = 1, .kills = true});
    run_finish(run);
    ck_assert(WIFSIGNALED(run_status(run)));
    ck_assert_int_eq(WTERMSIG(run_status(run)), SIGKILL);
    ck_assert(!run->record->processes[0].killed_by_kit);
}
END_TEST

/* ---- What is recorded -------------------------------------------------------------------------
 */

START_TEST(a_child_is_recorded_with_its_lines)
{
    run_usual(_i, "start_command", NULL);
    expect_status(3);
    const struct record *record = run->record;
    ck_assert_uint_eq(record->n_processes, 2);
    const struct process *child = &record->processes[1];
    ck_assert_int_eq(child->number, 2);
    ck_assert_int_eq(child->parent, 0);
    ck_assert_str_eq(child->name, "sh");
    ck_assert_str_eq(child->command, "sh -c exit 3");
    ck_assert(!child->own_program && child->execed);
    ck_assert(!child->was_zombie && !child->outlived_run && !child->killed_by_kit);
    ck_assert_int_eq(WEXITSTATUS(child->wait_status), 3);
    ck_assert_int_ge(child->ended_us, child->started_us);
    expect_at(&child->forked_at, "fork");
    ck_assert_str_eq(child->forked_at.function, "start_command");
    const struct call *fork_call = call_at("fork"), *exec_call = call_at("exec");
    const struct call *wait_call = call_at("wait");
    ck_assert(fork_call != NULL && exec_call != NULL && wait_call != NULL);
    ck_assert_int_eq(fork_call->other, 1);
    ck_assert_int_eq(exec_call->process, 1);
    ck_assert_str_eq(exec_call->name, "execve");
    ck_assert_str_eq(exec_call->detail, "/bin/sh");
    ck_assert_str_eq(wait_call->name, "wait4");
    ck_assert_int_eq(wait_call->other, 1);
}
END_TEST

START_TEST(a_pipe_is_recorded_with_its_line)
{
    run_usual(_i, "start_command", NULL);
    expect_status(3);
    const struct call *call = call_at("pipe");
    ck_assert_ptr_nonnull(call);
    ck_assert_int_ge(call->object, 0);
    const struct object *object = &run->record->objects[call->object];
    ck_assert_int_eq(object->kind, OBJECT_PIPE);
    ck_assert_str_eq(object->label, "pipe A");
    ck_assert_ptr_eq(&run->record->calls[object->made_by], call);
    ck_assert_int_eq(call->fds[0], 3);
    ck_assert_int_eq(call->fds[1], 4);
    judge_run(run->record, &findings); /* the command has both of its ends */
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_int_eq(findings.items[0].kind, FINDING_DESCRIPTOR_LEAK);
    expect_at(&findings.items[0].place, "pipe");
}
END_TEST

START_TEST(a_crash_is_told_with_its_line)
{
    run_usual(_i, "crash", NULL);
    ck_assert(WIFSIGNALED(run_status(run)) && WTERMSIG(run_status(run)) == SIGSEGV);
    judge_run(run->record, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_int_eq(findings.items[0].kind, FINDING_KILLED_BY_SIGNAL);
    expect_at(&findings.items[0].place, "crash");
}
END_TEST

/* ---- Limits -----------------------------------------------------------------------------------
 */

static void expect_ended_by_kit(enum run_state state)
{
    ck_assert_int_eq(run->state, state);
    ck_assert_int_eq(run->record->hung, state == RUN_HUNG);
    ck_assert_int_eq(run->record->timed_out, state == RUN_TIMED_OUT);
    ck_assert_int_eq(run->record->output_flooded, state == RUN_FLOODED);
    ck_assert(run->record->processes[0].killed_by_kit);
    ck_assert_int_ge(run->record->processes[0].ended_us, 0);
}

static void run_limited(const struct run_options *options, const char *name, const char *word)
{
    open_run(options);
    first->hold_input = true;
    start(first, name, word);
    run_until(run, NULL, NULL, DEADLINE_US);
    run_finish(run);
}

START_TEST(the_wall_limit_ends_a_run)
{
    struct run_options options = usual(_i);
    options.wall_limit_us = 300000;
    run_limited(&options, "copy", NULL);
    expect_ended_by_kit(RUN_TIMED_OUT);
    judge_run(run->record, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_int_eq(findings.items[0].kind, FINDING_RESOURCE_LIMIT);
}
END_TEST

START_TEST(the_cpu_limit_ends_a_run)
{
    struct run_options options = usual(_i);
    options.cpu_limit_us = 200000;
    run_limited(&options, "spin", NULL);
    expect_ended_by_kit(RUN_TIMED_OUT);
    ck_assert_int_gt(run->record->processes[0].cpu_us, 200000);
}
END_TEST

START_TEST(the_call_limit_ends_a_run)
{
    struct run_options options = usual(_i);
    options.call_limit = 2000;
    run_limited(&options, "call_for_ever", NULL);
    expect_ended_by_kit(RUN_TIMED_OUT);
    ck_assert_uint_gt(run->record->n_calls, 2000);
}
END_TEST

START_TEST(the_output_limit_ends_a_run)
{
    struct run_options options = usual(_i);
    options.output_limit = 100000;
    run_limited(&options, "pour", "0");
    expect_ended_by_kit(RUN_FLOODED);
    judge_run(run->record, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_int_eq(findings.items[0].kind, FINDING_OUTPUT_FLOOD);
}
END_TEST

START_TEST(the_memory_limit_is_on_all_processes_together)
{
    struct run_options options = usual(_i);
    options.memory_limit = 48 << 20;
    run_limited(&options, "hold_memory", "32");
    expect_ended_by_kit(RUN_TIMED_OUT);
    ck_assert_int_gt(run->record->memory, options.memory_limit);
    judge_run(run->record, &findings);
    ck_assert_int_eq(findings.items[0].kind, FINDING_RESOURCE_LIMIT);
    ck_assert_ptr_nonnull(strstr(findings.items[0].text, "MiB of memory"));
}
END_TEST

START_TEST(output_up_to_the_limit_is_free)
{
    struct run_options options = usual(_i);
    options.output_limit = 100000;
    run_limited(&options, "pour", "24");
    expect_status(0);
    ck_assert_uint_eq(first->out.length, 24 * 4096);
}
END_TEST

/* As if time were up. */
START_TEST(a_run_is_stopped)
{
    struct run_options options = usual(_i);
    open_run(&options);
    first->hold_input = true;
    start(first, "copy", NULL);
    ck_assert(run_until(run, run_is_still, NULL, DEADLINE_US));
    run_stop(run);
    run_finish(run);
    expect_ended_by_kit(RUN_TIMED_OUT);
}
END_TEST

/* ---- Hangs ------------------------------------------------------------------------------------
 */

/* From its last word until the engine knows, in microseconds. No limit is set. */
static long long time_to_find_hang(int mode)
{
    struct run_options options = usual(mode);
    options.wall_limit_us = 0;
    open_run(&options);
    start(first, "hang", NULL);
    await_words(first, "ready\n");
    long long began = kit_now_us();
    run_until(run, NULL, NULL, DEADLINE_US);
    long long took = kit_now_us() - began;
    run_finish(run);
    expect_ended_by_kit(RUN_HUNG);
    return took;
}

/* Where both cores are busy with something else, one attempt may be late. */
START_TEST(a_hang_is_found_in_under_a_second)
{
    long long best = DEADLINE_US;
    for (int attempt = 0; attempt < 5 && best >= 1000000; attempt++) {
        close_run();
        long long took = time_to_find_hang(_i);
        best = took < best ? took : best;
    }
    ck_assert_msg(best < 1000000, "it took %lld us", best);
    judge_run(run->record, &findings);
    ck_assert_int_eq(findings.items[0].kind, FINDING_HANG);
    ck_assert_pstr_eq(findings.items[0].misconception, "pipe-reader-keeps-own-write-end");
    ck_assert_pstr_eq(findings.items[0].processes[0].blocked_in, "read");
}
END_TEST

/* How long it takes from the program's start to the end of it all, at best. */
static void expect_quick_hang(int mode, const char *name)
{
    long long best = DEADLINE_US;
    for (int attempt = 0; attempt < 5 && best >= 1000000; attempt++) {
        close_run();
        long long began = kit_now_us();
        run_usual(mode, name, NULL);
        long long took = kit_now_us() - began;
        best = took < best ? took : best;
        expect_ended_by_kit(RUN_HUNG);
    }
    ck_assert_msg(best < 1000000, "it took %lld us", best);
    judge_run(run->record, &findings);
    ck_assert_int_eq(findings.items[0].kind, FINDING_HANG);
}

START_TEST(all_stopped_is_a_hang)
{
    expect_quick_hang(_i, "stop_both");
    const char *text = findings.items[0].text;
    ck_assert_msg(strstr(text, "process 2 `program` is stopped by SIGSTOP") != NULL &&
                      strstr(text, "Nobody is left who could send SIGCONT") != NULL,
                  "%s", text);
    ck_assert_uint_eq(findings.items[0].n_processes, 2);
}
END_TEST

START_TEST(who_will_be_continued_does_not_hang)
{
    run_usual(_i, "stop_and_wake", NULL);
    expect_status(0);
}
END_TEST

/* The kit has stopped it, and will continue it. */
START_TEST(nor_does_one_that_the_kit_has_stopped)
{
    struct run_options options = usual(_i);
    open_run(&options);
    first->hold_input = true;
    start(first, "copy", NULL);
    ck_assert(run_until(run, run_is_still, NULL, DEADLINE_US));
    ck_assert_int_eq(kill(run->record->processes[0].host_pid, SIGSTOP), 0);
    run_until(run, NULL, NULL, 300000);
    ck_assert_int_eq(run->state, RUN_GOING);
    ck_assert(run->record->processes[0].halted);
    ck_assert_int_eq(run->record->processes[0].stopped_by, 0);
    ck_assert_int_eq(kill(run->record->processes[0].host_pid, SIGCONT), 0);
    run_finish(run);
    expect_status(0);
}
END_TEST

START_TEST(a_parent_in_vfork_costs_no_time)
{
    expect_quick_hang(_i, "hold_vfork");
}
END_TEST

/* Longer than two looks at it. That it sleeps at all is a finding of its own, whichever way. */
static void expect_nap(int mode, const char *which)
{
    run_usual(mode, "nap", which);
    expect_status(0);
    judge_run(run->record, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_int_eq(findings.items[0].kind, FINDING_SLEEP_AS_SYNCHRONISATION);
    expect_at(&findings.items[0].place, which);
}

START_TEST(a_sleeper_does_not_hang)
{
    expect_nap(_i, "nanosleep");
}
END_TEST

START_TEST(neither_does_one_in_poll)
{
    expect_nap(_i, "poll");
}
END_TEST

START_TEST(nor_one_in_select)
{
    expect_nap(_i, "select");
}
END_TEST

/* ---- Nothing survives -------------------------------------------------------------------------
 */

/* The kernel may need a moment to be rid of it. */
static bool is_gone(pid_t pid)
{
    long long deadline = kit_now_us() + DEADLINE_US;
    while (kill(pid, 0) == 0 || errno != ESRCH) {
        if (kit_now_us() > deadline)
            return false;
        poll(NULL, 0, 1);
    }
    return true;
}

/* Frees the run; none of its processes may live on. */
static void expect_no_survivors(size_t n_processes)
{
    pid_t pids[8];
    ck_assert_uint_eq(run->record->n_processes, n_processes);
    for (size_t i = 0; i < n_processes; i++)
        pids[i] = run->record->processes[i].host_pid;
    close_run();
    for (size_t i = 0; i < n_processes; i++)
        ck_assert_msg(is_gone(pids[i]), "process %zu lives on", i + 1);
}

START_TEST(a_daemon_ends_with_its_run)
{
    run_usual(_i, "leave_daemon", "go");
    expect_status(0);
    ck_assert(!run->record->processes[1].outlived_run);
    ck_assert(run->record->processes[2].outlived_run && run->record->processes[2].killed_by_kit);
    judge_run(run->record, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_int_eq(findings.items[0].kind, FINDING_ORPHAN);
    expect_no_survivors(3);
}
END_TEST

/* Freed in the middle, without a word. */
START_TEST(a_run_that_is_given_up_leaves_no_process)
{
    struct run_options options = usual(_i);
    open_run(&options);
    first->hold_input = true;
    start(first, "leave_daemon", "stay");
    await_words(first, "ready\n");
    ck_assert(run_until(run, run_is_still, NULL, DEADLINE_US));
    expect_no_survivors(3);
}
END_TEST

/* A run of which nothing was started, and one whose program was not let to its end. */
START_TEST(a_run_may_be_freed_at_any_time)
{
    struct run_options options = usual(_i);
    open_run(&options);
    close_run();
    open_run(&options);
    start(first, "copy", NULL);
    expect_no_survivors(1);
}
END_TEST

static bool shows(const char *folder)
{
    char *path = kit_format("%s%s", folder, posix_name);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

/* The number of the six kinds of named objects that are there in our own namespaces. */
static int count_visible(void)
{
    int count = 0;
    count += msgget(key, 0) != -1;
    count += semget(key, 0, 0) != -1;
    count += shmget(key, 0, 0) != -1;
    count += shows("/dev/shm");
    char *semaphore = kit_format("/dev/shm/sem.%s", posix_name + 1);
    count += access(semaphore, F_OK) == 0;
    free(semaphore);
    mqd_t queue = mq_open(posix_name, O_RDONLY);
    count += queue != (mqd_t)-1;
    if (queue != (mqd_t)-1)
        mq_close(queue);
    return count;
}

/* Inside a cell, queues of POSIX can be listed only where their file system is mounted; outside,
 * each that the run has made is asked for. */
static bool is_noted(enum object_kind kind, bool confined)
{
    return kind != OBJECT_POSIX_QUEUE || !confined || access("/dev/mqueue", F_OK) == 0;
}

static void expect_left(enum object_kind kind)
{
    for (size_t i = 0; i < run->record->n_objects; i++) {
        const struct object *object = &run->record->objects[i];
        if (object->kind == kind && object->left_behind && object->made_by >= 0)
            return;
    }
    ck_abort_msg("no %s is left behind", object_kind_name(kind));
}

/* All seven are noted. In a cell they never were outside; in the weaker mode the end of the run
 * removes what it has noted. */
START_TEST(objects_that_are_left_are_noted)
{
    static const enum object_kind kinds[] = {
        OBJECT_QUEUE,           OBJECT_SEMAPHORES,  OBJECT_SEGMENT, OBJECT_POSIX_MEMORY,
        OBJECT_POSIX_SEMAPHORE, OBJECT_POSIX_QUEUE, OBJECT_FIFO,
    };
    struct run_options options = usual(_i);
    size_t expected = 0;

    ck_assert_int_eq(count_visible(), 0);
    open_run(&options);
    start_program(first, (struct run_program){0}, "make_objects", key_text, posix_name);
    run_finish(run);
    int visible = count_visible();
    remove_objects();
    expect_status(0);
    ck_assert_int_eq(visible, 0);
    for (int i = 0; i < COUNT(kinds); i++) {
        if (!is_noted(kinds[i], options.confined))
            continue;
        expect_left(kinds[i]);
        expected++;
    }
    judge_run(run->record, &findings);
    ck_assert_uint_eq(findings.count, expected);
    for (size_t i = 0; i < findings.count; i++) {
        ck_assert_int_eq(findings.items[i].kind, FINDING_OBJECT_LEFT_BEHIND);
        ck_assert_pstr_eq(findings.items[i].place.file, "program.c");
    }
    close_run();
    ck_assert_int_eq(count_visible(), 0);
}
END_TEST

/* A finder may be met before the maker: the kernel was done with both. */
START_TEST(who_made_an_object_is_known)
{
    struct run_options options = usual(_i);
    size_t segments = 0;

    open_run(&options);
    start_program(first, (struct run_program){0}, "make_while_seen", key_text, NULL);
    run_finish(run);
    remove_objects();
    expect_status(0);
    for (size_t i = 0; i < run->record->n_objects; i++) {
        const struct object *object = &run->record->objects[i];
        if (object->kind != OBJECT_SEGMENT)
            continue;
        segments++;
        ck_assert_int_ge(object->made_by, 0);
        ck_assert_int_eq(run->record->calls[object->made_by].process, 0);
    }
    ck_assert_uint_eq(segments, 20);
    close_run();
}
END_TEST

/* ---- More than one ----------------------------------------------------------------------------
 */

/* A whole run in a process of its own, while the other one holds a queue of that key. */
static int run_beside(int mode)
{
    pid_t pid = fork();
    int status = 0;

    ck_assert_int_ne(pid, -1);
    if (pid == 0) {
        run_usual(mode, "hold_queue", key_text);
        bool alone = run->state == RUN_ENDED && run_status(run) == 0 &&
                     strcmp(said(&first->out), "ready\n1\n") == 0;
        close_run();
        _exit(alone ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* In the weaker mode they do meet: the second one finds the key taken. */
START_TEST(two_runs_with_one_key_do_not_meet)
{
    struct run_options options = usual(_i);
    open_run(&options);
    first->hold_input = true;
    start(first, "hold_queue", key_text);
    await_words(first, "ready\n");
    int beside = run_beside(_i);
    peer_close_input(first);
    run_finish(run);
    expect_status(0);
    ck_assert_str_eq(said(&first->out), "ready\n1\n");
    ck_assert_int_eq(beside == 0, _i == 1);
}
END_TEST

/* Two programs of the kit's in one cell, with a FIFO between them. */
START_TEST(peers_meet)
{
    struct run_options options = usual(_i);
    open_run(&options);
    start(first, "hear", NULL);
    await_words(first, "ready\n");
    struct peer *second = run_add(run);
    ck_assert_ptr_nonnull(second);
    ck_assert_int_eq(second->process, -1);
    start(second, "tell", "through the FIFO\n");
    run_finish(run);
    expect_status(0);
    const struct record *record = run->record;
    ck_assert_str_eq(said(&first->out), "ready\nthrough the FIFO\n");
    ck_assert_str_eq(said(&second->out), "");
    ck_assert_int_eq(second->process, 1);
    ck_assert_int_eq(record->processes[1].parent, -1);
    ck_assert_int_eq(record->processes[1].wait_status, 0);
    ck_assert(!record->processes[1].killed_by_kit && !record->processes[1].outlived_run);
    judge_run(record, &findings);
    ck_assert_uint_eq(findings.count, 0);
}
END_TEST

START_TEST(there_is_an_end_of_peers)
{
    struct run_options options = usual(_i);
    open_run(&options);
    for (int i = 1; i < MOST_PEERS; i++)
        ck_assert_ptr_nonnull(run_add(run));
    ck_assert_ptr_null(run_add(run));
}
END_TEST

/* ---- Ways out ---------------------------------------------------------------------------------
 */

START_TEST(there_is_no_way_out)
{
    run_usual(_i, "try_to_leave", NULL);
    expect_status(0);
    ck_assert_str_eq(said(&first->out), "clone user refused\nunshare user refused\n"
                                        "clone pid refused\nunshare pid refused\n"
                                        "clone ipc refused\nunshare ipc refused\n"
                                        "clone mount refused\nunshare mount refused\n"
                                        "clone net refused\nunshare net refused\n"
                                        "ptrace refused\n"
                                        "undumpable refused\n"
                                        "core refused\n");
    ck_assert_uint_eq(run->record->n_processes, 1);
    ck_assert_int_eq(count_injected(), 0);
}
END_TEST

START_TEST(what_belongs_to_no_process_is_bounded)
{
    run_usual(_i, "take_much", NULL);
    expect_status(0);
    ck_assert_str_eq(said(&first->out), "segments: 4 of 6, then ENOSPC\n"
                                        "memory files: 4 of 6, then ENFILE\n"
                                        "queues: 300 of 300\n");
    ck_assert_int_eq(count_injected(), 0);
}
END_TEST

static bool opens(const char *inside)
{
    int fd = cell_open(run->cell, inside, O_RDONLY, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* What a program has laid leads where it leads for the program; in the weaker mode that is where
 * it leads for us. */
START_TEST(links_lead_into_the_cell)
{
    struct run_options options = usual(_i);
    struct stat status;
    char ours[] = "/tmp/ipclab-test-XXXXXX";
    int fd = mkstemp(ours); /* the cell has a /tmp of its own */
    ck_assert_int_ge(fd, 0);
    close(fd);
    open_run(&options);
    first->hold_input = true;
    start(first, "lay_links", ours);
    await_words(first, "ready\n");
    char *around = kit_format("to-root%s", ours);
    bool own = opens("own") && opens("to-own"), other = opens("to-other"), root = opens(around);
    int told = cell_stat(run->cell, "to-other", &status);
    bool missing = opens("nothing");
    unlink(ours);
    free(around);
    ck_assert(own && !missing);
    ck_assert_int_eq(other, _i == 0);
    ck_assert_int_eq(root, _i == 0);
    ck_assert_int_eq(told, 0);
    ck_assert(S_ISLNK(status.st_mode));
    run_finish(run);
    expect_status(0);
}
END_TEST

/* ---- Folders -----------------------------------------------------------------------------------
 */

/* Deeper than a path may be long, and shut; -1: it cannot be made here. */
static int lay_deep_folder(const char *top, const char *elsewhere)
{
    char name[201];
    memset(name, 'd', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    int here = open(".", O_RDONLY | O_DIRECTORY), made = mkdir(top, 0700) == 0 ? chdir(top) : -1;
    for (int i = 0; made == 0 && i < 40; i++) {
        if (symlink(elsewhere, "link") == -1 || mkdir("0", 0) == -1 || mkfifo("fifo", 0) == -1 ||
            mkdir(name, 0700) == -1 || chdir(name) == -1)
            made = -1;
        chmod(i % 2 == 0 ? ".." : ".", i % 4 == 0 ? 0100 : 0300);
    }
    if (fchdir(here) == -1)
        made = -1;
    close(here);
    return made;
}

START_TEST(whatever_a_program_lays_is_removed)
{
    char *top = kit_format("%s/runs/deep", scratch), *kept = kit_format("%s/runs/kept", scratch);
    char *inside = kit_format("%s/file", kept);
    ck_assert_int_eq(mkdir(kept, 0700), 0);
    ck_assert_int_eq(kit_write_file(inside, "x", 1), 0);
    ck_assert_int_eq(lay_deep_folder(top, kept), 0);
    ck_assert_int_eq(remove_tree(top), 0);
    ck_assert_int_eq(access(top, F_OK), -1);
    ck_assert_int_eq(access(inside, F_OK), 0); /* no link was followed */
    ck_assert_int_eq(remove_tree(kept), 0);
    ck_assert_int_eq(remove_tree(kept), 0);
    free(top);
    free(kept);
    free(inside);
}
END_TEST

/* ---- The suite --------------------------------------------------------------------------------
 */

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_unchecked_fixture(tcase, make_scratch, remove_scratch);
    tcase_add_checked_fixture(tcase, become_nobody, close_run);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static int modes;

#define ADD(tcase, test) tcase_add_loop_test(tcase, test, 0, modes)

static void add_programs(Suite *suite)
{
    TCase *tcase = add_case(suite, "programs");
    ADD(tcase, output_and_status_are_collected);
    ADD(tcase, input_is_fed_to_its_end);
    ADD(tcase, input_is_held);
    ADD(tcase, a_program_that_is_not_there_has_status_127);
    ADD(tcase, a_non_blocking_output_gets_full);
    ADD(tcase, an_output_that_is_not_read_blocks);
    ADD(tcase, an_output_without_reader_ends_it);
    ADD(tcase, only_three_descriptors_reach_the_program);
    ADD(tcase, a_child_is_recorded_with_its_lines);
    ADD(tcase, a_pipe_is_recorded_with_its_line);
    ADD(tcase, a_crash_is_told_with_its_line);
    ADD(tcase, peers_meet);
    ADD(tcase, there_is_an_end_of_peers);
}

static void add_faults(Suite *suite)
{
    TCase *tcase = add_case(suite, "faults");
    ADD(tcase, nothing_is_touched_unasked);
    ADD(tcase, reads_are_shortened);
    ADD(tcase, writes_are_shortened);
    ADD(tcase, calls_are_interrupted);
    ADD(tcase, the_kits_driver_is_spared);
    ADD(tcase, the_nth_call_fails);
    ADD(tcase, a_call_that_the_kernel_restarts_counts_once);
    ADD(tcase, what_is_ignored_interrupts_nothing);
    ADD(tcase, the_nth_write_is_short);
    ADD(tcase, the_nth_read_is_short);
    ADD(tcase, what_moves_nothing_is_not_cut);
    ADD(tcase, the_nth_call_is_interrupted);
    ADD(tcase, a_vector_is_short);
    ADD(tcase, memory_runs_out);
    ADD(tcase, a_site_is_a_line_and_a_part);
    ADD(tcase, a_process_is_held_before_a_call);
    ADD(tcase, a_process_is_held_after_a_call);
    ADD(tcase, a_process_is_killed_at_a_call);
}

static void add_ends(Suite *suite)
{
    TCase *tcase = add_case(suite, "ends");
    ADD(tcase, the_wall_limit_ends_a_run);
    ADD(tcase, the_cpu_limit_ends_a_run);
    ADD(tcase, the_call_limit_ends_a_run);
    ADD(tcase, the_output_limit_ends_a_run);
    ADD(tcase, the_memory_limit_is_on_all_processes_together);
    ADD(tcase, output_up_to_the_limit_is_free);
    ADD(tcase, a_run_is_stopped);
    ADD(tcase, a_hang_is_found_in_under_a_second);
    ADD(tcase, a_sleeper_does_not_hang);
    ADD(tcase, neither_does_one_in_poll);
    ADD(tcase, nor_one_in_select);
    ADD(tcase, all_stopped_is_a_hang);
    ADD(tcase, who_will_be_continued_does_not_hang);
    ADD(tcase, nor_does_one_that_the_kit_has_stopped);
    ADD(tcase, a_parent_in_vfork_costs_no_time);
}

static void add_isolation(Suite *suite)
{
    TCase *tcase = add_case(suite, "isolation");
    ADD(tcase, a_daemon_ends_with_its_run);
    ADD(tcase, a_run_that_is_given_up_leaves_no_process);
    ADD(tcase, a_run_may_be_freed_at_any_time);
    ADD(tcase, objects_that_are_left_are_noted);
    ADD(tcase, who_made_an_object_is_known);
    ADD(tcase, two_runs_with_one_key_do_not_meet);
    ADD(tcase, there_is_no_way_out);
    ADD(tcase, what_belongs_to_no_process_is_bounded);
    ADD(tcase, links_lead_into_the_cell);
    tcase_add_test(tcase, whatever_a_program_lays_is_removed);
}

static Suite *make_run_suite(void)
{
    Suite *suite = suite_create("run");
    modes = box_mode_here() == BOX_STRONG ? 2 : 1;
    add_programs(suite);
    add_faults(suite);
    add_ends(suite);
    add_isolation(suite);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_run_suite);
}
