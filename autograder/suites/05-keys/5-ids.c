/*
 * 5-ids.c - the checks of 5.5: identifiers are handed out, and queues outlive their makers.
 *
 * In each run there is one program more, which does nothing: while it is there, the run goes on and
 * what ids has left can be looked at. Then the kit removes it: the task asks that it stays.
 */
#include "../exercise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>

EXERCISE("Numbers that are handed out");

enum { GONE = 5, STAY = 5, ALL = GONE + STAY, MOST = 64 };

/* The successful calls of msgget by the learner's program, in their order. */
struct made {
    int count, id[MOST];
    size_t call[MOST]; /* index in the record */
};

/* ---- Acting --------------------------------------------------------------------------------- */

/* A cell with these objects, and with a program that stays. */
static struct run *begin(struct given *given)
{
    struct run *run = new_run(given);
    start_peer(run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));
    return run;
}

/* The next identifiers will not be one after the other. */
static void let_ids_jump(struct run *run)
{
    const char *ahead = text_format("%d", random_between(1, 8)).bytes;
    wait_until_peer_ended(start_peer(run, probe("burnids"), args(ahead), given_nothing()));
}

/* ids to its end, and the run goes on. */
static void run_ids(struct run *run, const char *const *arguments, struct given *given)
{
    start_first(run, "ids", arguments, given);
    wait_until_first_ended(run);
    wait_until_idle(run); /* all that it has said has come */
}

/* ---- What it has made ----------------------------------------------------------------------- */

static bool is_learners(const struct record *record, const struct call *call, const char *name)
{
    return strcmp(call->name, name) == 0 && record->processes[call->process].own_program &&
           call->end_us >= 0;
}

static struct made what_it_made(struct run *run)
{
    const struct record *record = record_of(run);
    struct made made = {0};
    for (size_t i = 0; i < record->n_calls && made.count < MOST; i++)
        if (is_learners(record, &record->calls[i], "msgget") && record->calls[i].result >= 0) {
            made.call[made.count] = i;
            made.id[made.count++] = (int)record->calls[i].result;
        }
    return made;
}

static void remove_all(struct run *run, const struct made *made)
{
    for (int i = 0; i < made->count; i++)
        remove_object(run, OBJECT_QUEUE, made->id[i]);
}

static struct text numbers(const int *ids, int count)
{
    struct text lines = text_of("");
    for (int i = 0; i < count; i++)
        lines = text_join(lines, text_format("%d\n", ids[i]));
    return lines;
}

static const struct call *call_at(struct run *run, size_t index)
{
    return &record_of(run)->calls[index];
}

static void expect_ten(struct run *run, const struct made *made)
{
    look_at(made->count > ALL ? call_at(run, made->call[ALL]) : NULL);
    suspect_if(made->count > ALL, "ipc-private-is-shared-key");
    expect_that(run, made->count == ALL, FINDING_WRONG_OUTPUT,
                "msgget has given it %d queues; the task asks for %d.", made->count, ALL);
    suspect(NULL);
    look_at(NULL);
}

/* ---- ids ------------------------------------------------------------------------------------ */

/* Each line is the one before and the same number more. */
static bool goes_up_evenly(struct text lines)
{
    char *at = lines.bytes;
    long last = strtol(at, &at, 10), step = 0;
    for (int i = 1; i < ALL; i++) {
        long next = strtol(at, &at, 10);
        if (i > 1 && next - last != step)
            return false;
        step = next - last;
        last = next;
    }
    return *at == '\n' && step != 0;
}

CHECK(prints_what_the_kernel_gave, 2,
      HINT("Where does the number of the third queue come from in your program?")
      HINT("What does the kernel promise about the next identifier? Only what?")
      HINT("Run it some twenty times and compare with `ipcs -q`."))
{
    struct run *run = begin(given(given_a_queue(.mode = 0600), given_a_queue(.mode = 0600)));
    let_ids_jump(run);
    run_ids(run, no_args(), given_nothing());

    struct made made = what_it_made(run);
    remove_all(run, &made);
    finish_run(run);

    expect_exit(run, 0);
    expect_ten(run, &made);
    suspect_if(goes_up_evenly(stdout_of(run)) && !goes_up_evenly(numbers(made.id, ALL)),
               "id-sequence-hardcoded");
    expect_stdout(run, numbers(made.id, ALL));
    suspect(NULL);
    expect_stderr_empty(run);
}

