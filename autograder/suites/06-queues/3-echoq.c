/*
 * 3-echoq.c - the checks of 6.3: a server and its clients on one message queue.
 *
 * In most of them the kit is the other side: its hand puts requests into the queue and takes
 * replies out, without waiting. A probe with its input held open looks on, so that somebody is
 * there all the time who could still become a client: a server that waits does not hang.
 */
#include "../exercise.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>

EXERCISE("One queue, a server, and its clients");

enum { REQUEST = 1, TEXT_SIZE = 512 };

/* ---- What goes in and out ------------------------------------------------------------------- */

static struct text body(int32_t client, struct text text)
{
    return text_join(text_bytes(&client, sizeof client), text);
}

static struct text shouted(struct text text)
{
    struct text loud = text_bytes(text.bytes, text.length);
    for (size_t i = 0; i < text.length; i++)
        if (loud.bytes[i] >= 'a' && loud.bytes[i] <= 'z')
            loud.bytes[i] = (char)(loud.bytes[i] - 'a' + 'A');
    return loud;
}

/* "word word word\n": printable, so that a message can show it. */
static struct text random_line(void)
{
    return text_format("%s %s %s\n", random_word(), random_word(), random_word());
}

static int random_client(void)
{
    return random_between(2, 4000000);
}

/* With bytes that do not print as \xHH, and cut off. */
static const char *shown(struct text text)
{
    struct text line = text_of("");
    if (text.length == 0)
        return "nothing";
    for (size_t i = 0; i < text.length && i < 80; i++) {
        unsigned char byte = (unsigned char)text.bytes[i];
        line = text_join(
            line, text_format(byte >= ' ' && byte <= '~' ? "%c" : "\\x%02x", (unsigned)byte));
    }
    return text_format("\"%s\"%s", line.bytes, text.length > 80 ? "..." : "").bytes;
}

/* Is there a pointer in it, as programs have them, and the text not? */
static bool holds_an_address(struct text came, struct text text)
{
    if (text_count(came, text_slice(text, 0, text.length < 8 ? text.length : 8)) > 0)
        return false;
    for (size_t i = 0; i + sizeof(uint64_t) <= came.length; i += 4) {
        uint64_t value;
        memcpy(&value, came.bytes + i, sizeof value);
        if (value >> 40 != 0 && value >> 47 == 0) /* stack, libraries, heap: 0x55.., 0x7f.. */
            return true;
    }
    return false;
}

/* ---- The server ----------------------------------------------------------------------------- */

struct service {
    struct run *run;
    const char *key;
    int queue;
    struct peer *onlooker;
};

static bool is_alive(struct run *run)
{
    return record_of(run)->processes[0].ended_us < 0;
}

static const char *key_words(key_t key)
{
    return text_format("0x%x", (unsigned)key).bytes;
}

/* Until it waits for its first client, or has ended. */
static struct service start_in_any_case(key_t key, int count, struct given *given)
{
    struct service service = {.key = key_words(key)};
    service.run = start_program("echoqd", args(service.key, text_format("%d", count).bytes), given);
    service.onlooker =
        start_peer(service.run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));
    wait_until_idle(service.run);
    service.queue = find_id(service.run, OBJECT_QUEUE, key);
    return service;
}

static const char *how_it_ended(struct run *run)
{
    int status = record_of(run)->processes[0].wait_status;
    struct text said = stderr_of(run);
    if (said.length > 0) /* its newline */
        said = text_slice(said, 0, said.length - 1);
    const char *how = WIFSIGNALED(status)
                          ? text_format("killed by signal %d", WTERMSIG(status)).bytes
                          : text_format("exit status %d", WEXITSTATUS(status)).bytes;
    return said.length == 0
               ? how
               : text_format("%s; on standard error it said: %s", how, said.bytes).bytes;
}

static void expect_serving(struct run *run, const char *when)
{
    expect_that(run, is_alive(run), FINDING_WRONG_STATUS,
                "The server has ended %s (%s), and there are clients left who need it.", when,
                is_alive(run) ? "" : how_it_ended(run));
}

static struct service start_server(int count, struct given *given)
{
    struct service service = start_in_any_case(random_key(), count, given);
    struct run *run = service.run;

    expect_serving(run, "before the first client came");
    expect_that(run, service.queue >= 0, FINDING_MISSING_CALL,
                "The server waits, and there is no queue with the key %s.", service.key);
    expect_stdout(run, text_of("ready\n"));
    return service;
}

