/*
 * 4-flow.c - the checks of 6.4: a queue with little room.
 *
 * When the consumer is stopped, or the kit does not read what it writes, the queue fills up and
 * everything stands still: then one can look at it.
 */
#include "../exercise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

EXERCISE("Little room, and urgent lines first");

enum { LONGEST = 128, LEAST_BYTES = 128, BLOCK = 4096 };

/* ---- Lines ---------------------------------------------------------------------------------- */

/* Of that length with its newline; any bytes, but only an urgent one begins with '!'. */
static struct text line_of(int length, bool urgent)
{
    struct text line = random_bytes((size_t)length);
    for (int i = 0; i < length; i++)
        if (line.bytes[i] == '\n' || line.bytes[i] == '!')
            line.bytes[i] = '.';
    if (urgent && length > 1)
        line.bytes[0] = '!';
    line.bytes[length - 1] = '\n';
    return line;
}

/* Printable, no two alike, all of one length. */
static struct text numbered_line(int number, bool urgent, int length)
{
    struct text line = text_format("%cline %04d ", urgent ? '!' : '-', number);
    while ((int)line.length < length - 1)
        line = text_join(line, text_of("."));
    return text_join(line, text_of("\n"));
}

static size_t end_of_line(struct text lines, size_t from)
{
    while (from < lines.length && lines.bytes[from] != '\n')
        from++;
    return from < lines.length ? from + 1 : from;
}

/* Those of one kind, in their order. */
static struct text lines_of_kind(struct text lines, bool urgent)
{
    struct text kind = text_of("");
    for (size_t from = 0; from < lines.length; from = end_of_line(lines, from))
        if ((lines.bytes[from] == '!') == urgent)
            kind = text_join(kind, text_slice(lines, from, end_of_line(lines, from)));
    return kind;
}

static size_t count_lines(struct text lines)
{
    size_t count = 0;
    for (size_t from = 0; from < lines.length; from = end_of_line(lines, from))
        count++;
    return count;
}

/* ---- What is expected ----------------------------------------------------------------------- */

static struct run *run_flow(int bytes, struct given *given)
{
    return run_program("flow", args(text_format("%d", bytes).bytes), given);
}

/* All lines, each kind in its order. */
static void expect_all_lines(struct run *run, struct text input)
{
    static const char *const names[] = {"ordinary", "urgent"};
    struct text output = stdout_of(run);
    bool refused = saw_failure(run, "msgsnd", EAGAIN);
    bool removed = saw_failure(run, "msgrcv", EIDRM) || saw_failure(run, "msgrcv", EINVAL);

    for (int urgent = 0; urgent < 2; urgent++) {
        struct text wanted = lines_of_kind(input, urgent), came = lines_of_kind(output, urgent);
        bool lost = count_lines(came) < count_lines(wanted);
        suspect_if(lost && removed, "server-removes-queue-early");
        suspect_if(lost && refused, "queue-full-nowait");
        expect_that(run, !lost, FINDING_LOST_MESSAGE, "%zu %s lines went in, and %zu came out.%s",
                    count_lines(wanted), names[urgent], count_lines(came),
                    refused   ? " A msgsnd for which there was no room failed with EAGAIN."
                    : removed ? " The consumer wanted more, and the queue had been removed."
                              : "");
        suspect(NULL);
        expect_that(run, text_equal(came, wanted), FINDING_WRONG_OUTPUT,
                    "The %s lines (%zu) have come out changed, or not in their order.",
                    names[urgent], count_lines(wanted));
    }
}

struct summary {
    unsigned long lines, most;
};

/* Somewhere on standard error. */
static struct summary expect_summary(struct run *run, size_t lines)
{
    struct text said = stderr_of(run);
    struct summary summary = {0};
    char end = '\0';

    bool there = sscanf(said.bytes, "%lu lines, at most %lu in the queue%c", &summary.lines,
                        &summary.most, &end) == 3 &&
                 end == '\n';
    expect_that(run, there, FINDING_WRONG_OUTPUT,
                "The last line on standard error should be like \"%zu lines, at most 3 in the "
                "queue\". On standard error came: %s",
                lines, said.length > 0 ? said.bytes : "nothing");
    expect_that(run, summary.lines == lines, FINDING_WRONG_OUTPUT,
                "%zu lines went in, and standard error says: %s", lines, said.bytes);
    return summary;
}

