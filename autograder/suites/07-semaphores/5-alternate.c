/*
 * 5-alternate.c - the checks of 7.5: strict turns, by three means.
 *
 * That two processes take turns on an idle machine proves nothing. So the kit stops one of them
 * where it likes, for as long as the other one can do anything, and looks how far that one goes
 * alone: one turn at most.
 */
#include "../exercise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

EXERCISE("Whose turn is it?");

enum { PARENT = 1 }; /* its number in the run */

static const char *decimal(int number)
{
    return text_format("%d", number).bytes;
}

/* What the task asks for: 2 * rounds lines. */
static struct text turns(char first, int rounds)
{
    struct text lines = text_of("");
    char other = first == 'P' ? 'C' : 'P';
    for (int i = 1; i <= rounds; i++)
        lines = text_join(
            lines, text_format("%c %d %d\n%c %d %d\n", first, i, 2 * i - 1, other, i, 2 * i));
    return lines;
}

static struct run *start_turns(const char *means, char first, int rounds, struct given *given)
{
    const char *who = first == 'P' ? "P" : "C";
    return start_program("alternate", args("-m", means, who, decimal(rounds)), given);
}

/* The child of the first process: 1, 2, ... as send_signal() has it; 0: there is none. */
static int child_of(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 1; i < record->n_processes; i++)
        if (record->processes[i].parent == 0)
            return (int)i + 1;
    return 0;
}

static int count_lines(struct text output, char who)
{
    int count = 0;
    for (size_t i = 0; i < output.length; i++)
        count += output.bytes[i] == who && (i == 0 || output.bytes[i - 1] == '\n');
    return count;
}

static bool begins_with(struct text whole, struct text part)
{
    return part.length <= whole.length && text_equal(text_slice(whole, 0, part.length), part);
}

/* Did one process take several turns in a row, and count on properly in them? It had what it needs
 * to add, and did not have to wait for the other one. */
static bool took_turns_in_a_row(struct text output)
{
    char last = '\0';
    bool in_a_row = false;
    const char *line = output.bytes;

    for (long value = 1; line < output.bytes + output.length; value++) {
        char who;
        long is;
        if (sscanf(line, "%c %*d %ld", &who, &is) != 2 || is != value)
            return false;
        in_a_row = in_a_row || who == last;
        last = who;
        line += strcspn(line, "\n") + 1;
    }
    return in_a_row;
}

/* Has each of the two a number of its own? */
static bool counts_alone(struct text output)
{
    return begins_with(output, text_of("P 1 1\nC 1 1\n")) ||
           begins_with(output, text_of("C 1 1\nP 1 1\n"));
}

/* " On standard error it said: ..." or nothing. */
static const char *what_it_said(struct run *run)
{
    struct text said = stderr_of(run);
    return said.length > 0 ? text_format(" On standard error it said: %s", said.bytes).bytes : "";
}

static const char *shown(struct text output)
{
    if (output.length == 0)
        return " nothing.";
    if (output.length > 100)
        return text_format("\n%.100s...", output.bytes).bytes;
    return text_format("\n%s", output.bytes).bytes;
}

/* For POSIX semaphores that are free no call is made that could be seen. */
static bool uses_its_means(struct run *run, const char *means)
{
    return strcmp(means, "posix") == 0 ||
           count_calls(run, strcmp(means, "sem") == 0 ? "semop" : "fcntl") > 0;
}

static bool is_semop(const struct call *call)
{
    return strcmp(call->name, "semop") == 0 || strcmp(call->name, "semtimedop") == 0;
}

/* What speaks for a cause, in how the lines came. */
static void suspect_by_lines(struct run *run, const char *means)
{
    struct text came = stdout_of(run);
    suspect_if(saw_given_up(run, "semop"), "semop-eintr-eidrm-ignored");
    suspect_if(took_turns_in_a_row(came) && uses_its_means(run, means), "mutex-does-not-alternate");
    suspect_if(counts_alone(came), "map-private-not-shared");
}

/* While one of the two cannot move, the other one has no more than its turn. */
static void expect_no_turn_alone(struct run *run, const char *means, char first, int rounds,
                                 char alone, const char *why)
{
    struct text came = stdout_of(run);
    char stopped = alone == 'P' ? 'C' : 'P';
    int may = count_lines(came, stopped) + (first == alone ? 1 : 0);
    bool right = begins_with(turns(first, rounds), came) && count_lines(came, alone) <= may;

    suspect_by_lines(run, means);
    if (!right)
        release(run); /* it has been seen, and the run is to end */
    expect_that(
        run, right, FINDING_WRONG_OUTPUT,
        "With -m %s %s, and %s begins. The %s went on alone as far as it could. On standard "
        "output came:%s%s",
        means, why, first == 'P' ? "the parent" : "the child", alone == 'P' ? "parent" : "child",
        shown(came), what_it_said(run));
    suspect(NULL);
}

