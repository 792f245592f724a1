/*
 * 6-barrier.c - the checks of 7.6: a module, barrier.c, driven by the kit's meeting, a step at a
 * time (see drivers/07-semaphores/6-barrier/meeting.c). Each party is a process of its own. The
 * first program of a run is the keeper: it makes the barrier, is no party, and removes it at the
 * end.
 *
 * _GNU_SOURCE: strerrorname_np(3).
 */
#define _GNU_SOURCE
#include "../../run/calls.h"
#include "../party.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

EXERCISE("Nobody goes on before all are there");

/* A barrier for so many, and nobody there. */
static struct party start_party(int parties)
{
    const char *key = new_key();
    const char *create = text_format("create %d", parties).bytes;
    struct party party =
        new_party("meeting", key, args("keeper", key, create, "wait", "remove"), NULL);
    wait_until_idle(party.run);
    const struct object *set = only_object(party.run, OBJECT_SEMAPHORES);
    expect_that(party.run, set != NULL && stdout_of(party.run).length == 0, FINDING_WRONG_OUTPUT,
                "barrier_create() for %d parties should make a set of semaphores. There is %s. The "
                "keeper logged: %s.",
                parties, count_objects(party.run, OBJECT_SEMAPHORES) == 0 ? "none" : "at least one",
                in_one_line(stdout_of(party.run)));
    return party;
}

/* One more party that opens the barrier and does these steps. */
static struct peer *add(struct party *party, const char *const *steps, struct given *given)
{
    const char *arguments[24] = {text_format("%c", 'a' + party->count).bytes, party->key, "open"};
    for (int i = 0; steps[i] != NULL; i++)
        arguments[3 + i] = steps[i];
    return join(party, arguments, given);
}

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

/* How many rounds it is past. */
static int rounds_past(struct peer *peer)
{
    return (int)text_count(stdout_of_peer(peer), text_of("past "));
}

/* How many sleep at the barrier, by what the kernel counts. */
static int count_waiting(struct run *run)
{
    const struct object *set = only_object(run, OBJECT_SEMAPHORES);
    int sum = 0;
    for (size_t i = 0; set != NULL && i < set->n_semaphores; i++)
        sum += set->semaphores[i].waiting_up + set->semaphores[i].waiting_zero;
    return sum;
}

/* Did its last semop come back because of a signal, and it never made another one? */
static bool took_it_for_the_end(struct run *run, struct peer *peer)
{
    const struct record *record = record_of(run);
    for (size_t i = record->n_calls; i-- > 0;) {
        const struct call *call = &record->calls[i];
        if (call->process == number_of_peer(peer) - 1 &&
            strcmp(call_spoken(call->name), "semop") == 0)
            return call->result == -EINTR;
    }
    return false;
}

/* Everybody is past so many rounds, and nobody past more. */
static void expect_past(struct party *party, int rounds, const char *when)
{
    for (int i = 0; i < party->count; i++) {
        int past = rounds_past(party->peers[i]);
        bool hangs = past < rounds && !anybody_failed(party);
        expect_that(party->run, past == rounds,
                    past > rounds ? FINDING_DATA_RACE
                    : hangs       ? FINDING_HANG
                                  : FINDING_WRONG_OUTPUT,
                    "%s process %d should be past %d round%s, and it is past %d.%s", when,
                    number_of_peer(party->peers[i]), rounds, rounds == 1 ? "" : "s", past,
                    who_does_what(party));
    }
}

CHECK(all_wait_for_the_last, 2,
      HINT("How does the last one know that it is the last, and how do the others?")
      HINT("Which kind of operation lets everybody go at the same moment?")
      HINT("What is the value of each semaphore when the barrier is new, and when two have come?"))
{
    int parties = random_between(3, 6);
    struct party party = start_party(parties);
    unsigned mode = only_object(party.run, OBJECT_SEMAPHORES)->mode;

    suspect_if((mode & 077) != 0, "ipc-666-everything");
    expect_that(party.run, mode == 0600, FINDING_PERMISSIONS,
                "The set has the permissions 0%o; 0600 is asked for.", mode);
    suspect(NULL);
    for (int i = 1; i < parties; i++) {
        add(&party, args("meet", "wait"), NULL);
        wait_until_idle(party.run);
        expect_past(&party, 0, text_format("When %d of %d parties have come,", i, parties).bytes);
        expect_that(party.run, count_waiting(party.run) == i, FINDING_WRONG_OUTPUT,
                    "When %d of %d parties have come, %d processes sleep in semop, by what the "
                    "kernel counts.%s",
                    i, parties, count_waiting(party.run), who_does_what(&party));
    }
    expect_still_idle(party.run);
    add(&party, args("meet", "wait"), NULL);
    wait_until_idle(party.run);
    expect_past(&party, 1, text_format("When all %d parties have come,", parties).bytes);
    end_party(&party);
}

