/*
 * 2-holder.c - the checks of 7.2: a module, holder.c, driven by the kit's holding, a step at a time
 * (see drivers/07-semaphores/2-holder/holding.c). Each process of a run is a holding with the same
 * key. The first one is the keeper: it waits for us, and at the end removes the set.
 *
 * _GNU_SOURCE: strerrorname_np(3).
 */
#define _GNU_SOURCE
#include "../../run/calls.h"
#include "../party.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

EXERCISE("When the holder dies");

enum { LOCK = 0, STORE = 1 };

static struct party start_party(void)
{
    const char *key = new_key();
    return new_party("holding", key, args(key, "wait", "create", "remove"), NULL);
}

/* One more process, with these arguments; then everybody waits or has ended. */
static struct peer *add(struct party *party, const char *const *arguments, struct given *given)
{
    struct peer *peer = join(party, arguments, given);
    wait_until_idle(party->run);
    return peer;
}

static void kill_it(struct party *party, struct peer *peer)
{
    allow_death_by_signal(party->run);
    kill_peer(peer, SIGKILL);
    wait_until_peer_ended(peer);
    wait_until_idle(party->run);
}

/* The inputs of all end; the keeper removes the set. */
static void end_party(struct party *party)
{
    for (int i = 0; i < party->count; i++)
        close_peer_input(party->peers[i]);
    wait_until_idle(party->run);
    close_input(party->run);
    finish_run(party->run);
    expect_stdout(party->run, text_of(""));
    expect_exit(party->run, 0);
}

/* ---- What was seen -------------------------------------------------------------------------- */

static const struct object *the_set(struct run *run)
{
    const struct object *set = only_object(run, OBJECT_SEMAPHORES);
    expect_that(run, set != NULL, FINDING_MISSING_CALL,
                "holder_create() was called, and there is not one set of semaphores, but %s.",
                count_objects(run, OBJECT_SEMAPHORES) == 0 ? "none" : "several");
    if (set == NULL)
        return NULL; /* never: for the analyzer */
    expect_that(run, set->n_semaphores == 2, FINDING_WRONG_OUTPUT,
                "The set has %zu semaphore%s; two are asked for.", set->n_semaphores,
                set->n_semaphores == 1 ? "" : "s");
    return set;
}

/* Has the call an operation on that semaphore, of that sign, with or without SEM_UNDO? Its detail
 * is like "0:-1 undo 1:+1 nowait". */
static bool operates(const struct call *call, int semaphore, int sign, bool undo)
{
    const char *at = call->detail;
    if (strcmp(call_spoken(call->name), "semop") != 0 || call->result < 0 || at == NULL)
        return false;
    while (*at != '\0') {
        char *rest = NULL;
        long number = strtol(at, &rest, 10);
        long change = *rest == ':' ? strtol(rest + 1, &rest, 10) : 0;
        bool undone = strncmp(rest, " undo", 5) == 0;
        if (number == semaphore && change * sign > 0 && undone == undo)
            return true;
        at = rest + strcspn(rest, " ");
        while (*at != '\0' && strchr("0123456789", *at) == NULL)
            at++;
    }
    return false;
}

/* The last such call, by anybody; NULL: none. */
static const struct call *operation(struct run *run, int semaphore, int sign, bool undo)
{
    const struct record *record = record_of(run);
    for (size_t i = record->n_calls; i-- > 0;)
        if (operates(&record->calls[i], semaphore, sign, undo))
            return &record->calls[i];
    return NULL;
}

/* ---- What must hold ------------------------------------------------------------------------- */

/* An operation that added to the lock, to be undone, by a process that has taken nothing from it.
 */
static const struct call *unbalanced_post(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        bool posts = operates(&record->calls[i], LOCK, +1, true);
        for (size_t j = 0; posts && j < i; j++)
            posts = record->calls[j].process != record->calls[i].process ||
                    !(operates(&record->calls[j], LOCK, -1, true) ||
                      operates(&record->calls[j], LOCK, -1, false));
        if (posts)
            return &record->calls[i];
    }
    return NULL;
}

/* What led to that value: names the mistake, and says where. */
static const char *blame(const struct call *call, const char *misconception, const char *what,
                         bool undone)
{
    suspect_if(call != NULL, misconception);
    if (call == NULL)
        return "";
    look_at(call);
    return text_format("\n%s%s, by an operation that the kernel was %sasked to undo.", what,
                       at_place(call), undone ? "" : "not ")
        .bytes;
}