static void expect_all_turns(struct run *run, const char *means, char first, int rounds)
{
    finish_run(run);
    suspect_by_lines(run, means);
    expect_exit(run, 0);
    expect_stdout(run, turns(first, rounds));
    suspect(NULL);
    scene(NULL);
}

/* First the parent is held just after fork, and the child is alone; then the other way round; then
 * the parent is stopped, when it has passed a turn on, and the child is alone again. */
static void expect_patience(const char *means, char first)
{
    int rounds = random_between(3, 9);
    struct run *run =
        start_turns(means, first, rounds, given(given_held_after("fork", 1), given_watched_io()));

    bool held = wait_until_held(run);
    expect_that(run, held && child_of(run) > 0, FINDING_MISSING_CALL,
                "With -m %s, no child was made.%s", means, what_it_said(run));
    wait_until_idle(run);
    expect_no_turn_alone(run, means, first, rounds, 'C', "the parent is held just after fork");
    send_signal(run, child_of(run), SIGSTOP);
    release(run);
    wait_until_idle(run);
    expect_no_turn_alone(run, means, first, rounds, 'P', "the child is stopped");
    send_signal(run, PARENT, SIGSTOP);
    send_signal(run, child_of(run), SIGCONT);
    wait_until_idle(run);
    expect_no_turn_alone(run, means, first, rounds, 'C', "the parent is stopped");
    send_signal(run, PARENT, SIGCONT);
    scene("With -m %s the child was stopped for a while, then the parent; now both go on.", means);
    expect_all_turns(run, means, first, rounds);
}

static bool adds_with_undo(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        const char *detail = record->calls[i].detail;
        if (is_semop(&record->calls[i]) && detail != NULL && strstr(detail, ":+1 undo") != NULL)
            return true;
    }
    return false;
}

/* One turn each. The child has had its turn, and is gone, before the parent can look: it is the
 * parent's turn all the same. (Somebody else is there, so that the parent is not taken to hang
 * before this has been looked at.) */
static void expect_turn_outlives_the_child(const char *means)
{
    struct run *run =
        start_turns(means, 'C', 1, given(given_held_after("fork", 1), given_watched_io()));
    start_peer(run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));

    wait_until_held(run);
    wait_until_idle(run);
    release(run);
    wait_until_idle(run);
    suspect_if(adds_with_undo(run), "sem-undo-on-counting-semaphore");
    expect_that(
        run, text_equal(stdout_of(run), turns('C', 1)), FINDING_WRONG_OUTPUT,
        "With -m %s and one turn each, the parent was held just after fork and then went on; "
        "the child, which begins, may have ended by then. Now everybody waits. On standard "
        "output came:%s%s",
        means, shown(stdout_of(run)), what_it_said(run));
    suspect(NULL);
    scene("With -m %s:", means);
    expect_all_turns(run, means, 'C', 1);
}

static void expect_turns_of(const char *means, char first, int rounds)
{
    expect_patience(means, first);
    struct run *run = start_turns(means, first, rounds, given_watched_io());
    scene("With -m %s:", means);
    expect_all_turns(run, means, first, rounds);
    expect_stderr_empty(run);
}

static void expect_turns(const char *means)
{
    expect_turns_of(means, 'P', random_between(2, 40));
    expect_turn_outlives_the_child(means);
    expect_turns_of(means, 'C', 1);
}

CHECK(semaphores_hand_over_the_turn, 3,
      HINT("What keeps a process from having a second turn at once?")
      HINT("A lock says: not both at the same time. Does it say who is next?")
      HINT("Which process should add 1 to a semaphore on which the other one waits?"))
{
    expect_turns("sem");
    struct run *run = run_program("alternate", args("P", "2"), given_nothing());
    scene("Without -m:");
    expect_exit(run, 0);
    expect_stdout(run, turns('P', 2));
    expect_that(run, count_calls(run, "semop") > 0, FINDING_MISSING_CALL,
                "semop was not called, and it is the means if nothing else is asked for.");
}

CHECK(record_locks_hand_over_the_turn, 3,
      HINT("You can only wait for a byte that the other one has locked. Which one is that, and when did it lock it?")
      HINT("Before you let a byte go: what do you have to hold already?")
      HINT("Does a child inherit record locks? And what does closing a descriptor do to them?"))
{
    expect_turns("lock");
}

