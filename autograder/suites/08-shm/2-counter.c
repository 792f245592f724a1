/*
 * 2-counter.c - the checks of 8.2: children that add to one counter, and a hook between load and
 * store.
 *
 * The program is the driver hooked, with the learner's main(). Its hook reads a byte of standard
 * input: as long as the kit holds that back, every child that is between its load and its store is
 * asleep there, and can be counted.
 */
#include "../exercise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

EXERCISE("One and one is one");

/* ---- Who is where --------------------------------------------------------------------------- */

static bool lives(const struct process *process)
{
    return process->ended_us < 0;
}

/* The children of the first process that live. */
static int count_children(struct run *run)
{
    const struct record *record = record_of(run);
    int count = 0;
    for (size_t i = 0; i < record->n_processes; i++)
        count += record->processes[i].parent == 0 && lives(&record->processes[i]);
    return count;
}

/* Does the thread sleep in the hook, in its read of standard input? */
static bool is_in_hook(const struct thread *thread)
{
    for (size_t i = 0; thread->asleep && i < thread->n_waits; i++)
        if (thread->waits[i].kind == WAIT_READ && thread->waits[i].fd == 0)
            return true;
    return false;
}

/* How many are between load and store; *other: the index of a child that is not, or -1. */
static int count_in_hook(struct run *run, int *other)
{
    const struct record *record = record_of(run);
    int count = 0;
    *other = -1;
    for (size_t i = 0; i < record->n_threads; i++) {
        const struct thread *thread = &record->threads[i];
        const struct process *process = &record->processes[thread->process];
        if (!lives(process))
            continue;
        if (is_in_hook(thread))
            count++;
        else if (process->parent == 0)
            *other = thread->process;
    }
    return count;
}

/* The letters that hook() has left: one for each call. */
static size_t count_letters(struct run *run, const char *letter)
{
    return text_count(read_in_cell(run, "hook"), text_of(letter));
}

/* The lock of a child lies in memory of its own: hook() has looked. */
static bool has_private_lock(struct run *run)
{
    return count_letters(run, "m") > 0;
}

/* It calls flock: whatever it thinks, it is not that nobody has to be kept out. */
static bool has_flock(struct run *run)
{
    return count_letters(run, "f") > 0;
}

/* ---- Runs ----------------------------------------------------------------------------------- */

static struct run *start_held(int children, int rounds, struct given *given)
{
    struct run *run = start_program(
        "hooked", args(text_format("%d", children).bytes, text_format("%d", rounds).bytes),
        given(given_input_held_open(text_of("")), given));
    wait_until_idle(run);
    return run;
}

static void suspect_the_lock(struct run *run)
{
    suspect_if(!has_private_lock(run) && !has_flock(run), "shm-unsynchronised-increment");
    suspect_if(has_private_lock(run), "sync-object-not-in-shared-memory");
}

static const char *lock_words(struct run *run)
{
    if (has_private_lock(run))
        return " They have taken a lock, but it lies in memory that is not shared: each child has "
               "its own.";
    return has_flock(run) ? " (They call flock.)" : "";
}

static void expect_good_end(struct run *run)
{
    suspect_if(saw_failure(run, "semop", EIDRM) || saw_failure(run, "semop", EINVAL),
               "rmid-by-wrong-process");
    expect_exit(run, 0);
    suspect(NULL);
}

/* Less than was added, and not for want of updates. */
static void expect_sum(struct run *run, int children, int rounds)
{
    long sum = (long)children * rounds, printed = strtol(stdout_of(run).bytes, NULL, 10);
    bool less = printed > 0 && printed < sum &&
                read_in_cell(run, "hook").length == (size_t)children * (size_t)rounds;

    expect_good_end(run);
    suspect_the_lock(run);
    expect_that(run, !less, FINDING_DATA_RACE,
                "%d children made %d updates each, which makes %ld; hook() was called as often. "
                "The counter is %ld: updates were lost.%s",
                children, rounds, sum, printed, lock_words(run));
    suspect(NULL);
    expect_stdout(run, text_format("%ld\n", sum));
}

