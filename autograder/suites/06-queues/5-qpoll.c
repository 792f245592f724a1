/*
 * 5-qpoll.c - the checks of 6.5: several queues and a pipe at once.
 *
 * The queues are the kit's. It puts messages into them and lines into standard input, and looks at
 * what comes out and who sleeps where.
 */
#include "../exercise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

EXERCISE("Several queues and a pipe at once");

enum { MOST_QUEUES = 4, LONGEST = 8192 };

/* ---- The scene ------------------------------------------------------------------------------ */

struct scene {
    struct run *run;
    int count;
    struct given *queues[MOST_QUEUES];
    const char *keys[MOST_QUEUES];
    int ids[MOST_QUEUES];
};

/* Queues with what is in them before; qpoll is not started yet. */
static struct scene new_scene(int count, const struct a_message *before, size_t n_before,
                              struct given *for_run)
{
    struct scene scene = {.count = count};
    struct given *all = given(given_nothing(), for_run);

    for (int i = 0; i < count; i++) {
        key_t key = random_key();
        scene.keys[i] = text_format(i % 2 == 0 ? "0x%x" : "%u", (unsigned)key).bytes;
        scene.queues[i] =
            given_a_queue(.key = key, .mode = 0600, .messages = before, .n_messages = n_before);
        all = given(all, scene.queues[i]);
    }
    scene.run = new_run(all);
    for (int i = 0; i < count; i++)
        scene.ids[i] = id_of_given(scene.queues[i]);
    return scene;
}

static void start_qpoll(struct scene *scene, struct given *given_more)
{
    const char *list[MOST_QUEUES + 1] = {NULL};
    for (int i = 0; i < scene->count; i++)
        list[i] = scene->keys[i];
    start_first(scene->run, "qpoll", list, given(given_input_held_open(text_of("")), given_more));
    wait_until_idle(scene->run);
}

static struct scene start_scene(int count, struct given *for_run)
{
    struct scene scene = new_scene(count, NULL, 0, for_run);
    start_qpoll(&scene, NULL);
    return scene;
}

static bool is_alive(struct scene *scene)
{
    return record_of(scene->run)->processes[0].ended_us < 0;
}

static void expect_alive(struct scene *scene, const char *when)
{
    bool alive = is_alive(scene), too_long = saw_failure(scene->run, "msgrcv", E2BIG);
    if (!alive)
        finish_run(scene->run); /* all that it said is here */
    struct text said = stderr_of(scene->run);
    suspect_if(too_long, "msgrcv-e2big");
    expect_that(scene->run, alive, FINDING_WRONG_STATUS,
                "qpoll has ended %s, and standard input has not.%s On standard error it said: %s",
                when, too_long ? " A msgrcv failed with E2BIG." : "",
                said.length > 0 ? said.bytes : "nothing");
    suspect(NULL);
}

static struct text printed(int number, long type, struct text text)
{
    return text_join(text_format("%d %ld %zu\n", number, type, text.length),
                     text_join(text, text_of("\n")));
}

/* A message into queue number (from 1), or a line into standard input (0). Returns how it should
 * come out. */
static struct text send(struct scene *scene, int number, struct text text)
{
    long type = number > 0 ? random_between(1, 2000000000) : 0;
    if (number > 0)
        expect_that(
            scene->run, put_message(scene->run, scene->ids[number - 1], type, text),
            FINDING_LOST_MESSAGE,
            "Queue %d is full: what is in it was not taken, and a message more has no room.",
            number);
    else
        send_input(scene->run, text_join(text, text_of("\n")));
    return printed(number, type, text);
}

/* What is to come out is there, and everybody waits. */
static void expect_printed(struct scene *scene, struct text expected, const char *when)
{
    wait_until_idle(scene->run);
    expect_alive(scene, when);
    expect_stdout(scene->run, expected);
}

static void expect_good_end(struct scene *scene)
{
    close_input(scene->run);
    expect_exit(scene->run, 0);
    expect_stderr_empty(scene->run);
}

