/*
 * 2-fifoserv.c - the checks of 4.2: a server with a well-known FIFO.
 *
 * The clients are the kit's: each is a fifohand that has its reply FIFO open to read. As long as
 * one of them lives there may be another request, and a server that waits does not hang.
 */
#include "../exercise.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

EXERCISE("A server that clients find by a name");

enum { TEXT_SIZE = 56, REQUEST_SIZE = 64 };

/* ---- What goes in and out ------------------------------------------------------------------- */

/* 64 bytes; behind the text there is junk. */
static struct text request(int32_t pid, int32_t length, struct text text)
{
    struct text record = random_bytes(REQUEST_SIZE);
    memcpy(record.bytes, &pid, sizeof pid);
    memcpy(record.bytes + sizeof pid, &length, sizeof length);
    memcpy(record.bytes + 2 * sizeof pid, text.bytes, text.length);
    return record;
}

static struct text good_request(int pid, struct text text)
{
    return request(pid, (int32_t)text.length, text);
}

static struct text reply(int number, struct text text)
{
    struct text reversed = text_bytes(text.bytes, text.length);
    for (size_t i = 0; i < text.length; i++)
        reversed.bytes[i] = text.bytes[text.length - 1 - i];
    return text_join(text_format("%d ", number), text_join(reversed, text_of("\n")));
}

/* Printable, so that a message can show it. */
static struct text random_text(void)
{
    struct text text = text_of(random_word());
    return text_join(text, text_slice(text_of(random_word()), 0, random_below(8)));
}

/* ---- Clients and server --------------------------------------------------------------------- */

static const char *reply_name(int pid)
{
    return text_format("desk.%d", pid).bytes;
}

/* Until it waits for its first client, or has ended. Somebody is there all the time who may still
 * become a client. */
static struct run *start_in_any_case(int count, struct given *given)
{
    struct run *run =
        start_program("fifoserv", args("desk", text_format("%d", count).bytes), given);
    start_peer(run, probe("fifohand"), no_args(), given_input_held_open(text_of("")));
    wait_until_idle(run);
    return run;
}

/* A client with its reply FIFO (which given_fifo() has made) open. */
static struct peer *start_client(struct run *run, int pid)
{
    struct text order = text_format("R %s\n", reply_name(pid));
    return start_peer(run, probe("fifohand"), no_args(), given_input_held_open(order));
}

/* Opens the server's FIFO, sends records by one write, and closes it again. */
static void ask(struct peer *client, struct text records)
{
    send_to_peer(client, text_join(text_format("w desk\ns %zu\n", records.length),
                                   text_join(records, text_of("c W\n"))));
}

/* With bytes that do not print as \xHH. */
static const char *shown(struct text text)
{
    struct text line = text_of("");
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.bytes[i];
        bool plain = byte == '\n' || (byte >= ' ' && byte <= '~');
        line = text_join(line, text_format(plain ? "%c" : "\\x%02x", byte));
    }
    return line.length > 0 ? line.bytes : "nothing\n";
}

/* Did the server take the end of file for the end of its work? */
static bool ended_at_end_of_file(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = record->n_calls; i-- > 0;) {
        const struct call *call = &record->calls[i];
        if (call->process == 0 && strcmp(call->name, "read") == 0)
            return call->result == 0;
    }
    return false;
}

static void expect_serving(struct run *run, const char *when)
{
    const struct process *server = &record_of(run)->processes[0];
    bool end_of_file = ended_at_end_of_file(run);

    suspect_if(end_of_file, "fifo-server-sees-eof-and-quits");
    expect_that(run, server->ended_us < 0, FINDING_WRONG_STATUS,
                "The server has ended %s (%s %d), and there are requests left to come.%s On "
                "standard error it said: %s",
                when, WIFSIGNALED(server->wait_status) ? "killed by signal" : "exit status",
                WIFSIGNALED(server->wait_status) ? WTERMSIG(server->wait_status)
                                                 : WEXITSTATUS(server->wait_status),
                end_of_file ? " Its last read gave 0, end of file: at that moment no client had "
                              "the FIFO open."
                            : "",
                shown(stderr_of(run)));
    suspect(NULL);
}

static struct run *start_server(int count, struct given *given)
{
    struct run *run = start_in_any_case(count, given);
    expect_serving(run, "before the first client came");
    return run;
}

