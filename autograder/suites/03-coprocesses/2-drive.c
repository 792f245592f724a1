/*
 * 2-drive.c - the checks of 3.2: a dialogue through two pipes, once with read and write and once
 * with stdio.
 *
 * PROG is mostly the probe `coprocess`, whose orders are in the variable COPROCESS. Its answers
 * depend on a key, so nobody knows them who has not asked.
 */
#define _GNU_SOURCE /* strerrordesc_np(3) */
#include "../dialogue.h"

#include <errno.h>
#include <string.h>

EXERCISE("Two pipes to a coprocess");

static const char *const programs[] = {"drive", "drivestdio"};

/* The ways in which PROG goes too early. */
static const struct {
    const char *orders, *words;
} deaths[] = {
    {"die=2",   "was killed when it had read the second line"                       },
    {"half=2",  "was killed in the middle of its second answer"                     },
    {"leave=1", "ended when it had answered the first line; then a second line came"},
};

/* The next line goes in when all sleep, and its answer has to be there when they sleep again. */
static void talk_line_by_line(const char *program)
{
    const char *key = random_word();
    struct text answers = text_of("");
    struct run *run = start_program(
        program, args(probe("coprocess")),
        given(given_input_held_open(text_of("")), orders(key, ""), given_watched_io()));
    for (int i = 0; i < 3; i++) {
        struct text line = text_of(random_word());
        send_input(run, with_newline(line));
        wait_until_idle(run);
        answers = text_join(answers, answer_to(key, line, 0));
        expect_that(
            run, stdout_of(run).length >= answers.length, FINDING_WRONG_OUTPUT,
            "%d line%s came on standard input, which stayed open. Then `%s` slept and waited "
            "for more, with %zu of the %zu bytes of the answers on standard output.",
            i + 1, i == 0 ? "" : "s", program, stdout_of(run).length, answers.length);
        expect_stdout(run, answers);
    }
    expect_one_way_pipes(run);
    expect_still_idle(run);
    close_input(run);
    expect_exit(run, 0);
    expect_stdout(run, answers);
    expect_calls(run, "pipe", 2);
    expect_stderr_empty(run);
}

CHECK(drive_answers_line_by_line, 2,
      HINT("Which of the four ends of the two pipes does the parent use, and which does PROG?")
      HINT("PROG answers when it has the whole line, its newline included.")
      HINT("The message names who waits for whom at the moment when nobody can move: which byte has not left whom?"))
{
    talk_line_by_line("drive");
}

CHECK(drivestdio_answers_line_by_line, 2,
      HINT("You have printed the question. Has PROG got it?")
      HINT("How is a FILE buffered that fdopen has made of a pipe?")
      HINT("Between you and PROG, and between you and standard output: two FILEs keep things."))
{
    talk_line_by_line("drivestdio");
}

CHECK(lines_come_in_any_pieces, 2,
      HINT("Who decides how many bytes one read brings?")
      HINT("How do you know that an answer is complete?")
      HINT("What do you do with what came behind the end of the line?"))
{
    const char *key = random_word();
    size_t pad = (size_t)random_between(5, 9) * 1000;
    struct text lines[] = {random_bytes(random_below(2) ? 5000 : 70000), text_of(random_word()),
                           text_of(""), text_of(random_word())};
    for (size_t i = 0; i < lines[0].length; i++)
        lines[0].bytes[i] = (char)('a' + (unsigned char)lines[0].bytes[i] % 26);
    struct text answers = text_of(""), input = text_of("");
    for (size_t i = 0; i < 4; i++) {
        answers = text_join(answers, answer_to(key, lines[i], pad));
        input = text_join(input, i < 3 ? with_newline(lines[i]) : lines[i]);
    }
    struct text open_part = text_slice(input, 0, input.length - lines[3].length);
    size_t expected = answers.length - answer_to(key, lines[3], pad).length;
    const char *how = text_format("pieces pad=%zu", pad).bytes;
    for (size_t p = 0; p < 2; p++) {
        struct run *run = start_program(
            programs[p], args(probe("coprocess")),
            given(given_input_held_open(open_part), orders(key, how), given_watched_io()));
        wait_until_idle(run);
        size_t came = stdout_of(run).length;
        suspect_if(came > 0 && came < expected, "one-read-one-message");
        expect_that(
            run, stdout_of(run).length == expected, FINDING_WRONG_OUTPUT,
            "Three lines came at once on standard input, which stayed open, and PROG (here "
            "`coprocess`, a program of the kit's) wrote each answer in pieces. In the end `%s` "
            "%s, and %zu of the %zu bytes of the three answers had come out.",
            programs[p], doing(run), came, expected);
        suspect(NULL);
        send_input(run, lines[3]);
        close_input(run);
        finish_run(run);
        expect_stdout(run, answers);
        expect_exit(run, 0);
    }
}

