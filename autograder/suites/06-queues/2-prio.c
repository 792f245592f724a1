/*
 * 2-prio.c - the checks of 6.2: prio empties a queue of the kit's. What must come out is computed
 * here, message by message, from what is in the queue at that moment.
 */
#include "../exercise.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

EXERCISE("What is urgent comes first");

enum { MOST = 40, NO_QUEUE = 4 };

/* Messages in the order in which they were sent. */
struct list {
    struct a_message items[MOST];
    size_t count;
};

/* What prio is doing, and what it should have in front of it. */
struct desk {
    struct run *run;
    const char *key;
    int queue;
    long limit; /* K */
};

static const char *number_words(long number)
{
    return text_format("%ld", number).bytes;
}

static void add(struct list *list, long type, struct text text)
{
    list->items[list->count++] = (struct a_message){type, text};
}

/* Printable, so that a message about the order can be read: no two are alike. */
static struct text short_text(void)
{
    return text_of(random_word());
}

/* ---- What must come out --------------------------------------------------------------------- */

/* The one that is next: the oldest of the lowest type up to limit, or else the oldest. */
static size_t next_of(const struct list *list, long limit)
{
    size_t next = 0;
    for (size_t i = 1; i < list->count; i++)
        if (list->items[i].type <= limit && list->items[i].type < list->items[next].type)
            next = i;
    return next;
}

static void drop(struct list *list, size_t which)
{
    list->count--;
    for (size_t i = which; i < list->count; i++)
        list->items[i] = list->items[i + 1];
}

static struct text line_of(const struct a_message *message)
{
    return text_join(text_format("%ld ", message->type), text_join(message->text, text_of("\n")));
}

/* Takes that many messages, in the right order. Returns their lines. */
static struct text lines_of(struct list *list, long limit, size_t count)
{
    struct text lines = text_of("");
    for (; count > 0 && list->count > 0; count--) {
        size_t next = next_of(list, limit);
        lines = text_join(lines, line_of(&list->items[next]));
        drop(list, next);
    }
    return lines;
}

static struct text all_lines(struct list list, long limit)
{
    return lines_of(&list, limit, list.count);
}

/* What somebody gets who thinks that -K means: types up to K, the oldest first. */
static struct text lines_by_age(struct list list, long limit)
{
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].type <= limit)
            list.items[i].type = 1;
    return all_lines(list, 1);
}

/* What somebody prints who takes the texts for strings. */
static struct text lines_of_strings(struct list list, long limit)
{
    for (size_t i = 0; i < list.count; i++)
        list.items[i].text.length = strnlen(list.items[i].text.bytes, list.items[i].text.length);
    return all_lines(list, limit);
}

/* ---- Running -------------------------------------------------------------------------------- */

static struct desk lay(const struct list *list, long limit, struct given *more)
{
    struct desk desk = {.limit = limit};
    key_t key = random_key();
    struct given *queue =
        given_a_queue(.key = key, .mode = 0600, .messages = list->items, .n_messages = list->count);

    desk.key = text_format(random_below(2) ? "0x%x" : "%u", (unsigned)key).bytes;
    desk.run = new_run(given(queue, more));
    desk.queue = id_of_given(queue);
    /* Somebody may still send: so who waits for a message does not hang, and can be told so. */
    start_peer(desk.run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));
    return desk;
}

/* Until it has ended, or waits. */
static void start_prio(struct desk *desk, struct given *given)
{
    start_first(desk->run, "prio", args(desk->key, number_words(desk->limit)), given);
    wait_until_idle(desk->run);
}

static bool has_ended(struct run *run)
{
    return find_process(run, "prio", NULL)->ended_us >= 0;
}

/* The call of msgrcv in which prio sleeps. NULL: none. */
static const struct call *waits_in_msgrcv(struct desk *desk)
{
    const struct call *call =
        call_in_progress(desk->run, find_process(desk->run, "prio", NULL)->number);
    return call != NULL && strcmp(call->name, "msgrcv") == 0 ? call : NULL;
}

static size_t count_left(struct desk *desk)
{
    const struct object *queue = xsi_object(desk->run, OBJECT_QUEUE, desk->queue);
    return queue != NULL && queue->messages > 0 ? (size_t)queue->messages : 0;
}

/* All that msgrcv was asked, the failed calls too. */
static size_t count_msgrcv(struct run *run)
{
    const struct record *record = record_of(run);
    size_t count = 0;
    for (size_t i = 0; i < record->n_calls; i++)
        count +=
            strcmp(record->calls[i].name, "msgrcv") == 0 && record->calls[i].place.file != NULL;
    return count;
}