/* The call that the server sleeps (or is held) in; "" when none is known. */
static const struct call *server_sleeps_in(struct run *run)
{
    return is_alive(run) ? call_in_progress(run, 1) : NULL;
}

static bool sleeps_in(struct run *run, const char *name)
{
    const struct call *call = server_sleeps_in(run);
    return call != NULL && strcmp(call->name, name) == 0;
}

static void ask(struct service *service, int client, struct text text)
{
    (void)put_message(service->run, service->queue, REQUEST, body(client, text));
}

/* What the queue holds now, in words. */
static const char *contents(struct service *service)
{
    const struct object *queue = xsi_object(service->run, OBJECT_QUEUE, service->queue);
    struct text words = text_of("");

    if (queue == NULL)
        return "the queue is gone";
    if (queue->messages <= 0)
        return "the queue is empty";
    for (size_t i = 0; i < queue->n_message_types && i < 5; i++)
        words = text_join(
            words, text_format("%s%lld", i > 0 ? ", " : "", (long long)queue->message_types[i]));
    return text_format("the queue holds %lld message%s, of type %s", (long long)queue->messages,
                       queue->messages == 1 ? "" : "s", words.bytes)
        .bytes;
}

/* A client has asked, and has not said goodbye. */
static void expect_queue_kept(struct service *service, int client)
{
    bool gone = xsi_object(service->run, OBJECT_QUEUE, service->queue) == NULL;
    bool answered = count_calls(service->run, "msgsnd") > 0;

    suspect_if(gone && answered, "server-removes-queue-early");
    expect_that(service->run, !gone, answered ? FINDING_LOST_MESSAGE : FINDING_WRONG_STATUS,
                "Client %d has asked and waits for its reply. %s", client,
                answered ? "The server has answered, and then removed the queue, before the client "
                           "could receive the reply."
                         : "The server has removed the queue.");
    suspect(NULL);
}

/* Is there as much too much in it as a type has? Or was so much taken off what was received, and
 * too much sent again? */
static bool counts_the_type(struct text came, struct text expected)
{
    size_t whole = expected.length, cut = whole > sizeof(long) ? whole - sizeof(long) : 0;
    bool longer = came.length == whole + sizeof(long);
    bool shifted = came.length == whole && cut > 0;
    return (longer && text_equal(text_slice(came, 0, whole), expected)) ||
           (shifted && text_equal(text_slice(came, 0, cut), text_slice(expected, 0, cut)) &&
            !text_equal(came, expected));
}

/* Takes it out of the queue. */
static void expect_reply(struct service *service, int client, struct text asked)
{
    struct a_message reply = {0};
    struct text expected = shouted(asked);

    wait_until_idle(service->run);
    expect_queue_kept(service, client);
    expect_serving(service->run, "instead of answering");
    bool came = take_message(service->run, service->queue, client, &reply);
    expect_that(service->run, came, FINDING_LOST_MESSAGE,
                "Client %d has asked: %s. There is no message of type %d for it; %s.", client,
                shown(asked), client, contents(service));
    suspect_if(counts_the_type(reply.text, expected), "msgsnd-size-includes-mtype");
    suspect_if(holds_an_address(reply.text, expected), "struct-with-pointer-in-message");
    expect_that(service->run, text_equal(reply.text, expected), FINDING_WRONG_OUTPUT,
                "Client %d has asked: %s (%zu bytes). The reply should be %s. It is %s (%zu "
                "bytes)%s.",
                client, shown(asked), asked.length, shown(expected), shown(reply.text),
                reply.text.length,
                holds_an_address(reply.text, expected) ? ", and there is an address in it" : "");
    suspect(NULL);
}

static void say_goodbye(struct service *service, int client)
{
    ask(service, client, text_of(""));
}

/* All COUNT clients have said goodbye. */
static void expect_end(struct service *service)
{
    wait_until_idle(service->run);
    expect_that(service->run, !is_alive(service->run), FINDING_WRONG_STATUS,
                "COUNT clients have said goodbye, and the server has not ended; %s.",
                contents(service));
    expect_that(service->run, xsi_object(service->run, OBJECT_QUEUE, service->queue) == NULL,
                FINDING_OBJECT_LEFT_BEHIND, "The server has ended, and its queue is still there.");
    expect_exit(service->run, 0);
}

