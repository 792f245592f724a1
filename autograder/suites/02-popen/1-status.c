/*
 * 1-status.c - the checks of 2.1: a command through popen, and how it ended.
 */
#define _GNU_SOURCE /* strerrordesc_np(3) */
#include "../exercise.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

EXERCISE("How did it end?");

/* The whole of standard output. */
static struct text answer(const char *command, struct text output, const char *ending)
{
    struct text heading = text_format("$ %s\n", command);
    return text_join(text_join(heading, output), text_format("%s\n", ending));
}

static const char *words(const char *text, int number)
{
    return text_format("%s%d", text, number).bytes;
}

static bool ends_with(struct text text, const char *ending)
{
    struct text line = text_format("%s\n", ending);
    return text.length >= line.length &&
           text_equal(text_slice(text, text.length - line.length, text.length), line);
}

/* The last line is the raw integer from pclose, or the macros' answer to the wrong question. */
static bool is_raw(struct run *run, int raw)
{
    struct text out = stdout_of(run);
    return ends_with(out, words("exit:", raw)) || ends_with(out, words("signal:", raw));
}

/* "exit:0", although the shell was seen to exit with another status. */
static bool is_status_lost(struct run *run)
{
    const struct process *shell = find_process(run, "sh", NULL);
    return shell != NULL && shell->ended_us >= 0 && WIFEXITED(shell->wait_status) &&
           WEXITSTATUS(shell->wait_status) != 0 && ends_with(stdout_of(run), "exit:0");
}

/* One command to its end: what the program says of it, and that it ends well itself. */
static struct run *expect_ending(const char *command, int raw, const char *ending)
{
    struct run *run = run_program("status", args(command), given_nothing());

    suspect_if(is_raw(run, raw), "pclose-status-is-exit-code");
    suspect_if(is_status_lost(run), "fclose-instead-of-pclose");
    expect_stdout(run, answer(command, text_of(""), ending));
    suspect(NULL);
    expect_exit(run, 0);
    return run;
}

CHECK(passes_the_output_on, 2,
      HINT("How many bytes does one call give you, and who says so?")
      HINT("The bytes may hold anything, NUL and half a line included.")
      HINT("What is the last thing that the stream says, and what comes after it?"))
{
    const char *file = random_word(), *command = text_format("cat %s", file).bytes;
    size_t sizes[] = {0, 1, (size_t)random_between(2, 5000), 200000};
    for (size_t i = 0; i < 4; i++) {
        struct text bytes = random_bytes(sizes[i]);
        struct run *run =
            run_program("status", args(command),
                        sizes[i] > 5000 ? given_file(file, bytes)
                                        : given(given_file(file, bytes), given_short_writes(),
                                                given_short_reads()));

        suspect_if(text_count(bytes, text_bytes("", 1)) > 0 &&
                       stdout_of(run).length < answer(command, bytes, "exit:0").length,
                   "read-not-nul-terminated");
        suspect_if(saw_failure(run, "wait", ECHILD), "popen-vs-wait-steals-child");
        expect_stdout(run, answer(command, bytes, "exit:0"));
        suspect(NULL);
        expect_exit(run, 0);
        expect_stderr_empty(run);
        expect_that(run, find_process(run, "sh", command) != NULL, FINDING_MISSING_CALL,
                    "No shell was started with the command \"%s\".", command);
        expect_calls(run, "fork", 1);
        expect_calls(run, "pipe", 1);
    }
    struct text lines = random_lines(50);
    EACH_FAULT(fault, FAULT_SHORT, "read write")
    {
        struct run *run =
            run_program("status", args(command), given(given_file(file, lines), fault));
        expect_exit(run, 0);
        expect_stdout(run, answer(command, lines, "exit:0"));
    }
}

CHECK(heading_comes_first, 1,
      HINT("Your printf() has returned. Where are the bytes now?")
      HINT("What does stdio do differently when standard output is not a terminal?")
      HINT("What must have happened before the command starts?"))
{
    const char *word = random_word(), *command = text_format("cat; echo %s", word).bytes;
    struct text heading = text_format("$ %s\n", command);

    struct run *run = start_program("status", args(command), given_input_held_open(text_of("")));
    wait_until_idle(run);

    bool ended = record_of(run)->processes[0].ended_us >= 0;
    suspect_if(!ended && stdout_of(run).length == 0, "popen-output-order");
    expect_that(run, text_equal(stdout_of(run), heading) && !ended, FINDING_WRONG_OUTPUT,
                "%s, and the heading should be on standard output. %zu bytes are there%s%s",
                ended ? "The program has ended although the command (`cat`) had more to read"
                      : "The command (`cat`) waits for its input",
                stdout_of(run).length, stdout_of(run).length > 0 ? ": " : ".",
                stdout_of(run).bytes);
    suspect(NULL);
    send_input(run, text_of("from the kit\n"));
    close_input(run);
    finish_run(run);
    expect_stdout(run, answer(command, text_format("from the kit\n%s\n", word), "exit:0"));
    expect_exit(run, 0);
}

