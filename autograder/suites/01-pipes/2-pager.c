/*
 * 2-pager.c - the checks of 1.2: a file through $PAGER.
 *
 * Most of the pagers are the probe `stage`, whose orders are in the variable STAGE.
 */
#define _GNU_SOURCE /* strerrordesc_np(3), sigabbrev_np(3) */
#include "../exercise.h"

#include <errno.h>
#include <string.h>

EXERCISE("A file through $PAGER");

static struct text heading(const char *file)
{
    return text_format("== %s ==\n", file);
}

/* Has the program itself (not its pager) not ended yet? */
static bool is_first_alive(struct run *run)
{
    return record_of(run)->processes[0].ended_us < 0;
}

/* A pager of the kit's, with orders, that shows a file of these bytes. */
static struct given *stage_given(const char *file, struct text bytes, const char *orders)
{
    return given(given_file(file, bytes), given_env("PAGER", probe("stage")),
                 given_env("STAGE", orders));
}

/* Was a program started with a pipe of the run's own as its standard input? */
static bool got_a_pipe(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (strcmp(call->name, "inherit") == 0 && call->fds[0] == 0 && call->object >= 0 &&
            record->objects[call->object].kind == OBJECT_PIPE)
            return true;
    }
    return false;
}

static const char *order(const char *what, int number)
{
    return text_format("%s=%d", what, number).bytes;
}

CHECK(shows_the_file, 2,
      HINT("Which program is it if nobody has named one? An empty name names none.") HINT(
          "In which order do the heading and the pager's output reach the kernel, and from "
          "which process?")
      HINT("At the moment the pager sleeps in read(): who could still write into the pipe?"))
{
    const char *file = random_word();
    int key = random_between(1, 255);
    struct text texts[] = {random_lines(20), random_bytes(4096), text_of("")};
    struct given *pagers[] = {
        given_nothing(), given_env("PAGER", ""),
        given(given_env("PAGER", probe("stage")), given_env("STAGE", order("xor", key)))};
    for (size_t i = 0; i < 3; i++) {
        struct text shown = i == 2 ? text_xor(texts[0], (unsigned char)key) : texts[i];
        struct text file_bytes = i == 2 ? texts[0] : texts[i];
        struct run *run =
            run_program("pager", args(file), given(given_file(file, file_bytes), pagers[i]));

        suspect_if(text_equal(stdout_of(run), text_join(shown, heading(file))),
                   "stdio-buffered-across-fork");
        expect_stdout(run, text_join(heading(file), shown));
        suspect(NULL);
        expect_exit(run, 0);
        expect_stderr_empty(run);
    }
    struct run *run = run_program("pager", args(file), given_file(file, texts[2]));
    expect_stdout(run, heading(file));
    expect_exit(run, 0);
}

CHECK(feeds_more_than_a_pipe_holds, 1,
      HINT("How much can be written into a pipe that nobody reads yet?")
      HINT("What does it mean when write() returns less than you asked for?") HINT(
              "And when read(), write() or waitpid() returns -1 with EINTR: is anything broken?"))
{
    const char *file = random_word();
    struct text big = random_bytes((size_t)random_between(150000, 300000)),
                small = text_slice(big, 0, 20000);

    struct run *run = run_program("pager", args(file), given_file(file, big));
    expect_exit(run, 0);
    expect_stdout(run, text_join(heading(file), big));

    struct text whole = text_join(heading(file), small);
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write wait")
    {
        run = run_program("pager", args(file), given(given_file(file, small), fault));
        expect_exit(run, 0);
        expect_stdout(run, whole);
    }
    run = run_program("pager", args(file),
                      given(given_file(file, small), given_short_writes(), given_short_reads()));
    suspect_if(stdout_of(run).length < whole.length, "partial-write-ignored");
    expect_that(
        run, text_equal(stdout_of(run), whole), FINDING_SHORT_IO_IGNORED,
        "Some reads and writes took only a part of what they were given (as they may), and bytes "
        "were lost: %zu of %zu bytes came out.",
        stdout_of(run).length, whole.length);
    suspect(NULL);
    expect_exit(run, 0);
}