/* ---- The server, and the kit as its clients ------------------------------------------------- */

CHECK(answers_its_client, 2,
      HINT("What has the reply for a type, and who receives that type?")
      HINT("What does the server receive? Could it be something that the server has sent?")
      HINT("Whose memory is a pointer good in?"))
{
    int client = random_client();
    struct text line = random_line();
    /* One request, one reply: there is no second one to send. */
    struct service service = start_server(1, given_held_before("msgsnd", 2));
    ask(&service, client, line);
    wait_until_idle(service.run);
    expect_queue_kept(&service, client);
    expect_serving(service.run, "instead of answering");
    suspect("same-type-both-directions");
    look_at(server_sleeps_in(service.run));
    expect_that(service.run, !sleeps_in(service.run, "msgsnd"), FINDING_WRONG_OUTPUT,
                "One request was sent to the server, and it has answered. Now it is about to send "
                "a second message: what it takes for a request is its own answer.");
    look_at(NULL);
    suspect(NULL);
    const struct object *queue = xsi_object(service.run, OBJECT_QUEUE, service.queue);
    bool own = queue != NULL && queue->last_sender == 0 && queue->last_receiver == 0;
    suspect_if(own, "same-type-both-directions");
    expect_that(
        service.run, queue != NULL && queue->messages > 0, FINDING_LOST_MESSAGE,
        "One request was sent to the server. Its answer should be in the queue now, and %s.",
        contents(&service));
    suspect(NULL);
    expect_reply(&service, client, line);
    say_goodbye(&service, client);
    expect_end(&service);

    const int lengths[] = {1, TEXT_SIZE, random_between(2, TEXT_SIZE - 1), TEXT_SIZE - 1};
    service = start_server(2, NULL);
    for (int i = 0; i < 4; i++) {
        line = random_bytes((size_t)lengths[i]);
        ask(&service, client + i % 2, line);
        expect_reply(&service, client + i % 2, line);
    }
    say_goodbye(&service, client);
    say_goodbye(&service, client + 1);
    expect_end(&service);
}

/* ---- A client, and the kit as its server ---------------------------------------------------- */

/* One in a queue of the kit's, everybody waits. */
static struct service start_lone_client(struct given *given_more)
{
    key_t key = random_key();
    struct service service = {.key = key_words(key)};
    struct given *queue = given_a_queue(.key = key, .mode = 0600);

    service.run = new_run(given(queue, given_more));
    service.queue = id_of_given(queue);
    start_first(service.run, "echoq", args(service.key), given_input_held_open(text_of("")));
    service.onlooker =
        start_peer(service.run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));
    wait_until_idle(service.run);
    return service;
}

/* The one request that should be there is taken. Returns the number of its client. */
static int expect_request(struct service *service, struct text asked)
{
    struct a_message request = {0};
    int32_t client = 0;

    wait_until_idle(service->run);
    const struct object *queue = xsi_object(service->run, OBJECT_QUEUE, service->queue);
    suspect("rmid-by-wrong-process");
    expect_that(service->run, queue != NULL, FINDING_LOST_MESSAGE,
                "The client has removed the queue. It has not made it, and others use it.");
    suspect(NULL);
    bool own = queue != NULL && queue->messages == 0 && queue->last_sender == 0 &&
               queue->last_receiver == 0;
    suspect_if(own, "same-type-both-directions");
    expect_that(service->run, !own, FINDING_WRONG_OUTPUT,
                "There is no server here. The client has sent its request, and has taken it out "
                "of the queue again itself.");
    suspect(NULL);
    expect_that(service->run, take_message(service->run, service->queue, REQUEST, &request),
                FINDING_LOST_MESSAGE,
                "The client should have sent a message of type 1 now, and %s.%s", contents(service),
                is_alive(service->run)
                    ? ""
                    : text_format(" It has ended: %s.", how_it_ended(service->run)).bytes);
    struct text text = text_slice(request.text, request.text.length < 4 ? request.text.length : 4,
                                  request.text.length);
    suspect_if(counts_the_type(text, asked), "msgsnd-size-includes-mtype");
    suspect_if(asked.length > 0 && holds_an_address(request.text, asked),
               "struct-with-pointer-in-message");
    expect_that(
        service->run, text_equal(text, asked) && request.text.length >= 4, FINDING_WRONG_OUTPUT,
        "The body of the request should be the number of the client (4 bytes) and then %s. "
        "It has %zu bytes, and after the first four come %s%s.",
        shown(asked), request.text.length, shown(text),
        asked.length > 0 && holds_an_address(request.text, asked) ? "; there is an address in it"
                                                                  : "");
    suspect(NULL);
    memcpy(&client, request.text.bytes, sizeof client);
    expect_that(service->run, client == record_of(service->run)->processes[0].pid,
                FINDING_WRONG_OUTPUT,
                "The number in the request should be the process id of the client, %d. It is %d.",
                (int)record_of(service->run)->processes[0].pid, (int)client);
    return client;
}

