/*
 * 1-mqsend.c - the checks of 6.1: mqsend and mqrecv, each with the kit at the other side.
 *
 * In each run there is also an xsihand. It may still send, receive or remove, so whoever waits for
 * a message or for room does not hang; and it is the receiver with a buffer of the exact size.
 */
#include "../exercise.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

EXERCISE("One message in, one message out");

enum { LONGEST = 8192, NO_QUEUE = 4 };

/* A cell with a queue of the kit's, and what is in it at first. */
struct desk {
    struct run *run;
    struct peer *hand;
    const char *key;
    int queue;
    const struct a_message *messages;
    size_t n_messages;
};

static const char *number_words(long number)
{
    return text_format("%ld", number).bytes;
}

/* In hexadecimal or in decimal. */
static const char *key_words(key_t key)
{
    return text_format(random_below(2) ? "0x%x" : "%u", (unsigned)key).bytes;
}

/* Of all 32 bits, the highest included. */
static key_t any_key(void)
{
    key_t key = random_key();
    return random_below(2) ? key : (key_t)((unsigned)key | 0x80000000U);
}

static long random_type(void)
{
    return (long)(1 + random_below(random_below(2) ? 1000 : (uint64_t)LONG_MAX - 1));
}

static struct desk lay(struct a_queue queue, struct given *more)
{
    struct desk desk = {.messages = queue.messages, .n_messages = queue.n_messages};
    queue.key = any_key();
    queue.mode = 0600;
    struct given *laid = given_queue(queue);

    desk.key = key_words(queue.key);
    desk.run = new_run(given(laid, more));
    desk.queue = id_of_given(laid);
    desk.hand =
        start_peer(desk.run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));
    return desk;
}

static struct desk lay_empty(struct given *more)
{
    return lay((struct a_queue){0}, more);
}

/* Until mqsend has ended, or waits. */
static void start_mqsend(struct desk *desk, long type, struct text text)
{
    start_first(desk->run, "mqsend", args(desk->key, number_words(type)), given_input(text));
    wait_until_idle(desk->run);
}

/* Until mqrecv has ended, or waits. */
static void start_mqrecv(struct desk *desk, bool cut, long selector, size_t max)
{
    const char *type = number_words(selector), *most = number_words((long)max);
    start_first(desk->run, "mqrecv",
                cut ? args("-t", desk->key, type, most) : args(desk->key, type, most),
                given_nothing());
    wait_until_idle(desk->run);
}

/* The first program, mqsend or mqrecv. */
static const struct process *find_first(struct run *run)
{
    return find_process(run, record_of(run)->program, NULL);
}

static bool has_ended(struct run *run)
{
    return find_first(run)->ended_us >= 0;
}

/* The last call of that name by the learner's program; NULL: none. */
static const struct call *last_call(struct run *run, const char *name)
{
    const struct record *record = record_of(run);
    for (size_t i = record->n_calls; i-- > 0;)
        if (strcmp(record->calls[i].name, name) == 0 && record->calls[i].place.file != NULL)
            return &record->calls[i];
    return NULL;
}

/* " at mqsend.c:81" */
static const char *where_of(const struct call *call)
{
    if (call == NULL || call->place.file == NULL)
        return "";
    return text_format(" at %s:%d", call->place.file, call->place.line).bytes;
}

static const char *said_by(struct run *run)
{
    struct text said = stderr_of(run);
    return said.length > 0 ? said.bytes : "nothing";
}

static size_t count_left(struct desk *desk)
{
    const struct object *queue = xsi_object(desk->run, OBJECT_QUEUE, desk->queue);
    return queue != NULL && queue->messages > 0 ? (size_t)queue->messages : 0;
}

/* The types of the messages in the queue, the oldest first. */
static struct text types_left(struct desk *desk)
{
    const struct object *queue = xsi_object(desk->run, OBJECT_QUEUE, desk->queue);
    struct text types = text_of("");
    for (size_t i = 0; queue != NULL && i < queue->n_message_types; i++)
        types = text_join(types, text_format(" %ld", (long)queue->message_types[i]));
    return types;
}

/* What is left when that one has gone. */
static struct text types_without(const struct desk *desk, size_t which)
{
    struct text types = text_of("");
    for (size_t i = 0; i < desk->n_messages; i++)
        if (i != which)
            types = text_join(types, text_format(" %ld", desk->messages[i].type));
    return types;
}

