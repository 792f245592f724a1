/*
 * 4-both.c - the checks of 7.4: tape and printer, both or none.
 *
 * The set is the kit's, and so is the command: the probe errand, which ends when it is told. Which
 * process comes first is decided by the kit too: it holds them at a call, or takes a resource
 * itself. Nothing is left to luck.
 */
#include "../exercise.h"

#include <errno.h>
#include <string.h>

EXERCISE("All or nothing");

enum { TAPE, PRINTER };

struct desk {
    struct run *run;
    int set;
    const char *key; /* as an argument */
};

/* A cell with the set, both free; nobody uses it yet. */
static struct desk new_desk(struct given *given)
{
    static const unsigned short values[] = {1, 1};
    key_t key = random_key();
    struct given *set =
        given_a_semaphore_set(.key = key, .mode = 0600, .values = values, .count = 2);
    struct desk desk = {.run = new_run(given(set, given))};
    desk.set = id_of_given(set);
    desk.key = text_format(random_below(2) == 0 ? "%#x" : "%u", (unsigned)key).bytes;
    return desk;
}

static const char *const names[] = {[TAPE] = "tape", [PRINTER] = "printer"};

static void start_in_order(const struct desk *desk, int first)
{
    start_first(desk->run, "both",
                args(desk->key, names[first], names[1 - first], probe("errand"), "one", "two"),
                given_input_held_open(text_of("")));
}

/* The first `both` of the run, which asks in that order; until everybody waits. */
static void start_both(const struct desk *desk, int first)
{
    start_in_order(desk, first);
    wait_until_idle(desk->run);
}

/* Somebody else has one of the two. It is the kit that takes it and will give it back; but who
 * waits for that may wait only as long as there is a process that could still do so. */
static void start_both_without(const struct desk *desk, int first, int missing)
{
    operate_semaphore(desk->run, desk->set, missing, -1);
    start_in_order(desk, first);
    start_peer(desk->run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));
    wait_until_idle(desk->run);
}

static int value_of(const struct desk *desk, int resource)
{
    const struct object *set = xsi_object(desk->run, OBJECT_SEMAPHORES, desk->set);
    return set != NULL ? set->semaphores[resource].value : -1;
}

static bool has_begun(const struct desk *desk)
{
    return text_count(stdout_of(desk->run), text_of("begin one two\n")) > 0;
}

static bool has_ended(const struct desk *desk)
{
    return record_of(desk->run)->processes[0].ended_us >= 0;
}

/* " On standard error it said: ..." or nothing. */
static const char *what_it_said(const struct desk *desk)
{
    struct text said = stderr_of(desk->run);
    return said.length > 0 ? text_format(" On standard error it said: %s", said.bytes).bytes : "";
}

static void expect_values(const struct desk *desk, int tape, int printer, const char *when)
{
    int is[] = {value_of(desk, TAPE), value_of(desk, PRINTER)};
    expect_that(desk->run, is[TAPE] == tape && is[PRINTER] == printer, FINDING_WRONG_OUTPUT,
                "%s the tape should be at %d and the printer at %d; the tape is at %d and the "
                "printer at %d.",
                when, tape, printer, is[TAPE], is[PRINTER]);
}

static void expect_begun(const struct desk *desk, const char *when)
{
    expect_that(desk->run, has_begun(desk), FINDING_WRONG_OUTPUT,
                "%s, and the command has not begun%s.%s", when,
                has_ended(desk) ? ": `both` has ended" : "", what_it_said(desk));
}

static void expect_waiting(const struct desk *desk, const char *why)
{
    suspect_if(saw_given_up(desk->run, "semop"), "semop-eintr-eidrm-ignored");
    expect_that(desk->run, !has_begun(desk), FINDING_WRONG_OUTPUT,
                "%s, and the command has begun all the same.", why);
    expect_that(desk->run, !has_ended(desk), FINDING_WRONG_STATUS,
                "%s. `both` should wait, and it has ended.%s", why, what_it_said(desk));
    suspect(NULL);
}

/* The semop by which a process of the first program took that resource; NULL: none did. */
static const struct call *taking_call(struct run *run, int resource)
{
    const struct record *record = record_of(run);
    const char *taken = text_format("%d:-1", resource).bytes;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        bool done = strncmp(call->name, "sem", 3) == 0 && call->end_us >= 0 && call->result >= 0;
        if (done && call->detail != NULL && strstr(call->detail, taken) != NULL)
            return call;
    }
    return NULL;
}

/* Both were taken by the same call. */
static void expect_one_call(struct run *run)
{
    const struct call *tape = taking_call(run, TAPE), *printer = taking_call(run, PRINTER);
    bool both = tape != NULL && tape == printer;

    suspect_if(tape != NULL && printer != NULL && !both, "two-semops-instead-of-one");
    look_at(tape != NULL && printer != NULL ? (tape > printer ? tape : printer) : NULL);
    expect_that(run, both, FINDING_MISSING_CALL, "No call of semop took both tape and printer%s.",
                tape != NULL && printer != NULL ? ": the one was taken by one call, and the other "
                                                  "by another one"
                                                : "");
    look_at(NULL);
    suspect(NULL);
}