static const char *blame_lock(struct run *run, int seen, int wanted)
{
    if (seen > wanted)
        return blame(operation(run, LOCK, +1, false), "binary-semaphore-over-post",
                     "It was given back", false);
    if (operation(run, LOCK, -1, false) != NULL)
        return blame(operation(run, LOCK, -1, false), "no-sem-undo-on-mutex", "It was taken",
                     false);
    return blame(unbalanced_post(run), "sem-undo-on-counting-semaphore",
                 "A process that had taken nothing added to it", true);
}

static void expect_lock(struct party *party, int value, const char *when)
{
    int seen = the_set(party->run)->semaphores[LOCK].value;
    const char *blamed = blame_lock(party->run, seen, value);

    expect_that(party->run, seen == value, seen > value ? FINDING_DATA_RACE : FINDING_HANG,
                "%s the value of semaphore 0, the lock, should be %d, and it is %d.%s%s", when,
                value, seen, who_does_what(party), blamed);
    suspect(NULL);
    look_at(NULL);
}

static void expect_store(struct party *party, int value, const char *when)
{
    int seen = the_set(party->run)->semaphores[STORE].value;
    const char *blamed = blame(operation(party->run, STORE, seen < value ? +1 : -1, true),
                               "sem-undo-on-counting-semaphore", "It was changed", true);

    expect_that(party->run, seen == value, FINDING_LOST_MESSAGE,
                "%s the value of semaphore 1, the store, should be %d, and it is %d.%s%s", when,
                value, seen, who_does_what(party), blamed);
    suspect(NULL);
    look_at(NULL);
}

static void expect_log(struct party *party, struct peer *peer, const char *wanted, const char *what)
{
    expect_that(party->run, text_equal(stdout_of_peer(peer), text_of(wanted)), FINDING_WRONG_OUTPUT,
                "%s Process %d should have logged \"%s\".%s", what, number_of_peer(peer),
                in_one_line(text_of(wanted)), who_does_what(party));
}

static void expect_inside(struct party *party, int count, const char *when)
{
    int inside = count_inside(party);
    bool hangs = inside < count && !anybody_failed(party);
    expect_that(party->run, inside == count,
                inside > count ? FINDING_DATA_RACE
                : hangs        ? FINDING_HANG
                               : FINDING_WRONG_OUTPUT,
                "%s %d process%s should have the lock, and %d ha%s.%s", when, count,
                count == 1 ? "" : "es", inside, inside == 1 ? "s" : "ve", who_does_what(party));
}

/* A process takes the lock and gives it back, and a second one waits for it meanwhile. Both live
 * on.
 */
static void expect_lock_works(struct party *party, const char *when)
{
    const char *const *steps = args(party->key, "create", "lock", "wait", "unlock", "wait");
    struct peer *first = add(party, steps, NULL), *second = add(party, steps, NULL);

    for (int turn = 0; turn < 2; turn++) {
        expect_inside(party, 1, when);
        send_to_peer(turn == 0 ? first : second, text_of("\n"));
        wait_until_idle(party->run);
    }
    expect_log(party, first, "in\nout\n", when);
    expect_log(party, second, "in\nout\n", when);
}

CHECK(the_lock_locks, 1,
      HINT("Which semaphore of the set is which, and what is its value at first?")
      HINT("What do the calls return, and what do you do with it?")
      HINT("If nobody has the lock, what should happen to its value?"))
{
    struct party party = start_party();

    expect_lock_works(&party, "Two processes have called holder_lock().");
    const struct object *set = the_set(party.run);
    suspect_if((set->mode & 077) != 0, "ipc-666-everything");
    expect_that(party.run, set->mode == 0600, FINDING_PERMISSIONS,
                "The set has the permissions 0%o; 0600 is asked for.", set->mode);
    suspect(NULL);
    struct peer *peer =
        add(&party, args(party.key, "create", "unlock", "lock", "unlock", "unlock", "wait"), NULL);
    int value = the_set(party.run)->semaphores[LOCK].value;
    suspect_if(value > 1, "binary-semaphore-over-post");
    expect_log(&party, peer, "unlock: EPERM\nin\nout\nunlock: EPERM\n",
               "It called holder_unlock() once before and once after it had the lock, when nobody "
               "had it.");
    suspect(NULL);
    expect_lock(&party, 1, "When everybody has given the lock back,");
    end_party(&party);
}

