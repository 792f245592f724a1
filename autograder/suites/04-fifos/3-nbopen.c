/*
 * 3-nbopen.c - the checks of 4.3: open without waiting. The partner is the kit's probe fifohand; it
 * is the first program of the run, so that it is there before nbopen looks.
 */
#include "../exercise.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

EXERCISE("Is anybody there?");

/* A FIFO "f" in whose presence the hand has done these orders, and nothing moves. */
static struct run *set_scene(const char *words, struct text orders, struct given *given)
{
    scene("%s", words);
    struct run *run = start_program(
        probe("fifohand"), no_args(),
        given(given_input_held_open(orders), given_fifo("f", 0600), given_watched_io(), given));
    wait_until_idle(run);
    return run;
}

/* " in read at nbopen.c:70" */
static const char *where_of(const struct call *call)
{
    if (call == NULL)
        return "";
    if (call->place.file == NULL)
        return text_format(" in %s", call->name).bytes;
    return text_format(" in %s at %s:%d", call->name, call->place.file, call->place.line).bytes;
}

/* Runs nbopen in that scene; the partner does nothing meanwhile, so whoever waits waits for ever.
 */
static struct peer *ask(struct run *run, const char *direction)
{
    struct peer *nbopen = start_peer(run, "nbopen", args(direction, "f"), given_nothing());
    wait_until_idle(run);

    int number = number_of_peer(nbopen);
    const struct call *call = call_in_progress(run, number);
    ptrdiff_t index = call != NULL ? call - record_of(run)->calls : -1;
    bool ended = record_of(run)->processes[number - 1].ended_us >= 0;
    finish_run(run);
    if (index >= 0)
        look_at(call = &record_of(run)->calls[index]);
    expect_that(run, ended, FINDING_HANG,
                "`nbopen %s f` waits%s, and its partner has nothing more to do. The task asks that "
                "it never waits.",
                direction, where_of(call));
    look_at(NULL);
    return nbopen;
}

/* The first open of that FIFO for both directions, by the learner's program; NULL: none. */
static const struct call *open_for_both(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        bool opens = strncmp(call->name, "open", 4) == 0 && call->place.file != NULL;
        int flags = (int)call->args[strcmp(call->name, "open") == 0 ? 1 : 2];
        if (opens && (flags & O_ACCMODE) == O_RDWR && call->result >= 0)
            return call;
    }
    return NULL;
}

static void expect_one_direction(struct run *run)
{
    const struct call *both = open_for_both(run);
    suspect_if(both != NULL, "fifo-rdwr-portable");
    look_at(both);
    expect_that(run, both == NULL, FINDING_FORBIDDEN_CALL,
                "The FIFO was opened for both directions at once. Then the program is its own "
                "partner, and what it finds is itself.");
    look_at(NULL);
    suspect(NULL);
}

/* The first write of the learner's program into a FIFO; NULL: none. */
static const struct call *write_into_fifo(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (strncmp(call->name, "write", 5) == 0 && call->object >= 0 &&
            record->processes[call->process].own_program &&
            record->objects[call->object].kind == OBJECT_FIFO)
            return call;
    }
    return NULL;
}

static struct text data_line(struct text bytes)
{
    return text_format("data %zu %08x\n", bytes.length, crc32_of(bytes));
}

CHECK(a_writer_without_reader_is_told, 1,
      HINT("What could the kernel do with bytes that nobody will ever read?")
      HINT("Look up what open says, in the ERRORS of open(2), when nobody has the FIFO open to read.")
      HINT("Which of the reasons for which open can fail is an answer here, and no failure?"))
{
    const char *const scenes[][2] = {
        {"Nobody has the FIFO open.",                            ""          },
        {"A reader had the FIFO open, and has closed it again.", "R f\nc R\n"}
    };
    for (size_t i = 0; i < 2; i++) {
        struct run *run = set_scene(scenes[i][0], text_of(scenes[i][1]), NULL);

        struct peer *nbopen = ask(run, "w");

        expect_one_direction(run);
        suspect_if(saw_failure(run, "open", ENXIO), "fifo-nonblock-enxio");
        expect_peer_exit(nbopen, 0);
        expect_peer_stdout(nbopen, text_of("no-reader\n"));
        suspect(NULL);
    }
}