CHECK(leaves_standard_error_alone, 1,
      HINT("Which of the command's descriptors does popen() replace?")
      HINT("Where do the other two lead?")
      HINT("The command is to run as it stands."))
{
    const char *out = random_word(), *err = random_word();
    const char *command = text_format("echo %s >&2; echo %s; echo %s >&2", err, out, err).bytes;

    struct run *run = run_program("status", args(command), given_nothing());

    suspect_if(text_count(stdout_of(run), text_format("%s\n%s\n", err, out)) > 0,
               "popen-stderr-is-captured");
    expect_stdout(run, answer(command, text_format("%s\n", out), "exit:0"));
    suspect(NULL);
    expect_that(
        run, text_equal(stderr_of(run), text_format("%s\n%s\n", err, err)), FINDING_WRONG_OUTPUT,
        "The command writes \"%s\" to standard error, two times; this is what came out there: "
        "\"%s\".",
        err, stderr_of(run).bytes);
}

CHECK(tells_exit_statuses, 2,
      HINT("What waitpid() stores and pclose() returns is not yet the number that was given to exit().")
      HINT("Which macros take it apart, and which one do you ask first?")
      HINT("Whose status is it: the shell's, or that of something that the shell has run?"))
{
    int statuses[] = {0, random_between(1, 125), random_between(128, 254), 255};
    for (size_t i = 0; i < 4; i++)
        expect_ending(words("exit ", statuses[i]), statuses[i] * 256, words("exit:", statuses[i]));

    int status = random_between(1, 125);
    expect_ending(text_format("sh -c 'kill -9 $$'; exit %d", status).bytes, status * 256,
                  words("exit:", status));
    expect_ending("sh -c 'kill -15 $$'; exit $?", 143 * 256, "exit:143");
}

CHECK(tells_signals, 1,
      HINT("A process that was killed has no exit status.")
      HINT("Which of the macros in <sys/wait.h> says that it was a signal, and which one says which?")
      HINT("One bit of the integer says that there was a core dump. It is not part of the number."))
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGUSR1, SIGTERM};
    int first = (int)random_below(6), second = (first + 1 + (int)random_below(5)) % 6;

    expect_ending(text_format("kill -%d $$", signals[first]).bytes, signals[first],
                  words("signal:", signals[first]));
    expect_ending(text_format("exec %s kill=%d", probe("stage"), signals[second]).bytes,
                  signals[second], words("signal:", signals[second]));
}

CHECK(tells_a_missing_command, 1,
      HINT("Which program did popen() start, and does that one exist?")
      HINT("Who looks for the command, and how does he tell that there is none?")
      HINT("Run `sh -c nosuch; echo $?` by hand."))
{
    const char *word = random_word();

    struct run *run = run_program("status", args(word), given_nothing());
    suspect_if(is_raw(run, 127 * 256), "pclose-status-is-exit-code");
    suspect_if(ends_with(stdout_of(run), "exit:127"), "popen-null-means-command-missing");
    suspect_if(is_status_lost(run), "fclose-instead-of-pclose");
    expect_stdout(run, answer(word, text_of(""), "notfound"));
    expect_exit(run, 0);
    expect_stderr_contains(run, word);

    const char *command = text_format("/%s/%s some words", word, word).bytes;
    expect_stdout(run_program("status", args(command), given_nothing()),
                  answer(command, text_of(""), "notfound"));
    expect_ending("exit 127", 127 * 256, "notfound");
}

/* Started with SIGCHLD ignored: either it says that pclose failed, or it has seen to it. */
static void expect_no_guess(const char *command, int status)
{
    struct run *run = run_program("status", args(command), given_ignored_signal(SIGCHLD));
    struct text said = stdout_of(run), right = answer(command, text_of(""), words("exit:", status));
    size_t heading = strlen(command) + 3 < said.length ? strlen(command) + 3 : said.length;
    bool sees_to_it = text_equal(said, right) && exit_status_of(run) == 0;
    bool tells = exit_status_of(run) == 1 && stderr_of(run).length > 0;

    suspect_if(stderr_of(run).length == 0, "ignore-return-values");
    expect_that(
        run, sees_to_it || tells, FINDING_UNCHECKED_ERROR,
        "The command is `%s`. Started with SIGCHLD ignored, the kernel keeps no status for "
        "pclose(), which then returns -1 with ECHILD. After the heading, this came on standard "
        "output:\n%sand on standard error \"%s\". The exit status is %d.",
        command, text_slice(said, heading, said.length).bytes, stderr_of(run).bytes,
        exit_status_of(run));
    suspect(NULL);
}

CHECK(says_which_call_failed, 1,
      HINT("popen(), pclose() and every way of writing can fail, and each has its way to say so.")
      HINT("Is -1 a status? What do the macros make of it?")
      HINT("When does a full disk tell you: at printf(), or when the buffer is written out?"))
{
    EACH_FAULT(fault, FAULT_FAILS, "pipe fork read write memory")
    {
        struct run *run = run_program("status", args("echo no"), fault);
        /* popen of glibc 2.36 says ENOMEM for whatever kept it from making the process. */
        expect_fault_told(run, saw_fault_in(run, "fork") ? "" : NULL);
    }
    expect_no_guess("exit 5", 5);
    expect_full_told(run_program("status", args("echo no"), given_output_file("/dev/full")));
    const char *const *const wrong[] = {no_args(), args(""), args("true", "true")};
    for (size_t i = 0; i < 3; i++) {
        struct run *run = run_program("status", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
        expect_stdout(run, text_of(""));
    }
}
