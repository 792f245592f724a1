/*
 * 4-keepopen.c - the checks of 4.4: both ends of a FIFO in one process. The clients are the kit's
 * probe fifohand, which also sees to it that keepopen is never alone in the world: whoever waits
 * for a partner waits, and does not hang.
 */
#include "../exercise.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

EXERCISE("A FIFO that does not end");

struct server {
    struct run *run;
    struct peer *client;
    bool alive;   /* when everybody waited last */
    int sleeping; /* then: the index of the call that it slept in; -1: it is not known, or none */
};

static void watch(struct server *server)
{
    wait_until_idle(server->run);
    const struct call *call = call_in_progress(server->run, 1);
    server->alive = record_of(server->run)->processes[0].ended_us < 0;
    server->sleeping =
        server->alive && call != NULL ? (int)(call - record_of(server->run)->calls) : -1;
}

/* keepopen with a FIFO "f" and a client that has not opened it; everybody waits. */
static struct server start_server(struct given *given)
{
    struct server server = {0};
    server.run = start_program("keepopen", args("f"),
                               given(given_fifo("f", 0600), given_watched_io(), given));
    server.client =
        start_peer(server.run, probe("fifohand"), no_args(), given_input_held_open(text_of("")));
    watch(&server);
    return server;
}

/* Ends it from outside: nothing else would, and what a check has to say it has seen by now. */
static void stop_it(struct server *server)
{
    allow_death_by_signal(server->run);
    if (record_of(server->run)->processes[0].ended_us < 0)
        send_signal(server->run, 1, SIGKILL);
    finish_run(server->run);
}

/* What it slept in when everybody waited last, or else the last call of its that failed. When the
 * run is over, with its line; NULL: none is known. */
static const struct call *telling_call(const struct server *server)
{
    const struct record *record = record_of(server->run);
    if (server->sleeping >= 0)
        return &record->calls[server->sleeping];
    for (size_t i = record->n_calls; i-- > 0 && !server->alive;)
        if (record->calls[i].process == 0 && record->calls[i].result < 0 &&
            record->calls[i].place.file != NULL && record->calls[i].args[0] != STDERR_FILENO)
            return &record->calls[i];
    return NULL;
}

/* The task asks that this holds: if it does not, the run is over. */
static void need(struct server *server, bool holds)
{
    if (holds)
        return;
    stop_it(server);
    look_at(telling_call(server));
}

/* "It sleeps in openat at keepopen.c:87." What it did when everybody waited last. */
static const char *what_it_does(const struct server *server)
{
    const struct call *call = telling_call(server);
    int status = record_of(server->run)->processes[0].wait_status;
    struct text said = stderr_of(server->run), does = text_of("It waits");

    if (server->alive && call != NULL)
        does = text_format("It sleeps in %s", call->name);
    else if (!server->alive && (status & 127) != 0)
        does = text_format("It was killed by signal %d", status & 127);
    else if (!server->alive)
        does = text_format("It has ended with status %d", status >> 8 & 255);
    if (!server->alive && call != NULL)
        does = text_join(does, text_format("; the last call that failed was %s", call->name));
    if (call != NULL && call->place.file != NULL)
        does = text_join(does, text_format(" at %s:%d", call->place.file, call->place.line));
    if (said.length > 0)
        return text_format("%s. On standard error it said: %s", does.bytes, said.bytes).bytes;
    return text_format("%s.", does.bytes).bytes;
}

static void expect_ready(struct server *server)
{
    struct text came = stdout_of(server->run);
    bool ready = text_equal(came, text_of("ready\n"));

    need(server, ready);
    const struct call *call = telling_call(server);
    bool opens = server->alive && call != NULL && strncmp(call->name, "open", 4) == 0;
    expect_that(
        server->run, ready, opens ? FINDING_HANG : FINDING_WRONG_OUTPUT,
        "Nobody else has the FIFO open, and \"ready\" should be on standard output. %s came. "
        "%s",
        came.length == 0 ? "Nothing" : "Something else", what_it_does(server));
}