/* In words, for the end of a sentence; empty when the line is not known. */
static const char *made_at(const struct call *call)
{
    if (call->place.file == NULL)
        return "";
    return text_format(" It was made at %s:%d.", call->place.file, call->place.line).bytes;
}

/* The index of the call that has removed that queue, from there on; n_calls: none. */
static size_t removal_of(struct run *run, int id, size_t from)
{
    const struct record *record = record_of(run);
    size_t i = from;
    for (; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (is_learners(record, call, "msgctl") && (int)call->args[0] == id &&
            (call->args[1] & 0xff) == IPC_RMID && call->result == 0)
            break;
    }
    return i;
}

CHECK(five_come_and_go, 1,
      HINT("What happens to a queue when your program no longer uses it?")
      HINT("How many of your queues exist when the second one is made?")
      HINT("Which command of msgctl is it?"))
{
    struct run *run = begin(given_nothing());
    run_ids(run, no_args(), given_nothing());

    struct made made = what_it_made(run);
    remove_all(run, &made);
    finish_run(run);

    expect_that(run, made.count >= ALL, FINDING_MISSING_CALL,
                "msgget has given it %d queues; the task asks for %d.", made.count, ALL);
    for (int i = 0; i < GONE; i++) {
        size_t removed = removal_of(run, made.id[i], made.call[i]);
        bool never = removed == record_of(run)->n_calls;
        look_at(call_at(run, made.call[i]));
        suspect_if(never, "ipc-object-left-behind");
        expect_that(run, removed < made.call[i + 1], FINDING_OBJECT_LEFT_BEHIND,
                    "When queue number %d was made (%d), number %d (%d) was still there. %s%s",
                    i + 2, made.id[i + 1], i + 1, made.id[i],
                    never ? "It was never removed." : "It was removed later.",
                    made_at(call_at(run, made.call[i])));
        suspect(NULL);
        look_at(NULL);
    }
}

/* One of the five that stay, when ids has ended. */
struct left {
    bool there;
    unsigned mode;
    long long key, messages;
    struct a_message message; /* the first */
};

static struct left look_and_remove(struct run *run, int id)
{
    const struct object *object = xsi_object(run, OBJECT_QUEUE, id);
    if (object == NULL)
        return (struct left){.there = false};
    struct left left = {.there = true,
                        .mode = object->mode,
                        .key = object->key,
                        .messages = object->messages,
                        .message.text = text_of("")};
    take_message(run, id, 0, &left.message);
    remove_object(run, OBJECT_QUEUE, id);
    return left;
}

/* As far as it can be printed; never longer than a line. */
static const char *beginning_of(struct text text)
{
    return text_format("%.*s", text.length < 20 ? (int)text.length : 20,
                       text.length > 0 ? text.bytes : "")
        .bytes;
}

static void expect_note(struct run *run, const struct left *left, int id)
{
    struct text wanted = text_format("%d", id), text = left->message.text;

    expect_that(run, left->messages == 1, FINDING_WRONG_OUTPUT,
                "Queue %d holds %lld messages when ids has ended; the task asks for one.", id,
                left->messages);
    expect_that(run, left->message.type == 1, FINDING_WRONG_OUTPUT,
                "The message in queue %d has the type %ld; the task asks for 1.", id,
                left->message.type);
    suspect_if(text.length == wanted.length + sizeof(long), "msgsnd-size-includes-mtype");
    expect_that(run, text_equal(text, wanted), FINDING_WRONG_OUTPUT,
                "The message in queue %d has %zu byte%s, and begins with \"%s\"; the task asks for "
                "\"%s\" and nothing more.",
                id, text.length, text.length == 1 ? "" : "s", beginning_of(text), wanted.bytes);
    suspect(NULL);
}