static size_t first_difference(struct text a, struct text b)
{
    size_t at = 0;
    while (at < a.length && at < b.length && a.bytes[at] == b.bytes[at])
        at++;
    return at;
}

/* All of them, NUL too; the first is at a place where a string would end. */
static struct text random_payload(size_t length)
{
    struct text text = random_bytes(length);
    if (length > 2)
        text.bytes[1 + random_below(length - 2)] = '\0';
    return text;
}

static void expect_stays_silent(struct run *run)
{
    expect_stdout(run, text_of(""));
    expect_stderr_empty(run);
}

/* ---- Sending -------------------------------------------------------------------------------- */

/* Does msgsnd get what comes before the first NUL? */
static bool sent_as_string(const struct call *call, struct text text)
{
    return call != NULL && call->args[2] < text.length &&
           call->args[2] == strnlen(text.bytes, text.length);
}

static bool sent_with_type(const struct call *call, struct text text)
{
    return call != NULL && call->args[2] >= text.length + sizeof(long);
}

/* The type that was given to msgsnd; the other one: it was not called. */
static long type_in_call(const struct call *call, long other)
{
    long type = other;
    if (call != NULL && call->detail != NULL)
        sscanf(call->detail, "type %ld", &type);
    return type;
}

/* Which belief speaks from the call of msgsnd. */
static void suspect_sender(struct run *run, struct text text)
{
    const struct call *call = last_call(run, "msgsnd");
    suspect_if(sent_as_string(call, text), "read-not-nul-terminated");
    suspect_if(sent_with_type(call, text), "msgsnd-size-includes-mtype");
    suspect_if(type_in_call(call, 1) == 0, "mtype-zero-or-unset");
}

static void expect_type_in_call(struct run *run, long type)
{
    const struct call *call = last_call(run, "msgsnd");
    look_at(call);
    expect_that(run, type_in_call(call, type) == type, FINDING_WRONG_OUTPUT,
                "TYPE was %ld, and the type of the message that was given to msgsnd%s is %ld.",
                type, where_of(call), type_in_call(call, type));
    look_at(NULL);
}

static void expect_one_call(struct run *run)
{
    int count = count_calls(run, "msgsnd");
    look_at(last_call(run, "msgsnd"));
    expect_that(run, count <= 1, FINDING_WRONG_OUTPUT,
                "mqsend has sent %d messages. All of standard input is one message.", count);
    look_at(NULL);
}

static void expect_size_in_call(struct run *run, struct text text)
{
    const struct call *call = last_call(run, "msgsnd");
    look_at(call);
    expect_that(run, call == NULL || call->args[2] == text.length, FINDING_WRONG_OUTPUT,
                "Standard input had %zu bytes, and the size that was given to msgsnd%s is %llu.",
                text.length, where_of(call), call != NULL ? (unsigned long long)call->args[2] : 0);
    look_at(NULL);
}

/* The kit's own receiver, with room for exactly that many bytes. */
static void receive_exactly(struct desk *desk, size_t size)
{
    send_to_peer(desk->hand, text_format("msgpoll %d 0 %zu\n", desk->queue, size));
    wait_until_idle(desk->run);
}

/* One message lies in the queue; the hand has tried to take desk. */
static void expect_message(struct desk *desk, long type, struct text text)
{
    struct text report = stdout_of_peer(desk->hand), hex = text_of("");
    struct a_message left = {0};
    bool too_long = text_equal(report, text_of("E2BIG\n"));

    if (too_long)
        take_message(desk->run, desk->queue, 0, &left);
    for (size_t i = 0; i < text.length; i++)
        hex = text_join(hex, text_format("%02x", (unsigned char)text.bytes[i]));
    struct text wanted =
        text_join(text_format("ok %ld %zu ", type, text.length), text_join(hex, text_of("\n")));

    finish_run(desk->run); /* now the lines are known */
    suspect_sender(desk->run, text);
    expect_type_in_call(desk->run, type);
    expect_exit(desk->run, 0);
    expect_one_call(desk->run);
    expect_size_in_call(desk->run, text);
    expect_that(desk->run, !too_long, FINDING_WRONG_OUTPUT,
                "Standard input had %zu bytes. A receiver with a buffer of just that size got "
                "E2BIG: the message has %zu bytes.",
                text.length, left.text.length);
    expect_that(desk->run, !text_equal(report, text_of("ENOMSG\n")), FINDING_LOST_MESSAGE,
                "mqsend has ended with status 0, and there is no message in the queue.");
    expect_that(desk->run, text_equal(report, wanted), FINDING_WRONG_OUTPUT,
                "Standard input had %zu bytes, and TYPE was %ld. The message in the queue is "
                "another one: its type, length and bytes are %.60s%s, expected: %.60s%s (they "
                "differ from character %zu on).",
                text.length, type, report.bytes, report.length > 60 ? "..." : "", wanted.bytes,
                wanted.length > 60 ? "..." : "", first_difference(report, wanted) + 1);
    suspect(NULL);
    expect_stays_silent(desk->run);
}

