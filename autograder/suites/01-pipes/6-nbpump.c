/*
 * 6-nbpump.c - the checks of 1.6: a copy that waits in poll, whatever its two sides do.
 */
#include "../exercise.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

EXERCISE("Never wait in the wrong place");

enum { HOLDS_AT_MOST = 65536, SMALL_PIPE = 4096 };

/* Standard output is a small pipe that nobody reads for now. */
static struct given *given_stalled_output(void)
{
    return given(given_unread_output(), given_capacity(1, SMALL_PIPE), given_watched_io());
}

static struct given *given_both_nonblocking(void)
{
    return given(given_nonblocking(0), given_nonblocking(1));
}

static struct given *given_any_mode(void)
{
    return random_below(2) == 0 ? given_both_nonblocking() : given_nothing();
}

static bool is_going(struct run *run)
{
    return record_of(run)->processes[0].ended_us < 0;
}

static bool says(struct run *run, const char *words)
{
    return text_count(stderr_of(run), text_of(words)) > 0;
}

/* The bytes that successful calls of that name ("read", "write": with their kin) moved at fd. */
static size_t bytes_moved(struct run *run, const char *name, int fd)
{
    const struct record *record = record_of(run);
    size_t sum = 0;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (strncmp(call->name, name, strlen(name)) == 0 && (int)call->args[0] == fd &&
            call->end_us >= 0 && call->result > 0)
            sum += (size_t)call->result;
    }
    return sum;
}

/* The last line on standard error. */
static void expect_summary(struct run *run, size_t in, size_t out)
{
    struct text line = text_format("nbpump: %zu bytes in, %zu bytes out\n", in, out);
    struct text said = stderr_of(run);
    expect_that(run,
                said.length >= line.length &&
                    text_equal(text_slice(said, said.length - line.length, said.length), line),
                FINDING_WRONG_OUTPUT, "The last line on standard error should be\n%sIt came\n%s",
                line.bytes, said.length > 0 ? said.bytes : "nothing");
}

static void expect_copied(struct run *run, struct text bytes)
{
    finish_run(run);
    expect_stdout(run, bytes);
    expect_exit(run, 0);
    expect_summary(run, bytes.length, bytes.length);
    expect_stderr_begins(run, "nbpump: "); /* and that is all */
}

/* Is the first byte that is missing a NUL? */
static bool lacks_a_nul(struct text actual, struct text expected)
{
    size_t at = 0;
    while (at < actual.length && at < expected.length && actual.bytes[at] == expected.bytes[at])
        at++;
    return at < expected.length && expected.bytes[at] == '\0';
}

/* After a write that took only a part: does the next one ask for the rest? */
static const char *partial_write_shape(struct run *run)
{
    const struct record *record = record_of(run);
    uint64_t rest = 0, written = 0;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (strcmp(call->name, "write") != 0 || (int)call->args[0] != 1)
            continue;
        if (rest > 0 && call->args[2] != rest)
            return call->args[2] == written ? "nonblock-write-returns-remaining"
                                            : "partial-write-ignored";
        written = call->result > 0 ? (uint64_t)call->result : 0;
        rest = call->result > 0 ? call->args[2] - written : rest;
    }
    return NULL;
}

/* Did the last poll say that there is something to read, and that the writer is gone; and nobody
 * has read it? */
static bool left_bytes_at_hang_up(struct run *run)
{
    const struct record *record = record_of(run);
    bool left = false;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (call->detail != NULL && strstr(call->detail, "poll") == NULL &&
            strstr(call->name, "poll") != NULL)
            left = strstr(call->detail, "POLLIN|POLLHUP") != NULL;
        if (strncmp(call->name, "read", 4) == 0)
            left = false;
    }
    return left;
}

