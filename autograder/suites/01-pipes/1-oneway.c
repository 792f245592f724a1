/*
 * 1-oneway.c - the checks of 1.1: one pipe, from parent to child.
 */
#include "../exercise.h"

#include <errno.h>
#include <string.h>

EXERCISE("One pipe, one way");

/* What the child has to print: the bytes, then their number and checksum. */
static struct text received(struct text bytes)
{
    return text_join(bytes, text_format("\n%zu %08x\n", bytes.length, crc32_of(bytes)));
}

/* Does the output go wrong where the input has a NUL? */
static bool stops_at_nul(struct text actual, struct text expected)
{
    size_t at = 0;
    while (at < actual.length && at < expected.length && actual.bytes[at] == expected.bytes[at])
        at++;
    return at < expected.length && expected.bytes[at] == '\0';
}

/* How many bytes the first process has written to standard output: that is the child's part. */
static long written_by_parent(struct run *run)
{
    const struct record *record = record_of(run);
    long sum = 0;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        bool writes = strcmp(call->name, "write") == 0 || strcmp(call->name, "writev") == 0;
        if (call->process == 0 && writes && call->args[0] == 1 && call->result > 0)
            sum += (long)call->result;
    }
    return sum;
}

/* N as a word. */
static const char *block_of(int size)
{
    return text_format("%d", size).bytes;
}

CHECK(child_sees_end_of_file, 1,
      HINT("At the moment the child sleeps in read(): which descriptors could still write?")
      HINT("Count them in all processes together, the reader's own included.")
      HINT("What has to happen before the parent may wait for its child?"))
{
    struct text sizes[] = {text_of(""), text_of("x"), text_slice(random_lines(8000), 0, 65536)};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct run *run =
            run_program("oneway", args("512"), given(given_input(sizes[i]), given_watched_io()));

        suspect_if(saw_failure(run, "read", EBADF) || saw_failure(run, "write", EBADF),
                   "swap-pipe-ends");
        expect_exit(run, 0);
        expect_stdout(run, received(sizes[i]));
        expect_that(
            run, written_by_parent(run) == 0, FINDING_FORBIDDEN_CALL,
            "Process 1, the parent, wrote %ld bytes to standard output itself. They should go "
            "through the pipe, and the child writes them.",
            written_by_parent(run));
    }
}

CHECK(every_byte_arrives, 2,
      HINT("read() says how many bytes it has stored. Who says where they end?")
      HINT("The bytes may hold anything, NUL and half a line included.")
      HINT("Compare what you pass to write() with what read() returned."))
{
    struct text bytes = random_bytes((size_t)random_between(1, 70000));

    struct run *run =
        run_program("oneway", args(block_of(random_between(1, 4096))), given_input(bytes));

    expect_exit(run, 0);
    suspect_if(stops_at_nul(stdout_of(run), received(bytes)), "read-not-nul-terminated");
    expect_stdout(run, received(bytes));
    suspect(NULL);
    expect_stderr_empty(run);
    expect_calls(run, "pipe", 1);
    expect_calls(run, "fork", 1);
}

CHECK(passes_on_what_it_has, 1,
      HINT("N is how much may go in one block, not how much must be there.")
      HINT("While both processes sleep, look at /proc/PID/fd: which ends does each hold?")
      HINT("Each process needs one end of the pipe; what do the others still do there?"))
{
    struct text bytes = random_bytes(100);

    struct run *run = start_program("oneway", args("4096"), given_input_held_open(bytes));
    wait_until_idle(run);

    expect_that(
        run, text_equal(stdout_of(run), bytes), FINDING_WRONG_OUTPUT,
        "100 bytes came on standard input and more may come later. By the time that both processes "
        "sleep, all 100 should be on standard output; %zu bytes are.",
        stdout_of(run).length);
    expect_one_way_pipes(run);
    expect_still_idle(run);
    close_input(run);
    finish_run(run);
    expect_exit(run, 0);
}

CHECK(short_writes_lose_nothing, 1,
      HINT("What does it mean when write() returns less than you asked for?")
      HINT("And when it returns -1 with EINTR: is anything broken?")
      HINT("Both happen on the pipe and on standard output."))
{
    struct text bytes = random_bytes(5000), whole = received(bytes);

    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write wait")
    {
        struct run *run = run_program("oneway", args("1000"), given(given_input(bytes), fault));
        expect_exit(run, 0);
        expect_stdout(run, whole);
    }
    struct run *run =
        run_program("oneway", args("1000"),
                    given(given_input(bytes), given_short_writes(), given_short_reads()));
    suspect_if(stdout_of(run).length < whole.length, "partial-write-ignored");
    expect_that(
        run, text_equal(stdout_of(run), whole), FINDING_SHORT_IO_IGNORED,
        "Some writes took only a part of what they were given (as they may), and bytes were lost: "
        "%zu of %zu bytes came out.",
        stdout_of(run).length, whole.length);
    suspect(NULL);
    expect_exit(run, 0);
}

CHECK(succeeds_only_if_the_child_did, 1,
      HINT("Who learns how the child ended, and by which call?")
      HINT("Nobody reads standard output here: what does the child's write() do?")
      HINT("If the child is gone, what does the parent's write() do, unless told otherwise?"))
{
    size_t sizes[] = {10, 300000}; /* the parent's own writes succeed, and fail */
    for (size_t i = 0; i < 2; i++) {
        struct run *run = run_program(
            "oneway", args("64"), given(given_input(random_bytes(sizes[i])), given_no_reader()));

        scene("Here nobody reads the standard output, so the child cannot do its work.");
        suspect_if(exit_status_of(run) == 0, "pipeline-status-of-first");
        expect_exit(run, 1);
        expect_stderr_contains(run, "write");
    }
}

CHECK(says_which_call_failed, 1,
      HINT("Which of your calls can return -1? All of them.")
      HINT("A parent in trouble still has a child.")
      HINT("-1 is not 0: one is an error, the other the end."))
{
    struct run *run =
        run_program("oneway", args("10"), given(given_input_file("/tmp"), given_watched_io()));
    expect_error_told(run, "read");

    EACH_FAULT(fault, FAULT_FAILS, "pipe fork read write memory")
    {
        run = run_program("oneway", args("10"), given(given_input(random_bytes(50)), fault));
        expect_fault_told(run, NULL);
        expect_fault_named(run);
    }
}

CHECK(takes_1_to_70000, 1,
      HINT("What does your conversion return for \"12x\", for \"\", for a word?")
      HINT("The limits themselves are allowed.")
      HINT("Wrong usage has an exit status of its own."))
{
    const char *const wrong[] = {"0", "-1", "70001", "12x", "", "blocks"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = run_program("oneway", args(wrong[i]), given_nothing());
        scene("Here N is \"%s\".", wrong[i]);
        suspect_if(stderr_of(run).length == 0, "ignore-return-values");
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
    suspect(NULL);
    scene(NULL);
    expect_exit(run_program("oneway", no_args(), given_nothing()), 2);
    expect_exit(run_program("oneway", args("1", "2"), given_nothing()), 2);
    struct text bytes = random_bytes(200);
    expect_stdout(run_program("oneway", args("1"), given_input(bytes)), received(bytes));
    expect_stdout(run_program("oneway", args("70000"), given_input(bytes)), received(bytes));
}