static void expect_sent(struct given *more, long type, struct text text)
{
    struct desk desk = lay_empty(more);

    start_mqsend(&desk, type, text);
    receive_exactly(&desk, text.length);
    expect_message(&desk, type, text);
}

CHECK(sends_one_message, 2,
      HINT("What does the third argument of msgsnd measure? Look at msgop(2) once more.")
      HINT("A text may have no bytes at all, or any bytes. How does your program know how many there are?")
      HINT("Which types can a long hold that an int can't?"))
{
    expect_sent(NULL, random_type(), random_payload((size_t)random_between(3, 200)));
    expect_sent(NULL, LONG_MAX, random_payload(LONGEST));
    expect_sent(NULL, 1, random_payload(LONGEST - 1));
    expect_sent(NULL, random_type(), random_payload(random_below(2)));
    expect_sent(NULL, random_type(), random_lines(3));
}

CHECK(sends_nothing_of_what_is_too_long, 1,
      HINT("How many bytes may come on standard input? And how many do you read?")
      HINT("If your buffer is full, how do you find out whether there is more?")
      HINT("The part that does fit is not the message that was to be sent."))
{
    const int extra[] = {1, random_between(9, 20000)};
    for (size_t i = 0; i < 2; i++) {
        struct desk desk = lay_empty(NULL);

        start_mqsend(&desk, random_type(), random_payload(LONGEST + (size_t)extra[i]));

        struct a_message sent = {0};
        bool came = take_message(desk.run, desk.queue, 0, &sent);
        expect_that(
            desk.run, !came, FINDING_LOST_MESSAGE,
            "Standard input had %d bytes, more than a message may have. mqsend has sent %zu "
            "of them: whoever receives that takes it for the message.",
            LONGEST + extra[i], sent.text.length);
        expect_exit(desk.run, 1);
        expect_that(desk.run, stderr_of(desk.run).length > 0, FINDING_UNCHECKED_ERROR,
                    "Standard input had %d bytes, more than a message may have. Nothing was sent, "
                    "and mqsend has not said so on standard error.",
                    LONGEST + extra[i]);
    }
}

/* ---- Receiving ------------------------------------------------------------------------------ */

static struct text line_of(long type, size_t length)
{
    return text_format("%ld %zu\n", type, length);
}

/* What it would print if the text were a string. */
static bool printed_as_string(struct run *run, const struct a_message *message)
{
    size_t length = strnlen(message->text.bytes, message->text.length);
    struct text cut = text_slice(message->text, 0, length), said = stdout_of(run);
    return length < message->text.length &&
           (text_equal(said, text_join(line_of(message->type, message->text.length), cut)) ||
            text_equal(said, text_join(line_of(message->type, length), cut)));
}