CHECK(prog_sees_the_end, 2,
      HINT("PROG waits for its end of file. What is it made of?")
      HINT("Which direction is done now, and which is not?")
      HINT("Whose exit status does your caller want to know?"))
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGKILL};
    const char *key = random_word();
    struct text line = text_of(random_word());
    int status = random_between(4, 120), signal = signals[random_below(5)];
    size_t last = (size_t)random_between(150000, 250000); /* more than a pipe holds */
    const char *leave = text_format("last=%zu exit=%d", last, status).bytes;
    const char *killed = text_format("kill=%d", signal).bytes;
    for (size_t p = 0; p < 2; p++) {
        struct run *run = run_program(
            programs[p], args(probe("coprocess")),
            given(given_input(with_newline(line)), orders(key, leave), given_watched_io()));
        suspect_if(exit_status_of(run) == 0, "pipeline-status-of-first");
        expect_exit(run, status);
        expect_stdout(run, text_join(answer_to(key, line, 0), last_words(last)));
        expect_stderr_empty(run);

        run = run_program(programs[p], args(probe("coprocess")), orders(key, killed));
        suspect_if(exit_status_of(run) == signal, "pclose-status-is-exit-code");
        expect_exit(run, 128 + signal);
        suspect(NULL);
        expect_stdout(run, text_of(""));
    }
}

static void expect_gone_told(struct run *run, const char *program, const char *what)
{
    bool said = text_count(stderr_of(run), text_of("coprocess terminated")) > 0;
    int status = exit_status_of(run);
    expect_that(
        run, said && status == 3, FINDING_WRONG_STATUS,
        "PROG (here `coprocess`, a program of the kit's) %s. The task asks for \"coprocess "
        "terminated\" on standard error, and exit status 3. The status of `%s`, as a shell says "
        "it, was %d; on standard error it said%s%s",
        what, program, status, stderr_of(run).length > 0 ? ": " : " nothing.",
        stderr_of(run).length > 0 ? stderr_of(run).bytes : "");
}

CHECK(says_when_prog_is_gone, 2,
      HINT("What does read() return when nobody is left who could write?")
      HINT("What does write() do when nobody is left who could read, unless told otherwise?")
      HINT("Is anybody left who holds those ends? Look at all processes, your own included."))
{
    const char *key = random_word();
    struct text line = text_of(random_word());
    for (size_t i = 0; i < 6; i++) {
        const char *program = programs[i % 2];
        struct run *run = start_program(
            program, args(probe("coprocess")),
            given(given_input_held_open(with_newline(line)), orders(key, deaths[i / 2].orders)));
        wait_until_idle(run);
        for (int more = 0; more < 2; more++)
            send_input(run, with_newline(text_of(random_word())));
        wait_until_idle(run);
        close_input(run);
        finish_run(run);
        suspect_if(stderr_of(run).length == 0 && exit_status_of(run) != 128 + SIGPIPE,
                   "coproc-ignores-child-death");
        expect_gone_told(run, program, deaths[i / 2].words);
        suspect(NULL);
        if (i / 2 != 1)
            expect_stdout(run, answer_to(key, line, 0));
    }
}

CHECK(prog_gets_only_0_1_2, 1,
      HINT("Which descriptors has the child between fork and exec, and where does each come from?")
      HINT("After dup2, how many numbers refer to this end of the pipe?")
      HINT("What becomes of an ignored signal when a process execs another program?"))
{
    for (size_t p = 0; p < 2; p++) {
        struct run *run = run_program(programs[p], args(probe("coprocess")),
                                      orders(random_word(), "report exit=9"));
        struct text report = stderr_of(run);
        expect_exit(run, 9);
        expect_that(
            run, text_equal(report, text_of("SIGPIPE default\n")), FINDING_DESCRIPTOR_LEAK,
            "PROG (here `coprocess`, a program of the kit's) should find 0, 1 and 2 open, nothing "
            "else, and SIGPIPE as usual (default). Started by `%s`, it found:\n%s",
            programs[p], report.bytes);
    }
}

