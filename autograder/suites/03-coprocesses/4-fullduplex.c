/*
 * 4-fullduplex.c - the checks of 3.4: a dialogue through one socket pair.
 *
 * PROG is mostly the probe `coprocess`, whose orders are in the variable COPROCESS. Its answers
 * depend on a key, so nobody knows them who has not asked.
 */
#define _GNU_SOURCE /* strerrordesc_np(3) */
#include "../dialogue.h"

#include <errno.h>
#include <string.h>

EXERCISE("One socket for both directions");

/* The ways in which PROG goes too early. */
static const struct {
    const char *orders, *words;
} deaths[] = {
    {"die=2",   "was killed when it had read the second line"                       },
    {"half=2",  "was killed in the middle of its second answer"                     },
    {"leave=1", "ended when it had answered the first line; then a second line came"},
    {"rude=2",  "was killed when it had read a part of the second line"             },
};

CHECK(answers_line_by_line, 2,
      HINT("PROG knows nothing of sockets: it reads descriptor 0 and writes descriptor 1.")
      HINT("Both ends of a pair can be read and written. Which does the parent use, which does PROG?")
      HINT("PROG answers when it has the whole line, its newline included."))
{
    const char *key = random_word();
    struct text answers = text_of("");
    struct run *run = start_program(
        "fullduplex", args(probe("coprocess")),
        given(given_input_held_open(text_of("")), orders(key, ""), given_watched_io()));
    for (int i = 0; i < 3; i++) {
        struct text line = text_of(random_word());
        send_input(run, with_newline(line));
        wait_until_idle(run);
        answers = text_join(answers, answer_to(key, line, 0));
        expect_that(
            run, stdout_of(run).length >= answers.length, FINDING_WRONG_OUTPUT,
            "%d line%s came on standard input, which stayed open. Then `fullduplex` %s, with %zu "
            "of the %zu bytes of the answers on standard output.",
            i + 1, i == 0 ? "" : "s", doing(run), stdout_of(run).length, answers.length);
        expect_stdout(run, answers);
    }
    expect_still_idle(run);
    close_input(run);
    expect_exit(run, 0);
    expect_stdout(run, answers);
    expect_stderr_empty(run);
}

/* What the program that PROG runs had at that descriptor when it was started; -1: no socket. */
static int inherited(struct run *run, int fd)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (strcmp(call->name, "inherit") == 0 && call->fds[0] == fd && call->object >= 0 &&
            record->objects[call->object].kind == OBJECT_SOCKET)
            return call->object;
    }
    return -1;
}

CHECK(prog_has_one_socket, 2,
      HINT("Which call makes two sockets that are connected to each other?")
      HINT("How many descriptors of its socket does PROG need, and which numbers do they have?")
      HINT("Which descriptors has the child between fork and exec, and where does each come from?"))
{
    struct run *run =
        run_program("fullduplex", args(probe("coprocess")), orders(random_word(), "report exit=9"));
    struct text report = stderr_of(run);
    expect_exit(run, 9);
    expect_calls(run, "socketpair", 1);
    expect_calls(run, "pipe", 0);
    int in = inherited(run, 0), out = inherited(run, 1);
    expect_that(run, in >= 0 && in == out, FINDING_WRONG_OUTPUT,
                "PROG should have the same socket as its standard input and its standard output. "
                "%s.",
                in >= 0 && out >= 0 ? "It has two different ones"
                : in < 0            ? "Its standard input is no socket of the run's"
                                    : "Its standard output is no socket of the run's");
    expect_that(
        run, text_equal(report, text_of("SIGPIPE default\n")), FINDING_DESCRIPTOR_LEAK,
        "PROG (here `coprocess`, a program of the kit's) should find 0, 1 and 2 open, nothing "
        "else, and SIGPIPE as usual (default). It found:\n%s",
        report.bytes);
}

CHECK(prog_has_the_last_word, 3,
      HINT("PROG waits for its end of file, and has something to say then.")
      HINT("You have one descriptor for two directions. What does close() end?")
      HINT("Which call ends one direction of a socket? Whose copies does it hold for?"))
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGKILL};
    const char *key = random_word();
    struct text line = text_of(random_word());
    int status = random_between(4, 120), signal = signals[random_below(5)];
    size_t sizes[] = {10, (size_t)random_between(300000, 500000)}; /* more than a socket holds */
    for (size_t i = 0; i < 2; i++) {
        const char *last = text_format("last=%zu exit=%d", sizes[i], status).bytes;
        struct run *run = run_program(
            "fullduplex", args(probe("coprocess")),
            given(given_input(with_newline(line)), orders(key, last), given_watched_io()));
        suspect_if(count_calls(run, "shutdown") == 0 && stdout_of(run).length > 0,
                   "shutdown-vs-close");
        expect_stdout(run, text_join(answer_to(key, line, 0), last_words(sizes[i])));
        expect_exit(run, status);
        suspect(NULL);
        expect_stderr_empty(run);
    }
    struct run *run = run_program("fullduplex", args(probe("coprocess")),
                                  orders(key, text_format("kill=%d", signal).bytes));
    suspect_if(exit_status_of(run) == signal, "pclose-status-is-exit-code");
    expect_exit(run, 128 + signal);
    expect_stdout(run, text_of(""));
}

