/*
 * 5-mux.c - the checks of 1.5: many writers, one pipe. What the program prints is compared with
 * what the kit saw: the writes of each child, and the bytes that came out of the pipe.
 */
#include "../exercise.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

EXERCISE("Many writers, one pipe");

enum { RECORDS = 200, MOST_CHILDREN = 16 };

/* What a stream of bytes is worth: whole records of each child, and torn ones. */
struct counts {
    int children;
    int whole[MOST_CHILDREN];
    int torn;
    size_t first_torn; /* where the first one begins */
};

static struct counts all_of(int children)
{
    struct counts counts = {.children = children};
    for (int child = 0; child < children; child++)
        counts.whole[child] = RECORDS;
    return counts;
}

static bool is_whole(struct text stream, size_t from, size_t length)
{
    return length <= stream.length - from &&
           memcmp(stream.bytes + from, stream.bytes + from + 1, length - 1) == 0;
}

/* The kit's own count of a stream. */
static struct counts count_records(struct text stream, int children, int length)
{
    struct counts counts = {.children = children};
    for (size_t from = 0; from < stream.length; from += (size_t)length) {
        int child = stream.bytes[from] - 'A';
        if (child >= 0 && child < children && is_whole(stream, from, (size_t)length))
            counts.whole[child]++;
        else if (counts.torn++ == 0)
            counts.first_torn = from;
    }
    return counts;
}

static struct text report_of(const struct counts *counts)
{
    struct text report = text_of("");
    for (int child = 0; child < counts->children; child++)
        report =
            text_join(report, text_format("child %d: %d records\n", child, counts->whole[child]));
    return text_join(report, text_format("torn: %d\n", counts->torn));
}

static struct run *run_mux(int children, int length, struct given *given)
{
    return run_program(
        "mux", args(text_format("%d", children).bytes, text_format("%d", length).bytes), given);
}

/* Everything arrived, and the program says so. */
static void expect_all(struct run *run, int children)
{
    struct counts all = all_of(children);
    expect_stdout(run, report_of(&all));
    expect_exit(run, 0);
    expect_stderr_empty(run);
}

/* Has the kit made a call fail, or shortened it? */
static bool was_hit(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (record->calls[i].injected)
            return true;
    return false;
}

static bool is_record_write(const struct call *call, int pipe)
{
    return strncmp(call->name, "write", 5) == 0 && call->object == pipe && call->end_us >= 0;
}

/* The object into which most was written. */
static int pipe_of_records(struct run *run)
{
    const struct record *record = record_of(run);
    int64_t most = 0;
    int best = -1;
    for (size_t object = 0; object < record->n_objects; object++) {
        int64_t sum = 0;
        for (size_t i = 0; i < record->n_calls && record->objects[object].made_by >= 0; i++)
            if (is_record_write(&record->calls[i], (int)object) && record->calls[i].result > 0)
                sum += record->calls[i].result;
        if (sum > most) {
            most = sum;
            best = (int)object;
        }
    }
    return best;
}

/* The first write into the pipe of the records that did not take exactly that many bytes; NULL:
 * none. */