CHECK(the_store_counts, 1,
      HINT("What is in the store at first, and what should a process do that wants something then?")
      HINT("How many are added by one put, and how many taken by one take?")
      HINT("Which semaphore is the store?"))
{
    struct party party = start_party();
    int things = random_between(3, 9), more = random_between(100, 900);

    struct peer *taker =
        add(&party, args(party.key, "create", "take", "take", "take", "wait"), NULL);
    expect_log(&party, taker, "", "The store is empty.");
    expect_still_idle(party.run);
    add(&party, args(party.key, "create", "put 2", "wait"), NULL);
    expect_log(&party, taker, "taken\ntaken\n", "Two things were put into the store.");
    expect_store(&party, 0, "When both were taken,");
    add(&party, args(party.key, "create", text_format("put %d", things).bytes, "wait"), NULL);
    expect_log(&party, taker, "taken\ntaken\ntaken\n", "Some more things were put into the store.");
    add(&party, args(party.key, "create", text_format("put %d", more).bytes, "wait"), NULL);
    expect_store(
        &party, things + more - 1,
        text_format("When %d things were put into the store and three taken,", 2 + things + more)
            .bytes);
    expect_lock(&party, 1, "When nobody has touched the lock,");
    end_party(&party);
}

CHECK(an_ordinary_end_changes_nothing, 1,
      HINT("Write down what the kernel would add at the end of the process, after each of its steps.")
      HINT("It is one sum for each semaphore: which of your operations are in it, and which are not?")
      HINT("What is the sum when the lock was taken and given back?"))
{
    struct party party = start_party();

    let_go_on(&party, add(&party, args(party.key, "create", "wait"), NULL));
    expect_lock(&party, 1, "When the process that made the set has ended,");
    for (int i = 0; i < 2; i++) {
        let_go_on(&party, add(&party, args(party.key, "create", "lock", "unlock", "wait"), NULL));
        expect_lock(&party, 1, "When a process has taken the lock, given it back, and ended,");
    }
    expect_lock_works(&party, "Then two others called holder_lock().");
    expect_lock(&party, 1, "When they have given it back,");
    end_party(&party);
}

/* A process is killed while it has the lock, and another one waits for it. */
static void expect_waiter_gets_in(void)
{
    struct party party = start_party();
    struct peer *holder = add(&party, args(party.key, "create", "lock", "wait", "unlock"), NULL);
    add(&party, args(party.key, "create", "lock", "wait", "unlock"), NULL);
    expect_inside(&party, 1, "When a second process has come,");

    kill_it(&party, holder);

    int value = the_set(party.run)->semaphores[LOCK].value;
    const char *blamed = blame_lock(party.run, value, 1);
    expect_that(party.run, count_inside(&party) == 1, FINDING_HANG,
                "The process that had the lock was killed, and another one goes on waiting for it. "
                "The value of semaphore 0, the lock, is %d.%s%s",
                value, who_does_what(&party), blamed);
    suspect(NULL);
    look_at(NULL);
    end_party(&party);
}

CHECK(a_lost_holder_is_no_obstacle, 2,
      HINT("Who gives the lock back if the process is killed here?")
      HINT("What can the kernel remember of an operation, if you ask for it?")
      HINT("Is it remembered for both: for the one that takes and the one that gives back?"))
{
    static const struct {
        int nth;
        bool after;
        const char *where;
    } points[] = {
        {1, true,  "A process was killed just after its first semop."  },
        {2, false, "A process was killed just before its second semop."},
        {2, true,  "A process was killed just after its second semop." },
    };
    expect_waiter_gets_in();
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct party party = start_party();
        allow_death_by_signal(party.run);
        add(&party, args(party.key, "create", "wait"), NULL);
        add(&party, args(party.key, "create", "lock", "unlock"),
            points[i].after ? given_killed_after("semop", points[i].nth)
                            : given_killed_before("semop", points[i].nth));
        scene("%s", points[i].where);
        expect_lock(&party, 1, "Now");
        expect_lock_works(&party, "Then two others called holder_lock().");
        scene(NULL);
        end_party(&party);
    }

    struct party party = start_party();
    add(&party, args(party.key, "create", "wait"), NULL);
    add(&party, args(party.key, "create", "lock"), NULL);
    expect_lock(&party, 1, "When a process has taken the lock, and ended without giving it back,");
    expect_lock_works(&party, "Then two others called holder_lock().");
    end_party(&party);
}

CHECK(the_store_keeps_what_was_put, 2,
      HINT("What exactly does the kernel undo at the end of a process: locks, or every change?")
      HINT("Whose are the things in the store, when the one who put them there has ended?")
      HINT("Is a thing that was taken there again when its taker ends?"))
{
    struct party party = start_party();
    int things = random_between(5, 20);
    const char *put = text_format("put %d", things).bytes;

    add(&party, args(party.key, "create", "wait"), NULL);
    let_go_on(&party, add(&party, args(party.key, "create", put, "wait"), NULL));
    expect_store(&party, things, "When a process has put things into the store, and ended,");
    let_go_on(&party, add(&party, args(party.key, "create", "take", "take", "wait"), NULL));
    expect_store(&party, things - 2, "When a process has taken two things, and ended,");
    kill_it(&party, add(&party, args(party.key, "create", "put 3", "wait"), NULL));
    expect_store(&party, things + 1, "When a process has put three things there, and was killed,");
    kill_it(&party, add(&party, args(party.key, "create", "take", "wait"), NULL));
    expect_store(&party, things, "When a process has taken a thing, and was killed,");
    add(&party, args(party.key, "create", "lock", "put 1", "take", "take", "kill"), NULL);
    expect_store(&party, things - 1,
                 "When a process has taken the lock, put one thing there and taken two, and was "
                 "killed,");
    expect_lock(&party, 1, "Then");
    end_party(&party);
}