CHECK(a_writer_with_reader_opens, 1,
      HINT("Who decides whether somebody is there: your program, or open?")
      HINT("A reader is there as long as somebody holds the FIFO open to read.")
      HINT("Does anything have to be written to find out?"))
{
    struct run *run = set_scene("A reader has the FIFO open.", text_of("R f\n"), NULL);

    struct peer *nbopen = ask(run, "w");

    expect_peer_exit(nbopen, 0);
    expect_peer_stdout(nbopen, text_of("opened\n"));
    expect_one_direction(run);
    const struct call *written = write_into_fifo(run);
    look_at(written);
    expect_that(run, written == NULL, FINDING_WRONG_OUTPUT,
                "`nbopen w f` wrote into the FIFO: its reader takes that for a message.");
}

CHECK(no_writer_is_end_of_file, 1,
      HINT("open to read succeeds here. What does the first read return?")
      HINT("It is the same as after the last writer has gone.")
      HINT("Is there anybody who could still change the answer?"))
{
    bool alone = random_below(2);
    struct run *run = set_scene(alone ? "Nobody has the FIFO open."
                                      : "The last writer has gone, and the FIFO is empty.",
                                text_of(alone ? "" : "R f\nW f\nc W\n"), NULL);

    struct peer *nbopen = ask(run, "r");

    expect_one_direction(run);
    struct text said = stdout_of_peer(nbopen);
    suspect_if(text_count(said, text_of("again")) > 0 && !saw_failure(run, "read", EAGAIN),
               "eagain-vs-eof");
    expect_peer_exit(nbopen, 0);
    expect_peer_stdout(nbopen, text_of("opened\neof\n"));
}

CHECK(a_silent_writer_is_not_the_end, 2,
      HINT("read returns -1 here. Is that a failure?")
      HINT("Which errno says that there is nothing now, but might be later?")
      HINT("A writer that says nothing is still a writer."))
{
    struct run *run = set_scene("A writer has the FIFO open and writes nothing.",
                                text_of("R f\nW f\nc R\n"), NULL);

    struct peer *nbopen = ask(run, "r");

    suspect_if(saw_failure(run, "read", EAGAIN), "eagain-vs-eof");
    expect_peer_exit(nbopen, 0);
    expect_peer_stdout(nbopen, text_of("opened\nagain\n"));
}

/* The hand leaves bytes in the FIFO, and then stays or goes. */
static struct text leave_bytes(struct text bytes, bool writer_goes)
{
    struct text orders = text_format("R f\nW f\ns %zu\n", bytes.length);
    orders = text_join(orders, bytes);
    return writer_goes ? text_join(orders, text_of("c W\n")) : orders;
}

/* How many bytes it says to have read; 0: none. */
static size_t bytes_reported(struct peer *nbopen)
{
    size_t bytes = 0;
    struct text said = stdout_of_peer(nbopen);
    if (said.length > 0)
        sscanf(said.bytes, "opened data %zu", &bytes);
    return bytes;
}

static void expect_data(struct given *given, struct text bytes, bool writer_goes)
{
    struct run *run =
        set_scene(writer_goes ? "A writer has left bytes in the FIFO, and has closed it."
                              : "A writer has left bytes in the FIFO, and keeps it open.",
                  leave_bytes(bytes, writer_goes), given);

    struct peer *nbopen = ask(run, "r");

    struct text whole = text_join(text_of("opened\n"), data_line(bytes));
    size_t reported = bytes_reported(nbopen);
    struct text wrong_word = text_of(writer_goes ? "\nagain\n" : "\neof\n");
    bool wrong_end = text_count(stdout_of_peer(nbopen), wrong_word) > 0;
    suspect_if(wrong_end && !writer_goes && saw_failure(run, "read", EAGAIN), "eagain-vs-eof");
    suspect_if(reported > 0 && reported < bytes.length, "one-read-one-message");
    suspect_if(reported < bytes.length && reported == strnlen(bytes.bytes, bytes.length),
               "read-not-nul-terminated");
    suspect_if(saw_given_up(run, "read") || saw_given_up(run, "write"), "eintr-not-handled");
    expect_peer_exit(nbopen, 0);
    expect_peer_stdout(nbopen, text_join(whole, text_of(writer_goes ? "eof\n" : "again\n")));
    suspect(NULL);
}

CHECK(reads_what_is_there, 2,
      HINT("One read gives some of the bytes. How do you know that there are no more?")
      HINT("What do the bytes become when their writer goes before anybody has read them?")
      HINT("What is left in the FIFO comes first, and only then is it at its end."))
{
    const int sizes[] = {1, PIPE_BUF + random_between(-1, 1), 65536};
    bool goes = random_below(2);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++, goes = !goes)
        expect_data(NULL, random_bytes((size_t)sizes[i]), goes);
    expect_data(NULL, random_bytes(10), goes);
}

