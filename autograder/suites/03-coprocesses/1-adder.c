/*
 * 1-adder.c - the checks of 3.1: a filter that answers each line at once.
 *
 * The kit is the one who asks: it holds both pipes, and sends the next line when everybody sleeps.
 */
#define _GNU_SOURCE /* strerrordesc_np(3) */
#include "../exercise.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

EXERCISE("A filter that answers at once");

static const char *const invalid = "invalid args\n";

/* A question and its answer. */
struct question {
    struct text line, answer;
};

static int64_t random_number(int64_t limit)
{
    int64_t number = (int64_t)random_below((uint64_t)limit);
    return random_below(2) == 0 ? number : -number;
}

/* Two numbers, the sum of which fits. */
static struct question ask(int64_t limit)
{
    int64_t a = random_number(limit), b = random_number(limit);
    return (struct question){text_format("%" PRId64 " %" PRId64 "\n", a, b),
                             text_format("%" PRId64 "\n", a + b)};
}

/* All the questions in one input. */
static struct run *run_questions(struct given *how, const struct question *questions, size_t count)
{
    struct text input = text_of("");
    for (size_t i = 0; i < count; i++)
        input = text_join(input, questions[i].line);
    return run_program("adder", no_args(), given(given_input(input), how));
}

static void expect_answers(struct run *run, const struct question *questions, size_t count)
{
    struct text answers = text_of("");
    for (size_t i = 0; i < count; i++)
        answers = text_join(answers, questions[i].answer);
    expect_stdout(run, answers);
    expect_exit(run, 0);
}

/* A line more, and then the end: do its answers come only with the end of all? */
static bool answers_come_at_the_end(struct run *run)
{
    struct question more = ask(1000);
    send_input(run, more.line);
    wait_until_idle(run);
    size_t before = stdout_of(run).length;
    close_input(run);
    finish_run(run);
    return before == 0 && stdout_of(run).length > more.answer.length;
}

CHECK(answers_each_line_at_once, 3,
      HINT("Somebody waits for your answer before the next line comes. Where is the answer now?")
      HINT("When does stdio write what you have printed, if standard output is not a terminal?")
      HINT("setvbuf(3) describes three ways to buffer. Which of them have you got?"))
{
    struct run *run = start_program("adder", no_args(), given_input_held_open(text_of("")));
    struct text answers = text_of("");
    for (int i = 0; i < 3; i++) {
        struct question question = ask(1000);
        size_t half = question.line.length / 2;
        send_input(run, text_slice(question.line, 0, half));
        wait_until_idle(run);
        expect_that(run, stdout_of(run).length == answers.length, FINDING_WRONG_OUTPUT,
                    "Half a line had come, and `adder` answered it before the rest was there.");
        send_input(run, text_slice(question.line, half, question.line.length));
        wait_until_idle(run);
        size_t came = stdout_of(run).length;
        answers = text_join(answers, question.answer);
        bool kept = came < answers.length && answers_come_at_the_end(run);
        suspect_if(kept, "coproc-stdio-full-buffering");
        expect_that(run, came >= answers.length, FINDING_WRONG_OUTPUT,
                    "%d whole line%s came on standard input, which stayed open. Then `adder` "
                    "slept, and %zu of the %zu bytes of its answers were on standard output.%s",
                    i + 1, i == 0 ? "" : "s", came, answers.length,
                    kept ? " When the input was closed, the answers came: they had been in the "
                           "process all the time."
                         : "");
        expect_stdout(run, answers);
    }
    close_input(run);
    expect_exit(run, 0);
}

CHECK(adds_two_numbers, 1,
      HINT("How large may the numbers be, and how large is the type that you keep them in?")
      HINT("What may stand before, between and behind the two numbers?")
      HINT("Which conversions does <inttypes.h> have for a 64-bit integer?"))
{
    struct question questions[] = {
        ask(10),
        ask(100000),
        ask(INT64_MAX / 2),
        {text_of("9223372036854775807 0\n"),                    text_of("9223372036854775807\n") },
        {text_of("-9223372036854775808 0\n"),                   text_of("-9223372036854775808\n")},
        {text_of("-9223372036854775808 9223372036854775807\n"), text_of("-1\n")                  },
        {text_of("  +7\t \t-9 \t\n"),                           text_of("-2\n")                  },
        {text_of("007 010\n"),                                  text_of("17\n")                  },
        {text_of("0 0\n"),                                      text_of("0\n")                   },
    };
    size_t count = sizeof questions / sizeof questions[0];
    expect_answers(run_questions(given_nothing(), questions, count), questions, count);
}