static const struct call *write_of_another_size(struct run *run, int length)
{
    const struct record *record = record_of(run);
    int pipe = pipe_of_records(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (is_record_write(&record->calls[i], pipe) && record->calls[i].result != length)
            return &record->calls[i];
    return NULL;
}

/* The most that one write into the pipe of the records asked for. */
static int longest_write(struct run *run)
{
    const struct record *record = record_of(run);
    int most = 0, pipe = pipe_of_records(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (is_record_write(&record->calls[i], pipe) && (int)record->calls[i].args[2] > most)
            most = (int)record->calls[i].args[2];
    return most;
}

/* Do the children make other calls between their records, as one does to agree on who is next? */
static bool take_turns(struct run *run)
{
    static const char *const calls[] = {"read", "fcntl", "sem", "msg", "recv"};
    const struct record *record = record_of(run);
    int made = 0;
    for (size_t i = 0; i < record->n_calls; i++)
        for (size_t k = 0; k < sizeof calls / sizeof calls[0]; k++)
            made += record->processes[record->calls[i].process].parent >= 0 &&
                    strncmp(record->calls[i].name, calls[k], strlen(calls[k])) == 0;
    return made >= RECORDS;
}

/* How many children had been started when the first byte was taken out of the pipe. */
static int started_before_reading(struct run *run)
{
    const struct record *record = record_of(run);
    int started = 0, pipe = pipe_of_records(run);
    int64_t first_us = record->duration_us;
    for (size_t i = record->n_calls; i-- > 0;)
        if (strncmp(record->calls[i].name, "read", 4) == 0 && record->calls[i].object == pipe &&
            record->calls[i].result > 0)
            first_us = record->calls[i].end_us;
    for (size_t i = 0; i < record->n_processes; i++)
        started += record->processes[i].parent >= 0 && record->processes[i].started_us < first_us;
    return started;
}

CHECK(counts_every_record, 1,
      HINT("The stream ends when nobody can write into the pipe any more. Who still can?")
      HINT("How much fits into a pipe that nobody reads?")
      HINT("What is left of a child that has ended?"))
{
    const int lengths[] = {1, 512, 4096};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int children = i == 0 ? MOST_CHILDREN : random_between(2, 6);

        struct run *run = run_mux(children, lengths[i], given_nothing());

        expect_all(run, children);
        expect_calls(run, "fork", children);
    }
}

CHECK(short_records_go_in_one_write, 1,
      HINT("How many calls of write does one record take, and what may happen between two of them?")
      HINT("PIPE_BUF is a promise about one write, not about one process.")
      HINT("Who decides when stdio writes, and how much?"))
{
    const int lengths[] = {random_between(100, 1000), 4095};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct run *run = run_mux(4, lengths[i], given(given_kept_pipes(), given_small_pipes()));

        const struct call *odd = write_of_another_size(run, lengths[i]);
        struct counts seen = count_records(came_through_pipe(run), 4, lengths[i]);
        suspect_if(odd != NULL && odd->result < lengths[i] && seen.torn > 0,
                   "writes-always-atomic");
        look_at(odd);
        expect_that(run, odd == NULL, FINDING_LOST_MESSAGE,
                    "A record of %d bytes has to go into the pipe in one write; here one took %d. "
                    "Between two writes of one child another child may write: %d records came out "
                    "torn this time.",
                    lengths[i], odd != NULL ? (int)odd->result : 0, seen.torn);
        suspect(NULL);
        look_at(NULL);
        expect_all(run, 4);
    }
}

CHECK(any_split_is_put_together, 1,
      HINT("How many bytes does read promise to give?")
      HINT("The pipe doesn't know where a record ends. Who does?")
      HINT("What do you do with half a record?"))
{
    int length = random_between(50, 300);

    struct run *run = run_mux(2, length, given(given_kept_pipes(), given_short_reads()));

    struct text stream = came_through_pipe(run);
    struct counts seen = count_records(stream, 2, length);
    struct text report = stdout_of(run);
    suspect_if(stream.length == 2 * RECORDS * (size_t)length && seen.torn == 0 && was_hit(run),
               "one-read-one-message");
    expect_that(
        run, text_equal(report, report_of(&seen)) || stream.length == 0, FINDING_SHORT_IO_IGNORED,
        "The reads gave the records of %d bytes in smaller pieces (as they may). %d of them "
        "came out of the pipe torn; the program says:\n%s",
        length, seen.torn, report.length > 0 ? report.bytes : "nothing");
    suspect(NULL);
    expect_all(run, 2);
}

CHECK(longer_records_stay_whole, 2,
      HINT("Up to which size does the kernel keep the bytes of one write together?")
      HINT("A writer that finds no room sleeps in the middle of its record. Who writes meanwhile?")
      HINT("How can the children agree on who is next?"))
{
    const int lengths[] = {4097, random_between(5000, 9000), 20000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int children = i == 2 ? 2 : random_between(3, 5);
        struct run *run =
            run_mux(children, lengths[i], given(given_kept_pipes(), given_small_pipes()));

        struct text stream = came_through_pipe(run);
        struct counts seen = count_records(stream, children, lengths[i]);
        int started = started_before_reading(run);
        expect_that(run, started >= children || stream.length == 0, FINDING_MISSING_CALL,
                    "When the first byte was taken out of the pipe, %d of the %d children had been "
                    "started. All are to be at work at the same time.",
                    started, children);
        suspect_if(!take_turns(run) && longest_write(run) <= PIPE_BUF, "pipe-buf-is-capacity");
        suspect_if(!take_turns(run) && longest_write(run) > PIPE_BUF, "writes-always-atomic");
        expect_that(
            run, seen.torn == 0, FINDING_LOST_MESSAGE,
            "%d children, records of %d bytes, a pipe with little room: %d records came out "
            "of the pipe torn. The first is at byte %zu: it begins with %c, and other bytes "
            "are in it. The longest write asked for %d bytes; PIPE_BUF is %d.",
            children, lengths[i], seen.torn, seen.first_torn,
            seen.torn > 0 ? stream.bytes[seen.first_torn] : ' ', longest_write(run), PIPE_BUF);
        suspect(NULL);
        expect_all(run, children);
    }
}