/* Of the messages in the queue, that one comes. */
static void expect_received(struct desk *desk, bool cut, long selector, size_t max, size_t which)
{
    const struct a_message *message = &desk->messages[which];
    struct text text = message->text;

    if (text.length > max)
        text = text_slice(text, 0, max);
    scene("In the queue were messages of these types, the oldest first:%s. mqrecv was called with "
          "%sTYPE %ld and MAX %zu.",
          types_without(desk, desk->n_messages).bytes, cut ? "-t, " : "", selector, max);
    start_mqrecv(desk, cut, selector, max);
    size_t left = count_left(desk);
    struct text types = types_left(desk), wanted = types_without(desk, which);

    finish_run(desk->run);
    suspect_if(saw_failure(desk->run, "msgrcv", E2BIG), "msgrcv-e2big");
    expect_exit(desk->run, 0);
    suspect_if(cut && left + 1 < desk->n_messages, "msg-noerror-loses-silently");
    expect_that(desk->run, left >= desk->n_messages - 1, FINDING_LOST_MESSAGE,
                "It should take one message, and it has taken %zu.", desk->n_messages - left);
    suspect(NULL);
    suspect_if(printed_as_string(desk->run, message), "read-not-nul-terminated");
    expect_stdout(desk->run, text_join(line_of(message->type, text.length), text));
    suspect(NULL);
    expect_that(desk->run, text_equal(types, wanted), FINDING_WRONG_OUTPUT,
                "The others should stay in the queue as they are:%s. In the queue are now:%s.",
                wanted.length > 0 ? wanted.bytes : " none",
                types.length > 0 ? types.bytes : " none");
    expect_stderr_empty(desk->run);
}

/* Four messages, of which no two are alike. The third is the longest: with its length for MAX, who
 * takes another one takes it whole. */
static struct desk lay_four(struct a_message messages[4], struct given *more)
{
    const long low = random_between(2, 1000);
    const long types[] = {low + 5, low + 3, low + 9, low + 3};
    for (int i = 0; i < 4; i++) {
        messages[i].type = types[i];
        messages[i].text = random_payload((size_t)random_between(20, 60) + (i == 2 ? 40 : 0));
    }
    return lay((struct a_queue){.messages = messages, .n_messages = 4}, more);
}

static void expect_one_received(long selector, struct text text, size_t max)
{
    struct a_message message = {random_type(), text};
    struct desk desk = lay((struct a_queue){.messages = &message, .n_messages = 1}, NULL);
    expect_received(&desk, false, selector, max, 0);
}

CHECK(receives_one_message, 2,
      HINT("Where does the length of a message come from? Nothing in its text says where it ends.")
      HINT("MAX may be exactly the length of the text. What do you tell msgrcv then?")
      HINT("A TYPE of -5 is no option. Who takes it for one?"))
{
    struct a_message messages[4];
    struct desk desk = lay_four(messages, NULL);

    expect_received(&desk, false, 0, 100, 0);
    desk = lay_four(messages, NULL);
    expect_received(&desk, false, messages[2].type, messages[2].text.length, 2);
    desk = lay_four(messages, NULL);
    expect_received(&desk, false, -(messages[1].type + 1), 65536, 1);
    expect_one_received(0, random_payload(LONGEST), LONGEST);
    expect_one_received(-LONG_MAX, text_of(""), 0);
    expect_one_received(0, random_payload(1), 1);
}

/* ---- Messages that are longer than MAX ------------------------------------------------------ */

/* With two more behind it, one of them of the same type. */
static struct desk lay_long(struct a_message messages[3], size_t length)
{
    long type = random_type();
    messages[0] = (struct a_message){type, random_payload(length)};
    messages[1] = (struct a_message){type, random_payload(7)};
    messages[2] = (struct a_message){type == 1 ? 2 : type - 1, random_payload(5)};
    return lay((struct a_queue){.messages = messages, .n_messages = 3}, NULL);
}

static void expect_left_whole(size_t length, size_t max)
{
    struct a_message messages[3], oldest = {0};
    struct desk desk = lay_long(messages, length);

    scene("The next message had %zu bytes. mqrecv was called with MAX %zu, and without -t.", length,
          max);
    start_mqrecv(&desk, false, messages[0].type, max);

    size_t left = count_left(&desk);
    take_message(desk.run, desk.queue, 0, &oldest);
    finish_run(desk.run);
    const struct call *call = last_call(desk.run, "msgrcv");
    suspect_if(call != NULL && call->args[2] == max + sizeof(long), "msgsnd-size-includes-mtype");
    suspect_if(call != NULL && (call->args[4] & MSG_NOERROR) != 0, "msg-noerror-loses-silently");
    expect_that(desk.run, left == 3, FINDING_LOST_MESSAGE,
                "The message should stay in the queue, and it is not there any more: what mqrecv "
                "has not written of it is lost. The size that was given to msgrcv%s was %llu.",
                where_of(call), call != NULL ? (unsigned long long)call->args[2] : 0);
    expect_that(desk.run, text_equal(oldest.text, messages[0].text), FINDING_WRONG_OUTPUT,
                "The message should stay where it is. It was the oldest one, and now it is not: "
                "it was taken out and put back, behind the others.");
    suspect(NULL);
    suspect_if(saw_failure(desk.run, "msgrcv", E2BIG), "msgrcv-e2big");
    expect_exit(desk.run, 1);
    expect_stdout(desk.run, text_of(""));
    expect_that(desk.run, stderr_of(desk.run).length > 0, FINDING_UNCHECKED_ERROR,
                "It has not said on standard error why it has taken nothing.");
    suspect(NULL);
}