/* The client does as told, and everybody waits again. */
static void let_client(struct server *server, struct text orders)
{
    send_to_peer(server->client, orders);
    watch(server);
}

/* Opened in a way that does not wait: if nobody reads, the client ends. */
static struct text client_writes(struct text bytes)
{
    return text_join(text_format("W f\ns %zu\n", bytes.length), bytes);
}

static void expect_alive(struct server *server, const char *when)
{
    need(server, server->alive);
    expect_that(server->run, server->alive, FINDING_WRONG_STATUS,
                "%s it should wait for the next client. %s", when, what_it_does(server));
}

static void expect_echoed(struct server *server, struct text expected)
{
    need(server, text_equal(stdout_of(server->run), expected));
    expect_stdout(server->run, expected);
}

CHECK(ready_without_a_partner, 1,
      HINT("Which of the two opens waits, and for what? What makes it not wait?")
      HINT("In which order is there somebody at the other side when you open the second time?")
      HINT("With O_NONBLOCK one direction succeeds when nobody is there, and the other fails."))
{
    struct server server = start_server(NULL);

    suspect_if(saw_failure(server.run, "open", ENXIO), "fifo-nonblock-enxio");
    expect_ready(&server);
    suspect(NULL);
    stop_it(&server);
}

/* The first open of the FIFO for both directions; NULL: none. */
static const struct call *open_for_both(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        bool opens = strncmp(call->name, "open", 4) == 0 && call->process == 0 &&
                     call->object >= 0 && record->objects[call->object].kind == OBJECT_FIFO;
        int flags = (int)call->args[strcmp(call->name, "open") == 0 ? 1 : 2];
        if (opens && (flags & O_ACCMODE) == O_RDWR && call->result >= 0)
            return call;
    }
    return NULL;
}

/* Descriptors of keepopen on the FIFO that read (or write), at the last snapshot. */
static int count_ends(struct run *run, bool writes, const struct descriptor **one)
{
    const struct record *record = record_of(run);
    int count = 0;
    for (size_t i = 0; i < record->n_descriptors; i++) {
        const struct descriptor *descriptor = &record->descriptors[i];
        bool fifo = record->objects[descriptor->object].kind == OBJECT_FIFO;
        if (descriptor->process != 0 || !fifo || !(writes ? descriptor->writes : descriptor->reads))
            continue;
        *one = descriptor;
        count++;
    }
    return count;
}

CHECK(one_descriptor_each_way, 2,
      HINT("What does POSIX say that O_RDWR does to a FIFO?")
      HINT("How many descriptors do you hold when both opens have succeeded?")
      HINT("Look at /proc/PID/fd and /proc/PID/fdinfo while it waits."))
{
    struct server server = start_server(NULL);
    const struct descriptor *reader = NULL, *writer = NULL;
    need(&server, open_for_both(server.run) == NULL);
    const struct call *both = open_for_both(server.run);

    suspect_if(both != NULL, "fifo-rdwr-portable");
    look_at(both);
    expect_that(server.run, both == NULL, FINDING_FORBIDDEN_CALL,
                "The FIFO was opened for both directions at once (O_RDWR).");
    suspect(NULL);
    expect_ready(&server);
    int reading = count_ends(server.run, false, &reader);
    int writing = count_ends(server.run, true, &writer);
    bool one_each = reading == 1 && writing == 1 && reader != writer;
    stop_it(&server);
    expect_that(server.run, one_each, FINDING_DESCRIPTOR_LEAK,
                "While it waits it holds %d descriptor%s that can read the FIFO and %d that can "
                "write it; the task asks for one of each.",
                reading, reading == 1 ? "" : "s", writing);
}

/* Did it do to its writing end what is for the reading one? */
static bool took_one_for_the_other(struct run *run, const struct descriptor *writer)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls && writer != NULL; i++) {
        const struct call *call = &record->calls[i];
        bool changes = strcmp(call->name, "fcntl") == 0 && call->args[1] == F_SETFL;
        bool mine = call->process == 0 && (int)call->args[0] == writer->fd;
        if (mine && (changes || strncmp(call->name, "read", 4) == 0))
            return true;
    }
    return false;
}