CHECK(the_waiting_are_counted, 1,
      HINT("Who knows how many processes wait for a semaphore?")
      HINT("There are two ways to wait for a semaphore, and a number for each.")
      HINT("Which of your semaphores may somebody be waiting for?"))
{
    int parties = random_between(3, 5);
    struct party party = start_party(parties);

    for (int i = 0; i <= parties; i++) {
        int expected = i < parties ? i : 0;
        struct party looker = party;
        struct peer *peer = add(&looker, args("count"), NULL);
        wait_until_idle(party.run);
        expect_that(party.run,
                    text_equal(stdout_of_peer(peer), text_format("waiting: %d\n", expected)),
                    FINDING_WRONG_OUTPUT,
                    "%d of %d parties have come, and %d sleep at the barrier. Process %d asked by "
                    "barrier_waiting(), and should log \"waiting: %d\".%s",
                    i, parties, count_waiting(party.run), number_of_peer(peer), expected,
                    who_does_what(&looker));
        if (i == parties)
            break;
        add(&party, args("meet", "wait"), NULL);
        wait_until_idle(party.run);
    }
    end_party(&party);
}

/* ---- Rounds --------------------------------------------------------------------------------- */

/* One of three is held before its nth semop, and the others go as far as they can. */
static void try_slow_one(int nth)
{
    enum { PARTIES = 3, ROUNDS = 4 };
    struct party party = start_party(PARTIES);
    const char *const *steps = args("meet", "meet", "meet", "meet", "wait");
    struct peer *slow = add(&party, steps, given_held_before("semop", nth));
    int number = number_of_peer(slow);

    bool held = wait_until_held(party.run); /* alone, if it comes so far */
    for (int i = 1; i < PARTIES; i++)
        add(&party, steps, NULL);
    if (held || wait_until_held(party.run)) {
        wait_until_idle(party.run);
        int come = (int)text_count(read_in_cell(party.run, "order"), text_of("a comes "));
        scene(
            "Of three parties one, process %d, is held before its semop number %d, and the others "
            "go as far as they can.",
            number, nth);
        for (int i = 1; i < PARTIES; i++)
            expect_that(party.run, rounds_past(party.peers[i]) <= come, FINDING_DATA_RACE,
                        "Process %d is past %d rounds, and process %d has only come to number "
                        "%d.%s",
                        number_of_peer(party.peers[i]), rounds_past(party.peers[i]), number, come,
                        who_does_what(&party));
        release(party.run);
    }
    wait_until_idle(party.run);
    expect_past(&party, ROUNDS, "When it has gone on,");
    scene(NULL);
    end_party(&party);
}

CHECK(the_slow_one_is_waited_for, 3,
      HINT("One process has come and has not yet looked whether all are there. The others are already "
           "in the next round. What does it find?")
      HINT("When may a semaphore be filled again? Who might still be waiting for it to be empty?")
      HINT("How far can the fastest be ahead of the slowest? How many semaphores are in use then?"))
{
    static const int points[] = {2, 1, 3, 4, 5, 6};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        try_slow_one(points[i]);
}

/* The first line of the file "order" that should not be there: somebody goes before all have come.
 * NULL: all is well. */
static const char *too_early(struct text order, int parties, int rounds)
{
    int come[64] = {0}, round;
    char name, word[8];

    for (size_t at = 0; at < order.length;) {
        size_t end = at;
        while (end < order.length && order.bytes[end] != '\n')
            end++;
        const char *line = text_slice(order, at, end).bytes;
        at = end + 1;
        if (sscanf(line, "%c %7s %d", &name, word, &round) != 3 || round < 1 || round > rounds)
            return line;
        come[round] += strcmp(word, "comes") == 0;
        if (strcmp(word, "goes") == 0 && come[round] < parties)
            return text_format("%s (when %d of %d had come)", line, come[round], parties).bytes;
    }
    return NULL;
}

CHECK(fifty_rounds, 1,
      HINT("What does each semaphore say when everybody has gone through the first round?")
      HINT("Who makes it ready for the next one, and is anybody still looking at it?")
      HINT("Write the values down, round by round."))
{
    enum { ROUNDS = 50 };
    int parties = random_between(3, 5);
    struct party party = start_party(parties);

    for (int i = 0; i < parties; i++)
        add(&party, args("wait", text_format("rounds %d", ROUNDS).bytes, "wait"), NULL);
    wait_until_idle(party.run);
    for (int i = 0; i < parties; i++)
        send_to_peer(party.peers[i], text_of("\n"));
    wait_until_idle(party.run);

    struct text order = read_in_cell(party.run, "order");
    const char *wrong = too_early(order, parties, ROUNDS);
    expect_that(
        party.run, wrong == NULL, FINDING_DATA_RACE,
        "%d parties go through %d rounds. Somebody went too early. The file `order` has the "
        "line\n  %s",
        parties, ROUNDS, wrong);
    size_t gone = text_count(order, text_of(" goes "));
    expect_that(
        party.run, gone == (size_t)parties * ROUNDS,
        anybody_failed(&party) ? FINDING_WRONG_OUTPUT : FINDING_HANG,
        "%d parties should go through %d rounds, which makes %d passages. There were %zu.%s",
        parties, ROUNDS, parties * ROUNDS, gone, who_does_what(&party));
    end_party(&party);
}