/* The wait of the server in a call for a client, if it is in one. */
static const struct wait *wait_for_client(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_threads; i++)
        for (size_t k = 0; k < record->threads[i].n_waits; k++) {
            const struct wait *wait = &record->threads[i].waits[k];
            if (record->threads[i].process == 0 &&
                (wait->kind == WAIT_OPEN || wait->kind == WAIT_WRITE) && wait->object >= 0 &&
                strstr(record->objects[wait->object].label, "desk.") != NULL)
                return wait;
        }
    return NULL;
}

static void expect_not_held_up(struct run *run)
{
    const struct wait *wait = wait_for_client(run);
    suspect("fifo-client-never-reads-dos");
    expect_that(run, wait == NULL, FINDING_HANG,
                "The server waits in %s of %s until the client does something, and meanwhile "
                "nobody else is served.",
                wait != NULL && wait->kind == WAIT_OPEN ? "open" : "write",
                wait != NULL ? record_of(run)->objects[wait->object].label : "");
    suspect(NULL);
}

/* What has come for this client, when all is quiet. */
static struct text replies_to(struct run *run, struct peer *client)
{
    send_to_peer(client, text_of("d\n"));
    wait_until_idle(run);
    return stdout_of_peer(client);
}

static void expect_came(struct run *run, int pid, struct text came, struct text expected)
{
    expect_that(run, text_equal(came, expected), FINDING_WRONG_OUTPUT,
                "The client that reads desk.%d should get:\n%sIt got:\n%s", pid, shown(expected),
                shown(came));
}

static void expect_replies(struct run *run, struct peer *client, int pid, struct text expected)
{
    wait_until_idle(run);
    expect_not_held_up(run);
    expect_came(run, pid, replies_to(run, client), expected);
}

/* The server has done its COUNT requests, while a client is still there. */
static void expect_end(struct run *run)
{
    struct stat status;
    wait_until_idle(run);
    expect_that(run, record_of(run)->processes[0].ended_us >= 0, FINDING_WRONG_STATUS,
                "All COUNT requests have come, and the server has not ended.");
    expect_exit(run, 0);
    expect_that(run, !stat_in_cell(run, "desk", &status), FINDING_OBJECT_LEFT_BEHIND,
                "The server has ended, and its FIFO is still there.");
}

/* ---- Checks --------------------------------------------------------------------------------- */

CHECK(numbers_and_reverses, 2,
      HINT("How long is a request, and how long is its text?")
      HINT("The text may hold any byte. Who says where it ends?")
      HINT("What is left in the directory when the server has ended, and whose is it?"))
{
    int pid = random_between(1, INT_MAX);
    struct text expected = text_of("");
    const int lengths[] = {random_between(2, 55), 0, TEXT_SIZE, 1, random_between(2, 55)};
    struct run *run = start_server(5, given_fifo(reply_name(pid), 0600));
    struct peer *client = start_client(run, pid);
    struct stat status;

    for (int i = 0; i < 5; i++) {
        struct text text = i == 0 ? text_slice(text_join(random_text(), random_text()), 0, 16)
                                  : random_bytes((size_t)lengths[i]);
        if (i == 2)
            text.bytes[random_below(TEXT_SIZE)] = '\0';
        ask(client, good_request(pid, text));
        expected = text_join(expected, reply(i + 1, text));
    }
    expect_replies(run, client, pid, expected);
    expect_end(run);
    expect_stdout(run, text_of(""));
    expect_stderr_empty(run);
    expect_that(run, stat_in_cell(run, reply_name(pid), &status), FINDING_WRONG_OUTPUT,
                "The reply FIFO is the client's, and it is gone.");
}

/* The server holds its own FIFO, and no other. */
static void expect_fifo_kept(struct run *run)
{
    const struct record *record = record_of(run);
    bool kept = false;
    for (size_t i = 0; i < record->n_descriptors; i++) {
        const struct descriptor *at = &record->descriptors[i];
        const struct object *object = &record->objects[at->object];
        if (at->process != 0 || object->kind != OBJECT_FIFO)
            continue;
        bool own = strstr(object->label, "desk.") == NULL;
        kept = kept || (own && at->reads);
        expect_that(run, own, FINDING_DESCRIPTOR_LEAK,
                    "The server has nothing to do, and still has %s open (descriptor %d).",
                    object->label, at->fd);
    }
    expect_that(run, kept, FINDING_LOST_MESSAGE,
                "Between two clients the server has its FIFO closed. What a client writes before "
                "it is open again can be lost.");
}