CHECK(posix_semaphores_hand_over_the_turn, 2,
      HINT("Where does a semaphore have to lie for two processes to use it?")
      HINT("What is the second argument of sem_init?")
      HINT("Which values do the two semaphores begin with?"))
{
    expect_turns("posix");
}

/* The process that is held before it writes to standard output; -1: none is, or it writes
 * elsewhere.
 */
static int held_writer(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_processes; i++) {
        const struct call *call = call_in_progress(run, (int)i + 1);
        if (record->processes[i].halted && record->processes[i].ended_us < 0 && call != NULL &&
            (int)call->args[0] == 1)
            return (int)i;
    }
    return -1;
}

struct means {
    const char *name, *calls[2], *words;
};

/* What was seen while one process was held in its turn. */
struct held_turn {
    char who;             /* 'P' or 'C' */
    struct text came;     /* on standard output until then */
    bool in_turn;         /* it was right that it should write now */
    bool waits;           /* the other one sleeps in the means */
    const char *sleeping; /* in which call, if not */
};

/* What a program calls, for what the kernel is asked. */
static const char *words_for(const char *call)
{
    return strcmp(call, "semtimedop") == 0 ? "semop"
           : strcmp(call, "futex") == 0    ? "a futex (a POSIX semaphore, say)"
                                           : call;
}

static void look_at_the_other(struct run *run, const struct means *means, int held,
                              struct held_turn *seen)
{
    const struct record *record = record_of(run);
    seen->sleeping = "no call that is known";
    for (size_t i = 0; i < record->n_threads; i++) {
        const struct thread *thread = &record->threads[i];
        if (thread->process == held || !thread->asleep || thread->call == NULL)
            continue;
        seen->sleeping = words_for(thread->call);
        seen->waits = seen->waits || strcmp(thread->call, means->calls[0]) == 0 ||
                      strcmp(thread->call, means->calls[1]) == 0;
    }
}

/* Whose lines came, and whose turn it is now: strictly by turns? (The numbers are another matter.)
 */
static bool is_next(struct text came, char first, char who)
{
    char next = first;
    for (size_t i = 0; i < came.length; i++) {
        if (i > 0 && came.bytes[i - 1] != '\n')
            continue;
        if (came.bytes[i] != next)
            return false;
        next = next == 'P' ? 'C' : 'P';
    }
    return next == who;
}

static struct held_turn look_at_turn(struct run *run, const struct means *means, int held,
                                     char first)
{
    struct held_turn seen = {.who = held == 0 ? 'P' : 'C', .came = stdout_of(run)};
    seen.in_turn = is_next(seen.came, first, seen.who);
    look_at_the_other(run, means, held, &seen);
    return seen;
}

static void expect_turn_kept(struct run *run, const struct means *means,
                             const struct held_turn *seen)
{
    const char *who = seen->who == 'P' ? "parent" : "child";
    expect_that(
        run, seen->in_turn, FINDING_WRONG_OUTPUT,
        "With -m %s the %s was held just before it wrote a line. That line was not the next "
        "one, or the other process went on meanwhile. On standard output there was:%s",
        means->name, who, shown(seen->came));
    expect_that(
        run, seen->waits, FINDING_MISSING_CALL,
        "With -m %s the %s was held in a turn. The other one slept in %s; it should wait in "
        "%s.",
        means->name, who, seen->sleeping, means->words);
}

/* Processes are held before they write, from the third write on; what is seen the first times is
 * judged when the run is over. */
static void expect_turns_kept(const struct means *means)
{
    enum { FIRST_HELD = 3, LAST_HELD = 6, LOOKS = 2 };
    int rounds = random_between(4, 6), looks = 0;
    char first = random_below(2) == 0 ? 'P' : 'C';
    struct held_turn seen[LOOKS];
    struct given *held = given_watched_io();
    for (int nth = FIRST_HELD; nth <= LAST_HELD; nth++)
        held = given(held, given_held_before("write", nth));
    struct run *run = start_turns(means->name, first, rounds, held);

    while (wait_until_held(run)) {
        wait_until_idle(run);
        int writer = held_writer(run);
        if (writer >= 0 && looks < LOOKS)
            seen[looks++] = look_at_turn(run, means, writer, first);
        release(run);
    }
    finish_run(run);
    expect_that(run, looks > 0, FINDING_MISSING_CALL,
                "With -m %s nobody was seen to write a line to standard output.%s", means->name,
                what_it_said(run));
    for (int i = 0; i < looks; i++)
        expect_turn_kept(run, means, &seen[i]);
    scene("With -m %s:", means->name);
    expect_all_turns(run, means->name, first, rounds);
}