/* One child, whichever: of so many, when so many updates have been made. */
static void expect_one_in_hook(struct run *run, int children, int done)
{
    int other, inside = count_in_hook(run, &other);

    if (!lives(&record_of(run)->processes[0]))
        expect_good_end(run);
    expect_that(run, inside > 0, FINDING_MISSING_CALL,
                "There are updates to be made (hook() has returned %d time%s), and no child is in "
                "hook().",
                done, done == 1 ? "" : "s");
    suspect_if(inside == children && !has_flock(run), /* nobody waits */
               "shm-unsynchronised-increment");
    suspect_if(has_private_lock(run), "sync-object-not-in-shared-memory");
    expect_that(run, inside == 1, FINDING_DATA_RACE,
                "hook() is held, and %d children are in it at the same time: each has loaded the "
                "counter, and none has stored it. What they store will be the same number.%s",
                inside, lock_words(run));
    suspect(NULL);
}

CHECK(one_at_a_time, 2,
      HINT("How many steps is an addition in memory, and where are you when hook is called?")
          HINT("What keeps the second child from loading, until the first one has stored?")
              HINT("The lock itself: in how many processes is it the same one?"))
{
    int children = random_between(3, 5), rounds = random_between(2, 4);

    struct run *run = start_held(children, rounds, given_nothing());
    for (int done = 0; done < children * rounds; done++) {
        expect_one_in_hook(run, children, done);
        send_input(run, text_of("."));
        wait_until_idle(run);
    }
    close_input(run);
    finish_run(run);
    expect_exit(run, 0);
}

CHECK(no_update_is_lost, 2,
      HINT("A child that stores what it loaded long ago: what becomes of the others' updates?")
          HINT("Does the lock cover the load, the call and the store?")
              HINT("A right result on many days is no proof. What is?"))
{
    int children = random_between(2, 4), rounds = random_between(20, 60);

    struct run *run = start_held(children, rounds, given_nothing());
    close_input(run); /* from now on nobody is held */
    finish_run(run);
    expect_sum(run, children, rounds);

    /* Two children have asked for their turn; the third semop is that by which the first one lets
     * the other in. Whoever uses no semop is not held. */
    scene("A child was held when it had just let the next one in.");
    run = start_held(2, rounds, given_held_after("semop", 3));
    send_input(run, text_of("."));
    bool held = wait_until_held(run);
    wait_until_idle(run);
    release(run);
    close_input(run);
    if (!held && wait_until_held(run))
        release(run); /* it came there only now */
    finish_run(run);
    expect_sum(run, 2, rounds);
}

CHECK(nothing_races, 1,
      HINT("The sum is right. Which bytes of the shared memory do two children use?")
          HINT("Go through an update line by line: which lines use shared memory, and is the lock "
               "taken at each of them?")
              HINT("The parent uses it, too. What has it waited for by then?"))
{
    enum { CHILDREN = 2, ROUNDS = 3 };
    struct run *run = start_program("hooked", args("2", "3"),
                                    given(given_input_held_open(text_of("......")),
                                          given_race_build())); /* a byte for each update */
    finish_run(run);
    expect_sum(run, CHILDREN, ROUNDS);
}

static void expect_total(int children, int rounds, struct given *given)
{
    struct run *run = run_program(
        "hooked", args(text_format("%d", children).bytes, text_format("%d", rounds).bytes), given);
    size_t calls = read_in_cell(run, "hook").length;

    expect_sum(run, children, rounds);
    expect_that(run, count_letters(run, "P") == 0, FINDING_WRONG_OUTPUT,
                "hook() was called %zu times by the parent. The updates are the children's work.",
                count_letters(run, "P"));
    expect_that(run, calls == (size_t)children * (size_t)rounds, FINDING_WRONG_OUTPUT,
                "%d children made %d updates each, and hook() was called %zu times, not %d.",
                children, rounds, calls, children * rounds);
}

CHECK(the_sum_and_the_calls, 1,
      HINT("Whose work are the updates, and who prints?")
          HINT("How often is hook called in one update?")
              HINT("What does the parent print, byte for byte, and when?"))
{
    expect_total(1, 1, given_nothing());
    expect_total(random_between(2, 16), random_between(50, 100), given_nothing());
}