CHECK(waits_for_the_next_client, 1,
      HINT("When does read on a FIFO give 0, and what should a server do that is not finished?")
      HINT("Who could hold the write side open, so that read waits?")
      HINT("What does the process do between two requests, seen from outside?"))
{
    int one = random_between(1, 30000), two = one + 1;
    struct text first = random_text(), second = random_text(), third = random_text();
    struct run *run = start_server(3, given(given_fifo(reply_name(one), 0600),
                                            given_fifo(reply_name(two), 0600), given_watched_io()));
    struct peer *client = start_client(run, one), *other = start_client(run, two);

    ask(client, good_request(one, first));
    wait_until_idle(run);
    expect_serving(run, "when the first client had gone");
    expect_fifo_kept(run);
    expect_still_idle(run);
    expect_replies(run, client, one, reply(1, first));
    ask(other, good_request(two, second));
    wait_until_idle(run);
    expect_serving(run, "when the second client had gone");
    ask(other, good_request(two, third));
    expect_replies(run, other, two, text_join(reply(2, second), reply(3, third)));
    expect_end(run);
}

CHECK(requests_do_not_mix, 1,
      HINT("How many requests may one read give you? And how many bytes of the last one?")
      HINT("Whose is the next request? Look into each.")
      HINT("What does the kernel promise for a write of 64 bytes, and what for a read?"))
{
    enum { CLIENTS = 6, EACH = 3 };
    struct given *fifos = given_nothing();
    struct peer *clients[CLIENTS];
    struct text expected[CLIENTS], batch = text_of("");
    int first_pid = random_between(100, 30000);
    for (int i = 0; i < CLIENTS; i++)
        fifos = given(fifos, given_fifo(reply_name(first_pid + i), 0600));

    struct run *run = start_server(CLIENTS * EACH, fifos);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = start_client(run, first_pid + i);
        expected[i] = text_of("");
    }
    for (int n = 1; n <= CLIENTS * EACH; n++) {
        int who = (n * 5) % CLIENTS;
        struct text text = random_text();
        batch = text_join(batch, good_request(first_pid + who, text));
        expected[who] = text_join(expected[who], reply(n, text));
    }
    wait_until_idle(run);
    ask(clients[0], batch); /* as if they all had written while the server was busy */
    wait_until_idle(run);
    struct text came[CLIENTS];
    bool strayed = false; /* more has come than was meant for this client */
    for (int i = 0; i < CLIENTS; i++) {
        came[i] = replies_to(run, clients[i]);
        strayed = strayed || came[i].length > expected[i].length;
    }
    suspect_if(strayed, "fifo-interleaved-requests");
    for (int i = 0; i < CLIENTS; i++)
        expect_came(run, first_pid + i, came[i], expected[i]);
    suspect(NULL);
    expect_end(run);
}

/* A client that writes into its own reply FIFO until it is full, and sleeps then. Less than a page
 * of room can be left. */
static struct peer *start_full_client(struct run *run, int pid)
{
    struct peer *full = start_client(run, pid);
    send_to_peer(
        full, text_join(text_format("W %s\ns 3000000\n", reply_name(pid)), random_bytes(3000000)));
    wait_until_idle(run);
    return full;
}

static struct text requests(int pid, struct text text, int count)
{
    struct text all = text_of("");
    for (int i = 0; i < count; i++)
        all = text_join(all, good_request(pid, text));
    return all;
}

CHECK(no_client_stops_it, 1,
      HINT("On which calls can one client stop you?")
      HINT("What can open do if nobody reads, when you tell it not to wait?")
      HINT("What else than a FIFO may have that name?"))
{
    enum { FLOOD = 80 }; /* replies of 60 bytes: more than a page */
    int pid = random_between(100, 30000);
    struct text text = random_text(), longest = random_bytes(TEXT_SIZE);
    struct run *run = start_server(
        FLOOD + 5, given(given_fifo(reply_name(pid), 0600), given_fifo(reply_name(pid + 1), 0600),
                         given_fifo(reply_name(pid + 2), 0600),
                         given_file(reply_name(pid + 3), text_of("kept\n"))));
    struct peer *good = start_client(run, pid), *full = start_full_client(run, pid + 2);
    struct text bad[] = {
        requests(pid + 1, text, 1),        /* nobody reads */
        requests(pid + 2, longest, FLOOD), /* full */
        requests(pid + 3, text, 1),        /* a file */
        requests(pid + 4, text, 1),        /* nothing */
    };

    for (int i = 0; i < 4; i++) {
        ask(good, bad[i]);
        wait_until_idle(run);
        expect_not_held_up(run);
        expect_serving(run, "because of a reply that could not be delivered");
    }
    expect_that(run, text_equal(read_in_cell(run, reply_name(pid + 3)), text_of("kept\n")),
                FINDING_WRONG_OUTPUT,
                "desk.%d is a file and no FIFO, and the reply was written into it.", pid + 3);
    ask(good, good_request(pid, text));
    expect_replies(run, good, pid, reply(FLOOD + 4, text));
    kill_peer(full, SIGKILL);
    ask(good, good_request(pid, text));
    expect_end(run);
}

