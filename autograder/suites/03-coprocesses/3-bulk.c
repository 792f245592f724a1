/*
 * 3-bulk.c - the checks of 3.3: all of the input through a filter that answers when it likes.
 *
 * PROG is the probe `stage`, whose orders are in the variable STAGE.
 */
#define _GNU_SOURCE /* strerrordesc_np(3) */
#include "../exercise.h"

#include <errno.h>
#include <string.h>

EXERCISE("All of it through a filter");

static struct given *orders(const char *words)
{
    return given_env("STAGE", words);
}

static struct run *run_bulk(struct text input, const char *words, struct given *more)
{
    return run_program("bulk", args(probe("stage")),
                       given(given_input(input), orders(words), more));
}

/* What `stage` writes of its own. */
static struct text of_its_own(size_t size)
{
    struct text bytes = random_bytes(size);
    memset(bytes.bytes, 'y', size);
    return bytes;
}

CHECK(everything_comes_back, 2,
      HINT("How many bytes can be on their way between you and PROG, in both pipes together?")
      HINT("If PROG waits to write and you wait to write: who reads?")
      HINT("Which calls, or which processes, can wait for two things at the same time?"))
{
    int key = random_between(1, 255);
    struct text inputs[] = {random_bytes((size_t)random_between(1000000, 2000000)), text_of(""),
                            random_bytes(1)};
    for (size_t i = 0; i < 3; i++) {
        struct run *run = run_bulk(inputs[i], text_format("xor=%d", key).bytes, given_nothing());
        size_t came = stdout_of(run).length;
        suspect_if(came > 0 && came < inputs[i].length, "partial-write-ignored");
        expect_stdout(run, text_xor(inputs[i], (unsigned char)key));
        suspect(NULL);
        expect_exit(run, 0);
        expect_stderr_empty(run);
    }
}

CHECK(prog_answers_when_it_likes, 2,
      HINT("What may PROG be doing while you wait, and what may it be waiting for?")
      HINT("A pipe is ready for writing. For how many bytes?")
      HINT("When do you stop reading, and what may PROG still have to say then?"))
{
    size_t size = (size_t)random_between(200000, 400000);
    struct text input = random_bytes(size), own = of_its_own(size);
    const struct {
        const char *words;
        struct text output;
    } filters[] = {
        {"gather",                       input        },
        {              text_format("first=%zu",                   size).bytes, text_join(own, input)},
        {        text_format("first=%zu gather", size).bytes,   text_join(own, input)},
        {text_format("mute emit=%zu",                              size).bytes,                 own},
    };
    for (size_t i = 0; i < 8; i++) {
        struct run *run = run_bulk(input, filters[i / 2].words,
                                   i % 2 == 0 ? given_nothing() : given_small_pipes());
        expect_stdout(run, filters[i / 2].output);
        expect_exit(run, 0);
    }
}

CHECK(passes_on_what_it_has, 1,
      HINT("Which of your three sources do you wait for, and for how much of it?")
      HINT("A few bytes have come, and nothing more for a long time. Where are they?")
      HINT("Something is ready that you do not want now. What does your wait do?"))
{
    struct text bytes = random_bytes(100), many = random_bytes(500000);
    struct run *run = start_program("bulk", args(probe("stage")), given_input_held_open(bytes));
    wait_until_idle(run);
    expect_that(
        run, text_equal(stdout_of(run), bytes), FINDING_WRONG_OUTPUT,
        "100 bytes came on standard input, which stayed open; PROG (here `stage`, a program of "
        "the kit's) gives back at once what it reads. When all slept, %zu bytes had come out.",
        stdout_of(run).length);
    expect_still_idle(run);
    close_input(run);
    expect_exit(run, 0);

    run = start_program("bulk", args(probe("stage")),
                        given(given_input(many), given_unread_output()));
    wait_until_idle(run);
    expect_still_idle(run);
    resume_reading(run);
    finish_run(run);
    expect_stdout(run, many);
    expect_exit(run, 0);
}

CHECK(prog_may_stop_reading, 1,
      HINT("What does write() do when PROG reads no more, unless told otherwise?")
      HINT("PROG reads no more. Is it done with writing, too?")
      HINT("Is anybody else left who could read from that pipe?"))
{
    int sizes[] = {0, 1, random_between(2, 5000)}, status = random_between(2, 120);
    struct text bytes = random_bytes(500000), own = of_its_own(200000);
    for (size_t i = 0; i < 3; i++) {
        const char *deaf = i == 1 ? "" : "deaf";
        const char *words =
            text_format("take=%d %s emit=200000 exit=%d", sizes[i], deaf, status).bytes;
        struct run *run = run_bulk(bytes, words, given_nothing());

        expect_stdout(run, text_join(text_slice(bytes, 0, (size_t)sizes[i]), own));
        expect_exit(run, status);
        expect_stderr_empty(run);
    }
}