/* What is in the queue, of any type, is left alone. */
static void expect_messages(struct service *service, int count, const char *why)
{
    wait_until_idle(service->run);
    const struct object *queue = xsi_object(service->run, OBJECT_QUEUE, service->queue);
    expect_that(service->run, queue != NULL && queue->messages == count, FINDING_WRONG_OUTPUT,
                "%s So there should be %d in the queue now; but %s.", why, count,
                contents(service));
}

CHECK(asks_one_at_a_time, 2,
      HINT("Start the client without a server. Who gets what it has sent?")
      HINT("What may be in the queue that is not for you, and how do you leave it there?")
      HINT("When has a client got its last reply? What does it say then?"))
{
    struct text lines[] = {random_line(), random_line(), random_line()};
    struct text reply = text_of("anything, "), printed = text_of("");
    struct service service = start_lone_client(NULL);

    send_input(service.run, text_join(lines[0], lines[1]));
    int client = expect_request(&service, lines[0]);
    expect_messages(&service, 0, "The client has asked once and has no reply yet.");
    put_message(service.run, service.queue, client + 1, text_of("not for you"));
    expect_messages(&service, 1, "There is a reply to another client.");
    expect_stdout(service.run, text_of(""));
    for (int i = 0; i < 3; i++) {
        put_message(service.run, service.queue, client, reply);
        printed = text_join(printed, reply);
        if (i == 1)
            send_input(service.run, lines[2]);
        if (i < 2)
            (void)expect_request(&service, lines[i + 1]);
        wait_until_idle(service.run);
        expect_stdout(service.run, printed);
        reply = random_bytes(TEXT_SIZE);
    }
    expect_messages(&service, 1, "All is answered, and there is a reply to another client.");
    close_input(service.run);
    (void)expect_request(&service, text_of("")); /* goodbye */
    expect_exit(service.run, 0);
}

CHECK(stays_until_goodbye, 1,
      HINT("Who is still going to use the queue when the last request has been answered?")
      HINT("What becomes of the messages in a queue that is removed?")
      HINT("COUNT counts clients. When is the server done with one?"))
{
    int client = random_client();
    struct text line = random_line();
    struct service service = start_server(2, NULL);

    for (int i = 0; i < 5; i++) {
        ask(&service, client + i % 2, line);
        expect_reply(&service, client + i % 2, line);
    }
    say_goodbye(&service, client + 1);
    wait_until_idle(service.run);
    suspect_if(!is_alive(service.run), "server-removes-queue-early");
    expect_serving(service.run, "when the first of 2 clients had said goodbye");
    ask(&service, client, line);
    expect_reply(&service, client, line);
    suspect(NULL);
    say_goodbye(&service, client);
    expect_end(&service);
}

/* ---- Server and clients ---------------------------------------------------------------------- */

static struct peer *start_client(struct service *service)
{
    return start_peer(service->run, "echoq", args(service->key),
                      given_input_held_open(text_of("")));
}

/* Any bytes, but no newline: longer than a message may be, with no place to cut it. */
static struct text long_line(void)
{
    struct text line = random_bytes(1500);
    for (size_t i = 0; i < line.length; i++)
        if (line.bytes[i] == '\n')
            line.bytes[i] = '\0';
    return line;
}