CHECK(the_reading_end_waits, 1,
      HINT("Which descriptor did you change, and which one do you read from?")
      HINT("O_NONBLOCK can be taken back when the descriptor is open.")
      HINT("How many numbers can one variable hold?"))
{
    struct server server = start_server(NULL);
    const struct descriptor *reader = NULL, *writer = NULL;

    suspect_if(saw_failure(server.run, "read", EBADF), "fifo-double-open-loses-fd");
    expect_alive(&server, "When nothing has come yet,");
    expect_ready(&server);
    count_ends(server.run, false, &reader);
    count_ends(server.run, true, &writer);
    bool waits = reader != NULL && !reader->nonblocking;
    int fd = reader != NULL ? reader->fd : -1;
    suspect_if(!waits && took_one_for_the_other(server.run, writer), "fifo-double-open-loses-fd");
    need(&server, waits);
    expect_that(server.run, waits, FINDING_WRONG_OUTPUT,
                "While it waits, descriptor %d, which reads the FIFO, %s.", fd,
                fd >= 0 ? "still has O_NONBLOCK" : "is not there");
    suspect(NULL);
    let_client(&server, client_writes(text_of("x")));
    expect_echoed(&server, text_of("ready\nx"));
    stop_it(&server);
}

CHECK(stays_when_writers_go, 2,
      HINT("When does read of a FIFO return 0?")
      HINT("Who has the FIFO open to write when the last client has gone?")
      HINT("What does your program do between two clients, and what does it cost?"))
{
    struct server server = start_server(NULL);
    struct text expected = text_of("ready\n");

    for (int client = random_between(3, 4); client > 0; client--) {
        struct text bytes = random_bytes((size_t)random_between(1, 5000));
        expected = text_join(expected, bytes);
        let_client(&server, client_writes(bytes));
        expect_alive(&server, "When a client has written,");
        expect_echoed(&server, expected);
        let_client(&server, text_of("c W\n"));
        suspect_if(!server.alive, "fifo-server-sees-eof-and-quits");
        expect_alive(&server, "When the last client has gone,");
        suspect(NULL);
    }
    expect_still_idle(server.run);
    stop_it(&server);
}

/* A client writes that many bytes and goes. */
static void expect_echo(struct given *given, size_t length)
{
    struct server server = start_server(given);
    struct text bytes = random_bytes(length), all = text_join(text_of("ready\n"), bytes);

    let_client(&server, text_join(client_writes(bytes), text_of("c W\n")));

    suspect_if(server.alive && stdout_of(server.run).length < all.length, "partial-write-ignored");
    suspect_if(saw_given_up(server.run, "read") || saw_given_up(server.run, "poll") ||
                   saw_given_up(server.run, "write"),
               "eintr-not-handled");
    expect_alive(&server, "When the client has gone,");
    expect_echoed(&server, all);
    suspect(NULL);
    stop_it(&server);
}

CHECK(every_byte_is_echoed, 1,
      HINT("What does it mean when write returns less than you asked for?")
      HINT("A call that a signal has interrupted may be made again.")
      HINT("The bytes may hold anything, NUL included. Who says how many they are?"))
{
    expect_echo(NULL, (size_t)random_between(200000, 300000));
    scene("Writes take only a part of what they are given, as they may.");
    expect_echo(given_short_writes(), 20000);
    scene(NULL);
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "open read write poll")
    {
        expect_echo(fault, 300);
    }
}

/* The signal comes, everybody waits again, and it should be gone. */
static void expect_end(struct server *server, int signal, const char *situation)
{
    send_signal(server->run, 1, signal);
    watch(server);

    need(server, !server->alive);
    expect_that(server->run, !server->alive, FINDING_HANG, "%s came %s, and it goes on. %s",
                signal == SIGTERM ? "SIGTERM" : "SIGINT", situation, what_it_does(server));
    expect_exit(server->run, 0);
}

