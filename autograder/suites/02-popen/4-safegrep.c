/*
 * 4-safegrep.c - the checks of 2.4: grep in a child, with a pattern and a file name from strangers.
 */
#define _GNU_SOURCE /* strerrordesc_np(3) */
#include "../exercise.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

EXERCISE("Words from strangers");

/* So many lines with that text in them, and as many and one more without it. */
static struct text lines_with(const char *text, int count)
{
    struct text lines = text_format("%s %s\n", random_word(), random_word());
    for (int i = 0; i < count; i++)
        lines = text_join(lines, text_format("%s %s.\n%s\n", random_word(), text, random_word()));
    return lines;
}

static struct text number(int count)
{
    return text_format("%d\n", count);
}

/* With "\\n" for each newline. */
static const char *visible(struct text text)
{
    struct text shown = text_of("");
    for (size_t i = 0; i < text.length; i++)
        shown =
            text_join(shown, text.bytes[i] == '\n' ? text_of("\\n") : text_slice(text, i, i + 1));
    return shown.bytes;
}

static bool saw_shell(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_processes; i++)
        if (strncmp(record->processes[i].command, "sh -c ", 6) == 0)
            return true;
    return false;
}

static void expect_number(struct run *run, const char *pattern, const char *file, int count)
{
    suspect_if(saw_shell(run), "popen-injection");
    expect_that(
        run, text_equal(stdout_of(run), number(count)), FINDING_WRONG_OUTPUT,
        "PATTERN is \"%s\", FILE is \"%s\", and %d of its lines match. Standard output should "
        "be \"%d\\n\" and is \"%s\". Standard error: \"%s\".",
        visible(text_of(pattern)), visible(text_of(file)), count, count, visible(stdout_of(run)),
        visible(stderr_of(run)));
    suspect(NULL);
    expect_exit(run, 0);
}

static struct run *expect_count(const char *pattern, const char *file, struct given *given,
                                int count)
{
    struct run *run = run_program("safegrep", args(pattern, file), given);
    expect_number(run, pattern, file, count);
    return run;
}

/* A grep that comes first in PATH: a shell's command that may use the real one. */
static struct given *another_grep(const char *command)
{
    struct text script = text_format("#!/bin/sh\nPATH=/usr/bin:/bin\n%s\n", command);
    return given(given_file_mode("grep", script, 0755), given_env("PATH", ".:/usr/bin:/bin"));
}

/* Nothing on standard output, a reason on standard error. */
static void expect_refusal(const char *pattern, const char *file, struct given *given,
                           const char *what)
{
    struct run *run = run_program("safegrep", args(pattern, file), given);
    struct text out = stdout_of(run);

    expect_that(run, out.length == 0, FINDING_WRONG_OUTPUT,
                "%s, and so there is no number to tell. But standard output is \"%s\".", what,
                visible(out));
    expect_that(run, exit_status_of(run) == 1, FINDING_WRONG_STATUS,
                "%s. The task asks for exit status 1; the program ended with %d.", what,
                exit_status_of(run));
    expect_error_told(run, "");
}

CHECK(counts_matching_lines, 2,
      HINT("What does grep say when no line matches, on its output and by its exit status?")
      HINT("Who has to close what before grep's output can end?")
      HINT("A file may be empty, and so may a pattern."))
{
    const char *word = random_word(), *file = random_word();
    int count = random_between(1, 30);
    struct text lines = lines_with(word, count);

    struct run *run = expect_count(word, file, given_file(file, lines), count);
    expect_stderr_empty(run);
    expect_that(run, find_process(run, "grep", NULL) != NULL, FINDING_MISSING_CALL,
                "No process ran grep.");
    expect_calls_between(run, "pipe", 1, 3);
    expect_count(text_format("^[a-z]* %.4s*%s", word, word + 3).bytes, file,
                 given_file(file, lines), count);
    expect_count(random_word(), file, given_file(file, lines), 0);
    expect_count(word, file, given_file(file, text_of("")), 0);
    expect_count("", file, given_file(file, lines), (int)text_count(lines, text_of("\n")));
    expect_count(word, file, given_file(file, text_format("x\n%s", word)), 1);
    const char *two = text_format("%s\n%s", random_word(), word).bytes;
    expect_count(two, file, given_file(file, lines), count);
}