CHECK(leaves_what_is_longer_than_max, 1,
      HINT("What does msgrcv do by itself with a message that is longer than the size you give?")
      HINT("Try it by hand, and look at ipcs -q before and after.")
      HINT("One byte too many is too many. Which size did you give to msgrcv?"))
{
    int max = random_between(10, 500);
    expect_left_whole((size_t)max + 1, (size_t)max);
    expect_left_whole(LONGEST, (size_t)max);
    expect_left_whole(1, 0);
}

CHECK(cuts_only_when_told, 1,
      HINT("Which flag of msgrcv makes a long message fit?")
      HINT("What do you get of the message, and where is the rest?")
      HINT("The next msgrcv gives the next message. Did anybody ask for that?"))
{
    struct a_message messages[3];
    size_t max = (size_t)random_between(10, 500);
    struct desk desk = lay_long(messages, max + (size_t)random_between(1, 3000));

    expect_received(&desk, true, messages[0].type, max, 0);
    desk = lay_long(messages, max);
    expect_received(&desk, true, messages[2].type, 0, 2);
    desk = lay_long(messages, max);
    expect_received(&desk, true, 0, max, 0);
}

/* ---- Waiting -------------------------------------------------------------------------------- */

static void expect_waiting(struct run *run, const char *for_what)
{
    bool ended = has_ended(run);
    if (ended)
        finish_run(run);
    const char *name = record_of(run)->program;
    expect_that(
        run, !ended, FINDING_WRONG_STATUS,
        "%s has ended (exit status %d) when it should wait for %s. On standard error it said: %s",
        name, ended ? exit_status_of(run) : 0, for_what, said_by(run));
    expect_still_idle(run);
}

CHECK(receiver_waits_for_its_message, 1,
      HINT("What if there is nothing for you in the queue yet? Which of your flags says not to wait?")
      HINT("The queue is not empty. Which of the messages are wanted?")
      HINT("Who wakes you up when the right one comes?"))
{
    long type = random_between(100, 1000);
    long selector = random_below(2) ? type : -type;
    struct a_message others[] = {
        {type + 1,    random_payload(10)},
        {type + 1000, random_payload(10)}
    };
    struct text text = random_payload(30);
    struct desk desk = lay((struct a_queue){.messages = others, .n_messages = 2}, NULL);

    scene("mqrecv was started with TYPE %ld; the two messages in the queue have higher types.",
          selector);
    start_mqrecv(&desk, false, selector, 100);
    expect_waiting(desk.run, "a message that fits");
    put_message(desk.run, desk.queue, type + 1, text);
    wait_until_idle(desk.run);
    expect_waiting(desk.run, "a message that fits");
    put_message(desk.run, desk.queue, type, text);
    wait_until_idle(desk.run);
    size_t left = count_left(&desk);
    scene("mqrecv was started with TYPE %ld, waited, and then a message of type %ld came.",
          selector, type);
    expect_exit(desk.run, 0);
    expect_stdout(desk.run, text_join(line_of(type, text.length), text));
    expect_that(desk.run, left == 3, FINDING_LOST_MESSAGE,
                "Three messages that it did not ask for were in the queue. Now there are %zu.",
                left);
}

CHECK(sender_waits_for_room, 1,
      HINT("What if there is no room in the queue? Which of your flags says not to wait?")
      HINT("Does your program sleep, or does it ask again and again?")
      HINT("Where is the message while the queue is full?"))
{
    struct a_message first = {random_type(), random_payload(900)}, came = {0};
    struct text text = random_payload((size_t)random_between(200, 900));
    struct desk desk =
        lay((struct a_queue){.qbytes = 1000, .messages = &first, .n_messages = 1}, NULL);
    long type = random_type();

    scene("There is less room in the queue than the message needs.");
    start_mqsend(&desk, type, text);
    expect_waiting(desk.run, "room");
    take_message(desk.run, desk.queue, 0, &came);
    wait_until_idle(desk.run);
    receive_exactly(&desk, text.length);
    scene("The queue was full; then somebody took a message out.");
    expect_message(&desk, type, text);
}