CHECK(ends_when_told, 2,
      HINT("What does a signal do to a process that has made no arrangements for it?")
      HINT("What is to be done between the signal and the end, and where: in the handler?")
      HINT("How can a program take out of the FIFO what is there, and not wait for more?"))
{
    struct server server = start_server(NULL);
    expect_ready(&server);
    expect_end(&server, SIGTERM, "while it waited for bytes");

    server = start_server(NULL);
    let_client(&server, client_writes(text_of("hello\n")));
    expect_end(&server, SIGINT, "while a client had the FIFO open and said nothing");
    expect_stdout(server.run, text_of("ready\nhello\n"));
}

CHECK(nothing_is_left_in_the_fifo, 1,
      HINT("Where are the bytes that the clients have written and that are not on standard output?")
      HINT("A program that is busy with one thing hears of a signal as well.")
      HINT("Was the FIFO empty when you left?"))
{
    struct server server = start_server(given_unread_output());
    struct text bytes = random_bytes(70000), wanted = text_join(text_of("ready\n"), bytes);
    /* More than standard output takes; then, as it is busy with these, some more. */
    let_client(&server, client_writes(text_slice(bytes, 0, 66000)));
    let_client(&server, text_join(text_of("s 4000\n"), text_slice(bytes, 66000, 70000)));
    send_signal(server.run, 1, SIGTERM);
    watch(&server);

    resume_reading(server.run);
    watch(&server);

    struct text came = stdout_of(server.run);
    need(&server, !server.alive);
    expect_that(
        server.run, came.length == wanted.length, FINDING_LOST_MESSAGE,
        "Standard output took nothing for a while, and SIGTERM came meanwhile. %zu bytes had "
        "been written into the FIFO before; %zu bytes came out, \"ready\" included. %s",
        bytes.length, came.length, what_it_does(&server));
    expect_that(server.run, !server.alive, FINDING_HANG,
                "SIGTERM came while it was writing, and it goes on when that is done. %s",
                what_it_does(&server));
    expect_exit(server.run, 0);
    expect_stdout(server.run, wanted);
}

CHECK(failed_calls_are_reported, 1,
      HINT("Which of your calls can return -1? All of them.")
      HINT("The second open can fail although the first did not.")
      HINT("Is everything that can be opened a FIFO?"))
{
    EACH_FAULT(fault, FAULT_FAILS, "open read write")
    {
        struct server server = start_server(fault);
        let_client(&server, text_of("R f\nW f\ns 1\nx"));
        bool alive = server.alive;
        stop_it(&server);
        expect_that(server.run, alive || saw_fault(server.run), FINDING_WRONG_STATUS,
                    "Nothing was made to fail, and `keepopen` has ended. %s",
                    what_it_does(&server));
        suspect_if(stderr_of(server.run).length == 0, "ignore-return-values");
        expect_that(server.run, !alive || !saw_fault(server.run), FINDING_UNCHECKED_ERROR,
                    "The task asks for an end then, and `keepopen` did not end. %s",
                    what_it_does(&server));
        if (!alive)
            expect_fault_told(server.run, NULL);
        suspect(NULL);
    }
    struct run *run = run_program("keepopen", args("none"), given_nothing());
    expect_exit(run, 1);
    expect_stderr_contains(run, strerror(ENOENT));
    run = run_program("keepopen", args("file"), given_file("file", random_lines(2)));
    expect_that(run, exit_status_of(run) == 1 && stderr_of(run).length > 0, FINDING_UNCHECKED_ERROR,
                "PATH was an ordinary file. The task asks for exit status 1 and a reason; the "
                "status was %d.",
                exit_status_of(run));
}

CHECK(refuses_wrong_arguments, 1,
      HINT("How many arguments are there?")
      HINT("Wrong usage has an exit status of its own.")
      HINT("Nothing should be opened before that is clear."))
{
    struct run *run = run_program("keepopen", no_args(), given_nothing());
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    run = run_program("keepopen", args("none", "none"), given_nothing());
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    struct server server = start_server(NULL);
    expect_ready(&server);
    stop_it(&server);
}