CHECK(pager_gets_only_0_1_2, 1,
      HINT("Which descriptors has the child between fork and exec, and where does each come from?")
      HINT("After dup2, how many numbers refer to this end of the pipe?")
      HINT("Which of them does exec close?"))
{
    const char *file = random_word();
    struct text bytes = random_lines(10);

    struct run *run = run_program("pager", args(file), stage_given(file, bytes, "report"));

    struct text report = stderr_of(run);
    expect_exit(run, 0);
    expect_that(run, text_count(report, text_of("open ")) == text_count(report, text_of(" pipe:")),
                FINDING_DESCRIPTOR_LEAK,
                "The pager (here `stage`, a program of the kit's) should find only 0, 1 and 2 "
                "open. This is "
                "what it found besides:\n%s",
                text_slice(report, 0, report.length - text_of("SIGPIPE default\n").length).bytes);
    expect_stdout(run, text_join(heading(file), bytes));
    expect_that(
        run, got_a_pipe(run), FINDING_MISSING_CALL,
        "The pager's standard input is not a pipe that `pager` made: the content of the file "
        "reached it in another way.");
}

CHECK(exits_with_the_pagers_status, 2,
      HINT("Who ends last, you or the pager? Which call makes sure of it?")
      HINT("What waitpid stores is not yet the number that the pager gave to exit().")
      HINT("A signal is not an exit status: what does a shell make of it?"))
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGKILL};
    const char *file = random_word();
    int signal = signals[random_below(5)], status = random_between(2, 120);
    struct text bytes = random_lines(5);

    struct run *killed =
        run_program("pager", args(file), stage_given(file, bytes, order("kill", signal)));
    scene("Here the pager killed itself by SIG%s.", sigabbrev_np(signal));
    suspect_if(exit_status_of(killed) == signal, "pclose-status-is-exit-code");
    suspect_if(exit_status_of(killed) == 0, "pipeline-status-of-first");
    expect_exit(killed, 128 + signal);
    suspect(NULL);
    scene(NULL);

    struct run *run = start_program(
        "pager", args(file),
        given(stage_given(file, bytes, text_format("mute emit=200000 exit=%d", status).bytes),
              given_unread_output()));
    wait_until_idle(run);
    suspect_if(count_calls(run, "wait") == 0, "no-wait-zombies");
    expect_that(run, is_first_alive(run) || find_process(run, "stage", NULL) == NULL,
                FINDING_ORPHAN,
                "The pager (here `stage`, a program of the kit's) still has output that nobody has "
                "taken yet, "
                "so it is running. But `pager` has ended already.");
    suspect(NULL);
    resume_reading(run);
    finish_run(run);
    scene("Here the pager ended with status %d.", status);
    expect_exit(run, status);
}

CHECK(missing_pager_gives_127, 1,
      HINT("What runs in the child on the line after exec, when exec could not do it?") HINT(
          "Whose buffers does the child hold copies of, and which way of ending leaves them alone?")
      HINT("errno says whether the program is not there or may not be executed."))
{
    const char *file = random_word(), *plain = random_word();
    const struct {
        const char *pager;
        int status, error;
    } pagers[] = {
        {random_word(), 127, ENOENT},
        { text_format("./%s", plain).bytes, 126, EACCES}
    };
    for (size_t i = 0; i < 4; i++) {
        struct text bytes = random_bytes(i < 2 ? 100 : 200000);
        struct run *run = run_program(
            "pager", args(file),
            given(given_file(file, bytes), given_file(plain, text_of("echo no program\n")),
                  given_env("PAGER", pagers[i % 2].pager), given_watched_io()));

        scene("Here PAGER is `%s`, which %s.", pagers[i % 2].pager,
              pagers[i % 2].status == 127 ? "does not exist" : "is not executable");
        suspect_if(saw_fall_through(run), "child-falls-through-after-exec-failure");
        expect_exit(run, pagers[i % 2].status);
        expect_stderr_contains(run, strerrordesc_np(pagers[i % 2].error));
        expect_that(run, text_count(stderr_of(run), text_of("\n")) == 1, FINDING_WRONG_OUTPUT,
                    "One line should say why the pager could not be started; this was on standard "
                    "error:\n%s",
                    stderr_of(run).bytes);
        suspect_if(text_count(stdout_of(run), heading(file)) == 2,
                   "exit-in-child-flushes-parent-buffers");
        expect_stdout(run, heading(file));
    }
}