static int64_t messages_in(struct scene *scene, int number)
{
    const struct object *queue = xsi_object(scene->run, OBJECT_QUEUE, scene->ids[number - 1]);
    return queue != NULL ? queue->messages : -1;
}

/* ---- One at a time -------------------------------------------------------------------------- */

CHECK(prints_what_comes, 2,
      HINT("poll cannot wait for a queue. Who could wait for one, and how would he tell you?")
      HINT("Which type of message do you want?")
      HINT("How long is the text, and which bytes may be in it?"))
{
    struct scene scene = start_scene(3, NULL);
    struct text expected = text_of("");
    int first = (int)random_below(4);

    for (int i = 0; i < 9; i++) {
        int from = i < 4 ? (first + i * 3) % 4 : (int)random_below(4);
        struct text text = i < 4 ? text_of(random_word()) : random_bytes(random_below(300));
        if (from == 0)
            text = text_of(random_word());
        expected = text_join(expected, send(&scene, from, text));
        expect_printed(&scene, expected,
                       text_format("after %d message%s", i + 1, i == 0 ? "" : "s").bytes);
    }
    send_input(scene.run, text_of("\nlast"));
    expected = text_join(expected, printed(0, 0, text_of("")));
    expect_printed(&scene, expected, "after an empty line");
    expected = text_join(expected, printed(0, 0, text_of("last")));
    expect_good_end(&scene);
    expect_stdout(scene.run, expected);
}

/* ---- Sleeping ------------------------------------------------------------------------------- */

/* A thread of the program's that will wake up by itself. */
static const struct thread *light_sleeper(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_threads; i++)
        if (record->threads[i].timed && record->processes[record->threads[i].process].own_program)
            return &record->threads[i];
    return NULL;
}

/* How often msgrcv was told not to wait, and there was nothing. */
static int fruitless_looks(struct run *run)
{
    const struct record *record = record_of(run);
    int count = 0;
    for (size_t i = 0; i < record->n_calls; i++)
        count += strcmp(record->calls[i].name, "msgrcv") == 0 && record->calls[i].result == -ENOMSG;
    return count;
}

CHECK(everybody_sleeps, 2,
      HINT("What do your processes do while nothing comes, seen from outside?")
      HINT("In which call does each of them sleep, and what wakes it up?")
      HINT("Is there a time limit in that call? What is it for?"))
{
    struct scene scene = start_scene(3, NULL);

    suspect("busy-wait-flag");
    const struct thread *thread = light_sleeper(scene.run);
    expect_that(scene.run, thread == NULL, FINDING_BUSY_WAIT,
                "Nothing comes, and process %d sleeps in %s with a time limit%s: it will wake up "
                "to look, again and again.",
                thread != NULL ? record_of(scene.run)->processes[thread->process].number : 0,
                thread != NULL && thread->call != NULL ? thread->call : "a call",
                thread != NULL && thread->place.file != NULL
                    ? text_format(" (%s:%d)", thread->place.file, thread->place.line).bytes
                    : "");
    expect_still_idle(scene.run);
    struct text expected = send(&scene, 2, text_of("hello"));
    expect_printed(&scene, expected, "after a message");
    thread = light_sleeper(scene.run);
    expect_that(scene.run, thread == NULL, FINDING_BUSY_WAIT,
                "After the first message, process %d sleeps with a time limit: it will wake up to "
                "look, again and again.",
                thread != NULL ? record_of(scene.run)->processes[thread->process].number : 0);
    int looks = fruitless_looks(scene.run);
    expect_that(scene.run, looks <= 2 * scene.count, FINDING_BUSY_WAIT,
                "A message has come, and nothing else; msgrcv was called %d times without waiting, "
                "and there was nothing.",
                looks);
    suspect(NULL);
    expect_still_idle(scene.run);
    expect_good_end(&scene);
}

/* ---- Many at once --------------------------------------------------------------------------- */