/* The canary: a word that only a shell could make a file or a process of. */
static bool was_run(struct run *run, const char *canary)
{
    struct stat status;
    return find_process(run, "touch", canary) != NULL || stat_in_cell(run, canary, &status);
}

/* The words around a canary, which a shell would make something of. */
struct trap {
    const char *before, *after;
};

static void expect_not_run(const char *pattern, const char *file, struct given *given, int count,
                           const char *canary)
{
    struct run *run = run_program("safegrep", args(pattern, file), given);

    suspect("popen-injection");
    expect_that(
        run, !was_run(run, canary), FINDING_FORBIDDEN_CALL,
        "PATTERN is \"%s\", FILE is \"%s\". A part of this was run as a command: \"%s\" was "
        "touched.",
        visible(text_of(pattern)), visible(text_of(file)), canary);
    suspect(NULL);
    expect_number(run, pattern, file, count);
}

CHECK(runs_none_of_the_text, 2,
      HINT("Which programs read the words on their way to grep, and what is each of them looking for?")
      HINT("Which characters end a quotation? May they stand in the text?")
      HINT("In an argument vector, what separates one argument from the next?"))
{
    static const struct trap traps[] = {
        {"; touch ",        ";"           },
        {"$(touch ",        ")"           },
        {"`touch ",         "`"           },
        {"' ; touch ",      "; '"         },
        {"\" ; >",          " ; \""       },
        {"'\"; touch ",     "; \"'"       },
        {"x; touch ",       " #"          },
        {"| touch ",        ""            },
        {"& touch ",        " &"          },
        {">",               ""            },
        {"\"$(>",           ")\""         },
        {"no such\ntouch ", "\nand a line"},
    };
    for (size_t i = 0; i < sizeof traps / sizeof traps[0]; i++) {
        const char *canary = random_word(), *word = random_word();
        const char *text = text_format("%s%s%s", traps[i].before, canary, traps[i].after).bytes;
        const char *newline = strrchr(text, '\n');
        int count = random_between(1, 9);
        struct text lines = lines_with(newline != NULL ? newline + 1 : text, count);

        expect_not_run(text, word, given_file(word, lines), count, canary);
        expect_not_run(word, text, given_file(text, lines_with(word, count)), count, canary);
    }
}

CHECK(patterns_are_patterns, 2,
      HINT("Besides a shell: who else looks for a meaning in the arguments?")
      HINT("What does grep do when its first argument begins with a minus?")
      HINT("grep(1) has an option for exactly this."))
{
    const char *file = random_word(), *word = random_word();
    const char *const patterns[] = {"-v",
                                    "-c",
                                    "--help",
                                    "-e",
                                    "--",
                                    "-",
                                    "-f/etc/passwd",
                                    "$HOME",
                                    "a  b",
                                    "it's",
                                    "say \"no\"",
                                    "~",
                                    "!!",
                                    "%s%n",
                                    text_format("-%s", word).bytes};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        int count = random_between(1, 9);
        expect_count(patterns[i], file, given_file(file, lines_with(patterns[i], count)), count);
    }
    expect_count("b\\\\n", file, given_file(file, lines_with("b\\n b\\\\n", 3)), 3);
    expect_count("1\\.2", file, given_file(file, text_of("1.2\n1x2\n1\\.2\n")), 1);
    expect_count("* *", file, given_file(file, text_of("*\n* \nx\n")), 2);
}

CHECK(files_may_have_any_name, 1,
      HINT("What does grep take a file name for when it begins with a minus?")
      HINT("And when it is nothing but a minus? Does -- help here?")
      HINT("Who has to know the name of the file: you, grep, or both?"))
{
    static const char *const names[] = {"-",     "-v", "--help", "a b",  "it's", "say \"no\"",
                                        "a\nb",  "*",  "$HOME",  "a\\b", "~",    "#1",
                                        "[a-z]", ";",  "--",     " "};
    const char *word = random_word();
    struct text waiting = lines_with(word, 20);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int count = random_between(1, 9);
        expect_count(word, names[i],
                     given(given_file(names[i], lines_with(word, count)), given_file("a", waiting),
                           given_input(waiting)),
                     count);
    }
}