CHECK(clients_may_be_killed, 1,
      HINT("A client dies before its reply. On which call do you learn of it?")
      HINT("Which signal does the server get, and from whom?")
      HINT("Is this a reason to end?"))
{
    int pid = random_between(100, 30000);
    struct text text = random_text();
    struct given *fifos =
        given(given_fifo(reply_name(pid), 0600), given_fifo(reply_name(pid + 1), 0600));

    struct run *run = start_server(3, fifos);
    struct peer *good = start_client(run, pid), *killed = start_client(run, pid + 1);
    wait_until_idle(run);
    kill_peer(killed, SIGKILL);
    wait_until_peer_ended(killed);
    ask(good, text_join(good_request(pid + 1, text), good_request(pid, text)));
    expect_replies(run, good, pid, reply(2, text));
    ask(good, good_request(pid, text));
    expect_end(run);

    /* Its reader is gone just when the server writes. */
    run = start_server(2, given(fifos, given_failing("write", 1, EPIPE)));
    good = start_client(run, pid);
    struct peer *gone = start_client(run, pid + 1);
    ask(gone, good_request(pid + 1, text));
    wait_until_idle(run);
    bool alive = record_of(run)->processes[0].ended_us < 0;
    suspect_if(!alive && exit_status_of(run) == 128 + SIGPIPE, "fifo-sigpipe-kills-server");
    expect_that(run, alive, FINDING_KILLED_BY_SIGNAL,
                "A client was gone after the server had opened its reply FIFO and before the "
                "write; the server has ended with it (%s).",
                !alive && exit_status_of(run) == 128 + SIGPIPE ? "killed by SIGPIPE"
                                                               : "of its own accord");
    suspect(NULL);
    ask(good, good_request(pid, text));
    expect_replies(run, good, pid, reply(2, text));
    expect_end(run);
}

CHECK(bad_requests_use_up_a_number, 1,
      HINT("Who fills in pid and length? Do you believe him?")
      HINT("What would your program do with a length of 2000000000?")
      HINT("The number counts requests, not replies."))
{
    int pid = random_between(100, 30000);
    struct text text = random_text(), bad = text_of("");
    const int lengths[] = {-1, TEXT_SIZE + 1, INT_MAX, INT_MIN, random_between(100, 100000)};
    const int pids[] = {0, -1, -pid, INT_MIN};
    struct run *run =
        start_server(10, given(given_fifo(reply_name(pid), 0600), given_fifo("desk.0", 0600),
                               given_fifo("desk.-1", 0600)));
    struct peer *good = start_client(run, pid), *zero = start_client(run, 0),
                *negative = start_client(run, -1);

    for (int i = 0; i < 5; i++)
        bad = text_join(bad, request(pid, lengths[i], text));
    for (int i = 0; i < 4; i++)
        bad = text_join(bad, good_request(pids[i], text));
    wait_until_idle(run);
    ask(good, bad);
    wait_until_idle(run);
    expect_serving(run, "after bad requests");
    ask(good, good_request(pid, text));
    expect_replies(run, good, pid, reply(10, text));
    expect_replies(run, zero, 0, text_of(""));
    expect_replies(run, negative, -1, text_of(""));
    expect_end(run);
}