CHECK(interruptions_lose_nothing, 1,
      HINT("write has returned 3000, and the record has 5000 bytes. Where are the other 2000?")
      HINT("And when it returns -1 with EINTR: how many has it written?")
      HINT("Every call that can block can be interrupted; also the ones with which you take turns."))
{
    int length = random_between(4097, 5000);
    size_t wanted = 2 * RECORDS * (size_t)length;

    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write wait poll fcntl semop")
    {
        expect_all(run_mux(2, length, fault), 2);
    }
    struct run *run = run_mux(2, length, given(given_kept_pipes(), given_short_writes()));

    struct text stream = came_through_pipe(run);
    bool torn = count_records(stream, 2, length).torn > 0;
    suspect_if(torn && stream.length < wanted && was_hit(run), "partial-write-ignored");
    expect_that(
        run, stream.length == wanted || !torn, FINDING_LOST_MESSAGE,
        "Some writes took only a part of their record (as they may), and the rest was lost: "
        "%zu of %zu bytes came out of the pipe.",
        stream.length, wanted);
    suspect(NULL);
    expect_all(run, 2);
}

/* With a child that fails, what is printed is what came out of the pipe. */
static void expect_true_counts(void)
{
    int length = random_between(500, 4096), nth = random_between(2, 3 * RECORDS - 50);

    struct run *run =
        run_mux(3, length, given(given_kept_pipes(), given_failing("write", nth, EIO)));

    struct counts seen = count_records(came_through_pipe(run), 3, length);
    struct text report = stdout_of(run);
    expect_that(run, was_hit(run), FINDING_MISSING_CALL,
                "`mux 3 %d` never made call %d of write, which was to fail here.", length, nth);
    expect_that(run, text_equal(report, report_of(&seen)), FINDING_WRONG_OUTPUT,
                "One child's write was made to fail (EIO). What came out of the pipe is\n%sand the "
                "program says\n%s",
                report_of(&seen).bytes, report.length > 0 ? report.bytes : "nothing");
    expect_stderr_contains(run, "write");
    expect_that(
        run, exit_status_of(run) == 1, FINDING_WRONG_STATUS,
        "One child's write was made to fail (EIO), and not all its records came. The program "
        "printed the true numbers and ended with status %d, as if all were well.",
        exit_status_of(run));
}

CHECK(failures_are_counted_and_reported, 1,
      HINT("A child can fail in the middle of its work. What does the parent see of it?")
      HINT("Print what you have counted, not what you have asked for; and what does the status say?")
      HINT("When fork fails for the third child, the first two are already at work. What ends them?"))
{
    expect_true_counts();
    EACH_FAULT(fault, FAULT_FAILS, "pipe fork read write memory")
    {
        struct run *run = run_mux(4, 4096, fault);
        expect_fault_told(run, NULL);
        expect_fault_named(run);
    }
}

CHECK(refuses_wrong_arguments, 1,
      HINT("What does your conversion return for \"12x\", for \"\", for a word?")
      HINT("The limits themselves are allowed.")
      HINT("Wrong usage has an exit status of its own."))
{
    const char *const wrong[][2] = {
        {"0",   "10"   },
        {"17",  "10"   },
        {"2",   "0"    },
        {"2",   "20001"},
        {"2x",  "10"   },
        {"2",   "10 "  },
        {"two", "10"   },
        {"-1",  "10"   },
        {"",    "10"   }
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = run_program("mux", args(wrong[i][0], wrong[i][1]), given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
    expect_exit(run_program("mux", args("3"), given_nothing()), 2);
    expect_exit(run_program("mux", args("3", "10", "1"), given_nothing()), 2);
    expect_all(run_mux(1, 1, given_nothing()), 1);
    expect_all(run_mux(MOST_CHILDREN, 20000, given_nothing()), MOST_CHILDREN);
}