/* " at prio.c:65" */
static const char *where_of(const struct call *call)
{
    if (call == NULL || call->place.file == NULL)
        return "";
    return text_format(" at %s:%d", call->place.file, call->place.line).bytes;
}

/* When everything sleeps, it has ended. */
static void expect_end(struct desk *desk)
{
    const struct call *waits = waits_in_msgrcv(desk);
    ptrdiff_t index = waits != NULL ? waits - record_of(desk->run)->calls : -1;
    bool there = xsi_object(desk->run, OBJECT_QUEUE, desk->queue) != NULL;
    size_t left = count_left(desk);

    remove_object(desk->run, OBJECT_QUEUE, desk->queue); /* wakes it up */
    finish_run(desk->run);
    look_at(index >= 0 ? &record_of(desk->run)->calls[index] : NULL);
    expect_that(
        desk->run, index < 0, FINDING_HANG,
        "prio waits for a message in msgrcv%s, and nobody is going to send one. The task asks "
        "that it never waits. Messages left in the queue: %zu.",
        where_of(index >= 0 ? &record_of(desk->run)->calls[index] : NULL), left);
    look_at(NULL);
    expect_exit(desk->run, 0);
    expect_that(desk->run, there, FINDING_FORBIDDEN_CALL,
                "The queue is gone. prio has not made it, and so should not remove it.");
    expect_that(desk->run, left == 0, FINDING_WRONG_OUTPUT,
                "prio has ended, and the queue is not empty. Messages left: %zu.", left);
}

/* The types at the beginnings of the lines, as " 1 3 3 5". */
static struct text types_of(struct text lines)
{
    struct text types = text_of("");
    for (size_t at = 0; at < lines.length;) {
        types = text_join(types, text_format(" %ld", strtol(lines.bytes + at, NULL, 10)));
        while (at < lines.length && lines.bytes[at] != '\n')
            at++;
        at++;
    }
    return types;
}

/* For lists with texts that have no newline. */
static void expect_types(struct run *run, struct text wanted)
{
    struct text types = types_of(wanted), came = types_of(stdout_of(run));
    expect_that(run, text_equal(types, came), FINDING_WRONG_OUTPUT,
                "The types of the messages should come in the order%s. They came in the order%s.",
                types.bytes, came.bytes);
}

/* It has seen these, and nothing else has come in meanwhile. */
static void expect_order(const struct list *list, long limit, bool readable)
{
    struct desk desk = lay(list, limit, NULL);
    struct text wanted = all_lines(*list, limit);

    scene("K was %ld.", limit);
    start_prio(&desk, given_nothing());
    suspect_if(saw_failure(desk.run, "msgrcv", E2BIG), "msgrcv-e2big");
    expect_end(&desk);
    suspect(NULL);
    struct text said = stdout_of(desk.run);
    bool by_type = text_equal(said, all_lines(*list, LONG_MAX));
    bool by_age = text_equal(said, lines_by_age(*list, limit));
    suspect_if(by_type || by_age, "negative-msgtype-order");
    if (readable)
        expect_types(desk.run, wanted);
    suspect_if(text_equal(said, lines_of_strings(*list, limit)), "read-not-nul-terminated");
    expect_stdout(desk.run, wanted);
    suspect(NULL);
    expect_stderr_empty(desk.run);
}

/* ---- Checks --------------------------------------------------------------------------------- */

/* Types around that one, in random order; some more than once. */
static void add_around(struct list *list, long limit, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(list, limit - 5 + random_between(0, 10), short_text());
}

CHECK(urgent_ones_come_by_type, 2,
      HINT("What does msgrcv give for a negative selector: the oldest message, or another one?")
      HINT("Put messages of types 5, 3, 9, 3 and 1 into a queue, and see what comes for -4.")
      HINT("Two messages have the same type. Which of them is first?"))
{
    struct list list = {0};
    long limit = random_between(20, 1000);
    const long types[] = {limit, limit - 2, limit - 1, limit - 2, 1, limit - 7, limit};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        add(&list, types[i], short_text());

    expect_order(&list, limit, true);
}

CHECK(the_rest_comes_by_age, 2,
      HINT("Which selector takes the types as they come?")
      HINT("A message of type K + 1 and one of type K + 100: is one of them more urgent?")
      HINT("When is it the turn of the messages that are not urgent?"))
{
    struct list list = {0}, mixed = {0};
    long limit = random_between(20, 1000);
    const long types[] = {limit + 9, LONG_MAX, limit + 1, limit + 9, limit + 2};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        add(&list, types[i], short_text());
    expect_order(&list, limit, true);

    add(&mixed, limit + 1, short_text());
    add(&mixed, limit, short_text());
    add_around(&mixed, limit, 20);
    expect_order(&mixed, limit, true);
}