CHECK(runs_with_both, 2,
      HINT("What is 0 and what is 1 in the set when both are free, and when CMD runs?")
      HINT("Who waits for CMD, and what is to be done when it has ended?")
      HINT("Whose exit status is yours?"))
{
    for (int first = TAPE; first <= PRINTER; first++) {
        int status = random_between(0, 9);
        struct desk desk = new_desk(NULL);
        start_both(&desk, first);
        expect_begun(&desk, "Tape and printer are free");
        expect_values(&desk, 0, 0, "While the command runs");
        send_input(desk.run, text_format("%d", status));
        wait_until_ended(desk.run);
        expect_values(&desk, 1, 1, "When the command has ended");
        finish_run(desk.run);
        expect_exit(desk.run, status);
        expect_stdout(desk.run, text_of("begin one two\nend one two\n"));
        expect_stderr_empty(desk.run);
    }
}

CHECK(opposite_orders_do_not_block, 3,
      HINT("What has each of the two processes got, and what does it wait for?")
      HINT("There is a moment when you have one of them and not the other. How long may it be?")
      HINT("What is the second argument of semop, and what is the third?"))
{
    int first = (int)random_below(2);
    struct desk desk = new_desk(NULL);

    start_first(desk.run, "both",
                args(desk.key, names[first], names[1 - first], probe("errand"), "A"),
                given_held_after("semop", 1));
    struct peer *other = start_peer(
        desk.run, "both", args(desk.key, names[1 - first], names[first], probe("errand"), "B"),
        given_held_after("semop", 1));
    scene("Each of two processes, in opposite orders, is held just after its first semop, and then "
          "both go on.");
    /* One of the two may not come so far before the other goes on. */
    wait_until_all_held(desk.run, 2);
    release(desk.run);
    while (wait_until_held(desk.run))
        release(desk.run);
    finish_run(desk.run);
    expect_exit(desk.run, 0);
    expect_peer_exit(other, 0);
    expect_stdout(desk.run, text_of("begin A\nend A\n"));
    expect_peer_stdout(other, text_of("begin B\nend B\n"));
}

static void expect_nothing_in_hand(const struct desk *desk, int missing)
{
    int value = value_of(desk, 1 - missing);
    const struct call *took = taking_call(desk->run, 1 - missing);
    const char *why = text_format("The %s is taken", names[missing]).bytes;

    expect_waiting(desk, why);
    suspect_if(took != NULL, "two-semops-instead-of-one");
    look_at(took);
    expect_that(desk->run, value == 1, FINDING_WRONG_OUTPUT,
                "%s and the %s is not. `both` should wait without either; while it waits, the %s "
                "is at %d.",
                why, names[1 - missing], names[1 - missing], value);
    look_at(NULL);
    suspect(NULL);
}

CHECK(waits_with_nothing_in_hand, 3,
      HINT("One of them is free, and you cannot have the other. Who else could use the free one?")
      HINT("Two resources in a fixed order: no circle. But what is held while it waits?")
      HINT("When does an array of operations take effect, in semop(2)?"))
{
    for (int first = TAPE; first <= PRINTER; first++) {
        for (int missing = TAPE; missing <= PRINTER; missing++) {
            struct desk desk = new_desk(NULL);
            start_both_without(&desk, first, missing);
            expect_nothing_in_hand(&desk, missing);
            /* Somebody takes the free one, then gives the other one back. */
            operate_semaphore(desk.run, desk.set, 1 - missing, -1);
            operate_semaphore(desk.run, desk.set, missing, 1);
            wait_until_idle(desk.run);
            expect_nothing_in_hand(&desk, 1 - missing);
            operate_semaphore(desk.run, desk.set, 1 - missing, 1);
            wait_until_idle(desk.run);
            expect_begun(&desk, "Tape and printer are free again");
            expect_one_call(desk.run);
            close_input(desk.run);
            finish_run(desk.run);
            expect_exit(desk.run, 0);
        }
    }
}

