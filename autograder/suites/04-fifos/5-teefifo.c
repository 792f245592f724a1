/*
 * 5-teefifo.c - the checks of 4.5: one stream, two readers. The kit reads standard output; the
 * other reader is its probe fifohand.
 */
#include "../exercise.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

EXERCISE("One stream, two readers");

struct tee {
    struct run *run;
    struct peer *reader;
};

/* teefifo with a FIFO "f" that nobody has open; everybody waits. */
static struct tee start_tee(struct given *given)
{
    struct tee tee = {0};
    tee.run = start_program("teefifo", args("f"), given(given_fifo("f", 0600), given));
    tee.reader =
        start_peer(tee.run, probe("fifohand"), no_args(), given_input_held_open(text_of("")));
    wait_until_idle(tee.run);
    return tee;
}

/* teefifo is in its open by now, so the reader finds a writer. It opens without waiting all the
 * same, for the sake of programs that are not. */
static void let_reader(struct tee *tee, const char *orders)
{
    send_to_peer(tee->reader, text_of(orders));
}

static bool is_alive(const struct tee *tee)
{
    return record_of(tee->run)->processes[0].ended_us < 0;
}

/* Both have the same; end: 0, or 3 when a reader has gone. */
static void expect_both(struct tee *tee, struct text bytes)
{
    finish_run(tee->run);
    expect_exit(tee->run, 0);
    expect_stdout(tee->run, bytes);
    struct text came = stdout_of_peer(tee->reader);
    expect_that(tee->run, text_equal(came, bytes), FINDING_LOST_MESSAGE,
                "Of %zu bytes the reader of the FIFO got %zu%s.", bytes.length, came.length,
                came.length == bytes.length ? ", and not the same ones" : "");
}

CHECK(both_get_every_byte, 2,
      HINT("The bytes may hold anything, NUL and half a line included.")
      HINT("What read gives once has to be written twice.")
      HINT("A write may take less than you gave. What of the rest, for this reader and for the other?"))
{
    const size_t sizes[] = {0, 3000, (size_t)random_between(200000, 300000)};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct text bytes = random_bytes(sizes[i]);
        struct tee tee = start_tee(given_input(bytes));
        let_reader(&tee, "R f\nd\n");
        finish_run(tee.run);
        size_t came = stdout_of(tee.run).length;
        suspect_if(came < bytes.length && came == strnlen(bytes.bytes, bytes.length),
                   "read-not-nul-terminated");
        expect_both(&tee, bytes);
        suspect(NULL);
    }
}

CHECK(waits_for_its_reader, 1,
      HINT("What does open of a FIFO do when nobody has it open at the other side?")
      HINT("Which of the two comes first: the open, or the first read?")
      HINT("Bytes that are on standard output already cannot be taken back."))
{
    struct text bytes = random_bytes((size_t)random_between(1, 3000));

    struct tee tee = start_tee(given_input(bytes));

    struct text early = stdout_of(tee.run);
    expect_that(tee.run, early.length == 0, FINDING_WRONG_OUTPUT,
                "Nobody had opened the FIFO to read, and %zu bytes were on standard output.",
                early.length);
    expect_still_idle(tee.run);
    let_reader(&tee, "R f\nd\n");
    suspect_if(saw_failure(tee.run, "open", ENXIO), "fifo-nonblock-enxio");
    expect_both(&tee, bytes);
    suspect(NULL);
}

CHECK(passes_on_what_it_has, 1,
      HINT("How many bytes does read promise to give?")
      HINT("The program does not know whether more will come. For whom is it waiting?")
      HINT("Who decides when stdio writes, and how much?"))
{
    struct text first = random_bytes((size_t)random_between(1, 500)), second = random_bytes(100);
    struct tee tee = start_tee(given_input_held_open(first));
    let_reader(&tee, text_format("R f\ng %zu\nd\n", first.length).bytes);

    wait_until_idle(tee.run);

    struct text out = stdout_of(tee.run), fifo = stdout_of_peer(tee.reader);
    expect_that(
        tee.run, text_equal(out, first) && text_equal(fifo, first), FINDING_WRONG_OUTPUT,
        "%zu bytes came on standard input, and more may come later. By the time that "
        "everybody sleeps both readers should have them; standard output has %zu bytes, the "
        "reader of the FIFO %zu.",
        first.length, out.length, fifo.length);
    send_input(tee.run, second);
    close_input(tee.run);
    expect_both(&tee, text_join(first, second));
}

CHECK(the_slower_sets_the_pace, 1,
      HINT("What does write do when the FIFO is full?")
      HINT("What does it do that waits: sleep in one call, or look again and again?")
      HINT("A reader that does not read now has not gone."))
{
    struct text bytes = random_bytes(400000);
    struct tee tee = start_tee(given_input(bytes));
    scene("The reader of the FIFO does not read for a while.");
    let_reader(&tee, "R f\n");
    wait_until_idle(tee.run);
    expect_still_idle(tee.run);
    let_reader(&tee, "d\n");
    expect_both(&tee, bytes);

    tee = start_tee(given(given_input(bytes), given_unread_output()));
    scene("Standard output is not read for a while.");
    let_reader(&tee, "R f\nd\n");
    wait_until_idle(tee.run);
    expect_still_idle(tee.run);
    resume_reading(tee.run);
    expect_both(&tee, bytes);
}