static void expect_left(struct run *run, const struct left *left, int id, const struct call *call)
{
    expect_that(run, left->there, FINDING_WRONG_OUTPUT,
                "Queue %d, one of the last five, is not there when ids has ended.", id);
    expect_that(run, left->key == 0, FINDING_WRONG_OUTPUT,
                "Queue %d has the key 0x%08llx; the task asks for IPC_PRIVATE.", id, left->key);
    suspect_if((left->mode & 077) != 0, "ipc-666-everything");
    suspect_if(left->mode == 0, "ipc-forgot-mode-bits");
    expect_that(run, left->mode == 0600, FINDING_PERMISSIONS,
                "Queue %d has the mode %04o. The task asks that its owner may read and write it, "
                "and nobody else.%s",
                id, left->mode, made_at(call));
    suspect(NULL);
    expect_note(run, left, id);
}

static void expect_five_left(struct given *given)
{
    struct run *run = begin(given);
    struct left left[STAY] = {0};
    run_ids(run, no_args(), given_nothing());

    struct made made = what_it_made(run);
    for (int i = 0; i < STAY && made.count >= ALL; i++)
        left[i] = look_and_remove(run, made.id[GONE + i]);
    remove_all(run, &made);
    finish_run(run);

    expect_exit(run, 0);
    expect_ten(run, &made);
    for (int i = 0; i < STAY; i++) {
        look_at(call_at(run, made.call[GONE + i]));
        expect_left(run, &left[i], made.id[GONE + i], call_at(run, made.call[GONE + i]));
        look_at(NULL);
    }
}

CHECK(five_stay_with_a_message, 2,
      HINT("Who else could read from these queues, or write?")
      HINT("What does the size that you give to msgsnd count?")
      HINT("How does a program get at a queue that has the key IPC_PRIVATE?"))
{
    expect_five_left(given_nothing());
    EACH_FAULT(fault, FAULT_INTERRUPTS, "msgsnd")
    {
        expect_five_left(fault);
    }
}

/* ---- ids clean ------------------------------------------------------------------------------ */

/* Did clean remove (or try to remove) a number that nobody has given it? */
static bool removes_others(struct run *run, const struct made *made, size_t from)
{
    const struct record *record = record_of(run);
    for (size_t i = from; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        bool listed = !is_learners(record, call, "msgctl") || (call->args[1] & 0xff) != IPC_RMID;
        for (int k = 0; k < made->count; k++)
            listed |= made->id[k] == (int)call->args[0];
        if (!listed)
            return true;
    }
    return false;
}

CHECK(clean_removes_what_was_left, 2,
      HINT("Which of the ten lines are of queues that are still there?")
      HINT("Where do the numbers come from that you remove?")
      HINT("Run `ids`, then `ids clean`, and look at `ipcs -q` after each."))
{
    struct run *run = begin(given_nothing());
    let_ids_jump(run);
    run_ids(run, no_args(), given_nothing());
    struct made made = what_it_made(run);
    size_t from = record_of(run)->n_calls;

    struct text list = numbers(made.id, made.count);
    struct peer *clean = start_peer(run, "ids", args("clean"), given_input(list));
    wait_until_peer_ended(clean);
    wait_until_idle(run);
    int still = -1;
    for (int i = GONE; i < made.count && still == -1; i++)
        if (xsi_object(run, OBJECT_QUEUE, made.id[i]) != NULL)
            still = made.id[i];
    remove_all(run, &made);
    finish_run(run);

    expect_ten(run, &made);
    suspect_if(stderr_of_peer(clean).length == 0, "ipc-object-left-behind");
    suspect_if(removes_others(run, &made, from), "id-sequence-hardcoded");
    expect_that(
        run, still == -1, FINDING_OBJECT_LEFT_BEHIND,
        "`ids` was run, and then `ids clean` with the ten numbers. Queue %d is still there.%s%s",
        still, stderr_of_peer(clean).length > 0 ? " On standard error it said: " : "",
        stderr_of_peer(clean).bytes);
    suspect(NULL);
    expect_peer_exit(clean, 0);
    expect_peer_stdout(clean, text_of(""));
}