/* Takes the next message off the output; false: it is not one. */
static bool next_record(struct text *output, int *number, struct text *record)
{
    size_t from = 0, length;
    long type;

    while (from < output->length && output->bytes[from] != '\n')
        from++;
    struct text headline = text_slice(*output, 0, from);
    if (from == output->length || from > 40 ||
        sscanf(headline.bytes, "%d %ld %zu", number, &type, &length) != 3 ||
        output->length - from < length + 2 || output->bytes[from + 1 + length] != '\n')
        return false;
    *record = text_slice(*output, 0, from + length + 2);
    *output = text_slice(*output, from + length + 2, output->length);
    return true;
}

/* What came from one source, in its order. */
static struct text output_from(struct run *run, int source)
{
    struct text left = stdout_of(run), record = text_of(""), all = text_of("");
    int number = 0, count = 0;

    while (left.length > 0) {
        bool whole = next_record(&left, &number, &record);
        expect_that(run, whole, FINDING_WRONG_OUTPUT,
                    "After %d messages, standard output goes on with something that is no whole "
                    "message: \"%.40s\". Have two been mixed?",
                    count, left.bytes);
        count++;
        if (number == source)
            all = text_join(all, record);
    }
    return all;
}

static const struct call *next_read(const struct record *record, const struct call *from)
{
    for (const struct call *call = from + 1; call < record->calls + record->n_calls; call++)
        if (call->process == from->process && call->object == from->object &&
            strcmp(call->name, "read") == 0)
            return call;
    return NULL;
}

/* A read of a pipe of its own gave less than it was to give, and the next one did not ask for the
 * rest. (Who always asks for as much as the buffer holds is not meant.) */
static bool forgot_the_rest(struct run *run)
{
    const struct record *record = record_of(run);
    for (const struct call *call = record->calls; call < record->calls + record->n_calls; call++) {
        bool less = strcmp(call->name, "read") == 0 && call->object >= 0 &&
                    record->objects[call->object].kind == OBJECT_PIPE && call->result > 0 &&
                    (uint64_t)call->result < call->args[2];
        const struct call *next = less && call->args[0] != 0 ? next_read(record, call) : NULL;
        if (next != NULL && next->args[2] != call->args[2] &&
            next->args[2] != call->args[2] - (uint64_t)call->result)
            return true;
    }
    return false;
}

static void expect_from(struct run *run, int source, struct text expected)
{
    struct text came = output_from(run, source);
    expect_that(run, text_equal(came, expected), FINDING_WRONG_OUTPUT,
                "What was sent to queue %d has not come out as it was, or not in its order (%zu "
                "bytes expected, %zu came).",
                source, expected.length, came.length);
}

CHECK(takes_what_was_there, 1,
      HINT("What was in the queues before you started?")
      HINT("What comes out of one queue has an order. Who keeps it?")
      HINT("Which types are there?"))
{
    const struct a_message before[] = {
        {9,          text_of("nine")  },
        {2,          random_bytes(100)},
        {1,          text_of("")      },
        {2147483647, text_of("great") }
    };
    struct scene scene = new_scene(3, before, 4, NULL);
    struct text expected[3];

    start_qpoll(&scene, NULL);
    for (int i = 0; i < 3; i++) {
        expected[i] = text_of("");
        for (int k = 0; k < 4; k++)
            expected[i] = text_join(expected[i], printed(i + 1, before[k].type, before[k].text));
    }
    for (int k = 0; k < 30; k++)
        expected[k % 3] =
            text_join(expected[k % 3], send(&scene, k % 3 + 1, random_bytes(random_below(200))));
    wait_until_idle(scene.run);
    expect_alive(&scene, "after a number of messages");
    for (int i = 0; i < 3; i++)
        expect_from(scene.run, i + 1, expected[i]);
    expect_good_end(&scene);
}