CHECK(pieces_and_interruptions, 1,
      HINT("What does it mean when write returns less than you asked for?")
      HINT("A call that a signal has interrupted may be made again.")
      HINT("Which calls can block here? The first of them comes before any read."))
{
    struct text bytes = random_bytes(20000);
    struct tee tee =
        start_tee(given(given_input(bytes), given_short_writes(), given_short_reads()));
    let_reader(&tee, "R f\nd\n");
    finish_run(tee.run);
    suspect_if(exit_status_of(tee.run) == 0, "partial-write-ignored");
    expect_both(&tee, bytes);
    suspect(NULL);

    bytes = random_bytes(500);
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "open read write")
    {
        tee = start_tee(given(given_input(bytes), fault));
        let_reader(&tee, "R f\nd\n");
        finish_run(tee.run);
        expect_both(&tee, bytes);
    }
}

/* One reader has gone: status 3, and a word. */
static void expect_three(struct tee *tee)
{
    expect_exit(tee->run, 3);
    expect_that(tee->run, stderr_of(tee->run).length > 0, FINDING_WRONG_OUTPUT,
                "A reader had gone, and standard error doesn't say so.");
}

CHECK(outlives_the_reader_of_the_fifo, 2,
      HINT("What does write do to a FIFO that nobody has open to read any more?")
      HINT("There is one more who wants the bytes.")
      HINT("Which exit status says that not everybody has got everything?"))
{
    struct text bytes = random_bytes(300000);
    struct tee tee = start_tee(given_input(bytes));

    scene("The reader of the FIFO goes in the middle.");
    let_reader(&tee, text_format("R f\ng %d\nc R\n", random_between(1, 60000)).bytes);
    finish_run(tee.run);

    struct text came = stdout_of(tee.run);
    suspect_if(exit_status_of(tee.run) == 128 + SIGPIPE, "sigpipe-ignored-knowledge");
    expect_that(tee.run, came.length == bytes.length, FINDING_LOST_MESSAGE,
                "Of %zu bytes %zu came out of standard output, and the status was %d.",
                bytes.length, came.length, exit_status_of(tee.run));
    expect_stdout(tee.run, bytes);
    expect_three(&tee);
    suspect(NULL);
}

CHECK(outlives_standard_output, 1,
      HINT("Standard output can lose its reader as well. What of the FIFO then?")
      HINT("When both have gone: for whom would the rest of the input be read?")
      HINT("Is the first write that fails the end of the program?"))
{
    struct text bytes = random_bytes(300000);
    struct tee tee = start_tee(given(given_input(bytes), given_no_reader()));
    scene("Standard output has no reader.");
    let_reader(&tee, "R f\nd\n");
    finish_run(tee.run);
    struct text came = stdout_of_peer(tee.reader);
    expect_that(tee.run, text_equal(came, bytes), FINDING_LOST_MESSAGE,
                "Of %zu bytes %zu came out of the FIFO, and the status was %d.", bytes.length,
                came.length, exit_status_of(tee.run));
    expect_three(&tee);
}

CHECK(ends_when_both_have_gone, 1,
      HINT("For whom would the rest of the input be read?")
      HINT("What does each of the two writes return, and what do you remember of it?")
      HINT("The input may stay open for hours."))
{
    struct tee tee = start_tee(given(given_input_held_open(random_bytes(100)), given_no_reader()));
    scene("Standard output has no reader, that of the FIFO goes, and the input stays open.");
    let_reader(&tee, "R f\nc R\n");
    wait_until_idle(tee.run);
    for (int i = 0; i < 2 && is_alive(&tee); i++) { /* the first block may have found a reader */
        send_input(tee.run, random_bytes(100));
        wait_until_idle(tee.run);
    }

    bool ended = !is_alive(&tee);
    close_input(tee.run);
    finish_run(tee.run);

    expect_that(tee.run, ended, FINDING_HANG,
                "More bytes came after that, and it went on reading: it waited for more.");
    expect_three(&tee);
}

CHECK(failed_calls_are_reported, 1,
      HINT("Which of your calls can return -1? All of them.")
      HINT("Which flags of open make a file, or empty it? Do you need any of them?")
      HINT("EPIPE is one reason for which write fails. There are others."))
{
    struct text bytes = random_bytes(100);
    EACH_FAULT(fault, FAULT_FAILS, "open read write memory")
    {
        struct tee tee = start_tee(given(given_input(bytes), fault));
        let_reader(&tee, "R f\nd\n");
        finish_run(tee.run);
        if (!saw_fault(tee.run))
            expect_both(&tee, bytes);
        suspect_if(stderr_of(tee.run).length == 0, "ignore-return-values");
        expect_fault_told(tee.run, NULL);
        suspect(NULL);
    }
    scene("The path is that of an ordinary file.");
    struct text content = random_lines(3);
    struct run *run = run_program("teefifo", args("file"),
                                  given(given_file("file", content), given_input(random_bytes(9))));
    expect_that(run, text_equal(read_in_cell(run, "file"), content), FINDING_FORBIDDEN_CALL,
                "The file is not what it was.");
    expect_exit(run, 1);
    scene("There is nothing at that path.");
    run = run_program("teefifo", args("none"), given_input(random_bytes(9)));
    struct stat status;
    expect_that(run, !stat_in_cell(run, "none", &status), FINDING_FORBIDDEN_CALL,
                "Now there is a file.");
    expect_exit(run, 1);
    expect_stderr_contains(run, strerror(ENOENT));
}

CHECK(refuses_wrong_arguments, 1,
      HINT("How many arguments are there?")
      HINT("Wrong usage has an exit status of its own.")
      HINT("Nothing should be opened before that is clear."))
{
    struct run *run = run_program("teefifo", no_args(), given_nothing());
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    run = run_program("teefifo", args("none", "none"), given_nothing());
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    struct text bytes = random_bytes(10);
    struct tee tee = start_tee(given_input(bytes));
    let_reader(&tee, "R f\nd\n");
    expect_both(&tee, bytes);
}