/* Nobody reads standard output, whose pipe holds a page: when the queue is full too, all stand. */
static struct run *start_stalled(int bytes, struct text input)
{
    struct run *run =
        start_program("flow", args(text_format("%d", bytes).bytes),
                      given(given_input(input), given_unread_output(), given_capacity(1, BLOCK)));
    wait_until_idle(run);
    return run;
}

CHECK(every_line_comes_out, 2,
      HINT("What does the third argument of msgsnd count?")
      HINT("How does the consumer learn that no more lines come?")
      HINT("A line may hold any bytes, also NUL. Who knows its length?"))
{
    const int lengths[] = {2, LONGEST, 3, LONGEST - 1, 1};
    struct text input = text_of("");
    for (int i = 0; i < 150; i++)
        input = text_join(input, line_of(i < 5 ? lengths[i] : random_between(1, LONGEST),
                                         i > 0 && random_below(3) == 0));
    input = text_join(input, text_of("the last one"));
    int bytes = random_between(LEAST_BYTES, 2000);

    struct run *run = run_flow(bytes, given_input(input));

    expect_all_lines(run, input);
    expect_exit(run, 0);
    (void)expect_summary(run, count_lines(input));
    expect_calls_between(run, "msgsnd", (int)count_lines(input), (int)count_lines(input) + 2);

    /* The producer is done long before the consumer. */
    input = text_of("");
    for (int i = 0; i < 60; i++)
        input = text_join(input, numbered_line(i, i % 4 == 3, 80));
    run = start_stalled(2000, input);
    resume_reading(run);
    finish_run(run);
    expect_all_lines(run, input);
    expect_exit(run, 0);

    run = run_flow(bytes, given_nothing());
    expect_exit(run, 0);
    expect_stdout(run, text_of(""));
    (void)expect_summary(run, 0);
}

/* ---- Standing still ------------------------------------------------------------------------- */

/* The number of a process that sleeps in that call; 0: there is none. */
static int who_sleeps_in(struct run *run, const char *name)
{
    for (int i = 1; i <= (int)record_of(run)->n_processes; i++) {
        const struct call *call = call_in_progress(run, i);
        if (record_of(run)->processes[i - 1].ended_us < 0 && call != NULL &&
            strcmp(call->name, name) == 0)
            return i;
    }
    return 0;
}

static const struct object *expect_queue(struct run *run)
{
    const struct object *queue = only_object(run, OBJECT_QUEUE);
    expect_that(run, queue != NULL, FINDING_MISSING_CALL,
                "Lines are still to come, nothing moves, and the program has %zu queues of its own "
                "instead of one.",
                count_objects(run, OBJECT_QUEUE));
    return queue;
}

/* How many bytes of standard input were read. */
static int64_t bytes_read(struct run *run)
{
    const struct record *record = record_of(run);
    int64_t sum = 0;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (strncmp(call->name, "read", 4) == 0 && call->result > 0 && call->args[0] == 0)
            sum += call->result;
    }
    return sum;
}