CHECK(a_wait_ends_when_all_are_there, 2,
      HINT("In which ways can semop come back from a wait?")
      HINT("If you try again, what exactly do you try again?")
      HINT("What does your function return when the barrier is gone?"))
{
    struct party party = start_party(3);
    struct peer *first = add(&party, args("meet", "wait", "meet", "wait"), NULL);
    wait_until_idle(party.run);
    struct peer *second = add(&party, args("meet", "wait", "meet", "wait"), NULL);
    wait_until_idle(party.run);
    expect_past(&party, 0, "When two of three parties have come,");

    for (int times = 0; times < 3; times++) {
        send_signal(party.run, number_of_peer(first), SIGUSR1);
        wait_until_idle(party.run);
        struct text log = text_join(stdout_of_peer(first), stdout_of_peer(second));
        suspect_if(log_has(log, "EINTR"), "eintr-not-handled");
        suspect_if(log_has(log, "past") && took_it_for_the_end(party.run, first),
                   "semop-eintr-eidrm-ignored");
        expect_that(party.run, log.length == 0,
                    log_has(log, "past") ? FINDING_DATA_RACE : FINDING_UNCHECKED_ERROR,
                    "Two of three parties wait. A signal handler ran in process %d. Both should go "
                    "on waiting.%s",
                    number_of_peer(first), who_does_what(&party));
        suspect(NULL);
    }
    add(&party, args("meet", "wait"), NULL);
    wait_until_idle(party.run);
    expect_past(&party, 1, "When the third one has come,");

    send_to_peer(first, text_of("\n"));
    send_to_peer(second, text_of("\n"));
    wait_until_idle(party.run);
    close_input(party.run);
    wait_until_idle(party.run);
    suspect_if(rounds_past(first) > 1, "semop-eintr-eidrm-ignored");
    for (int i = 0; i < 2; i++)
        expect_that(
            party.run, text_equal(stdout_of_peer(party.peers[i]), text_of("past 1\nmeet: EIDRM\n")),
            FINDING_UNCHECKED_ERROR,
            "Two of three parties wait in the second round, and the barrier is removed. Each "
            "of the two should log: past 1, meet: EIDRM.%s",
            who_does_what(&party));
    suspect(NULL);
    end_party(&party);

    EACH_FAULT(fault, FAULT_INTERRUPTS, "semop")
    {
        expect_fault_logged(
            run_program("meeting",
                        args("a", party.key, "create 1", "meet", "meet", "meet", "remove"), fault),
            "past 1\npast 2\npast 3\n");
    }
}

/* ---- Errors --------------------------------------------------------------------------------- */

static void expect_log(const char *const *arguments, const char *steps, const char *wanted)
{
    struct run *run = run_program("meeting", arguments, given_nothing());

    expect_that(run, text_equal(stdout_of(run), text_of(wanted)), FINDING_WRONG_OUTPUT,
                "A meeting did: %s. It should log\n  %s\nand logged\n  %s", steps,
                in_one_line(text_of(wanted)), in_one_line(stdout_of(run)));
    expect_exit(run, 0);
}

CHECK(what_cannot_be_is_refused, 1,
      HINT("For how many parties is there a barrier?")
      HINT("What is there already, what is not there yet, and what do the calls say of it?")
      HINT("What is left when the second call of barrier_create fails?"))
{
    const char *key = new_key();

    expect_log(args("a", key, "create 1", "meet", "meet", "meet", "remove"),
               "create 1, meet, meet, meet, remove", "past 1\npast 2\npast 3\n");
    expect_log(args("a", key, "open"), "open (there is no barrier)", "open: ENOENT\n");
    expect_log(args("a", key, "create 0"), "create 0", "create: EINVAL\n");
    expect_log(args("a", key, "create 101"), "create 101", "create: EINVAL\n");
    expect_log(args("a", key, "create -1"), "create -1", "create: EINVAL\n");
    expect_log(args("a", key, "create 100", "create 100", "open", "remove", "meet"),
               "create 100, create 100 (the same key), open, remove, meet",
               "create: EEXIST\nmeet: EINVAL\n");
    EACH_FAULT(fault, FAULT_FAILS, "semget semctl semop")
    {
        struct run *run = start_program("meeting", args("a", new_key(), "create 3", "wait"),
                                        given(given_input_held_open(text_of("")), fault));
        wait_until_idle(run);
        const struct object *set = only_object(run, OBJECT_SEMAPHORES);
        if (set != NULL && stdout_of(run).length == 0) /* all is well: we tidy up */
            remove_object(run, OBJECT_SEMAPHORES, set->id);
        finish_run(run);
        expect_fault_logged(run, "");
        expect_calls_between(run, "semget", saw_fault_in(run, "semget") ? 0 : 1, 10);
    }
    EACH_FAULT(fault, FAULT_FAILS, "semctl semop")
    {
        expect_fault_logged(
            run_program("meeting", args("a", key, "create 1", "count", "meet", "remove"), fault),
            "waiting: 0\npast 1\n");
    }
}