CHECK(fails_if_grep_does, 2,
      HINT("grep has three kinds of exit status. Which of them is a failure?")
      HINT("Is a number on grep's output good for anything as long as its status is not known?")
      HINT("What runs in the child on the line after exec, when exec could not do it?"))
{
    const char *file = random_word(), *word = random_word();
    struct text lines = lines_with(word, 3);

    expect_refusal(word, file, given_nothing(), "FILE does not exist");
    expect_refusal("", ".", given_nothing(), "FILE is a folder");
    expect_refusal("\\(", file, given_file(file, lines), "PATTERN is no regular expression");

    expect_refusal(word, file,
                   given(another_grep("grep \"$@\"; kill -9 $$"), given_file(file, lines)),
                   "grep has written its number and was then killed");

    struct run *run = run_program(
        "safegrep", args(word, file),
        given(given_file(file, lines), given_env("PATH", "/nowhere"), given_watched_io()));
    if (find_process(run, "grep", NULL) != NULL) /* it has looked somewhere else, too */
        return;
    suspect_if(saw_fall_through(run), "child-falls-through-after-exec-failure");
    expect_that(run, stdout_of(run).length == 0, FINDING_WRONG_OUTPUT,
                "There is no grep in PATH. But standard output is \"%s\".",
                visible(stdout_of(run)));
    expect_error_told(run, "");
}

CHECK(bears_interruptions, 1,
      HINT("How many reads does it take to read a number of two digits?")
      HINT("When is the number complete?")
      HINT("When read() or waitpid() returns -1 with EINTR: is anything broken?"))
{
    const char *word = random_word(), *file = random_word();
    int count = random_between(40, 99);
    struct text lines = lines_with(word, count);
    struct text slow = text_format("%s grep \"$@\"", probe("dribble"));

    struct run *run =
        run_program("safegrep", args(word, file),
                    given(another_grep(slow.bytes), given_file(file, lines), given_short_writes()));
    suspect_if(stdout_of(run).length < number(count).length, "one-read-one-message");
    expect_that(
        run, text_equal(stdout_of(run), number(count)), FINDING_WRONG_OUTPUT,
        "%d lines match, and grep says so a byte at a time, each when the one before has been "
        "read. Standard output should be \"%d\\n\" and is \"%s\".",
        count, count, visible(stdout_of(run)));
    suspect(NULL);
    expect_exit(run, 0);

    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write wait")
    {
        run = run_program("safegrep", args(word, file), given(given_file(file, lines), fault));
        expect_exit(run, 0);
        expect_stdout(run, number(count));
    }
}

CHECK(says_which_call_failed, 1,
      HINT("Which of your calls can return -1?")
      HINT("What is left open, or waiting for you, when one of them has failed?")
      HINT("Wrong usage has an exit status of its own."))
{
    const char *word = random_word(), *file = random_word();
    struct given *lines = given_file(file, lines_with(word, 3));

    EACH_FAULT(fault, FAULT_FAILS, "pipe fork read write memory")
    {
        struct run *run = run_program("safegrep", args(word, file), given(lines, fault));
        /* popen of glibc 2.36 says ENOMEM for whatever kept it from making the process; and who
         * could not read the number may say only that there is none. */
        bool any_words = saw_fault_in(run, "fork") || saw_fault_in(run, "read");
        expect_fault_told(run, any_words ? "" : NULL);
        expect_that(run, !saw_fault(run) || stdout_of(run).length == 0, FINDING_WRONG_OUTPUT,
                    "Standard output should be empty, and is \"%s\".", visible(stdout_of(run)));
    }
    expect_full_told(
        run_program("safegrep", args(word, file), given(lines, given_output_file("/dev/full"))));
    const char *const *const wrong[] = {no_args(), args(word), args(word, ""),
                                        args(word, file, file)};
    for (size_t i = 0; i < 4; i++) {
        struct run *run = run_program("safegrep", wrong[i], lines);
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
        expect_stdout(run, text_of(""));
    }
}