CHECK(long_messages_stay_whole, 2,
      HINT("How long may a message be, and how long is your buffer?")
      HINT("Several helpers may write at the same time. Into what, and how much at once?")
      HINT("How much does one read give you of what one write has written?"))
{
    const size_t lengths[] = {LONGEST, 5000, LONGEST, 0, 4097, LONGEST - 1};
    struct scene scene = new_scene(2, NULL, 0, given(given_small_pipes(), given_watched_io()));
    struct text expected[2] = {text_of(""), text_of("")};

    start_qpoll(&scene, given(given_unread_output(), given_capacity(1, 4096)));
    for (int k = 0; k < 6; k++) {
        for (int i = 0; i < 2; i++)
            expected[i] = text_join(expected[i], send(&scene, i + 1, random_bytes(lengths[k])));
        wait_until_idle(scene.run);
        expect_alive(&scene, text_format("after a message of %zu bytes", lengths[k]).bytes);
        if (k == 2)
            resume_reading(scene.run);
        wait_until_idle(scene.run);
        suspect_if(forgot_the_rest(scene.run), "one-read-one-message");
        for (int i = 0; i < 2 && k >= 2; i++)
            expect_from(scene.run, i + 1, expected[i]);
    }
    suspect(NULL);
    expect_good_end(&scene);
}

/* ---- The end -------------------------------------------------------------------------------- */

/* So that the cell is still there when qpoll has ended. */
static void keep_cell(struct scene *scene)
{
    start_peer(scene->run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));
}

CHECK(ends_with_its_input, 2,
      HINT("Where is a message that a helper has received and not yet passed on?")
      HINT("What may a helper have in its hands when the signal comes that ends it?")
      HINT("Who waits for the helpers?"))
{
    struct scene scene = start_scene(2, NULL);
    keep_cell(&scene);
    close_input(scene.run);
    wait_until_first_ended(scene.run);
    suspect("rmid-by-wrong-process");
    expect_that(scene.run, messages_in(&scene, 1) >= 0 && messages_in(&scene, 2) >= 0,
                FINDING_LOST_MESSAGE,
                "qpoll has ended, and a queue that it has not made is gone with it.");
    suspect(NULL);
    (void)send(&scene, 1, text_of("too late"));
    wait_until_idle(scene.run);
    expect_that(scene.run, messages_in(&scene, 1) == 1, FINDING_LOST_MESSAGE,
                "qpoll has ended, and then a message was put into queue 1. It is not there any "
                "more.");
    expect_exit(scene.run, 0);
    expect_stdout(scene.run, text_of(""));

    scene = new_scene(2, NULL, 0, NULL);
    start_qpoll(&scene, given_held_after("msgrcv", 1));
    keep_cell(&scene);
    struct text expected = send(&scene, 2, text_of("taken"));
    bool held = wait_until_held(scene.run);
    expect_that(scene.run, held, FINDING_LOST_MESSAGE,
                "A message has come in queue 2, and nobody has received it.");
    close_input(scene.run);
    wait_until_idle(scene.run);
    release(scene.run);
    wait_until_first_ended(scene.run);
    bool is_there = messages_in(&scene, 2) == 1;
    finish_run(scene.run); /* all of its output is here */
    expect_that(scene.run, is_there || text_equal(stdout_of(scene.run), expected),
                FINDING_LOST_MESSAGE,
                "Standard input ended just when a message had been received from queue 2. It is "
                "not in the queue any more, and it has not come out.");
    expect_exit(scene.run, 0);
}

CHECK(queues_may_go, 1,
      HINT("What does msgrcv say when the queue is removed while it waits?")
      HINT("Which of your sources are left then?")
      HINT("When does the program end, and when not?"))
{
    struct scene scene = start_scene(3, NULL);
    struct text expected = send(&scene, 3, text_of("before"));
    int order[] = {(int)random_below(3), 0, 0};
    order[1] = (order[0] + 1) % 3;
    order[2] = (order[0] + 2) % 3;

    expect_printed(&scene, expected, "after a message");
    for (int i = 0; i < 3; i++) {
        int number = order[i] + 1;
        if (i > 0) {
            expected = text_join(expected, send(&scene, number, text_of("still here")));
            expect_printed(&scene, expected, "after a message");
        }
        remove_object(scene.run, OBJECT_QUEUE, scene.ids[order[i]]);
        expected = text_join(expected, text_format("%d removed\n", number));
        expect_printed(&scene, expected, text_format("when queue %d was removed", number).bytes);
    }
    expect_still_idle(scene.run);
    expected = text_join(expected, send(&scene, 0, text_of("and standard input")));
    expect_printed(&scene, expected, "after a line");
    expect_good_end(&scene);
}

