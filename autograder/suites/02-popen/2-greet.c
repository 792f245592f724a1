/*
 * 2-greet.c - the checks of 2.2: a prompt, and a filter between the keyboard and the program.
 *
 * A filter that answers at once is the probe `stage`, which copies whatever it reads, or sed -u.
 */
#define _GNU_SOURCE /* strerrordesc_np(3) */
#include "../exercise.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

EXERCISE("A prompt and a filter");

static const char prompt[] = "prompt> ";

/* Up to the next prompt: one for each line, and what is said in between. */
static struct text dialogue(struct text lines)
{
    struct text said = text_of(prompt);
    size_t from = 0;
    for (size_t i = 0; i < lines.length; i++)
        if (lines.bytes[i] == '\n' || i + 1 == lines.length) {
            said = text_join(said, text_slice(lines, from, i + 1));
            said = text_join(said, text_of(lines.bytes[i] == '\n' ? prompt : "\nprompt> "));
            from = i + 1;
        }
    return said;
}

/* The whole of standard output. */
static struct text answer(struct text lines)
{
    return text_join(dialogue(lines), text_of("\n"));
}

static struct text upper(struct text text)
{
    struct text copy = text_slice(text, 0, text.length);
    for (size_t i = 0; i < copy.length; i++)
        if (copy.bytes[i] >= 'a' && copy.bytes[i] <= 'z')
            copy.bytes[i] = (char)(copy.bytes[i] - 'a' + 'A');
    return copy;
}

/* As `sed 's/^/WORD /'` does it. */
static struct text marked(struct text lines, const char *word)
{
    struct text result = text_of("");
    size_t from = 0;
    for (size_t i = 0; i < lines.length; i++)
        if (lines.bytes[i] == '\n') {
            result = text_join(result, text_format("%s ", word));
            result = text_join(result, text_slice(lines, from, i + 1));
            from = i + 1;
        }
    return result;
}

static struct run *expect_answer(const char *filter, struct given *given, struct text lines)
{
    struct run *run = run_program("greet", args(filter), given);
    struct text said = stdout_of(run), right = answer(lines);

    suspect_if(text_count(said, text_of(prompt)) > text_count(right, text_of(prompt)),
               "stdio-buffered-across-fork");
    expect_stdout(run, right);
    suspect(NULL);
    expect_exit(run, 0);
    return run;
}

/* While everybody waits: so much of the dialogue is there. */
static void expect_dialogue(struct run *run, struct text right)
{
    wait_until_idle(run);
    struct text said = stdout_of(run);
    bool ended = record_of(run)->processes[0].ended_us >= 0;
    suspect_if(!ended && said.length < right.length &&
                   text_equal(said, text_slice(right, 0, said.length)),
               "popen-output-order");
    expect_that(run, text_equal(said, right) && !ended, FINDING_WRONG_OUTPUT,
                "%s, and there should be on standard output\n\"%s\"\nThere is\n\"%s\".",
                ended ? "The program has ended although standard input is still open"
                      : "The filter waits for a line on standard input",
                right.bytes, said.bytes);
    suspect(NULL);
}

CHECK(filters_every_line, 2,
      HINT("Who reads standard input, you or the filter? Both at once would share the bytes out.")
      HINT("How many prompts are there for how many lines, and what comes after the last one?")
      HINT("Which processes have a copy of your stdio buffer, and which of them write it out?"))
{
    struct text lines = random_lines((size_t)random_between(2, 50));
    const char *word = random_word(), *mark = text_format("sed 's/^/%s /'", word).bytes;

    struct run *run = expect_answer("tr a-z A-Z", given_input(lines), upper(lines));
    expect_stderr_empty(run);
    expect_that(run, find_process(run, "sh", "tr a-z A-Z") != NULL, FINDING_MISSING_CALL,
                "No shell was started with the filter `tr a-z A-Z`.");
    expect_calls(run, "fork", 1);
    expect_calls(run, "pipe", 1);
    expect_answer(mark, given(given_input(lines), given_short_reads(), given_short_writes()),
                  marked(lines, word));
    EACH_FAULT(fault, FAULT_SHORT, "read write")
    {
        expect_answer(mark, given(given_input(lines), fault), marked(lines, word));
    }
    expect_answer(mark, given_nothing(), text_of(""));
    expect_answer(text_format("echo %s", word).bytes, given_input(lines),
                  text_format("%s\n", word));
}

CHECK(prompt_is_there_first, 1,
      HINT("Your printf() has returned. Where are the bytes now?")
      HINT("When does stdio write out what it has, if there is no newline in it?")
      HINT("Who waits for whom: you for the filter's line, the filter for the user, and the user?"))
{
    struct run *run =
        start_program("greet", args(probe("stage")), given_input_held_open(text_of("")));
    expect_dialogue(run, text_of(prompt));
    close_input(run);
    finish_run(run);
    expect_stdout(run, answer(text_of("")));
}