CHECK(a_turn_includes_its_line, 2,
      HINT("When is a turn over: when the number is larger, or when the line is out?")
      HINT("Between which two calls of yours may the process be stopped?")
      HINT("In which call does the other one sleep meanwhile? Compare it with the task."))
{
    static const struct means all[] = {
        {"sem",   {"semop", "semtimedop"}, "semop"             },
        {"lock",  {"fcntl", "fcntl"},      "fcntl (F_SETLKW)"  },
        {"posix", {"futex", "futex"},      "sem_wait (a futex)"},
    };
    for (size_t i = 0; i < 3; i++)
        expect_turns_kept(&all[i]);
}

CHECK(nothing_races, 1,
      HINT("The lines are right. Which lines of your program use the memory that both have?")
      HINT("Whose turn is it at each of them, and how does this process know by then?")
      HINT("What do you do with the shared variables before the wait, and what after you have "
           "passed the turn on?"))
{
    static const char *const all[] = {"sem", "lock", "posix"};
    for (int i = 0; i < 3; i++) {
        char first = random_below(2) ? 'P' : 'C';
        int rounds = random_between(2, 4);
        struct run *run = start_turns(all[i], first, rounds, given_race_build());
        finish_run(run);
        expect_exit(run, 0);
        expect_stdout(run, turns(first, rounds));
    }
}

CHECK(interruptions_and_short_writes, 1,
      HINT("Which of your calls can wait? Each of these can be interrupted.")
      HINT("semop has returned -1. Is it your turn?")
      HINT("write may take a part of a line. Whose turn is it then?"))
{
    static const struct {
        const char *means;
        unsigned kinds;
        const char *calls;
    } troubles[] = {
        {"sem",   FAULT_INTERRUPTS | FAULT_SHORT, "semop read write wait poll"},
        {"lock",  FAULT_INTERRUPTS,               "fcntl read write wait poll"},
        {"posix", FAULT_INTERRUPTS,               "read write wait poll"      },
    };
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        char first = random_below(2) == 0 ? 'P' : 'C';
        EACH_FAULT(fault, troubles[i].kinds, troubles[i].calls)
        {
            struct run *run = start_turns(troubles[i].means, first, 2, fault);
            expect_all_turns(run, troubles[i].means, first, 2);
        }
    }
    scene("With -m lock, writes take only a part of what they are given, as they may.");
    struct run *run = start_turns("lock", 'P', 5, given(given_watched_io(), given_short_writes()));
    suspect("partial-write-ignored");
    expect_all_turns(run, "lock", 'P', 5);
}

CHECK(a_failure_ends_both, 1,
      HINT("Which of your calls can return -1? All of them.")
      HINT("One of the two gives up. What does the other one wait for, and who could wake it?")
      HINT("What was made before the call that failed, and is still there?"))
{
    static const struct {
        const char *means, *calls;
    } parts[] = {
        {"sem",   "semget semctl fork write memory"},
        {"lock",  "pipe fork write"                },
        {"posix", "fork write"                     },
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char first = random_below(2) == 0 ? 'P' : 'C';
        EACH_FAULT(fault, FAULT_FAILS, parts[i].calls)
        {
            struct run *run = start_turns(parts[i].means, first, 2, fault);
            finish_run(run);
            expect_fault_told(run, NULL);
        }
        struct run *run = start_turns(parts[i].means, first, 3, given_output_file("/dev/full"));
        finish_run(run);
        scene("With -m %s:", parts[i].means);
        expect_full_told(run);
        scene(NULL);
    }
}

CHECK(refuses_wrong_arguments, 1,
      HINT("Which words does the task allow, and how many arguments?")
      HINT("Is \"3x\" a number? Is the empty string?")
      HINT("Compare your message and your exit status with the task."))
{
    const char *const *const wrong[] = {
        no_args(),
        args("P"),
        args("3"),
        args("3", "P"),
        args("p", "3"),
        args("PC", "3"),
        args("P", "0"),
        args("P", "-1"),
        args("P", "3x"),
        args("P", ""),
        args("P", "100001"),
        args("P", "3", "4"),
        args("-m", "sem", "P"),
        args("-m", "mutex", "P", "3"),
        args("-x", "sem", "P", "3"),
        args("-m", "sem", "P", "3", "4"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = run_program("alternate", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
        expect_calls(run, "fork", 0);
    }
    struct run *run = run_program("alternate", args("C", "1"), given_nothing());
    expect_exit(run, 0);
    expect_stdout(run, turns('C', 1));
}