CHECK(everybody_gets_his_own, 2,
      HINT("What says whom a message is for?")
      HINT("How long is the text of a message, and who knows it?")
      HINT("A line may be longer than 512 bytes, and hold any bytes. What does the client do then?"))
{
    enum { CLIENTS = 3, ROUNDS = 3 };
    struct peer *clients[CLIENTS];
    struct text asked[CLIENTS];
    struct service service = start_server(CLIENTS, NULL);

    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = start_client(&service);
        asked[i] = text_of("");
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            struct text line = round < 2 ? random_line()
                               : i == 0  ? long_line()
                                         : random_bytes(1500);
            asked[i] = text_join(asked[i], line);
            send_to_peer(clients[i], line);
        }
        wait_until_idle(service.run);
        for (int i = 0; i < CLIENTS && round < 2; i++)
            expect_peer_stdout(clients[i], shouted(asked[i]));
    }
    for (int i = 0; i < CLIENTS; i++)
        close_peer_input(clients[i]);
    wait_until_idle(service.run);
    for (int i = 0; i < CLIENTS; i++) {
        expect_peer_stdout(clients[i], shouted(asked[i]));
        expect_peer_exit(clients[i], 0);
    }
    expect_end(&service);
    expect_stdout(service.run, text_of("ready\n"));
}

/* ---- Clients that do not behave ------------------------------------------------------------- */

static void expect_not_held_up(struct service *service, const char *why)
{
    const struct call *call = server_sleeps_in(service->run);
    bool waits = sleeps_in(service->run, "msgsnd");

    suspect_if(waits, "queue-full-nowait");
    look_at(waits ? call : NULL);
    expect_that(service->run, !waits, FINDING_HANG,
                "%s The server sleeps in msgsnd until there is room; %s. Meanwhile nobody else is "
                "served.",
                why, contents(service));
    look_at(NULL);
    suspect(NULL);
}

/* A client that was stopped when it had sent many requests, as it seems. */
static struct peer *stop_a_client(struct service *service)
{
    enum { ROUNDS = 8, AT_ONCE = 6 };
    struct peer *stopped = start_client(service);

    wait_until_idle(service->run);
    int client = record_of(service->run)->processes[number_of_peer(stopped) - 1].pid;
    kill_peer(stopped, SIGSTOP);
    for (int round = 1; round <= ROUNDS; round++) {
        for (int i = 0; i < AT_ONCE; i++)
            ask(service, client, random_bytes(TEXT_SIZE));
        wait_until_idle(service->run);
        expect_not_held_up(service,
                           text_format("A client is stopped; %d requests have come from it, and "
                                       "it fetches no replies.",
                                       round * AT_ONCE)
                               .bytes);
        expect_serving(service->run, "because of a client that fetches no replies");
    }
    const struct object *queue = xsi_object(service->run, OBJECT_QUEUE, service->queue);
    expect_that(service->run, queue != NULL && queue->messages <= 1, FINDING_WRONG_OUTPUT,
                "Client %d is stopped; %d requests have come from it. There should be at most one "
                "reply to it; but %s.",
                client, ROUNDS * AT_ONCE, contents(service));
    return stopped;
}

CHECK(no_client_stops_it, 2,
      HINT("On which calls can one client stop you?")
      HINT("What is in the queue when a client asks a hundred times and listens never?")
      HINT("What can msgsnd do if there is no room, other than wait?"))
{
    struct text line = random_line(), longest = random_bytes(TEXT_SIZE);
    struct service service = start_server(1, NULL);
    struct peer *good = start_client(&service);
    struct peer *stopped = stop_a_client(&service);
    const int client = 5000000; /* nobody's process id */

    send_to_peer(good, line);
    wait_until_idle(service.run);
    expect_peer_stdout(good, shouted(line));

    /* Now there is room for a short reply, and not for a long one. */
    send_signal(service.run, 1, SIGSTOP);
    wait_until_idle(service.run);
    ask(&service, client, longest);
    ask(&service, client + 1, line);
    set_queue_limit(service.run, service.queue, TEXT_SIZE + 2 * line.length + 8);
    send_signal(service.run, 1, SIGCONT);
    wait_until_idle(service.run);
    expect_not_held_up(&service, "There is no room for a reply of 512 bytes.");
    expect_serving(service.run, "because there was no room for a reply");
    expect_reply(&service, client + 1, line);
    kill_peer(stopped, SIGKILL);
    say_goodbye(&service, client + 1);
    expect_end(&service);
}