/* A process waits; a handler runs in it, twice. It should go on waiting. */
static void expect_waits_on(struct party *party, struct peer *peer, const char *got)
{
    for (int times = 0; times < 2; times++) {
        send_signal(party->run, number_of_peer(peer), SIGUSR1);
        wait_until_idle(party->run);
        struct text log = stdout_of_peer(peer);
        bool came_back = log_has(log, got);
        suspect_if(came_back, "semop-eintr-eidrm-ignored");
        suspect_if(log_has(log, "EINTR"), "eintr-not-handled");
        expect_that(party->run, log.length == 0,
                    came_back ? FINDING_DATA_RACE : FINDING_UNCHECKED_ERROR,
                    "A signal handler ran in process %d while it waited. It should go on "
                    "waiting.%s",
                    number_of_peer(peer), who_does_what(party));
        suspect(NULL);
    }
}

static void expect_told_of_removal(struct party *party, struct peer *peer, const char *step,
                                   const char *got)
{
    struct text log = stdout_of_peer(peer);
    suspect_if(log_has(log, got), "semop-eintr-eidrm-ignored");
    expect_that(party->run, text_equal(log, text_format("%s: EIDRM\n", step)),
                FINDING_UNCHECKED_ERROR,
                "The set was removed while process %d waited. It should log \"%s: EIDRM\".%s",
                number_of_peer(peer), step, who_does_what(party));
    suspect(NULL);
}

CHECK(a_wait_ends_with_what_was_waited_for, 2,
      HINT("In which two ways can semop come back without having taken anything?")
      HINT("In one of them it is worth trying again, in the other it is not. What does errno say?")
      HINT("What does your function return in each case, and is that true?"))
{
    struct party party = start_party();
    add(&party, args(party.key, "create", "lock", "wait"), NULL);
    struct peer *locker = add(&party, args(party.key, "create", "lock", "wait"), NULL);
    struct peer *taker = add(&party, args(party.key, "create", "take", "wait"), NULL);
    expect_inside(&party, 1, "When two processes have called holder_lock(),");
    expect_log(&party, taker, "", "The store is empty.");

    expect_waits_on(&party, locker, "in\n");
    expect_waits_on(&party, taker, "taken\n");
    close_input(party.run);
    wait_until_idle(party.run);
    expect_told_of_removal(&party, locker, "lock", "in\n");
    expect_told_of_removal(&party, taker, "take", "taken\n");
    end_party(&party);

    EACH_FAULT(fault, FAULT_INTERRUPTS, "semop")
    {
        expect_fault_logged(
            run_program("holding",
                        args(party.key, "create", "put 1", "lock", "take", "unlock", "remove"),
                        fault),
            "in\ntaken\nout\n");
    }
}

CHECK(failures_reach_the_caller, 1,
      HINT("Which of your calls can fail, and who is told?")
      HINT("What is left when the second call of holder_create fails?")
      HINT("Each of the functions says whether it has done what it is for."))
{
    const char *key = new_key();

    EACH_FAULT(fault, FAULT_FAILS, "semget semctl semop")
    {
        expect_fault_logged(run_program("holding", args(key, "create", "remove"), fault), "");
    }
    EACH_FAULT(fault, FAULT_FAILS, "semctl semop")
    {
        struct run *run =
            run_program("holding", args(key, "create", "lock", "unlock", "remove"), fault);
        expect_fault_logged(run, "in\nout\n");
        struct text log = stdout_of(run);
        expect_that(run, !log_has(log, "lock: ENOMEM\nout\n"), FINDING_UNCHECKED_ERROR,
                    "holder_lock() returned -1: the caller has not got the lock, and nobody else "
                    "has it. But holder_unlock() could give it back. The log is: %s.",
                    in_one_line(log));
    }
    /* Whichever of the three fails, there is enough in the store. */
    EACH_FAULT(fault, FAULT_FAILS, "semctl semop")
    {
        expect_fault_logged(
            run_program("holding", args(key, "create", "put 2", "put 3", "take", "remove"), fault),
            "taken\n");
    }
}