CHECK(interruptions_and_short_io, 1,
      HINT("Which of your calls can wait? Each of these can be interrupted.")
      HINT("A read may end in the middle of a request. Where does the next one begin?")
      HINT("What do you do with the rest of a reply?"))
{
    struct given *troubles[] = {given_short_reads(), given_short_writes()};
    for (int i = 0; i < 2; i++) {
        int pid = random_between(100, 30000);
        struct text one = random_text(), two = random_text();
        struct run *run =
            start_in_any_case(2, given(given_fifo(reply_name(pid), 0600), troubles[i]));
        struct peer *client = start_client(run, pid);

        ask(client, text_join(good_request(pid, one), good_request(pid, two)));
        struct text wanted = text_join(reply(1, one), reply(2, two));
        wait_until_idle(run);
        struct text came = replies_to(run, client);
        suspect_if(i == 0, "one-read-one-message");
        suspect_if(i == 1 && came.length > 0 && came.length < wanted.length,
                   "partial-write-ignored");
        expect_that(run, text_equal(came, wanted), FINDING_SHORT_IO_IGNORED,
                    "%s. The replies should be:\n%sBut these came:\n%s%s%s",
                    i == 0 ? "Some reads gave only a part of what they could (as they may)"
                           : "Some writes took only a part of what they were given (as they may)",
                    wanted.bytes, shown(came),
                    stderr_of(run).length > 0 ? "On standard error: " : "",
                    stderr_of(run).length > 0 ? stderr_of(run).bytes : "");
        expect_end(run);
        suspect(NULL);
    }
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "open read write")
    {
        int pid = random_between(100, 30000);
        struct text text = random_text();
        struct run *run = start_in_any_case(1, given(given_fifo(reply_name(pid), 0600), fault));
        struct peer *client = start_client(run, pid);
        ask(client, good_request(pid, text));
        expect_replies(run, client, pid, reply(1, text));
        expect_end(run);
    }
}

CHECK(the_name_may_be_taken, 1,
      HINT("mkfifo has failed with EEXIST: what is it that exists?")
      HINT("Which of your calls can return -1? All of them.")
      HINT("What has to be gone when you give up?"))
{
    int pid = random_between(100, 30000);
    struct text text = random_text();
    struct run *run =
        start_in_any_case(1, given(given_fifo(reply_name(pid), 0600), given_fifo("desk", 0600)));
    suspect_if(saw_failure(run, "mkfifo", EEXIST), "fifo-eexist-fatal-or-ignored");
    expect_that(
        run, record_of(run)->processes[0].ended_us < 0, FINDING_WRONG_STATUS,
        "There was a FIFO of that name already. The server should use it, and it has ended. "
        "On standard error it said: %s",
        shown(stderr_of(run)));
    suspect(NULL);
    struct peer *client = start_client(run, pid);
    ask(client, good_request(pid, text));
    expect_replies(run, client, pid, reply(1, text));
    expect_end(run);

    run = start_in_any_case(1, given_file("desk", text_of("kept\n")));
    suspect("fifo-eexist-fatal-or-ignored");
    expect_that(run, text_equal(read_in_cell(run, "desk"), text_of("kept\n")), FINDING_WRONG_OUTPUT,
                "desk was a file and no FIFO. It should stay as it was, and did not.");
    expect_that(run, stderr_of(run).length > 0, FINDING_UNCHECKED_ERROR,
                "desk is a file and no FIFO, and the server does not say so.");
    suspect(NULL);
    expect_error_told(run, "desk");

    const struct {
        const char *call;
        int error;
    } faults[] = {
        {"mkfifo", ENOSPC},
        {"open",   EMFILE}
    };
    for (size_t i = 0; i < 2; i++) {
        run = start_in_any_case(1, given_failing(faults[i].call, 1, faults[i].error));
        expect_error_told(run, faults[i].call);
    }
    const char *const *const wrong[] = {
        no_args(),          args("desk"),     args("desk", "0"),      args("desk", "1x"),
        args("desk", "-1"), args("desk", ""), args("desk", "1000001")};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        run = run_program("fifoserv", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
}

CHECK(memory_is_sound, 1,
      HINT("How long can the name of a reply FIFO be, and the reply? And what ends them?")
      HINT("Which bytes of the request has the client set, and which of them do you look at?")
      HINT("The message names the line, and where the memory comes from. How long is it, and how "
           "much is stored in it?"))
{
    int pid = random_between(1000000, 9999999);
    struct text long_text = random_bytes(TEXT_SIZE), short_text = random_text();
    struct run *run =
        start_server(3, given(given_fifo(reply_name(pid), 0600), given_memory_check()));
    struct peer *client = start_client(run, pid);

    ask(client, good_request(pid, long_text));
    ask(client, good_request(pid, text_of("")));
    ask(client, good_request(pid, short_text));
    expect_replies(
        run, client, pid,
        text_join(reply(1, long_text), text_join(reply(2, text_of("")), reply(3, short_text))));
    expect_end(run);
}