/* ---- No queue ------------------------------------------------------------------------------- */

static void expect_no_queue_told(struct run *run)
{
    expect_exit(run, NO_QUEUE);
    expect_stdout(run, text_of(""));
    expect_that(run, stderr_of(run).length > 0, FINDING_UNCHECKED_ERROR,
                "%s has ended with status %d and has not said on standard error why.",
                record_of(run)->program, NO_QUEUE);
    expect_that(run, count_calls(run, "msgget") == 0, FINDING_FORBIDDEN_CALL,
                "There was no queue with that key, and a msgget of %s succeeded: it has made one.",
                record_of(run)->program);
}

CHECK(missing_queue_is_told, 1,
      HINT("Which errno of msgget says that there is no queue with that key?")
      HINT("A queue can be removed while you sleep in desk. What do msgsnd and msgrcv return then?")
      HINT("Who is to make the queue: these programs, or somebody else?"))
{
    scene("There is no queue with that key.");
    const char *key = key_words(any_key());
    expect_no_queue_told(run_program("mqrecv", args(key, "0", "10"), given_nothing()));
    expect_no_queue_told(run_program("mqsend", args(key, "1"), given_input(random_lines(1))));

    struct a_message first = {random_type(), random_payload(100)};
    struct desk desk = lay_empty(NULL);
    scene("The queue was removed while mqrecv waited for a message.");
    start_mqrecv(&desk, false, 0, 100);
    remove_object(desk.run, OBJECT_QUEUE, desk.queue);
    expect_exit(desk.run, NO_QUEUE);

    desk = lay((struct a_queue){.qbytes = 100, .messages = &first, .n_messages = 1}, NULL);
    scene("The queue was removed while mqsend waited for room.");
    start_mqsend(&desk, 1, random_lines(1));
    remove_object(desk.run, OBJECT_QUEUE, desk.queue);
    expect_exit(desk.run, NO_QUEUE);
}

/* ---- Interruptions and failures ------------------------------------------------------------- */

/* Standard input comes in two parts, and mqsend has read the first before the second comes. */
static void expect_sent_in_parts(long type, struct text text)
{
    struct desk desk = lay_empty(NULL);
    size_t half = text.length / 2;

    scene("Standard input came in two parts, with a pause between them.");
    start_first(desk.run, "mqsend", args(desk.key, number_words(type)),
                given_input_held_open(text_slice(text, 0, half)));
    wait_until_idle(desk.run);
    send_input(desk.run, text_slice(text, half, text.length));
    close_input(desk.run);
    wait_until_idle(desk.run);
    receive_exactly(&desk, text.length);
    finish_run(desk.run);
    const struct call *call = last_call(desk.run, "msgsnd");
    suspect_if(call != NULL && call->args[2] == half, "one-read-one-message");
    expect_message(&desk, type, text);
    suspect(NULL);
}

/* One message from the queue, with that trouble. */
static void expect_received_despite(const struct a_message *message, struct given *trouble)
{
    struct desk desk = lay((struct a_queue){.messages = message, .n_messages = 1}, trouble);
    start_mqrecv(&desk, false, 0, LONGEST);
    finish_run(desk.run);
    size_t came = stdout_of(desk.run).length;
    suspect_if(came > 0 && came < message->text.length, "partial-write-ignored");
    expect_exit(desk.run, 0);
    expect_stdout(desk.run, text_join(line_of(message->type, message->text.length), message->text));
    suspect(NULL);
}

CHECK(pieces_and_interruptions, 1,
      HINT("One read gives some of standard input. When do you know that you have all?")
      HINT("write says how much it has written. What about the rest?")
      HINT("msgsnd and msgrcv come back with EINTR whatever you tell sigaction."))
{
    struct a_message message = {random_type(), random_payload(3000)};

    expect_sent_in_parts(random_type(), random_payload((size_t)random_between(2, LONGEST)));
    scene("Reads and writes came out short.");
    expect_sent(given_short_reads(), message.type, message.text);
    expect_received_despite(&message, given_short_writes());
    scene(NULL);
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read msgsnd")
    {
        expect_sent(fault, message.type, message.text);
    }
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "msgrcv write")
    {
        expect_received_despite(&message, fault);
    }
}