CHECK(waits_for_room, 2,
      HINT("What does msg_qbytes count, and who can change it?")
      HINT("What does msgsnd do when there is no room, if you do not tell it otherwise?")
      HINT("What does the producer do between two tries, seen from outside?"))
{
    int length = random_between(20, 90), bytes = random_between(300, 1000);
    int room = bytes / length;
    struct text input = text_of("");
    for (int i = 0; i < 10000 / length; i++)
        input = text_join(input, numbered_line(i, false, length));
    struct run *run = start_program("flow", args(text_format("%d", bytes).bytes),
                                    given(given_input_held_open(text_of("")), given_watched_io()));
    wait_until_idle(run);
    int consumer = who_sleeps_in(run, "msgrcv");
    expect_that(run, consumer > 0, FINDING_MISSING_CALL,
                "No line has come yet, and nobody sleeps in msgrcv.");
    send_signal(run, consumer, SIGSTOP);
    send_input(run, input);
    close_input(run);
    wait_until_idle(run);

    bool refused = saw_failure(run, "msgsnd", EAGAIN);
    suspect_if(refused, "queue-full-nowait");
    expect_that(run, record_of(run)->processes[0].ended_us < 0 || !refused, FINDING_LOST_MESSAGE,
                "The consumer was stopped. A msgsnd failed with EAGAIN because the queue was full, "
                "and the program has ended: nobody waited for room.");
    const struct object *queue = expect_queue(run);
    suspect(NULL);
    expect_that(run, queue->capacity == bytes, FINDING_WRONG_OUTPUT,
                "The limit of the queue (msg_qbytes) is %lld; it should be %d.",
                (long long)queue->capacity, bytes);
    suspect_if((queue->mode & 077) != 0, "ipc-666-everything");
    expect_that(run, (queue->mode & 0777) == 0600, FINDING_PERMISSIONS,
                "The queue has mode %04o; the task asks for 0600.", queue->mode & 0777);
    suspect_if(refused, "queue-full-nowait");
    expect_that(run, queue->messages == room, FINDING_WRONG_OUTPUT,
                "All lines have %d bytes, so %d of them have room. The consumer was stopped, and "
                "%lld are in the queue.",
                length, room, (long long)queue->messages);
    expect_that(run, who_sleeps_in(run, "msgsnd") > 0, FINDING_MISSING_CALL,
                "The queue is full and lines are still to come, and nobody sleeps in msgsnd.");
    suspect(NULL);
    int64_t sent = (int64_t)count_calls(run, "msgsnd") * length;
    expect_that(run, bytes_read(run) <= sent + BLOCK + length, FINDING_WRONG_OUTPUT,
                "%lld bytes of lines have been sent, and there is no room for more; but %lld bytes "
                "of standard input have been read.",
                (long long)sent, (long long)bytes_read(run));
    expect_still_idle(run);
    send_signal(run, consumer, SIGCONT);
    expect_exit(run, 0);
    expect_stdout(run, input);
    struct summary summary = expect_summary(run, count_lines(input));
    expect_that(run, summary.most == (unsigned long)room, FINDING_WRONG_OUTPUT,
                "There were %d messages in the queue when it was full, and never more. On standard "
                "error the program says: at most %lu.",
                room, summary.most);
}

CHECK(one_kind_is_enough, 2,
      HINT("Which messages does the consumer accept at the moment when everything hangs?")
      HINT("What is the limit of the queue measured in, and who frees it?")
      HINT("Can what the consumer waits for get into the queue?"))
{
    for (int urgent = 1; urgent >= 0; urgent--) {
        struct text input = text_of("");
        for (int i = 0; i < 60; i++)
            input = text_join(input, numbered_line(i, urgent, 40));
        scene(urgent ? "Every line is urgent." : "No line is urgent.");

        struct run *run = run_flow(random_between(LEAST_BYTES, 400), given_input(input));

        expect_exit(run, 0);
        expect_stdout(run, input);
    }
}

CHECK(writes_at_once, 1,
      HINT("Where is a line that has come and is not on standard output?")
      HINT("Does the consumer wait for more than one message?")
      HINT("Does the producer wait for more than one line?"))
{
    struct text expected = text_of("");
    struct run *run = start_program("flow", args("500"), given_input_held_open(text_of("")));

    for (int i = 0; i < 4; i++) {
        struct text line = numbered_line(i, i % 2 == 1, 20);
        send_input(run, line);
        wait_until_idle(run);
        expected = text_join(expected, line);
        expect_stdout(run, expected);
    }
    expect_still_idle(run);
    close_input(run);
    expect_exit(run, 0);
    expect_stdout(run, expected);
}

/* ---- Two kinds ------------------------------------------------------------------------------ */

/* A line of the input: has it been taken out before everything stood still? */
static bool is_in(struct text lines, struct text line)
{
    return text_count(lines, line) > 0;
}

/* Of the lines that were in the queue when everything stood still, the first ordinary one that came
 * out before an urgent one; empty: there is none. */
static struct text overtaken_by_none(struct text in_queue, struct text output)
{
    struct text ordinary = text_of("");
    for (size_t from = 0; from < output.length; from = end_of_line(output, from)) {
        struct text line = text_slice(output, from, end_of_line(output, from));
        if (!is_in(in_queue, line))
            continue;
        if (line.bytes[0] != '!' && ordinary.length == 0)
            ordinary = line;
        if (line.bytes[0] == '!' && ordinary.length > 0)
            return ordinary;
    }
    return text_of("");
}