CHECK(pager_may_stop_early, 1,
      HINT("The pager is gone: what does write() into the pipe do, unless told otherwise?")
      HINT("Is anybody else left who could read from the pipe?")
      HINT("What becomes of an ignored signal when a process execs another program?"))
{
    const char *file = random_word();
    int sizes[] = {0, 1, random_between(2, 5000)}, status = random_between(2, 120);
    struct text bytes = random_bytes(300000);
    for (size_t i = 0; i < 3; i++) {
        const char *orders = text_format("take=%d exit=%d", sizes[i], status).bytes;
        struct run *run = run_program("pager", args(file), stage_given(file, bytes, orders));

        scene("Here the pager (`stage`, a program of the kit's) reads only %d bytes of %zu and "
              "ends with "
              "status %d.",
              sizes[i], bytes.length, status);
        expect_exit(run, status);
        expect_stdout(run, text_join(heading(file), text_slice(bytes, 0, (size_t)sizes[i])));
        expect_stderr_empty(run);
    }
    struct run *run = start_program(
        "pager", args(file),
        given(stage_given(file, text_of("short\n"), "report emit=400000"), given_unread_output()));
    wait_until_idle(run);
    close_output(run);
    finish_run(run);
    expect_that(
        run, exit_status_of(run) == 128 + SIGPIPE, FINDING_WRONG_STATUS,
        "Here nobody reads any more what the pager (`stage`, a program of the kit's) writes: it "
        "should "
        "die of SIGPIPE, and `pager` end with 141. It ended with %d; SIGPIPE, as the pager found "
        "it: %s.",
        exit_status_of(run),
        text_count(stderr_of(run), text_of("SIGPIPE ignored")) > 0   ? "ignored"
        : text_count(stderr_of(run), text_of("SIGPIPE blocked")) > 0 ? "blocked"
                                                                     : "as usual");
}

CHECK(works_with_standard_input_closed, 1,
      HINT("Which descriptor does the kernel give out first?")
      HINT("What does dup2(0, 0) do, and what does close(0) do after it?")
      HINT("Follow the number 0 through your program, from the first call to exec."))
{
    const char *file = random_word();
    struct text bytes = random_lines(30);

    struct run *run =
        run_program("pager", args(file), given(given_file(file, bytes), given_closed(0)));
    scene("Here `pager` was started without standard input.");
    expect_stdout(run, text_join(heading(file), bytes));
    expect_exit(run, 0);
    scene(NULL);

    run = run_program("pager", args(file),
                      given(stage_given(file, bytes, "report"), given_closed(0)));
    expect_stdout(run, text_join(heading(file), bytes));
    expect_that(
        run, text_count(stderr_of(run), text_of("open ")) == 0, FINDING_DESCRIPTOR_LEAK,
        "Started without standard input, `pager` gives its pager (`stage`, a program of the kit's) "
        "more than 0, 1 and 2:\n%s",
        stderr_of(run).bytes);
}

CHECK(says_which_call_failed, 1,
      HINT("Which of your calls can return -1?")
      HINT("-1 is not 0: one is an error, the other the end.")
      HINT("What can be found out before anything is written or started?"))
{
    const char *file = random_word();

    struct run *run = run_program("pager", args(file), given_nothing());
    expect_error_told(run, strerrordesc_np(ENOENT));
    expect_stdout(run, text_of(""));
    expect_calls(run, "fork", 0);
    EACH_FAULT(fault, FAULT_FAILS, "pipe fork read write memory")
    {
        run = run_program("pager", args(file), given(given_file(file, random_lines(3)), fault));
        expect_fault_told(run, NULL);
    }
    run = run_program("pager", args("."), given_watched_io());
    expect_error_told(run, "");
    run = run_program("pager", args(""), given_nothing());
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    run = run_program("pager", no_args(), given_nothing());
    expect_exit(run, 2);
    expect_exit(run_program("pager", args(file, file), given_file(file, text_of("x"))), 2);
}