/* Does it sleep in poll (or its kin), with that descriptor left out? */
static bool polls_without(struct run *run, int fd)
{
    const struct record *record = record_of(run);
    bool polls = false;
    for (size_t i = 0; i < record->n_threads; i++) {
        const struct thread *thread = &record->threads[i];
        polls = polls || (thread->call != NULL && strstr(thread->call, "poll") != NULL);
        for (size_t k = 0; k < thread->n_waits; k++)
            if (thread->waits[k].fd == fd)
                return false;
    }
    return polls;
}

CHECK(copies_every_byte, 1,
      HINT("Which result of read is the end, and which is not?")
      HINT("When the writer has gone and nothing is left, which bits does poll set?")
      HINT("The bytes may hold anything, NUL included. Who says how many there are?"))
{
    struct text sizes[] = {text_of(""), random_bytes(1), random_bytes(70000)};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct run *run = start_program("nbpump", no_args(),
                                        given(given_input_held_open(sizes[i]), given_watched_io()));
        wait_until_idle(run);
        close_input(run);
        wait_until_idle(run);
        finish_run(run);
        suspect_if(lacks_a_nul(stdout_of(run), sizes[i]), "read-not-nul-terminated");
        expect_copied(run, sizes[i]);
        suspect(NULL);
    }
    expect_copied(run_program("nbpump", no_args(),
                              given(given_file("input", sizes[2]), given_input_file("input"))),
                  sizes[2]);
}

CHECK(an_empty_pipe_is_not_the_end, 1,
      HINT("-1 with EAGAIN, and 0: which of the two can still change?")
      HINT("Nothing has come yet, and somebody still has the pipe open for writing.")
      HINT("What wakes you when there is something?"))
{
    struct text first = random_bytes((size_t)random_between(1, 5000)), second = random_bytes(300);

    struct run *run = start_program(
        "nbpump", no_args(),
        given(given_input_held_open(text_of("")), given_both_nonblocking(), given_watched_io()));
    wait_until_idle(run);
    suspect_if(saw_failure(run, "read", EAGAIN), "eagain-vs-eof");
    expect_that(
        run, is_going(run), FINDING_WRONG_OUTPUT,
        "Standard input is a pipe that does not block. It is empty for the moment, its writer "
        "is still there, and `nbpump` has ended.");
    suspect(NULL);
    send_input(run, first);
    wait_until_idle(run);
    suspect_if(saw_failure(run, "read", EAGAIN), "eagain-vs-eof");
    expect_that(run, is_going(run), FINDING_WRONG_OUTPUT,
                "%zu bytes came, then standard input was empty again, with its writer still there; "
                "and `nbpump` has ended.",
                first.length);
    suspect(NULL);
    send_input(run, second);
    wait_until_idle(run);
    close_input(run);
    expect_copied(run, text_join(first, second));
}

CHECK(passes_on_what_it_has, 1,
      HINT("How many bytes have to come before some can go out?")
      HINT("read gave less than you asked for. Will more ever come?")
      HINT("At the moment when everybody sleeps: where are the bytes?"))
{
    struct text bytes = random_bytes((size_t)random_between(1, 300));

    struct run *run = start_program("nbpump", no_args(), given_input_held_open(bytes));
    wait_until_idle(run);

    expect_that(
        run, text_equal(stdout_of(run), bytes), FINDING_WRONG_OUTPUT,
        "%zu bytes came on standard input and more may come later. By the time that `nbpump` "
        "sleeps, all of them should be on standard output; %zu are.",
        bytes.length, stdout_of(run).length);
    close_input(run);
    expect_copied(run, bytes);
}

CHECK(partial_writes_are_continued, 1,
      HINT("What does it mean when write returns less than you asked for?")
      HINT("Read the paragraph RETURN VALUE of write(2) once more: written, or left?")
      HINT("Where does the next write begin, and how much does it ask for?"))
{
    struct text bytes = random_bytes(1000000);

    struct run *run = start_program(
        "nbpump", no_args(),
        given(given_input_held_open(bytes), given_stalled_output(), given_nonblocking(1)));
    wait_until_idle(run);
    resume_reading(run);
    wait_until_idle(run);
    close_input(run);
    finish_run(run);

    suspect(partial_write_shape(run));
    expect_copied(run, bytes);
}