CHECK(short_reads_and_writes_lose_nothing, 1,
      HINT("What does it mean when write() returns less than you asked for?")
      HINT("And when read(), write() or waitpid() returns -1 with EINTR: is anything broken?")
      HINT("Look at each of the four directions: input, question, answer, output."))
{
    const char *key = random_word();
    struct text input = text_of(""), answers = text_of("");
    for (int i = 0; i < 20; i++) {
        struct text line = text_of(random_word());
        input = text_join(input, with_newline(line));
        answers = text_join(answers, answer_to(key, line, 5));
    }
    for (size_t p = 0; p < 2; p++) {
        struct run *run = run_program(programs[p], args(probe("coprocess")),
                                      given(given_input(input), orders(key, "pad=5"),
                                            given_short_reads(), given_short_writes()));
        size_t came = stdout_of(run).length;
        suspect_if(came > 0 && came < answers.length, "partial-write-ignored");
        expect_that(
            run, text_equal(stdout_of(run), answers), FINDING_SHORT_IO_IGNORED,
            "Some reads and writes of `%s` took only a part of what they were given (as they may), "
            "and the dialogue broke: %zu of %zu bytes came out.",
            programs[p], stdout_of(run).length, answers.length);
        suspect(NULL);
        expect_exit(run, 0);
    }
    struct text line = text_of(random_word());
    for (size_t p = 0; p < 2; p++)
        EACH_FAULT(fault, p == 0 ? FAULT_SHORT | FAULT_INTERRUPTS : FAULT_SHORT, "read write wait")
        {
            struct run *run =
                run_program(programs[p], args(probe("coprocess")),
                            given(given_input(with_newline(line)), orders(key, "last=9"), fault));
            expect_exit(run, 0);
            expect_stdout(run, text_join(answer_to(key, line, 0), last_words(9)));
        }
}

/* PROG is not there, or is no program. */
static void expect_not_started(const char *program, struct text input)
{
    const char *plain = random_word();
    struct given *file = given_file(plain, text_of("no program\n"));
    const char *path = text_format("./%s", plain).bytes;

    struct run *run = run_program(program, args(random_word()), given(given_input(input), file));
    expect_exit(run, 127);
    expect_stderr_contains(run, strerrordesc_np(ENOENT));
    run = run_program(program, args(path), given(given_input(input), file));
    expect_exit(run, 126);
    expect_stderr_contains(run, strerrordesc_np(EACCES));
}

static void expect_usage(const char *program)
{
    const char *const *const wrong[] = {no_args(), args(""), args("cat", "cat")};
    for (size_t i = 0; i < 3; i++) {
        struct run *run = run_program(program, wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
        expect_calls(run, "fork", 0);
    }
}

CHECK(says_which_call_failed, 1,
      HINT("Which of your calls can return -1?")
      HINT("A parent in trouble still has a child: close, then wait, then end.")
      HINT("What runs in the child on the line after exec?"))
{
    struct text line = with_newline(text_of(random_word()));
    struct given *quiet = orders(random_word(), "");
    for (size_t p = 0; p < 2; p++) {
        EACH_FAULT(fault, FAULT_FAILS, "pipe fork read write memory")
        {
            expect_fault_told(run_program(programs[p], args(probe("coprocess")),
                                          given(given_input(line), quiet, fault)),
                              NULL);
        }
        expect_error_told(run_program(programs[p], args(probe("coprocess")),
                                      given(given_input_file("/tmp"), quiet, given_watched_io())),
                          strerrordesc_np(EISDIR));
        expect_error_told(run_program(programs[p], args(probe("coprocess")),
                                      given(given_input(line), quiet,
                                            given_output_file("/dev/full"), given_watched_io())),
                          strerrordesc_np(ENOSPC));
        expect_not_started(programs[p], text_of(""));
        expect_not_started(programs[p], line);
        expect_usage(programs[p]);
    }
}

/* Printable, without a newline. */
static struct text letters(size_t length)
{
    struct text text = random_bytes(length);
    for (size_t i = 0; i < length; i++)
        text.bytes[i] = (char)('a' + (unsigned char)text.bytes[i] % 26);
    return text;
}

CHECK(memory_is_sound, 1,
      HINT("How long may a line be, and how much room have you got for it?")
      HINT("The last line may lack its newline. Is there room for one more byte?")
      HINT("Until when is what getline has given you yours, and how long is it?"))
{
    /* What ends there fills memory that is got by the power of two, and by getline(3). */
    static const size_t last[] = {4096, 119};
    const char *key = random_word();
    for (size_t p = 0; p < 2; p++) {
        struct text first = letters(20), second = letters(last[p]);
        struct run *run = run_program(programs[p], args(probe("coprocess")),
                                      given(given_input(text_join(with_newline(first), second)),
                                            orders(key, ""), given_memory_check()));
        expect_exit(run, 0);
        expect_stdout(run, text_join(answer_to(key, first, 0), answer_to(key, second, 0)));
    }
}