/* One message is in the queue, and one is to be sent. */
static void expect_failure_told(const char *program, struct given *fault)
{
    struct a_message message = {random_type(), random_payload(30)};
    struct desk desk = lay((struct a_queue){.messages = &message, .n_messages = 1}, fault);
    if (strcmp(program, "mqsend") == 0)
        start_mqsend(&desk, 1, random_payload(30));
    else
        start_mqrecv(&desk, false, 0, 100);
    expect_fault_told(desk.run, NULL);
    expect_ipc_fault_named(desk.run);
}

CHECK(failed_calls_are_reported, 1,
      HINT("Which of your calls can return -1? All of them.")
      HINT("Is every failure of msgget a missing queue?")
      HINT("Also the write by which a message leaves you can fail."))
{
    expect_failure_told("mqsend", given_failing("msgget", 1, EACCES));
    expect_failure_told("mqrecv", given_failing("msgget", 1, EACCES));
    EACH_FAULT(fault, FAULT_FAILS, "msgget read msgsnd memory")
    {
        expect_failure_told("mqsend", fault);
    }
    EACH_FAULT(fault, FAULT_FAILS, "msgget msgrcv write memory")
    {
        expect_failure_told("mqrecv", fault);
    }

    struct a_message message = {random_type(), random_payload(30)};
    struct desk desk = lay((struct a_queue){.messages = &message, .n_messages = 1}, NULL);
    start_first(desk.run, "mqrecv", args(desk.key, "0", "100"), given_output_file("/dev/full"));
    wait_until_idle(desk.run);
    expect_full_told(desk.run);
}

/* ---- Usage ---------------------------------------------------------------------------------- */

static void expect_refused(const char *program, const char *const *arguments)
{
    struct text words = text_of(program);
    for (size_t i = 0; arguments[i] != NULL; i++)
        words = text_join(words, text_format(" '%s'", arguments[i]));
    struct run *run = run_program(program, arguments, given_nothing());
    scene("The command was: %s.", words.bytes);
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    expect_stdout(run, text_of(""));
}

/* There is a queue, and something on standard input: all is well but for TYPE. */
static void expect_type_refused(const char *type)
{
    struct desk desk = lay_empty(NULL);
    scene("mqsend was given \"%s\" for TYPE.", type);
    start_first(desk.run, "mqsend", args(desk.key, type), given_input(random_lines(1)));
    finish_run(desk.run);
    suspect_if(type_in_call(last_call(desk.run, "msgsnd"), 1) < 1, "mtype-zero-or-unset");
    expect_exit(desk.run, 2);
    expect_stderr_begins(desk.run, "usage:");
    suspect(NULL);
}

CHECK(refuses_wrong_arguments, 1,
      HINT("Which values may the type of a message have?")
      HINT("What does your program make of \"5x\", of an empty word, and of a number that is too large?")
      HINT("Wrong usage has an exit status of its own."))
{
    expect_type_refused("0");
    expect_type_refused(random_below(2) ? "-1" : "-7000000000");
    expect_type_refused(random_below(2) ? "9223372036854775808" : "5x");

    const char *key = key_words(any_key());
    expect_refused("mqsend", args(key));
    expect_refused("mqsend", args(random_below(2) ? "0" : "0x100000000", "1"));
    expect_refused("mqsend", args(key, "1", "1"));
    expect_refused("mqrecv", args(key, "0"));
    expect_refused("mqrecv", args(random_below(2) ? "" : "key", "0", "10"));
    expect_refused("mqrecv", args(key, random_below(2) ? "" : "9x", "10"));
    expect_refused("mqrecv", args(key, "0", random_below(2) ? "-1" : "65537"));
    expect_refused("mqrecv", args(key, "0", "10", "-t"));
    expect_refused("mqrecv", args("-t", key, "0"));

    scene(NULL);
    struct desk desk = lay_empty(NULL);
    struct text text = random_payload(20);
    start_mqsend(&desk, 1, text);
    receive_exactly(&desk, text.length);
    expect_message(&desk, 1, text);
}