CHECK(idle_when_both_sides_stall, 2,
      HINT("Neither side can do anything. In which call do you sleep, and what will wake you?")
      HINT("While the output takes nothing: what do you want to know about the input?")
      HINT("A writer that is never held back fills any memory."))
{
    struct text bytes = random_bytes(300000);

    struct run *run = start_program(
        "nbpump", no_args(),
        given(given_input_held_open(bytes), given_stalled_output(), given_both_nonblocking()));
    wait_until_idle(run);

    size_t in = bytes_moved(run, "read", 0), out = bytes_moved(run, "write", 1);
    expect_that(
        run, in - out <= HOLDS_AT_MOST, FINDING_RESOURCE_LIMIT,
        "The reader is stalled, and `nbpump` went on reading: it holds %zu bytes that it has "
        "not written. The task allows %d; with more input it would be more.",
        in - out, HOLDS_AT_MOST);
    expect_still_idle(run);
    expect_calls_between(run, "poll", 1, INT_MAX);
    resume_reading(run);
    wait_until_idle(run); /* now the input has nothing */
    expect_still_idle(run);
    close_input(run);
    expect_copied(run, bytes);
}

CHECK(idle_after_the_writer_left, 1,
      HINT("Which bits of revents can appear although events does not ask for them?")
      HINT("Nothing is left to read, and the output is full. What is there to do at the input?")
      HINT("How do you make poll leave out a descriptor?"))
{
    struct text bytes = random_bytes((size_t)random_between(10000, 30000));

    struct run *run = start_program(
        "nbpump", no_args(),
        given(given_input_held_open(bytes), given_stalled_output(), given_both_nonblocking()));
    wait_until_idle(run);
    close_input(run);
    wait_until_idle(run);
    expect_still_idle(run);
    resume_reading(run);
    expect_copied(run, bytes);
}

CHECK(last_bytes_before_the_hang_up_arrive, 1,
      HINT("The writer is gone. What about the bytes that it has left in the pipe?")
      HINT("poll can set two bits at once. What does each of them say?")
      HINT("After the data is gone, which bit is set?"))
{
    struct text bytes = random_bytes((size_t)random_between(80000, 120000));

    struct run *run = start_program(
        "nbpump", no_args(), given(given_input(bytes), given_stalled_output(), given_any_mode()));
    wait_until_idle(run);
    resume_reading(run);
    finish_run(run);

    suspect_if(left_bytes_at_hang_up(run), "pollin-only-loop-misses-hup");
    expect_copied(run, bytes);
}

CHECK(a_dead_reader_is_status_3, 1,
      HINT("Writable means that a write will not wait. Can it still fail?")
      HINT("Look at the status that the shell reports: is it an exit, or a signal?")
      HINT("poll may say it before you write, or write itself. Both can happen."))
{
    for (int midway = 0; midway < 2; midway++) {
        struct text bytes = random_bytes((size_t)random_between(20000, 60000));
        struct run *run = start_program("nbpump", no_args(),
                                        given(given_input(bytes), given_stalled_output(),
                                              midway ? given_any_mode() : given_no_reader()));
        wait_until_idle(run);
        close_output(run);
        wait_until_idle(run);
        expect_exit(run, 3);
        expect_stderr_contains(run, "nbpump: the reader is gone\n");
        expect_summary(run, bytes_moved(run, "read", 0), bytes_moved(run, "write", 1));
    }
}