CHECK(all_children_at_once, 1,
      HINT("When is the second child started, and when does the parent wait for the first?")
          HINT("How many processes are there while one of them is in hook?")
              HINT("What do those do that may not go in yet, seen from outside?"))
{
    int children = random_between(3, 6);

    struct run *run = start_held(children, random_between(2, 4), given_nothing());
    int there = count_children(run);
    expect_that(run, there == children, FINDING_WRONG_OUTPUT,
                "While one child is held in hook(), all %d should be there. %d %s.", children,
                there, there == 1 ? "is" : "are");
    expect_still_idle(run);
    close_input(run);
    finish_run(run);
    expect_exit(run, 0);
}

/* Was a call that the kit had interrupted not made again by its thread? */
static bool went_on(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        size_t next = i + 1;
        while (next < record->n_calls && record->calls[next].tid != call->tid)
            next++;
        if (call->injected &&
            (next == record->n_calls || strcmp(record->calls[next].name, call->name) != 0))
            return true;
    }
    return false;
}

CHECK(signals_do_not_let_in, 1,
      HINT("In which ways can the call come back in which a child waits for its turn?")
          HINT("A handler has run, and the call returns -1. Is it the child's turn now?")
              HINT("And the parent, when its wait is interrupted?"))
{
    struct run *run = start_held(
        3, 10, given(given_failing("semop", 1, EINTR), given_failing("semop", 3, EINTR)));
    if (saw_fault(run))
        scene("A child's semop was interrupted, as by a signal.");
    int other, inside = count_in_hook(run, &other);
    suspect_if(went_on(run), "eintr-not-handled");
    expect_that(run, inside <= 1, FINDING_DATA_RACE,
                "hook() is held, and %d children are in it at the same time.", inside);
    close_input(run);
    finish_run(run);
    expect_exit(run, 0);
    expect_stdout(run, text_of("30\n"));

    EACH_FAULT(fault, FAULT_INTERRUPTS, "semop wait read fcntl poll")
    {
        run = run_program("hooked", args("3", "10"), fault);
        expect_exit(run, 0);
        expect_stdout(run, text_of("30\n"));
    }
    expect_total(4, 200, given_nothing());
}

CHECK(a_lost_child_is_told, 1,
      HINT("What does the parent know of how each child has ended?")
          HINT("Which of the two parts of a status have you looked at?")
              HINT("Is the number on standard output still true when a child was killed?"))
{
    struct run *run = start_held(3, 5, given_nothing());
    int victim;
    allow_death_by_signal(run);
    count_in_hook(run, &victim);
    expect_that(run, victim >= 0, FINDING_MISSING_CALL,
                "While one child is held in hook(), another one should be there and wait.");
    send_signal(run, record_of(run)->processes[victim].number, SIGKILL);
    wait_until_idle(run);
    close_input(run);
    finish_run(run);

    scene("A child was killed while it waited for its turn.");
    expect_exit(run, 1);
    expect_stdout(run, text_of(""));
    expect_that(run, stderr_of(run).length > 0, FINDING_UNCHECKED_ERROR,
                "The exit status is 1, and nothing on standard error says why.");
}

CHECK(failures_are_told, 1,
      HINT("Which of your calls can fail, and what has been made by then?")
          HINT("fork fails for the third child. What about the first two?")
              HINT("When has a number really been written that was printed into a buffer?"))
{
    EACH_FAULT(fault, FAULT_FAILS, "shmget shmat semget semctl fork")
    {
        struct run *run = start_held(3, 2, fault);
        close_input(run);
        finish_run(run);
        expect_fault_told(run, NULL);
        expect_stdout(run, text_of(saw_fault(run) ? "" : "6\n"));
    }
    struct run *run = run_program("hooked", args("2", "2"), given_output_file("/dev/full"));
    expect_full_told(run);
    static const char *const wrong[][2] = {
        {"0",  "1"      },
        {"17", "1"      },
        {"1",  "0"      },
        {"1",  "1000001"},
        {"2x", "1"      },
        {"1",  "-1"     }
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        run = run_program("hooked", args(wrong[i][0], wrong[i][1]), given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
}