CHECK(the_kernel_chooses, 1,
      HINT("How often do you call msgrcv for one message? Look at the selector again.")
      HINT("There can be as many types as there are numbers. Who knows which ones are in the queue?")
      HINT("Which two questions have to be asked before you know that the queue is empty?"))
{
    struct list list = {0};
    long limit = random_between(500, 1000);
    add(&list, limit + 1, short_text());
    add_around(&list, limit, 10);
    struct desk desk = lay(&list, limit, NULL);

    start_prio(&desk, given_nothing());

    expect_end(&desk);
    size_t calls = count_msgrcv(desk.run), most = 2 * list.count + 2;
    expect_stdout(desk.run, all_lines(list, limit));
    expect_that(desk.run, calls <= most, FINDING_FORBIDDEN_CALL,
                "There were %zu messages in the queue, and K was %ld. prio has called msgrcv %zu "
                "times; the task allows two calls for each line and two more, %zu here.",
                list.count, limit, calls, most);
}

/* Two lines with such a text do not fit into a pipe of a page. */
static struct text long_text(void)
{
    struct text text = text_of("");
    while (text.length < 2100)
        text = text_join(text, short_text());
    return text;
}

/* All that was taken so far was asked for by negative selectors. */
static bool asked_only_negative(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (strcmp(record->calls[i].name, "msgrcv") == 0 && record->calls[i].result >= 0 &&
            (long)record->calls[i].args[3] >= 0)
            return false;
    return true;
}

/* Nobody reads standard output, and the line of the second message waits to be written. */
static void expect_two_taken(struct desk *desk, const struct list *list)
{
    size_t taken = list->count - count_left(desk), urgent = 0;
    for (size_t i = 0; i < list->count; i++)
        urgent += list->items[i].type <= desk->limit;
    suspect_if(taken == urgent && asked_only_negative(desk->run), "negative-msgtype-order");
    expect_that(desk->run, taken <= 2, FINDING_LOST_MESSAGE,
                "Standard output took one line and then no more. So one message is written, and "
                "one is on its way; but prio has taken %zu out of the queue. If it is killed "
                "now, the others are lost, and what comes in now can't come before them.",
                taken);
    suspect(NULL);
    expect_that(desk->run, !has_ended(desk->run), FINDING_WRONG_STATUS,
                "prio has ended, and the queue is not empty. Messages left: %zu.",
                count_left(desk));
}

/* These two are taken first, and while the second is being written the late ones come in. */
static void expect_late_in_place(struct list list, long limit, const struct list *late)
{
    struct desk desk = lay(&list, limit, NULL);

    scene("K was %ld.", limit);
    start_prio(&desk, given(given_unread_output(), given_capacity(1, 4096)));
    expect_two_taken(&desk, &list);
    struct text wanted = lines_of(&list, limit, 2);
    for (size_t i = 0; i < late->count; i++) {
        put_message(desk.run, desk.queue, late->items[i].type, late->items[i].text);
        add(&list, late->items[i].type, late->items[i].text);
    }
    resume_reading(desk.run);
    scene("K was %ld. While prio waited to write its second line, more messages came in.", limit);
    wait_until_idle(desk.run);
    expect_end(&desk);
    wanted = text_join(wanted, all_lines(list, limit));
    expect_types(desk.run, wanted);
    expect_stdout(desk.run, wanted);
    scene(NULL);
}

CHECK(late_messages_have_their_place, 2,
      HINT("Somebody sends an urgent message while you print. When do you notice?")
      HINT("How many messages does your program have in its hands at one time?")
      HINT("For each message anew: which one is next?"))
{
    struct list urgent = {0}, others = {0}, late = {0};
    long limit = random_between(20, 1000);
    add(&late, limit + 1, short_text());
    add(&late, limit, short_text());
    add(&late, 1, short_text());
    add(&late, limit - 1, short_text());

    add(&urgent, limit + 2, short_text());
    add(&urgent, 3, long_text());
    add(&urgent, limit - 2, short_text());
    add(&urgent, 2, long_text());
    add(&urgent, limit, short_text());
    expect_late_in_place(urgent, limit, &late);

    add(&others, limit + 3, long_text());
    add(&others, limit + 2, long_text());
    add(&others, limit + 9, short_text());
    expect_late_in_place(others, limit, &late);
}