/* Ten queues that the kit has laid: what the ten lines name. */
struct ten {
    struct given *queue[ALL];
};

/* The first of them that is (or is not) there, from one to another; -1: none. */
static int first_that(struct run *run, const struct ten *ten, int from, int to, bool there)
{
    for (int i = from; i < to; i++)
        if ((xsi_object(run, OBJECT_QUEUE, id_of_given(ten->queue[i])) != NULL) == there)
            return id_of_given(ten->queue[i]);
    return -1;
}

static struct ten lay_ten(void)
{
    static struct a_message message[ALL];
    struct ten ten;
    for (int i = 0; i < ALL; i++) {
        message[i] = (struct a_message){1, random_bytes(3)};
        ten.queue[i] = given_a_queue(.mode = 0600, .messages = &message[i], .n_messages = 1);
    }
    return ten;
}

static struct given *all_of(const struct ten *ten)
{
    struct given *list[ALL + 1] = {NULL};
    memcpy(list, ten->queue, sizeof ten->queue);
    return given_list(list);
}

static struct text lines_of(const struct ten *ten)
{
    int ids[ALL];
    for (int i = 0; i < ALL; i++)
        ids[i] = id_of_given(ten->queue[i]);
    return numbers(ids, ALL);
}

static void take(struct run *run, const struct ten *ten, int from, int to)
{
    for (int i = from; i < to; i++)
        remove_object(run, OBJECT_QUEUE, id_of_given(ten->queue[i]));
}

CHECK(clean_spares_the_others, 2,
      HINT("When was the first of these numbers yours for the last time?")
      HINT("Who may have got that number since?")
      HINT("What can the kernel answer for a queue that you have removed? EINVAL, and what else?"))
{
    struct ten ten = lay_ten();
    struct run *run = begin(all_of(&ten));
    run_ids(run, args("clean"), given_input(lines_of(&ten)));

    int harmed = first_that(run, &ten, 0, GONE, false),
        still = first_that(run, &ten, GONE, ALL, true);
    finish_run(run);

    scene("Since `ids` ran, its first five numbers have been given to queues of other programs.");
    expect_that(run, harmed == -1, FINDING_LOST_MESSAGE,
                "`ids clean` has removed queue %d, which is one of those, and the message in it.",
                harmed);
    expect_that(run, still == -1, FINDING_OBJECT_LEFT_BEHIND,
                "Queue %d, one of the last five, is still there after `ids clean`.", still);
    expect_exit(run, 0);
}

/* What clean did with a list of which it could not remove one. */
static void expect_one_refused(void)
{
    struct ten ten = lay_ten();
    struct run *run = begin(given(all_of(&ten), given_failing("msgctl", 1, EPERM)));
    take(run, &ten, 0, GONE);
    run_ids(run, args("clean"), given_input(lines_of(&ten)));

    int left = 0;
    for (int i = GONE; i < ALL; i++)
        left += xsi_object(run, OBJECT_QUEUE, id_of_given(ten.queue[i])) != NULL;
    finish_run(run);

    scene("One call of msgctl was made to fail with EPERM.");
    expect_that(run, left <= 1, FINDING_OBJECT_LEFT_BEHIND,
                "%d of the five queues are still there; 4 could have been removed.", left);
    if (left > 0)
        expect_error_told(run, strerror(EPERM));
    scene(NULL);
}

CHECK(clean_goes_on, 1,
      HINT("What does the kernel say of a queue that is not there, and is that bad?")
      HINT("Is there anything left to do when one of them can't be removed?")
      HINT("Who hears of it?"))
{
    struct ten ten = lay_ten();
    struct run *run = begin(all_of(&ten));
    int from = random_between(GONE, ALL - 2);
    take(run, &ten, 0, GONE);
    take(run, &ten, from, from + 2);
    run_ids(run, args("clean"), given_input(lines_of(&ten)));

    int still = first_that(run, &ten, GONE, ALL, true);
    finish_run(run);

    scene("Two of the five queues have been removed before by somebody else.");
    expect_that(run, still == -1, FINDING_OBJECT_LEFT_BEHIND,
                "Queue %d, which is not one of them, is still there after `ids clean`.", still);
    expect_exit(run, 0);
    expect_stderr_empty(run);
    scene(NULL);
    expect_one_refused();
}