CHECK(throws_away_what_is_no_request, 1,
      HINT("Who fills in the number of the client? Do you believe him?")
      HINT("What would the server do with a request of client 1?")
      HINT("What does msgrcv say of a message that is longer than your buffer, and where is it then?"))
{
    struct text line = random_line();
    const struct text bad[] = {
        body(-random_client(), line), text_of(""),
        body(1, random_line()),       text_of("abc"),
        body(0, text_of("")),         body(INT_MIN, line),
        body(7, random_bytes(1000)),  body(7, random_bytes(TEXT_SIZE + 1)),
        body(7, random_bytes(8000)),
    };
    struct service service = start_server(1, NULL);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put_message(service.run, service.queue, REQUEST, bad[i]);
        wait_until_idle(service.run);
        suspect_if(saw_failure(service.run, "msgrcv", E2BIG), "msgrcv-e2big");
        expect_serving(service.run, text_format("because of a message of type 1 with %zu bytes, "
                                                "which is no request",
                                                bad[i].length)
                                        .bytes);
        const struct object *queue = xsi_object(service.run, OBJECT_QUEUE, service.queue);
        expect_that(service.run, queue != NULL && queue->messages == 0, FINDING_WRONG_OUTPUT,
                    "A message of type 1 that is no request (%zu bytes%s) should be thrown away, "
                    "and not be answered; but %s.",
                    bad[i].length,
                    i == 0   ? ", from a client below 0"
                    : i == 2 ? ", from a client 1"
                             : "",
                    contents(&service));
        suspect(NULL);
    }
    ask(&service, 7, line);
    expect_reply(&service, 7, line);
    say_goodbye(&service, 7);
    expect_end(&service);
}

/* ---- Others --------------------------------------------------------------------------------- */

/* What came of the orders of another user: a line for each. */
static struct text try_as_another_user(struct service *service, struct text orders)
{
    struct peer *stranger = start_peer(service->run, probe("xsihand"), no_args(),
                                       given(given_another_user(), given_input(orders)));
    wait_until_peer_ended(stranger);
    return stdout_of_peer(stranger);
}

CHECK(others_cannot_steal, 1,
      HINT("Who else could msgrcv from this identifier?")
      HINT("What are the low nine bits of the flags of msgget?")
      HINT("Does one need the permission to write to take a message out?"))
{
    need_another_user();
    int client = random_client();
    struct text line = random_line();
    struct service service = start_server(1, NULL);
    ask(&service, client, line);
    wait_until_idle(service.run);

    struct text taken =
        try_as_another_user(&service, text_format("msgpoll %d 0 8192\n", service.queue));
    struct text sent =
        try_as_another_user(&service, text_format("msgtry %d 2 me\n", service.queue));

    suspect("ipc-666-everything");
    expect_that(service.run, text_count(taken, text_of("ok")) == 0, FINDING_PERMISSIONS,
                "Another user of the machine has called msgrcv, and has got the reply that was "
                "meant for client %d. That client never will.",
                client);
    expect_that(service.run, text_count(sent, text_of("ok")) == 0, FINDING_PERMISSIONS,
                "Another user of the machine has sent a message through this queue, in the name "
                "of whom he likes.");
    suspect(NULL);
    expect_reply(&service, client, line);
    say_goodbye(&service, client);
    expect_end(&service);
}

CHECK(queue_is_new_and_private, 1,
      HINT("Who may read, who may write, of those who are not you?")
      HINT("How can you tell whether you created it or found it?")
      HINT("What flag makes existence an error?"))
{
    struct service service = start_server(1, NULL);
    unsigned mode = xsi_object(service.run, OBJECT_QUEUE, service.queue)->mode & 0777;

    suspect_if((mode & 077) != 0, "ipc-666-everything");
    expect_that(service.run, (mode & 077) == 0, FINDING_PERMISSIONS,
                "The queue has mode %04o. Users other than the server's own are allowed %s.", mode,
                (mode & 044) != 0 && (mode & 022) != 0 ? "to read and to write"
                : (mode & 044) != 0                    ? "to read, and so to take messages out"
                                                       : "to write");
    suspect(NULL);
    expect_that(service.run, mode == 0600, FINDING_PERMISSIONS,
                "The queue has mode %04o; the task asks for 0600.", mode);
    say_goodbye(&service, random_client());
    expect_end(&service);

    key_t key = random_key();
    struct a_message old = {random_client(), random_line()};
    struct given *queue =
        given_a_queue(.key = key, .mode = 0600, .messages = &old, .n_messages = 1);
    service = start_in_any_case(key, 1, queue);
    suspect("ipc-creat-without-excl");
    expect_that(service.run, !is_alive(service.run), FINDING_WRONG_STATUS,
                "There was a queue with the key %s already, somebody else's. The server uses it.",
                service.key);
    suspect(NULL);
    const struct object *there = xsi_object(service.run, OBJECT_QUEUE, id_of_given(queue));
    expect_that(service.run, there != NULL && there->messages == 1, FINDING_WRONG_OUTPUT,
                "There was a queue with the key %s already, somebody else's, with a message in it. "
                "It should be as it was; but %s.",
                service.key, contents(&service));
    expect_error_told(service.run, "msgget");
}