CHECK(any_text_any_type, 1,
      HINT("A text may hold any bytes, or none. Who says where it ends?")
      HINT("The largest K there is: does your program ask for the right selector?")
      HINT("An empty queue has no message. What does msgrcv say then, if it is not to wait?"))
{
    struct list list = {0}, empty = {0};
    add(&list, LONG_MAX, random_bytes(8192));
    add(&list, 7000000000, text_of(""));
    add(&list, 5, random_bytes((size_t)random_between(1, 3000)));
    add(&list, LONG_MAX - 1, text_bytes("one\0two\n", 8));

    expect_order(&list, random_below(2) ? LONG_MAX : 7000000000, false);
    expect_order(&empty, random_between(1, 1000), true);
}

/* A long message and some around K, with that trouble. */
static void expect_all_out(struct given *trouble, int around)
{
    struct list list = {0};
    long limit = random_between(20, 1000);
    add(&list, limit + 1, random_bytes(3000));
    add_around(&list, limit, around);
    struct desk desk = lay(&list, limit, trouble);

    start_prio(&desk, given_nothing());

    finish_run(desk.run);
    suspect_if(!saw_fault(desk.run) && stdout_of(desk.run).length > 0, "partial-write-ignored");
    expect_exit(desk.run, 0);
    expect_stdout(desk.run, all_lines(list, limit));
    suspect(NULL);
}

CHECK(pieces_and_interruptions, 1,
      HINT("write says how much it has written. What about the rest?")
      HINT("A call that a signal has interrupted has done nothing. What do you do then?")
      HINT("-1 has several meanings. Which errno belongs to which?"))
{
    expect_all_out(given_short_writes(), 5);
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write")
    {
        expect_all_out(fault, 2);
    }
}

CHECK(missing_queue_is_told, 1,
      HINT("Which errno of msgget says that there is no queue with that key?")
      HINT("Is an empty queue the same as none?")
      HINT("Who is to make the queue: this program, or somebody else?"))
{
    const char *key = text_format("0x%x", (unsigned)random_key()).bytes;
    struct run *run = run_program("prio", args(key, "5"), given_nothing());

    scene("There is no queue with that key.");
    expect_that(run, count_calls(run, "msgget") == 0, FINDING_FORBIDDEN_CALL,
                "A msgget of prio succeeded: it has made one.");
    expect_exit(run, NO_QUEUE);
    expect_stdout(run, text_of(""));
    expect_that(run, stderr_of(run).length > 0, FINDING_UNCHECKED_ERROR,
                "prio has ended with status %d and has not said on standard error why.", NO_QUEUE);
}

/* Two messages are in the queue, one of them urgent; that call is made to fail. */
static struct desk start_with_fault(struct given *fault, struct given *given)
{
    struct list list = {0};
    add(&list, 9, short_text());
    add(&list, 3, short_text());
    struct desk desk = lay(&list, 5, fault);
    start_prio(&desk, given);
    return desk;
}

CHECK(failed_calls_are_reported, 1,
      HINT("Which of your calls can return -1? All of them.")
      HINT("For which errno does -1 mean that there is nothing more? And for all the others?")
      HINT("Also the write by which a message leaves you can fail."))
{
    EACH_FAULT(fault, FAULT_FAILS, "msgget msgrcv write memory")
    {
        struct desk desk = start_with_fault(fault, given_nothing());
        expect_fault_told(desk.run, NULL);
        expect_ipc_fault_named(desk.run);
    }
    struct desk desk = start_with_fault(given_nothing(), given_output_file("/dev/full"));
    expect_full_told(desk.run);
}

CHECK(refuses_wrong_arguments, 1,
      HINT("Which values may K have? What would the selector be for a K of 0?")
      HINT("What does your program make of \"5x\", of an empty word, and of a number that is too large?")
      HINT("Wrong usage has an exit status of its own."))
{
    const char *const wrong[] = {"0", "-5", random_below(2) ? "" : "5x", "9223372036854775808"};
    struct list list = {0};
    add(&list, 3, short_text());
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct desk desk = lay(&list, 1, NULL);
        scene("prio was given '%s' for K.", wrong[i]);
        start_first(desk.run, "prio", args(desk.key, wrong[i]), given_nothing());
        expect_exit(desk.run, 2);
        expect_stderr_begins(desk.run, "usage:");
    }
    scene("prio was given a KEY that is none.");
    expect_exit(run_program("prio", args("0x100000000", "5"), given_nothing()), 2);
    expect_exit(run_program("prio", args("0", "5"), given_nothing()), 2);
    scene("prio was given one argument, or three.");
    expect_exit(run_program("prio", args("0x77"), given_nothing()), 2);
    expect_exit(run_program("prio", args("0x77", "5", "5"), given_nothing()), 2);
    expect_order(&list, 1, true);
}