CHECK(pieces_and_interruptions, 1,
      HINT("Bytes may come in as many pieces as they like. What do you print after the first one?")
      HINT("A call that a signal has interrupted has found nothing out.")
      HINT("-1 has three meanings here. Which errno belongs to which?"))
{
    expect_data(given_short_reads(), random_bytes(65536), true);
    expect_data(given_short_reads(), random_bytes(65536), false);
    expect_data(given_short_writes(), random_bytes(30), true);
    bool goes = random_below(2);
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write")
    {
        expect_data(fault, random_bytes(300), goes);
    }
}

/* Status 1, and a reason. */
static void expect_refused(struct run *run, const char *what)
{
    expect_that(run, exit_status_of(run) == 1 && stderr_of(run).length > 0, FINDING_UNCHECKED_ERROR,
                "%s; the task asks for exit status 1 and a reason. The status was %d, and "
                "on standard error stood: %s",
                what, exit_status_of(run),
                stderr_of(run).length > 0 ? stderr_of(run).bytes : "nothing");
}

CHECK(only_a_fifo_will_do, 1,
      HINT("open does not mind what it opens. Which call tells you what you have got?")
      HINT("Which flags of open make a file, or empty it? Do you need any of them?")
      HINT("ENXIO is an answer. Every other errno of open is not."))
{
    struct text content = random_lines(3);
    for (int i = 0; i < 2; i++) {
        const char *direction = i == 0 ? "r" : "w";
        struct run *run =
            run_program("nbopen", args(direction, "file"), given_file("file", content));
        expect_that(run, text_equal(read_in_cell(run, "file"), content), FINDING_FORBIDDEN_CALL,
                    "`nbopen %s file` has changed the file that lay there.", direction);
        expect_refused(run, "PATH was an ordinary file");
        run = run_program("nbopen", args(direction, "folder"), given_folder("folder", 0700));
        expect_refused(run, "PATH was a folder");
        run = run_program("nbopen", args(direction, "none"), given_nothing());
        expect_refused(run, "There was nothing at PATH");
        expect_stderr_contains(run, strerror(ENOENT));
    }
}

/* With a partner that has left some bytes. */
static void expect_told(const char *direction, struct given *fault)
{
    struct run *run = set_scene("A writer has left bytes in the FIFO.",
                                leave_bytes(random_bytes(20), false), fault);

    struct peer *nbopen = ask(run, direction);

    if (!saw_fault(run))
        return;
    bool said = stderr_of_peer(nbopen).length > 0;
    suspect_if(!said, "ignore-return-values");
    expect_that(run, said, FINDING_UNCHECKED_ERROR, "Nothing came on standard error.");
    expect_peer_exit(nbopen, 1);
    suspect(NULL);
}

CHECK(failed_calls_are_reported, 1,
      HINT("Which of your calls can return -1? All of them.")
      HINT("For which errno is -1 an answer, and in which direction?")
      HINT("Also the write by which you give the answer can fail."))
{
    EACH_FAULT(fault, FAULT_FAILS, "open read write")
    {
        expect_told("r", fault);
    }
    EACH_FAULT(fault, FAULT_FAILS, "open write")
    {
        expect_told("w", fault);
    }
    scene("Standard output has no reader.");
    struct run *run =
        run_program("nbopen", args("r", "f"), given(given_fifo("f", 0600), given_no_reader()));
    allow_death_by_signal(run); /* SIGPIPE may end a program that has nothing to clear away */
    expect_that(run, exit_status_of(run) != 0, FINDING_UNCHECKED_ERROR,
                "Nobody could read the answer, and the exit status was 0.");
}

CHECK(refuses_wrong_arguments, 1,
      HINT("How many arguments are there, and which two words may the first one be?")
      HINT("What does your program make of \"rw\", and of an empty word?")
      HINT("Wrong usage has an exit status of its own."))
{
    const char *const wrong[] = {"rw", "", "x", "-r"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = run_program("nbopen", args(wrong[i], "f"), given_fifo("f", 0600));
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
    expect_exit(run_program("nbopen", args("r"), given_nothing()), 2);
    expect_exit(run_program("nbopen", args("r", "f", "f"), given_fifo("f", 0600)), 2);
    struct run *run = run_program("nbopen", args("r", "f"), given_fifo("f", 0600));
    expect_stdout(run, text_of("opened\neof\n"));
}