CHECK(prog_may_stop_writing, 1,
      HINT("PROG's output has ended. Has PROG ended?")
      HINT("How often does poll() report an end of file that you have already seen?")
      HINT("What keeps your loop going: that something can be read, or that something is to be done?"))
{
    struct text bytes = random_bytes(300000);
    struct run *run = start_program("bulk", args(probe("stage")),
                                    given(given_input_held_open(bytes), orders("shut count")));
    wait_until_idle(run);
    expect_still_idle(run);
    close_input(run);
    expect_exit(run, 0);
    expect_stdout(run, text_of(""));
    expect_that(
        run, text_equal(stderr_of(run), text_of("read 300000\n")), FINDING_WRONG_OUTPUT,
        "PROG (here `stage`, a program of the kit's) closed its standard output and read on. "
        "Of the 300000 bytes of standard input it should get all. This is what it said:\n%s",
        stderr_of(run).length > 0 ? stderr_of(run).bytes : "(nothing)");
}

CHECK(short_reads_and_writes_lose_nothing, 1,
      HINT("What does it mean when write() returns less than you asked for?")
      HINT("And when a call returns -1 with EINTR: is anything broken?")
      HINT("List the calls that can wait: reading, writing, waiting for a child, waiting for several."))
{
    struct text bytes = random_bytes(60000);
    struct run *run = run_bulk(bytes, "", given(given_short_reads(), given_short_writes()));
    size_t came = stdout_of(run).length;
    suspect_if(came > 0 && came < bytes.length, "partial-write-ignored");
    expect_that(run, text_equal(stdout_of(run), bytes), FINDING_SHORT_IO_IGNORED,
                "Some reads and writes took only a part of what they were given (as they may), and "
                "bytes were lost: %zu of %zu bytes came out.",
                came, bytes.length);
    suspect(NULL);
    expect_exit(run, 0);

    bytes = random_bytes(500);
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write poll splice wait")
    {
        run = run_bulk(bytes, "gather", fault);
        expect_exit(run, 0);
        expect_stdout(run, bytes);
    }
}

CHECK(prog_is_started_and_ended_well, 1,
      HINT("Which descriptors has the child between fork and exec, and where does each come from?")
      HINT("What becomes of an ignored signal when a process execs another program?")
      HINT("Whose exit status does your caller want to know, and who asks for it?"))
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGKILL};
    int signal = signals[random_below(5)], status = random_between(2, 120);
    struct text bytes = random_lines(5);

    struct run *run = run_bulk(bytes, text_format("report exit=%d", status).bytes, given_nothing());
    expect_that(
        run, text_equal(stderr_of(run), text_of("SIGPIPE default\n")), FINDING_DESCRIPTOR_LEAK,
        "PROG (here `stage`, a program of the kit's) should find 0, 1 and 2 open, nothing else, "
        "and SIGPIPE as usual (default). It found:\n%s",
        stderr_of(run).bytes);
    suspect_if(exit_status_of(run) == 0, "pipeline-status-of-first");
    expect_exit(run, status);
    suspect(NULL);
    expect_stdout(run, bytes);
    run = run_bulk(bytes, text_format("kill=%d", signal).bytes, given_nothing());
    suspect_if(exit_status_of(run) == signal, "pclose-status-is-exit-code");
    expect_exit(run, 128 + signal);
}

/* PROG is not there, or is no program. */
static void expect_not_started(struct text input)
{
    const char *plain = random_word();
    const char *path = text_format("./%s", plain).bytes;
    struct given *with = given(given_input(input), given_file(plain, text_of("no program\n")));

    struct run *run = run_program("bulk", args(random_word()), with);
    expect_exit(run, 127);
    expect_stderr_contains(run, strerrordesc_np(ENOENT));
    run = run_program("bulk", args(path), with);
    expect_exit(run, 126);
    expect_stderr_contains(run, strerrordesc_np(EACCES));
}

CHECK(says_which_call_failed, 1,
      HINT("Which of your calls can return -1?")
      HINT("A parent in trouble still has a child: close, then wait, then end.")
      HINT("What runs in the child on the line after exec?"))
{
    struct text bytes = random_bytes(100);
    EACH_FAULT(fault, FAULT_FAILS, "pipe fork read write poll memory")
    {
        expect_fault_told(run_bulk(bytes, "", fault), NULL);
    }
    expect_error_told(run_program("bulk", args(probe("stage")),
                                  given(given_input_file("/tmp"), given_watched_io())),
                      strerrordesc_np(EISDIR));
    expect_error_told(
        run_bulk(bytes, "", given(given_output_file("/dev/full"), given_watched_io())),
        strerrordesc_np(ENOSPC));
    expect_not_started(text_of(""));
    expect_not_started(random_bytes(200000));
    const char *const *const wrong[] = {no_args(), args(""), args("cat", "cat")};
    for (size_t i = 0; i < 3; i++) {
        struct run *run = run_program("bulk", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
        expect_calls(run, "fork", 0);
    }
}