/* Without those that had been taken: the first of the output. */
static struct text still_in_queue(struct text input, size_t sent, struct text output, size_t taken)
{
    struct text out = text_of(""), left = text_of("");
    size_t from = 0;
    for (size_t i = 0; i < taken; i++, from = end_of_line(output, from))
        out = text_join(out, text_slice(output, from, end_of_line(output, from)));
    from = 0;
    for (size_t i = 0; i < sent; i++, from = end_of_line(input, from)) {
        struct text line = text_slice(input, from, end_of_line(input, from));
        if (!is_in(out, line))
            left = text_join(left, line);
    }
    return left;
}

CHECK(urgent_lines_overtake, 2,
      HINT("What does msgrcv give you for a type of 0, for a positive, for a negative one?")
      HINT("Which types do you give to the lines, and in which order do you want them?")
      HINT("Who chooses the next line, and when: the producer or the consumer?"))
{
    struct text input = text_of("");
    for (int i = 0; i < 400; i++)
        input = text_join(input, numbered_line(i, i % 5 == 3, 40));
    struct run *run = start_stalled(random_between(800, 2000), input);
    const struct object *queue = expect_queue(run);
    size_t sent = (size_t)count_calls(run, "msgsnd"), in_queue = (size_t)queue->messages;

    resume_reading(run);
    expect_exit(run, 0);
    expect_all_lines(run, input);
    struct text left = still_in_queue(input, sent, stdout_of(run), sent - in_queue);
    struct text first = overtaken_by_none(left, stdout_of(run));
    expect_that(run, first.length == 0, FINDING_WRONG_OUTPUT,
                "Standard output took nothing for a while, and %zu lines were in the queue then, "
                "urgent ones among them. When it went on, this line came before an urgent one of "
                "them: %s",
                in_queue, first.bytes);
}

/* ---- When one cannot go on ------------------------------------------------------------------ */

static struct text some_lines(int count)
{
    struct text input = text_of("");
    for (int i = 0; i < count; i++)
        input = text_join(input, numbered_line(i, i % 3 == 0, 50));
    return input;
}

CHECK(both_end_together, 2,
      HINT("One of the two has ended. What does the other one wait for, and who could wake it?")
      HINT("What happens to a process that sleeps in msgsnd or msgrcv when the queue is removed?")
      HINT("What does a signal do to the consumer when nobody reads standard output?"))
{
    scene("Standard output is full.");
    struct run *run =
        run_flow(LEAST_BYTES, given(given_input(some_lines(300)), given_output_file("/dev/full")));
    expect_full_told(run);
    scene("Nobody reads standard output any more.");
    run = run_flow(LEAST_BYTES, given(given_input(some_lines(300)), given_no_reader()));
    expect_error_told(run, strerror(EPIPE));
    scene(NULL);

    struct text lines = some_lines(8);
    EACH_FAULT(fault, FAULT_FAILS, "msgget msgctl fork msgsnd msgrcv read write memory")
    {
        run = run_flow(LEAST_BYTES, given(given_input(lines), fault));
        expect_fault_told(run, NULL);
        expect_ipc_fault_named(run);
        if (saw_fault_in(run, "fork"))
            expect_fault_named(run);
    }
}

CHECK(interruptions_change_nothing, 1,
      HINT("Which errno says that nothing is wrong, only try again?")
      HINT("Is msgsnd started again after a signal handler? Is msgrcv?")
      HINT("write may take less than it was given."))
{
    struct text input = text_slice(some_lines(50), 0, 2490), little = some_lines(8);
    int bytes = random_between(LEAST_BYTES, 1000);
    struct run *run =
        run_flow(bytes, given(given_input(input), given_short_reads(), given_short_writes()));

    scene("Reads and writes come out short.");
    expect_exit(run, 0);
    expect_all_lines(run, input);
    scene(NULL);
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write msgsnd msgrcv wait")
    {
        run = run_flow(bytes, given(given_input(little), fault));
        expect_exit(run, 0);
        expect_all_lines(run, little);
    }
}

CHECK(refuses_wrong_arguments, 1,
      HINT("Which numbers are too small, which too great?")
      HINT("strtol is content with \"200x\". Are you?")
      HINT("Nothing should be made before it is clear that all is right."))
{
    const char *const *const wrong[] = {no_args(),    args("127"), args("16385"),      args("200x"),
                                        args("-200"), args(""),    args("200", "200"), args("x")};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = run_program("flow", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
    struct run *run = run_flow(16384, given_input(text_of("right\n"))); /* and a right one */
    expect_exit(run, 0);
    expect_stdout(run, text_of("right\n"));
}