/* What is not what ids has written. */
static const char *const spoilt_words[] = {"nine numbers", "eleven numbers",
                                           "words in the place of the first number",
                                           "a letter behind the last number", "nothing"};

static struct text spoilt(struct text lines, int how)
{
    size_t length = (size_t)(strchr(lines.bytes, '\n') - lines.bytes);
    struct text first = text_slice(lines, 0, length);
    struct text rest = text_slice(lines, length + 1, lines.length);
    switch (how) {
    case 0:
        return rest;
    case 1:
        return text_join(lines, text_format("%s\n", first.bytes));
    case 2:
        return text_join(text_of("what ids has written\n"), rest);
    case 3:
        return text_join(rest, text_format("%sx\n", first.bytes));
    default:
        return text_of("");
    }
}

CHECK(clean_refuses_other_input, 1,
      HINT("How many lines are there, and what is on each of them?")
      HINT("What does your conversion say of letters?")
      HINT("When do you know that all lines are right, and when do you remove the first queue?"))
{
    for (int how = 0; how < 5; how++) {
        struct ten ten = lay_ten();
        struct run *run = begin(all_of(&ten));
        run_ids(run, args("clean"), given_input(spoilt(lines_of(&ten), how)));

        int harmed = first_that(run, &ten, 0, ALL, false);
        finish_run(run);

        scene("`ids clean` got this on standard input: %s.", spoilt_words[how]);
        expect_that(run, exit_status_of(run) == 1 && stderr_of(run).length > 0,
                    FINDING_WRONG_STATUS,
                    "The task asks that it says what is wrong and ends with status 1; it ended "
                    "with status %d, and said \"%s\".",
                    exit_status_of(run), stderr_of(run).bytes);
        expect_that(run, harmed == -1, FINDING_LOST_MESSAGE,
                    "It has removed queue %d all the same.", harmed);
    }
}

/* ---- Failing -------------------------------------------------------------------------------- */

CHECK(failures_leave_nothing, 2,
      HINT("What is there already when the eighth msgget fails, and who knows of it?")
      HINT("A queue is no part of your process. What happens to it when you exit?")
      HINT("When does stdio notice that the disk is full?"))
{
    expect_fault_told(run_program("ids", no_args(),
                                  given_failing("msgget", random_between(GONE + 2, ALL), ENOSPC)),
                      strerror(ENOSPC));
    EACH_FAULT(fault, FAULT_FAILS, "pipe fork msgget msgsnd write memory")
    {
        struct run *run = begin(fault);
        run_ids(run, no_args(), given_nothing());
        if (stderr_of(run).length == 0) { /* all went well: five are to stay */
            struct made made = what_it_made(run);
            remove_all(run, &made);
        }
        expect_fault_told(run, NULL);
    }
    scene("Nobody takes the numbers.");
    expect_full_told(run_program("ids", no_args(), given_output_file("/dev/full")));
}

static void expect_usage(const char *const *arguments)
{
    struct run *run = run_program("ids", arguments, given_input(text_of("")));
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    expect_stdout(run, text_of(""));
}

CHECK(refuses_wrong_arguments, 1,
      HINT("Which words are there?")
      HINT("Wrong usage has an exit status of its own.")
      HINT("What has been made when that is clear?"))
{
    expect_usage(args("cleanup"));
    expect_usage(args("clean", "clean"));

    struct ten ten = lay_ten();
    struct run *run = begin(all_of(&ten));
    run_ids(run, args("clean"), given_input(lines_of(&ten)));
    int still = first_that(run, &ten, GONE, ALL, true);
    finish_run(run);
    expect_exit(run, 0);
    expect_that(run, still == -1, FINDING_OBJECT_LEFT_BEHIND,
                "Queue %d is still there after `ids clean`.", still);
}