CHECK(ends_when_told, 1,
      HINT("What does a signal do to a process that has made no arrangements for it?")
      HINT("Which persistence has a queue?")
      HINT("msgrcv is not started again after a handler. What does it say, and what do you do then?"))
{
    const int signals[] = {SIGTERM, SIGINT};
    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? "SIGTERM" : "SIGINT";
        struct service service = start_server(2, NULL);
        int client = random_client();
        ask(&service, client, random_line());
        struct peer *waiting = start_peer(
            service.run, probe("xsihand"), no_args(),
            given_input_held_open(text_format("msgrcv %d %d 512\n", service.queue, client + 1)));
        wait_until_idle(service.run);
        send_signal(service.run, 1, signals[i]);
        wait_until_idle(service.run);
        expect_that(service.run, !is_alive(service.run), FINDING_WRONG_STATUS,
                    "%s was sent to the server, and it has not ended.", name);
        bool gone = xsi_object(service.run, OBJECT_QUEUE, service.queue) == NULL;
        suspect_if(!gone, "ipc-object-left-behind");
        expect_that(service.run, gone, FINDING_OBJECT_LEFT_BEHIND,
                    "%s has ended the server (%s), and its queue is still there. A client that "
                    "waits for a reply will wait for ever.",
                    name, how_it_ended(service.run));
        suspect(NULL);
        expect_exit(service.run, 0);
        expect_that(service.run, text_count(stdout_of_peer(waiting), text_of("EIDRM")) == 1,
                    FINDING_WRONG_OUTPUT,
                    "A client that waited for a reply should have got EIDRM when %s came.", name);
    }
}

/* A server and a client, with that trouble. */
static void expect_conversation(struct text lines, struct given *trouble)
{
    struct service service = start_server(1, trouble);
    struct peer *client = start_client(&service);

    send_to_peer(client, lines);
    close_peer_input(client);
    wait_until_idle(service.run);
    expect_that(service.run, stderr_of(service.run).length + stderr_of_peer(client).length == 0,
                FINDING_UNCHECKED_ERROR, "On standard error they said: %s%s",
                stderr_of(service.run).bytes, stderr_of_peer(client).bytes);
    expect_peer_stdout(client, shouted(lines));
    expect_peer_exit(client, 0);
    expect_end(&service);
}

CHECK(interruptions_change_nothing, 1,
      HINT("Which errno says that nothing is wrong, only try again?")
      HINT("Which calls of the two programs can block?")
      HINT("write may take less than it was given."))
{
    scene("Reads and writes come out short.");
    expect_conversation(text_join(random_line(), text_join(random_bytes(700), random_line())),
                        given(given_short_reads(), given_short_writes()));
    scene(NULL);
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write msgsnd msgrcv wait")
    {
        expect_conversation(random_line(), fault);
    }
}

/* ---- What fails ----------------------------------------------------------------------------- */

static void expect_told(struct run *run)
{
    wait_until_idle(run);
    suspect_if(is_alive(run), "ignore-return-values");
    expect_that(run, !is_alive(run), FINDING_UNCHECKED_ERROR, "`%s` goes on.",
                record_of(run)->program);
    suspect(NULL);
    expect_fault_told(run, NULL);
    expect_ipc_fault_named(run);
}

static void expect_server_tells(struct given *fault)
{
    struct service service = start_in_any_case(random_key(), 1, fault);
    int client = random_client();

    if (service.queue >= 0)
        ask(&service, client, random_line());
    wait_until_idle(service.run);
    if (!saw_fault(service.run))
        say_goodbye(&service, client);
    expect_told(service.run);
}