CHECK(answers_line_by_line, 1,
      HINT("The filter has answered. What does the user see at this moment, and what does he wait for?")
      HINT("How much does the call with which you read the filter's output want to have before it returns?")
      HINT("The first prompt was not the last one."))
{
    const char *word = random_word(), *filter = text_format("sed -u 's/^/%s /'", word).bytes;
    struct text lines = text_of("");

    struct run *run = start_program("greet", args(filter), given_input_held_open(text_of("")));
    for (int turn = 0; turn < 4; turn++) {
        expect_dialogue(run, dialogue(marked(lines, word)));
        struct text more = random_lines(turn == 2 ? 3 : 1);
        send_input(run, more);
        lines = text_join(lines, more);
    }
    expect_dialogue(run, dialogue(marked(lines, word)));
    expect_still_idle(run);
    close_input(run);
    finish_run(run);
    expect_stdout(run, answer(marked(lines, word)));
}

CHECK(same_on_a_terminal, 1,
      HINT("What does stdio do differently when standard output is a terminal, and what triggers it?")
      HINT("The prompt has no newline.")
      HINT("Does the program need to know what it is writing to?"))
{
    const char *word = random_word(), *filter = text_format("sed -u 's/^/%s /'", word).bytes;
    struct text lines = random_lines(1);

    struct run *run = start_program("greet", args(filter), given_terminal());
    expect_dialogue(run, text_of(prompt));
    send_input(run, lines);
    expect_dialogue(run, dialogue(marked(lines, word)));
    send_input(run, text_of("\4"));
    finish_run(run);
    expect_stdout(run, answer(marked(lines, word)));
    expect_exit(run, 0);
}

CHECK(lines_may_hold_anything, 1,
      HINT("How long may a line be? How long is the longest that your call can give you at once?")
      HINT("Which of your calls count bytes, and which look for a NUL?")
      HINT("What does a line look like that the end of file has cut off?"))
{
    struct text bytes = random_bytes((size_t)random_between(1000, 20000));
    struct text longest = random_bytes(100000);
    for (size_t i = 0; i < longest.length; i++)
        if (longest.bytes[i] == '\n')
            longest.bytes[i] = '\0';

    expect_answer(probe("stage"), given_input(text_of("\n\nx\n\n")), text_of("\n\nx\n\n"));
    expect_answer(probe("stage"), given_input(text_of("cut off")), text_of("cut off"));
    expect_answer(probe("stage"), given_input(bytes), bytes);
    expect_answer(probe("stage"), given_input(longest), longest);
    longest = text_join(longest, text_of("\nlast\n"));
    expect_answer(probe("stage"), given_input(longest), longest);
}

CHECK(exits_as_the_filter_did, 1,
      HINT("Who knows how the filter ended, and which call asks him?")
      HINT("The integer from pclose() holds either a status or a signal. main() can return neither by it.")
      HINT("A signal is not an exit status: what does a shell make of it?"))
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGKILL};
    int signal = signals[random_below(5)], status = random_between(1, 125);
    struct text lines = random_lines(3);

    struct run *run =
        run_program("greet", args(text_format("cat; exit %d", status).bytes), given_input(lines));
    suspect_if(exit_status_of(run) == 0, "pclose-status-is-exit-code");
    expect_exit(run, status);
    suspect(NULL);
    expect_stdout(run, answer(lines));
    run = run_program("greet", args(text_format("kill -%d $$", signal).bytes), given_input(lines));
    suspect_if(exit_status_of(run) == signal || exit_status_of(run) == 0,
               "pclose-status-is-exit-code");
    expect_exit(run, 128 + signal);
    suspect(NULL);
    run = run_program("greet", args(random_word()), given_input(lines));
    expect_exit(run, 127);
    expect_stdout(run, answer(text_of("")));
}

CHECK(says_which_call_failed, 1,
      HINT("popen(), pclose() and every way of writing can fail, and each has its way to say so.")
      HINT("When does a full disk tell you: at printf(), or when the buffer is written out?")
      HINT("You are in trouble. Who is still waiting for you?"))
{
    struct text lines = random_lines(3);

    EACH_FAULT(fault, FAULT_FAILS, "pipe fork read write")
    {
        struct run *run = run_program("greet", args("cat"), given(given_input(lines), fault));
        /* popen of glibc 2.36 says ENOMEM for whatever kept it from making the process. */
        expect_fault_told(run, saw_fault_in(run, "fork") ? "" : NULL);
    }
    expect_full_told(run_program("greet", args("cat"),
                                 given(given_input(lines), given_output_file("/dev/full"))));
    const char *const *const wrong[] = {no_args(), args(""), args("cat", "cat")};
    for (size_t i = 0; i < 3; i++) {
        struct run *run = run_program("greet", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
        expect_stdout(run, text_of(""));
    }
}