CHECK(lines_come_in_any_pieces, 1,
      HINT("Is a stream socket more like a pipe or more like letters in a box?")
      HINT("How do you know that an answer is complete?")
      HINT("What do you do with what came behind the end of the line?"))
{
    const char *key = random_word();
    size_t pad = (size_t)random_between(5, 9) * 1000;
    struct text lines[] = {random_bytes(random_below(2) ? 5000 : 300000), text_of(random_word()),
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

    struct run *run = start_program("fullduplex", args(probe("coprocess")),
                                    given(given_input_held_open(open_part), orders(key, how)));
    wait_until_idle(run);
    size_t came = stdout_of(run).length;
    suspect_if(came > 0 && came < expected, "one-read-one-message");
    expect_that(run, came == expected, FINDING_WRONG_OUTPUT,
                "Three lines came at once on standard input, which stayed open, and PROG (here "
                "`coprocess`, a program of the kit's) wrote each answer in pieces. In the end "
                "`fullduplex` %s, and %zu of the %zu bytes of the three answers had come out.",
                doing(run), came, expected);
    suspect(NULL);
    send_input(run, lines[3]);
    close_input(run);
    finish_run(run);
    expect_stdout(run, answers);
    expect_exit(run, 0);
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
      HINT("What does read() return when the other end is closed? And when it was closed with bytes "
           "unread?")
      HINT("What does write() do when the other end is closed, unless told otherwise?")
      HINT("Is anybody left who holds that end? Look at all processes, your own included."))
{
    const char *key = random_word();
    struct text line = text_of(random_word());
    for (size_t i = 0; i < 4; i++) {
        struct run *run = start_program(
            "fullduplex", args(probe("coprocess")),
            given(given_input_held_open(with_newline(line)), orders(key, deaths[i].orders)));
        wait_until_idle(run);
        for (int more = 0; more < 2; more++)
            send_input(run, with_newline(text_of(random_word())));
        wait_until_idle(run);
        close_input(run);
        finish_run(run);
        suspect_if(stderr_of(run).length == 0 && exit_status_of(run) != 128 + SIGPIPE,
                   "coproc-ignores-child-death");
        expect_gone_told(run, "fullduplex", deaths[i].words);
        suspect(NULL);
        if (i != 1)
            expect_stdout(run, answer_to(key, line, 0));
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
    struct run *run = run_program(
        "fullduplex", args(probe("coprocess")),
        given(given_input(input), orders(key, "pad=5"), given_short_reads(), given_short_writes()));
    size_t came = stdout_of(run).length;
    suspect_if(came > 0 && came < answers.length, "partial-write-ignored");
    expect_that(
        run, text_equal(stdout_of(run), answers), FINDING_SHORT_IO_IGNORED,
        "Some reads and writes took only a part of what they were given (as they may), and the "
        "dialogue broke: %zu of %zu bytes came out.",
        came, answers.length);
    suspect(NULL);
    expect_exit(run, 0);
    struct text line = text_of(random_word());
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write wait")
    {
        run = run_program("fullduplex", args(probe("coprocess")),
                          given(given_input(with_newline(line)), orders(key, "last=9"), fault));
        expect_exit(run, 0);
        expect_stdout(run, text_join(answer_to(key, line, 0), last_words(9)));
    }
}

/* PROG is not there, or is no program. */
static void expect_not_started(struct text input)
{
    const char *plain = random_word();
    const char *path = text_format("./%s", plain).bytes;
    struct given *with = given(given_input(input), given_file(plain, text_of("no program\n")));

    struct run *run = run_program("fullduplex", args(random_word()), with);
    expect_exit(run, 127);
    expect_stderr_contains(run, strerrordesc_np(ENOENT));
    run = run_program("fullduplex", args(path), with);
    expect_exit(run, 126);
    expect_stderr_contains(run, strerrordesc_np(EACCES));
}

CHECK(says_which_call_failed, 1,
      HINT("Which of your calls can return -1?")
      HINT("A parent in trouble still has a child: close, then wait, then end.")
      HINT("What runs in the child on the line after exec?"))
{
    struct text line = with_newline(text_of(random_word()));
    struct given *quiet = orders(random_word(), "");
    const char *prog = probe("coprocess");

    EACH_FAULT(fault, FAULT_FAILS, "socketpair fork read write memory")
    {
        expect_fault_told(
            run_program("fullduplex", args(prog), given(given_input(line), quiet, fault)), NULL);
    }
    expect_error_told(run_program("fullduplex", args(prog),
                                  given(given_input_file("/tmp"), quiet, given_watched_io())),
                      strerrordesc_np(EISDIR));
    expect_error_told(run_program("fullduplex", args(prog),
                                  given(given_input(line), quiet, given_output_file("/dev/full"),
                                        given_watched_io())),
                      strerrordesc_np(ENOSPC));
    expect_not_started(text_of(""));
    expect_not_started(line);
    const char *const *const wrong[] = {no_args(), args(""), args("cat", "cat")};
    for (size_t i = 0; i < 3; i++) {
        struct run *run = run_program("fullduplex", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
        expect_calls(run, "fork", 0);
    }
}