/* The kit is the server, as long as it is asked. */
static void expect_client_tells(struct given *fault)
{
    struct service service = start_lone_client(fault);
    struct a_message request = {0};
    struct text line = random_line();

    send_input(service.run, line);
    wait_until_idle(service.run);
    if (take_message(service.run, service.queue, REQUEST, &request) && request.text.length > 4) {
        int32_t client;
        memcpy(&client, request.text.bytes, sizeof client);
        (void)put_message(service.run, service.queue, client, shouted(line));
    }
    wait_until_idle(service.run);
    close_input(service.run);
    expect_told(service.run);
}

CHECK(failures_are_told, 1,
      HINT("Which of your calls can return -1? All of them.")
      HINT("What does a client that waits get when the queue is removed?")
      HINT("What has the server made already when a call fails, and who removes it?"))
{
    EACH_FAULT(fault, FAULT_FAILS, "msgget msgrcv msgsnd pipe fork write memory")
    {
        expect_server_tells(fault);
    }
    EACH_FAULT(fault, FAULT_FAILS, "msgget msgrcv msgsnd read write memory")
    {
        expect_client_tells(fault);
    }

    struct run *run = run_program("echoq", args(key_words(random_key())), given_nothing());
    scene("There is no server, and no queue.");
    expect_that(run, count_objects(run, OBJECT_QUEUE) == 0, FINDING_OBJECT_LEFT_BEHIND,
                "The client has made one itself.");
    expect_error_told(run, "msgget");
    scene(NULL);

    struct service service = start_lone_client(NULL);
    send_input(service.run, random_line());
    wait_until_idle(service.run);
    scene("The client waits for a reply, and the queue is removed.");
    remove_object(service.run, OBJECT_QUEUE, service.queue);
    wait_until_idle(service.run);
    expect_that(service.run, !is_alive(service.run), FINDING_UNCHECKED_ERROR, "It goes on.");
    expect_error_told(service.run, "msgrcv");
}

/* As one types them. */
static const char *wrong_words(const char *const *arguments)
{
    struct text words = text_of(arguments[0] == NULL ? "no arguments" : "the arguments");
    for (int i = 0; arguments[i] != NULL; i++)
        words =
            text_join(words, text_format(*arguments[i] == '\0' ? " \"%s\"" : " %s", arguments[i]));
    return words.bytes;
}

CHECK(refuses_wrong_arguments, 1,
      HINT("How many arguments has the server, and how many the client?")
      HINT("Which key is no key?")
      HINT("Nothing should be made before it is clear that all is right."))
{
    const char *const *const wrong[] = {
        no_args(),          args("0x11"),          args("0x11", "0"),  args("0", "1"),
        args("0x11", "1x"), args("x", "1"),        args("0x11", "-1"), args("0x11", "1000001"),
        args("", "1"),      args("0x11", "1", "1")};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = start_program("echoqd", wrong[i], given_nothing());
        start_peer(run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));
        wait_until_idle(run);
        expect_that(run, !is_alive(run), FINDING_WRONG_STATUS,
                    "echoqd was started with %s, and it serves.", wrong_words(wrong[i]));
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
    const char *const *const wrong_client[] = {no_args(), args("0"), args("1x"), args("1", "2"),
                                               args("0x100000000")};
    for (size_t i = 0; i < sizeof wrong_client / sizeof wrong_client[0]; i++) {
        struct run *run = run_program("echoq", wrong_client[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
    struct service service = start_server(1, NULL); /* and a right one */
    say_goodbye(&service, random_client());
    expect_end(&service);
}

CHECK(memory_is_sound, 1,
      HINT("How many bytes has a message, and how many of them has msgrcv stored?")
      HINT("A message has a length and no end mark. Who puts one there, and is there room for it?")
      HINT("What is the size that msgrcv and msgsnd are told: of what?"))
{
    int client = random_client();
    struct service service = start_server(1, given_memory_check());
    struct text longest = text_of("");
    while (longest.length < TEXT_SIZE)
        longest = text_join(longest, text_of(random_word()));
    struct text texts[] = {random_line(), text_slice(longest, 0, TEXT_SIZE), text_of("x")};

    /* Too short for the number of a client: nothing has stored one yet. */
    (void)put_message(service.run, service.queue, REQUEST, text_of("?"));
    for (size_t i = 0; i < 3; i++) {
        ask(&service, client, texts[i]);
        expect_reply(&service, client, texts[i]);
    }
    say_goodbye(&service, client);
    expect_end(&service);
}