CHECK(refuses_other_lines, 1,
      HINT("What stands behind the second number?")
      HINT("How does your conversion tell you that a number is too large?")
      HINT("When is the sum of two numbers that fit one that does not?"))
{
    const char *const lines[] = {"1 2 3",
                                 "1",
                                 "",
                                 "   ",
                                 random_word(),
                                 "1 x",
                                 "x 1",
                                 "1 2x",
                                 "1.5 2",
                                 "0x10 1",
                                 "1 - 2",
                                 "1,2",
                                 "12",
                                 "1-2",
                                 "+ 1 2",
                                 "1 2 ;",
                                 "9223372036854775808 0",
                                 "9223372036854775807 1",
                                 "-9223372036854775808 -1",
                                 "1 99999999999999999999"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct run *run =
            run_program("adder", no_args(), given_input(text_format("%s\n", lines[i])));
        expect_that(run, text_equal(stdout_of(run), text_of(invalid)), FINDING_WRONG_OUTPUT,
                    "The line was \"%s\", which is not two numbers whose sum fits 64 bits. The "
                    "answer should be \"invalid args\"; it was:\n%s",
                    lines[i], stdout_of(run).length > 0 ? stdout_of(run).bytes : "(nothing)");
        expect_exit(run, 0);
    }
}

CHECK(good_lines_after_bad_ones, 1,
      HINT("What does one line leave behind that the next one finds?")
      HINT("Which functions set errno, and which of them ever set it to 0?")
      HINT("What does errno hold after a call that has not failed?"))
{
    const char *const bad[] = {"99999999999999999999 1", "1 x", "", "1 2 3"};
    struct question questions[8];
    for (size_t i = 0; i < 4; i++) {
        questions[2 * i] = (struct question){text_format("%s\n", bad[i]), text_of(invalid)};
        questions[2 * i + 1] = ask(1000);
    }
    struct run *run = run_questions(given_nothing(), questions, 8);
    suspect_if(text_count(stdout_of(run), text_of(invalid)) > 4, "errno-tested-after-success");
    expect_answers(run, questions, 8);
}

CHECK(makes_lines_of_what_comes, 1,
      HINT("Who decides how many bytes one read brings: you, the writer, or the kernel?")
      HINT("Several lines may come at once, and half a line.")
      HINT("How long is the longest line that your program can hold?"))
{
    struct question questions[100];
    for (size_t i = 0; i < 100; i++)
        questions[i] = ask(100000);
    for (int i = 0; i < 2; i++) {
        struct given *whole = given_nothing();
        struct given *pieces = given(given_short_reads(), given_short_writes());
        struct run *run = run_questions(i == 0 ? whole : pieces, questions, 100);
        suspect_if(text_count(stdout_of(run), text_of("\n")) != 100, "one-read-one-message");
        expect_answers(run, questions, 100);
    }
    EACH_FAULT(fault, FAULT_SHORT, "read write")
    {
        expect_answers(run_questions(fault, questions, 4), questions, 4);
    }
    struct text blanks = text_format("%*s", random_between(5000, 70000), "");
    struct question longer[] = {
        {text_join(text_of("1"), text_join(blanks, text_of("2\n"))), text_of("3\n")},
        {text_of("20 3"),        text_of("23\n")                       }
    };
    expect_answers(run_questions(given_nothing(), longer, 2), longer, 2);
}

CHECK(says_what_failed, 1,
      HINT("Which of your calls can fail? printing and reading can.")
      HINT("After the loop: was that the end of the input, or an error?")
      HINT("An error of standard output may show only when the bytes leave the process."))
{
    struct run *run = run_program(
        "adder", no_args(),
        given(given_input(text_of("1 2\n")), given_output_file("/dev/full"), given_watched_io()));
    expect_error_told(run, strerrordesc_np(ENOSPC));
    run = run_program("adder", no_args(), given(given_input_file("/tmp"), given_watched_io()));
    expect_error_told(run, strerrordesc_np(EISDIR));
    run = run_program("adder", args("1"), given_input(text_of("1 2\n")));
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    expect_stdout(run, text_of(""));
    EACH_FAULT(fault, FAULT_FAILS, "read write memory")
    {
        run = run_program("adder", no_args(), given(given_input(text_of("1 2\n3 4\n")), fault));
        expect_fault_told(run, NULL);
    }
}