/* From so many sources, standard input the first, that many in all, with that trouble. */
static void expect_all_printed(int sources, int count, struct given *trouble)
{
    struct scene scene = start_scene(sources - 1, trouble);
    struct text expected = text_of("");

    for (int i = 0; i < count; i++) {
        expected = text_join(expected, send(&scene, i % sources, text_of(random_word())));
        expect_printed(&scene, expected, "after a message or a line");
    }
    close_input(scene.run);
    expect_exit(scene.run, 0);
}

CHECK(interruptions_change_nothing, 1,
      HINT("Which errno says that nothing is wrong, only try again?")
      HINT("Is msgrcv started again after a signal handler? Is poll?")
      HINT("read and write may do less than they were asked."))
{
    scene("Reads and writes come out short.");
    expect_all_printed(3, 6, given(given_short_reads(), given_short_writes()));
    scene(NULL);
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write msgrcv poll wait")
    {
        expect_all_printed(2, 2, fault);
    }
}

/* ---- What fails ----------------------------------------------------------------------------- */

static void expect_told(struct given *fault)
{
    struct scene scene = start_scene(2, fault);
    (void)send(&scene, 1, text_of("hello"));
    send_input(scene.run, text_of("hello\n"));
    wait_until_idle(scene.run);
    bool failed =
        saw_fault(scene.run) && !saw_fault_in(scene.run, "memory"); /* it may do without */
    suspect_if(failed && is_alive(&scene), "ignore-return-values");
    expect_that(scene.run, !failed || !is_alive(&scene), FINDING_UNCHECKED_ERROR,
                "`qpoll` goes on.");
    suspect(NULL);
    close_input(scene.run);
    expect_fault_told(scene.run, NULL);
    expect_ipc_fault_named(scene.run);
}

CHECK(failures_are_told, 1,
      HINT("Which of your calls can return -1? All of them.")
      HINT("Who tells the others that a helper has failed?")
      HINT("What is to be tidied up when the second helper cannot be started?"))
{
    struct a_message there = {1, text_of("mine")};
    struct scene scene = new_scene(1, &there, 1, NULL);
    const char *missing = text_format("0x%x", (unsigned)random_key()).bytes;
    start_first(scene.run, "qpoll", args(scene.keys[0], missing), given_nothing());
    keep_cell(&scene);
    wait_until_first_ended(scene.run);
    expect_that(scene.run, messages_in(&scene, 1) == 1, FINDING_LOST_MESSAGE,
                "There is no queue for the second key, and a message of the first was taken.");
    expect_error_told(scene.run, "msgget");
    expect_stderr_contains(scene.run, missing);

    EACH_FAULT(fault, FAULT_FAILS, "msgget pipe socketpair fork msgrcv read write poll memory")
    {
        expect_told(fault);
    }
    scene = new_scene(1, NULL, 0, NULL);
    start_qpoll(&scene, given_no_reader());
    (void)send(&scene, 1, text_of("hello"));
    wait_until_idle(scene.run);
    expect_that(scene.run, !is_alive(&scene), FINDING_UNCHECKED_ERROR,
                "Nobody reads standard output any more, a message has come, and qpoll goes on.");
    expect_error_told(scene.run, strerror(EPIPE));
}

CHECK(refuses_wrong_arguments, 1,
      HINT("How many keys may there be, and how few?")
      HINT("Which key is no key?")
      HINT("Nothing should be started before it is clear that all is right."))
{
    const char *const *const wrong[] = {
        no_args(),
        args("0"),
        args("0x11", "x"),
        args("0x100000000"),
        args("-1"),
        args("12 "),
        args("1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1")};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = run_program("qpoll", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
    struct scene scene = start_scene(1, NULL); /* and a right one */
    expect_printed(&scene, send(&scene, 1, text_of("right")), "after a message");
    expect_good_end(&scene);
}