CHECK(gives_back_however_it_ends, 2,
      HINT("In how many ways can a command end?")
      HINT("Which of your lines gives both back, and is it reached each time?")
      HINT("What does a shell say of a command that was killed, and of one that does not exist?"))
{
    const struct {
        const char *how, *what;
        int status;
    } ends[] = {
        {"k", "killed by SIGKILL", 137},
        {"t", "killed by SIGTERM", 143},
        {"7", "status 7",          7  }
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct desk desk = new_desk(NULL);
        start_both(&desk, (int)random_below(2));
        expect_begun(&desk, "Tape and printer are free");
        send_input(desk.run, text_of(ends[i].how));
        wait_until_ended(desk.run);
        scene("The command ended: %s.", ends[i].what);
        expect_values(&desk, 1, 1, "Afterwards");
        finish_run(desk.run);
        int status = exit_status_of(desk.run);
        expect_that(desk.run, status == ends[i].status, FINDING_WRONG_STATUS,
                    "The exit status of `both` should be %d, and it is %d.", ends[i].status,
                    status);
    }
    struct desk desk = new_desk(NULL);
    start_first(desk.run, "both", args(desk.key, "tape", "printer", "./no-such-command"),
                given_nothing());
    wait_until_ended(desk.run);
    scene("There is no such command.");
    expect_values(&desk, 1, 1, "Afterwards");
    finish_run(desk.run);
    expect_exit(desk.run, 127);
    expect_that(desk.run, stderr_of(desk.run).length > 0, FINDING_UNCHECKED_ERROR,
                "The command does not exist, and nothing was said about it on standard error.");
}

CHECK(an_interrupted_wait_goes_on, 1,
      HINT("semop has returned -1. Have you got tape and printer?")
      HINT("What does EINTR say of the operation, and what is to be done then?")
      HINT("Which other calls of yours can wait?"))
{
    EACH_FAULT(fault, FAULT_INTERRUPTS, "semop wait poll read")
    {
        struct desk desk = new_desk(fault);
        start_both_without(&desk, TAPE, PRINTER);
        expect_waiting(&desk, "The printer is taken");
        operate_semaphore(desk.run, desk.set, PRINTER, 1);
        wait_until_idle(desk.run);
        expect_begun(&desk, "Tape and printer are free");
        suspect_if(saw_given_up(desk.run, "semop"), "semop-eintr-eidrm-ignored");
        expect_that(desk.run, !has_ended(&desk), FINDING_WRONG_STATUS,
                    "`both` has ended while the command was running.%s", what_it_said(&desk));
        expect_values(&desk, 0, 0, "While the command runs");
        suspect(NULL);
        send_input(desk.run, text_of("4"));
        finish_run(desk.run);
        expect_exit(desk.run, 4);
        expect_values(&desk, 1, 1, "When the command has ended");
    }
}

CHECK(ends_when_the_set_is_removed, 1,
      HINT("With which errno does semop return when the set is gone?")
      HINT("semop has returned -1. Have you got tape and printer?")
      HINT("After which errors does it make sense to try again?"))
{
    struct desk desk = new_desk(NULL);
    start_both_without(&desk, PRINTER, PRINTER);
    expect_waiting(&desk, "The printer is taken");
    remove_object(desk.run, OBJECT_SEMAPHORES, desk.set);
    wait_until_idle(desk.run);
    scene("The set was removed while `both` waited for it.");
    suspect("semop-eintr-eidrm-ignored");
    expect_that(desk.run, !has_begun(&desk), FINDING_UNCHECKED_ERROR, "The command has begun.");
    close_input(desk.run);
    finish_run(desk.run);
    expect_error_told(desk.run, strerror(EIDRM));
}

CHECK(failed_calls_are_reported, 1,
      HINT("Which of your calls can return -1? All of them.")
      HINT("What do you have already when fork fails?")
      HINT("What should happen if nobody has made the set?"))
{
    struct run *run =
        run_program("both", args("0x4711", "tape", "printer", probe("errand")), given_nothing());
    scene("There is no set with this key.");
    expect_error_told(run, strerror(ENOENT));
    expect_stdout(run, text_of(""));

    EACH_FAULT(fault, FAULT_FAILS, "semget semctl semop fork")
    {
        struct desk desk = new_desk(fault);
        start_first(desk.run, "both",
                    args(desk.key, "tape", "printer", probe("errand"), "one", "two"),
                    given_nothing());
        wait_until_ended(desk.run);
        if (!has_begun(&desk))
            expect_values(&desk, 1, 1, "Afterwards");
        finish_run(desk.run);
        expect_fault_told(desk.run, NULL);
    }
}

CHECK(refuses_wrong_arguments, 1,
      HINT("Which words does the task allow, and how many arguments?")
      HINT("Is \"12x\" a number? Is the empty string?")
      HINT("Compare your message and your exit status with the task."))
{
    const char *const *const wrong[] = {
        no_args(),
        args("1"),
        args("1", "tape"),
        args("1", "tape", "printer"),
        args("1", "tape", "tape", "true"),
        args("1", "printer", "printer", "true"),
        args("1", "tape", "disk", "true"),
        args("1", "Tape", "printer", "true"),
        args("0", "tape", "printer", "true"),
        args("12x", "tape", "printer", "true"),
        args("", "tape", "printer", "true"),
        args("key", "tape", "printer", "true"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = run_program("both", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
        expect_calls(run, "semop", 0);
    }
    struct desk desk = new_desk(NULL);
    start_first(desk.run, "both", args(desk.key, "printer", "tape", probe("errand")),
                given_nothing());
    finish_run(desk.run);
    expect_exit(desk.run, 0);
    expect_stdout(desk.run, text_of("begin\nend\n"));
}