CHECK(a_dead_reader_is_noticed_while_idle, 1,
      HINT("Nothing to write, and the reader dies. Which of your calls would notice?")
      HINT("Which bits does poll report for a descriptor of which it was asked nothing?")
      HINT("For which descriptors do you call poll while you wait for input?"))
{
    struct text bytes = random_bytes((size_t)random_between(0, 2000));

    struct run *run =
        start_program("nbpump", no_args(), given(given_input_held_open(bytes), given_any_mode()));
    wait_until_idle(run);
    close_output(run);
    wait_until_idle(run);

    suspect_if(is_going(run) && polls_without(run, 1), "poll-needs-pollhup-in-events");
    expect_that(
        run, !is_going(run), FINDING_HANG,
        "Standard input is open and silent, nothing is left to write, and now the reader of "
        "standard output has gone. `nbpump` sleeps on: what it waits for has nothing to do "
        "with descriptor 1.");
    suspect(NULL);
    expect_exit(run, 3);
    expect_stderr_contains(run, "nbpump: the reader is gone\n");
    expect_summary(run, bytes.length, bytes.length);
}

/* EINTR, and EAGAIN after poll has said yes, change nothing. */
static void expect_false_alarms_ignored(struct text bytes)
{
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write poll")
    {
        expect_copied(run_program("nbpump", no_args(), given(given_input(bytes), fault)), bytes);
    }
    struct run *run =
        run_program("nbpump", no_args(),
                    given(given_input(bytes), given_both_nonblocking(),
                          given_failing("read", 1, EAGAIN), given_failing("write", 1, EAGAIN)));
    expect_copied(run, bytes);
}

CHECK(errors_are_told_from_false_alarms, 1,
      HINT("Which values of errno mean: nothing is wrong, try again later?")
      HINT("And which mean that trying again will never help?")
      HINT("Only one of them says that the reader has gone."))
{
    struct text bytes = random_bytes((size_t)random_between(1000, 100000));
    expect_false_alarms_ignored(bytes);

    struct run *run;
    EACH_FAULT(fault, FAULT_FAILS, "read write poll memory")
    {
        run = run_program("nbpump", no_args(), given(given_input(bytes), fault));
        suspect_if(says(run, "reader is gone"), "ignore-return-values");
        expect_fault_told(run, NULL);
        suspect(NULL);
    }
    run =
        run_program("nbpump", no_args(), given(given_input(bytes), given_output_file("/dev/full")));
    expect_error_told(run, "write");
    run = run_program("nbpump", no_args(), given_closed(0));
    expect_error_told(run, says(run, "poll") ? "poll" : "read");
}

CHECK(leaves_descriptors_as_they_were, 1,
      HINT("To what does O_NONBLOCK belong: a descriptor, a process, an open file description?")
      HINT("Who else uses the standard input that you were started with?")
      HINT("Do you need the flag, if you ask poll before each read and write?"))
{
    for (int mode = 0; mode < 4; mode++) {
        bool given_flags[] = {(mode & 1) != 0, (mode & 2) != 0};
        struct run *run =
            start_program("nbpump", no_args(),
                          given(given_input_held_open(text_of("x")),
                                given_flags[0] ? given_nonblocking(0) : given_nothing(),
                                given_flags[1] ? given_nonblocking(1) : given_nothing()));
        wait_until_idle(run);
        expect_that(run, is_going(run), FINDING_WRONG_OUTPUT,
                    "`nbpump` has ended, and its standard input is still open.");
        const struct record *record = record_of(run);
        for (size_t i = 0; i < record->n_descriptors; i++) {
            const struct descriptor *it = &record->descriptors[i];
            expect_that(
                run, it->fd > 1 || it->nonblocking == given_flags[it->fd], FINDING_FORBIDDEN_CALL,
                "Descriptor %d was given %s O_NONBLOCK, and now has it %s. Whoever shares the "
                "open file description has it changed too.",
                it->fd, it->fd <= 1 && given_flags[it->fd] ? "with" : "without",
                it->nonblocking ? "on" : "off");
        }
        close_input(run);
        expect_copied(run, text_of("x"));
    }
}
