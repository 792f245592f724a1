/*
 * test_judges.c - what a record means: leftovers, descriptors, habits, and what is told of a run in
 * which order. For each finding a near miss, in which nothing may be found.
 *
 * The records are made by hand here, element by element; one is stored in records/. (The judge of
 * hangs has a test of its own, test_waiting.c, on real processes.)
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../judge/judge.h"
#include "../judge/turns.h"
#include "../run/kit.h"
#include "tests.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

enum { FROM_KERNEL = 1, FROM_PROCESS = 0 }; /* si_code: above 0, or SI_USER */

static struct record *record;
static struct findings findings;

static void begin(void)
{
    record = record_new();
    record->closed_world = true;
    record->duration_us = 1000000;
    record->snapshot_us = 1000000;
}

static void end(void)
{
    findings_clear(&findings);
    record_free(record);
}

/* ---- Making a record --------------------------------------------------------------------------
 */

/* A process of the learner's program that ended well. */
static int add_process(int parent, const char *name)
{
    int index = record_add_process(record);
    struct process *process = &record->processes[index];

    process->parent = parent;
    process->name = kit_strdup(name);
    process->own_program = process->execed = true;
    process->ended_us = 1000;
    if (parent >= 0)
        process->forked_at = (struct place){.file = kit_strdup("a.c"), .line = 40 + index};
    return index;
}

static int add_command(int parent, const char *name)
{
    int index = add_process(parent, name);
    record->processes[index].own_program = false;
    return index;
}

/* A call that returned 0. line 0: its place is not known. */
static int add_call(int process, const char *name, int line)
{
    int index = record_add_call(record);
    struct call *call = &record->calls[index];

    call->process = process;
    call->name = name;
    call->end_us = 1;
    if (line > 0)
        call->place = (struct place){.file = kit_strdup("a.c"), .line = line};
    return index;
}

static int add_object(enum object_kind kind, const char *label, int made_by)
{
    int index = record_add_object(record, kind);
    record->objects[index].label = kit_strdup(label);
    record->objects[index].made_by = made_by;
    return index;
}

/* As the tracer writes it down at an exec. mode: O_RDONLY, O_WRONLY. */
static void add_inherited(int process, int fd, int object, uint64_t mode)
{
    int index = add_call(process, "inherit", 0);
    struct call *call = &record->calls[index];

    call->fds[0] = fd;
    call->object = object;
    call->args[0] = mode;
}

static void add_signal(int process, int signal, int code, int sender, int line)
{
    int index = add_call(process, "signal", line);
    struct call *call = &record->calls[index];

    call->result = signal;
    call->args[0] = (uint64_t)code;
    call->other = sender;
}

static void add_thread_at(int process, int line)
{
    int index = record_add_thread(record);
    record->threads[index].process = process;
    record->threads[index].place = (struct place){.file = kit_strdup("a.c"), .line = line};
}

/* ---- Looking at findings ----------------------------------------------------------------------
 */

typedef void judge(const struct record *of, struct findings *into);

static void expect_nothing(judge *judges)
{
    judges(record, &findings);
    ck_assert_msg(findings.count == 0, "found %s: %s",
                  findings.count > 0 ? finding_kind_name(findings.items[0].kind) : "",
                  findings.count > 0 ? findings.items[0].text : "");
}

static void expect_misconception(const struct finding *finding, const char *misconception)
{
    if (misconception == NULL)
        ck_assert_ptr_null(finding->misconception);
    else
        ck_assert_pstr_eq(finding->misconception, misconception);
}

/* The one finding. line 0: no place. */
static const struct finding *expect_one(judge *judges, enum finding_kind kind,
                                        const char *misconception, int line)
{
    judges(record, &findings);
    ck_assert_uint_eq(findings.count, 1);
    const struct finding *finding = &findings.items[0];
    ck_assert_str_eq(finding_kind_name(finding->kind), finding_kind_name(kind));
    expect_misconception(finding, misconception);
    ck_assert_int_eq(finding->place.line, line);
    ck_assert_pstr_eq(finding->place.file, line > 0 ? "a.c" : NULL);
    return finding;
}

static void expect_says(const struct finding *finding, const char *fragment)
{
    ck_assert_msg(strstr(finding->text, fragment) != NULL, "\"%s\" is not in: %s", fragment,
                  finding->text);
}

static void expect_silent_about(const struct finding *finding, const char *fragment)
{
    ck_assert_msg(strstr(finding->text, fragment) == NULL, "\"%s\" is in: %s", fragment,
                  finding->text);
}

/* ---- Leftovers: processes ---------------------------------------------------------------------
 */

START_TEST(a_zombie_is_told)
{
    int parent = add_process(-1, "parent"), child = add_command(parent, "sort");
    record->processes[child].was_zombie = true;
    const struct finding *zombie =
        expect_one(judge_leftovers, FINDING_ZOMBIE, "no-wait-zombies", 41);
    expect_says(zombie, "Process 2 `sort`, started at a.c:41, ended");
    expect_says(zombie, "process 1 `parent`, never waited for it");
    ck_assert_uint_eq(zombie->n_processes, 2);
    ck_assert_int_eq(zombie->processes[0].number, 2);
    ck_assert_int_eq(zombie->processes[1].number, 1);
}
END_TEST

START_TEST(an_orphan_is_told)
{
    int parent = add_process(-1, "parent"), child = add_process(parent, "child");
    record->processes[child].outlived_run = true;
    const struct finding *orphan =
        expect_one(judge_leftovers, FINDING_ORPHAN, "no-wait-zombies", 41);
    expect_says(orphan, "Process 2 `child`, started at a.c:41, was still running when process 1 "
                        "`parent` ended");
}
END_TEST

/* It was forked twice: the process in the middle was waited for, the daemon is nobody's child. */
START_TEST(a_daemon_is_told_once)
{
    int first = add_process(-1, "first"), middle = add_process(first, "middle");
    int daemon = add_process(middle, "daemon");
    record->processes[daemon].outlived_run = true;
    record->processes[daemon].killed_by_kit = true;
    const struct finding *orphan =
        expect_one(judge_leftovers, FINDING_ORPHAN, "no-wait-zombies", 42);
    expect_says(orphan, "Process 3 `daemon`");
    expect_says(orphan, "when process 2 `middle` ended");
}
END_TEST

START_TEST(a_child_is_either_zombie_or_orphan)
{
    int parent = add_process(-1, "parent"), child = add_process(parent, "child");
    record->processes[child].was_zombie = record->processes[child].outlived_run = true;
    expect_one(judge_leftovers, FINDING_ZOMBIE, "no-wait-zombies", 41);
}
END_TEST

START_TEST(an_unknown_line_is_not_told)
{
    int parent = add_process(-1, "parent"), child = add_process(parent, "child");
    struct process *process = &record->processes[child];
    place_clear(&process->forked_at);
    process->was_zombie = true;
    expect_silent_about(expect_one(judge_leftovers, FINDING_ZOMBIE, "no-wait-zombies", 0),
                        "started at");
}
END_TEST

START_TEST(reaped_children_are_no_leftovers)
{
    int parent = add_process(-1, "parent");
    add_process(parent, "child");
    add_command(parent, "sort");
    expect_nothing(judge_leftovers);
}
END_TEST

/* What a shell that the program started leaves is the shell's affair. */
START_TEST(the_children_of_a_command_are_its_own)
{
    int parent = add_process(-1, "parent"), shell = add_command(parent, "sh");
    int dead = add_command(shell, "a"), alive = add_command(shell, "b");
    record->processes[dead].was_zombie = true;
    record->processes[alive].outlived_run = true;
    expect_nothing(judge_leftovers);
}
END_TEST

/* The kit started it, and waits for it. */
START_TEST(a_program_of_the_kit_is_nobodys_child)
{
    int first = add_process(-1, "first"), second = add_process(-1, "second");
    record->processes[first].was_zombie = true;
    record->processes[second].outlived_run = true;
    expect_nothing(judge_leftovers);
}
END_TEST

/* ---- Leftovers: objects -----------------------------------------------------------------------
 */

static const struct {
    enum object_kind kind;
    const char *label, *call, *misconception;
} object_cases[] = {
    {OBJECT_FIFO,            "FIFO /tmp/a",            "mknodat", "fifo-not-unlinked"           },
    {OBJECT_SOCKET,          "socket /tmp/s",          "bind",    "server-forgets-unlink-socket"},
    {OBJECT_QUEUE,           "message queue 0",        "msgget",  "ipc-object-left-behind"      },
    {OBJECT_SEMAPHORES,      "semaphore set 0",        "semget",  "ipc-object-left-behind"      },
    {OBJECT_SEGMENT,         "segment 0",              "shmget",  "ipc-object-left-behind"      },
    {OBJECT_POSIX_QUEUE,     "POSIX message queue /a", "mq_open", "posix-object-left-behind"    },
    {OBJECT_POSIX_SEMAPHORE, "POSIX semaphore /a",     "openat",  "posix-object-left-behind"    },
    {OBJECT_POSIX_MEMORY,    "POSIX shared memory /a", "openat",  "posix-object-left-behind"    },
};

START_TEST(an_object_is_told_with_the_line_that_made_it)
{
    int process = add_process(-1, "maker"), call = add_call(process, object_cases[_i].call, 7);
    int object = add_object(object_cases[_i].kind, object_cases[_i].label, call);
    record->objects[object].left_behind = true;
    const struct finding *left =
        expect_one(judge_leftovers, FINDING_OBJECT_LEFT_BEHIND, object_cases[_i].misconception, 7);
    char *says = kit_format("The %s is still there after the run. Process 1 `maker` made it at "
                            "a.c:7;",
                            object_cases[_i].label);
    expect_says(left, says);
    free(says);
}
END_TEST

START_TEST(an_object_whose_line_is_not_known_is_told_without)
{
    int process = add_process(-1, "maker"), call = add_call(process, "msgget", 0);
    int object = add_object(OBJECT_QUEUE, "message queue 0", call);
    record->objects[object].left_behind = true;
    expect_says(
        expect_one(judge_leftovers, FINDING_OBJECT_LEFT_BEHIND, "ipc-object-left-behind", 0),
        "made it; it stays");
}
END_TEST

/* One was removed, the other was there before. */
START_TEST(objects_that_are_gone_or_were_there_are_no_leftovers)
{
    int process = add_process(-1, "maker"), call = add_call(process, object_cases[_i].call, 7);
    add_object(object_cases[_i].kind, object_cases[_i].label, call);
    int before = add_object(object_cases[_i].kind, object_cases[_i].label, -1);
    record->objects[before].left_behind = true;
    expect_nothing(judge_leftovers);
}
END_TEST

/* ---- Descriptors ------------------------------------------------------------------------------
 */

/* A pipe made on this line, by the first process. */
static int add_pipe(int line)
{
    int call = add_call(0, "pipe2", line);
    return add_object(OBJECT_PIPE, "pipe A", call);
}

START_TEST(an_end_above_2_is_a_leak)
{
    int parent = add_process(-1, "parent"), pipe = add_pipe(12);
    add_inherited(add_command(parent, "sort"), 4, pipe, 1);
    const struct finding *leak =
        expect_one(judge_descriptors, FINDING_DESCRIPTOR_LEAK, "pipe-siblings-hold-ends", 12);
    expect_says(leak, "Process 2 `sort` was started with descriptor 4 open: the writing end of "
                      "pipe A (made at a.c:12).");
    expect_silent_about(leak, "more like it");
    ck_assert_int_eq(leak->processes[0].fd, 4);
    ck_assert_int_eq(leak->processes[0].number, 2);
}
END_TEST

START_TEST(each_side_has_its_name)
{
    static const char *const names[] = {"the reading end of", "the writing end of", "the end of"};
    int parent = add_process(-1, "parent"), pipe = add_pipe(12);
    add_inherited(add_command(parent, "sort"), 4, pipe, (uint64_t)_i);
    expect_says(
        expect_one(judge_descriptors, FINDING_DESCRIPTOR_LEAK, "pipe-siblings-hold-ends", 12),
        names[_i]);
}
END_TEST

/* The pipe is at 1, as it should be, and the original is still there. */
START_TEST(an_original_that_was_not_closed_has_its_own_name)
{
    int parent = add_process(-1, "parent"), pipe = add_pipe(12);
    int command = add_command(parent, "sort");
    add_inherited(command, 1, pipe, 1);
    add_inherited(command, 4, pipe, 1);
    expect_says(
        expect_one(judge_descriptors, FINDING_DESCRIPTOR_LEAK, "dup2-without-close-original", 12),
        "which it also has as its standard input or output");
}
END_TEST

/* Reading from it at 0 and a writing end at 4 are two things; so is another program's 1. */
START_TEST(the_other_end_is_no_original)
{
    int parent = add_process(-1, "parent"), pipe = add_pipe(12);
    int first = add_command(parent, "cat"), second = add_command(parent, "sort");
    add_inherited(first, 1, pipe, 1);
    add_inherited(second, 0, pipe, 0);
    add_inherited(second, 4, pipe, 1);
    expect_one(judge_descriptors, FINDING_DESCRIPTOR_LEAK, "pipe-siblings-hold-ends", 12);
}
END_TEST

START_TEST(what_one_line_made_is_told_once)
{
    int parent = add_process(-1, "parent"), pipes[3];
    for (int i = 0; i < COUNT(pipes); i++)
        pipes[i] = add_pipe(12);
    for (int i = 0; i < COUNT(pipes); i++)
        add_inherited(add_command(parent, "sort"), 3 + i, pipes[i], 0);
    expect_says(
        expect_one(judge_descriptors, FINDING_DESCRIPTOR_LEAK, "pipe-siblings-hold-ends", 12),
        "(2 more like it in this run.)");
}
END_TEST

START_TEST(two_lines_and_two_ways_are_told_apart)
{
    int parent = add_process(-1, "parent"), here = add_pipe(12), there = add_pipe(20);
    int command = add_command(parent, "sort");
    add_inherited(command, 1, here, 1);
    add_inherited(command, 3, here, 0);
    add_inherited(command, 4, here, 1);
    add_inherited(command, 5, there, 0);
    judge_descriptors(record, &findings);
    ck_assert_uint_eq(findings.count, 3);
    expect_misconception(&findings.items[0], "pipe-siblings-hold-ends");
    expect_misconception(&findings.items[1], "dup2-without-close-original");
    expect_misconception(&findings.items[2], "pipe-siblings-hold-ends");
    ck_assert_int_eq(findings.items[2].place.line, 20);
    for (size_t i = 0; i < findings.count; i++)
        expect_silent_about(&findings.items[i], "more like it");
}
END_TEST

START_TEST(standard_descriptors_are_no_leak)
{
    int parent = add_process(-1, "parent"), pipe = add_pipe(12);
    int command = add_command(parent, "sort");
    for (int fd = 0; fd <= 2; fd++)
        add_inherited(command, fd, pipe, fd > 0);
    expect_nothing(judge_descriptors);
}
END_TEST

/* Of the kit's, or not followed at all. */
START_TEST(what_the_run_did_not_make_is_no_leak)
{
    int parent = add_process(-1, "parent"), command = add_command(parent, "sort");
    add_inherited(command, 5, add_object(OBJECT_PIPE, "standard input", -1), 0);
    add_inherited(command, 6, -1, 0);
    expect_nothing(judge_descriptors);
}
END_TEST

/* A program that the kit starts has what the kit gave it. */
START_TEST(what_the_kit_gave_is_no_leak)
{
    add_process(-1, "parent");
    int pipe = add_pipe(12);
    add_inherited(add_process(-1, "second"), 5, pipe, 0);
    expect_nothing(judge_descriptors);
}
END_TEST

/* ---- Death by a signal ------------------------------------------------------------------------
 */

static int add_killed(int signal)
{
    int process = add_process(-1, "victim");
    record->processes[process].wait_status = signal;
    return process;
}

static const struct {
    int signal, code;
    bool by_itself; /* kill(getpid()), raise(): the sender is known */
    const char *misconception, *says;
} deaths[] = {
    {SIGPIPE, FROM_PROCESS, true,  "sigpipe-ignored-knowledge", "SIGPIPE at a.c:9: it wrote to a"},
    {SIGSEGV, FROM_KERNEL,  false, NULL,                        "SIGSEGV at a.c:9: it touched"   },
    {SIGABRT, -6,           true,  NULL,                        "SIGABRT at a.c:9: it called"    },
    {SIGFPE,  FROM_KERNEL,  false, NULL,                        "SIGFPE at a.c:9."               },
    {SIGXCPU, FROM_KERNEL,  false, NULL,                        "SIGXCPU at a.c:9: it used up"   },
    {SIGTERM, FROM_PROCESS, true,  NULL,                        "SIGTERM at a.c:9."              },
};

START_TEST(a_death_is_told_with_its_line)
{
    int victim = add_killed(deaths[_i].signal);
    add_signal(victim, deaths[_i].signal, deaths[_i].code, deaths[_i].by_itself ? victim : -1, 9);
    const struct finding *death =
        expect_one(judge_habits, FINDING_KILLED_BY_SIGNAL, deaths[_i].misconception, 9);
    expect_says(death, "Process 1 `victim` was killed by ");
    expect_says(death, deaths[_i].says);
}
END_TEST

START_TEST(each_death_is_told)
{
    for (int i = 0; i < 2; i++) {
        int victim = add_killed(SIGSEGV);
        add_signal(victim, SIGSEGV, FROM_KERNEL, -1, 9);
    }
    judge_habits(record, &findings);
    ck_assert_uint_eq(findings.count, 2);
}
END_TEST

/* Of several deliveries the last one was deadly: it came from another process. */
START_TEST(killed_by_another_process)
{
    int killer = add_process(-1, "killer"), victim = add_killed(SIGTERM);
    add_signal(victim, SIGTERM, FROM_PROCESS, victim, 9);
    add_signal(victim, SIGTERM, FROM_PROCESS, killer, 0);
    expect_nothing(judge_habits);
}
END_TEST

START_TEST(killed_from_outside)
{
    int victim = add_killed(_i == 0 ? SIGTERM : SIGKILL);
    if (_i == 0) /* SIGKILL is never delivered */
        add_signal(victim, SIGTERM, FROM_PROCESS, -1, 0);
    expect_nothing(judge_habits);
}
END_TEST

START_TEST(killed_by_the_kit)
{
    int victim = add_killed(SIGPIPE);
    add_signal(victim, SIGPIPE, FROM_PROCESS, victim, 9);
    record->processes[victim].killed_by_kit = true;
    expect_nothing(judge_habits);
}
END_TEST

/* `yes | head`: that is how it ends. */
START_TEST(a_command_may_die_of_a_signal)
{
    int victim = add_command(add_process(-1, "parent"), "yes");
    record->processes[victim].wait_status = SIGPIPE;
    add_signal(victim, SIGPIPE, FROM_PROCESS, victim, 0);
    expect_nothing(judge_habits);
}
END_TEST

START_TEST(a_handled_signal_is_no_death)
{
    int process = add_process(-1, "survivor");
    add_signal(process, SIGPIPE, FROM_PROCESS, process, 9);
    record->processes[process].wait_status = 3 << 8;
    expect_nothing(judge_habits);
}
END_TEST

START_TEST(a_living_process_has_no_status)
{
    int process = add_killed(SIGPIPE);
    add_signal(process, SIGPIPE, FROM_PROCESS, process, 9);
    record->processes[process].ended_us = -1;
    expect_nothing(judge_habits);
}
END_TEST

/* ---- Sleep in place of synchronisation --------------------------------------------------------
 */

static const struct sleep_case {
    const char *name;
    uint64_t args[6];
} sleeps[] =
    {
        {"nanosleep",       {1, 2}         },
        {"clock_nanosleep", {0, 0, 1}      },
        {"poll",            {0, 0, 100}    },
        {"ppoll",           {0, 0, 1}      },
        {"select",          {0, 0, 0, 0, 1}},
        {"pselect6",        {0, 0, 0, 0, 1}},
},
  waits[] = {
      {"poll", {1, 1, 100}},          /* of something */
      {"poll", {0, 0, 0}},            /* without any time */
      {"poll", {0, 0, (uint32_t)-1}}, /* for ever */
      {"ppoll", {1, 1, 1}},
      {"ppoll", {0, 0, 0}},
      {"select", {4, 1, 0, 0, 1}},
      {"select", {0}},
      {"pselect6", {4, 1, 0, 0, 1}},
      {"pselect6", {0}},
      {"alarm", {1}},
      {"wait4", {(uint64_t)-1}},
};

static int add_sleep(int process, const struct sleep_case *what)
{
    int call = add_call(process, what->name, 17);
    memcpy(record->calls[call].args, what->args, sizeof what->args);
    return call;
}

START_TEST(a_sleep_is_told_once)
{
    int process = add_process(-1, "sleeper");
    add_sleep(process, &sleeps[_i]);
    add_sleep(process, &sleeps[_i]);
    const struct finding *slept =
        expect_one(judge_habits, FINDING_SLEEP_AS_SYNCHRONISATION, "sleep-as-synchronisation", 17);
    char *says =
        kit_format("Process 1 `sleeper` sleeps for a while (%s at a.c:17).", sleeps[_i].name);
    expect_says(slept, says);
    free(says);
}
END_TEST

START_TEST(a_wait_is_no_sleep)
{
    add_sleep(add_process(-1, "waiter"), &waits[_i]);
    expect_nothing(judge_habits);
}
END_TEST

/* `trace` of any program: nobody said that it must not. */
START_TEST(a_sleep_in_the_open_world_is_free)
{
    record->closed_world = false;
    add_sleep(add_process(-1, "sleeper"), &sleeps[0]);
    expect_nothing(judge_habits);
}
END_TEST

START_TEST(a_sleep_of_a_command_is_free)
{
    add_sleep(add_command(add_process(-1, "parent"), "sleep"), &sleeps[1]);
    expect_nothing(judge_habits);
}
END_TEST

/* The kit's driver may; a learner's file beside it may not. */
START_TEST(a_sleep_of_the_kits_driver_is_free)
{
    int process = add_process(-1, "driver"), slept = add_sleep(process, &sleeps[0]);
    struct call *call = &record->calls[slept];
    record->kit_file = kit_strdup("driver.c");
    free(call->place.file);
    call->place.file = kit_strdup("driver.c");
    expect_nothing(judge_habits);
    add_sleep(process, &sleeps[0]);
    expect_one(judge_habits, FINDING_SLEEP_AS_SYNCHRONISATION, "sleep-as-synchronisation", 17);
}
END_TEST

/* ---- Too much time or output ------------------------------------------------------------------
 */

START_TEST(one_that_used_the_processor_did_spin)
{
    add_process(-1, "idle");
    int process = add_process(-1, "spinner");
    record->processes[process].cpu_us = 900000;
    record->timed_out = true;
    add_thread_at(process, 23);
    const struct finding *spins = expect_one(judge_habits, FINDING_BUSY_WAIT, "busy-wait-flag", 23);
    expect_says(spins, "Process 2 `spinner` did not end: it used 0.9 s of processor time; at the "
                       "end it was at a.c:23.");
    ck_assert_int_eq(spins->processes[0].number, 2);
}
END_TEST

START_TEST(one_that_slept_did_only_take_too_long)
{
    int process = add_process(-1, "waiter");
    record->processes[process].cpu_us = 2000;
    record->snapshot_us = record->duration_us = 30000000;
    record->timed_out = true;
    add_thread_at(process, 23);
    expect_says(expect_one(judge_habits, FINDING_RESOURCE_LIMIT, NULL, 23),
                "still going after 30 s and was ended; at the end it was at a.c:23.");
}
END_TEST

START_TEST(a_busy_run_that_ended_in_time_is_free)
{
    int process = add_process(-1, "worker");
    record->processes[process].cpu_us = 900000;
    add_thread_at(process, 23);
    expect_nothing(judge_habits);
}
END_TEST

static const struct {
    const char *call;
    int64_t result;
    const char *detail;
    bool of_fifo;
    const char *misconception, *says;
} loops[] = {
    {"read",  0,       NULL,                             false, "eagain-vs-eof",                "read returned 0"},
    {"read",  0,       NULL,                             true,  "fifo-server-spins-on-eof",     "read returned 0"},
    {"write", -EPIPE,  NULL,                             false, "select-writable-means-ok",     "EPIPE"          },
    {"poll",  1,       "fd 0 asked nothing got POLLHUP", false, "poll-needs-pollhup-in-events", "POLLHUP"        },
    {"poll",  1,       "fd 0 asked POLLIN got POLLHUP",  false, "pollin-only-loop-misses-hup",  "POLLHUP"        },
    {"read",  -EAGAIN, NULL,                             false, "busy-wait-flag",               "EAGAIN"         },
};

static void add_round(int process, int i, int object)
{
    int index = add_call(process, loops[i].call, 23);
    struct call *call = &record->calls[index];
    call->result = loops[i].result;
    call->object = object;
    call->detail = loops[i].detail != NULL ? kit_strdup(loops[i].detail) : NULL;
}

/* Little processor time, because the kit stops it at each call; but it goes round in circles. */
START_TEST(a_loop_of_calls_is_told_by_what_they_say)
{
    int process = add_process(-1, "looper");
    int object = add_object(loops[_i].of_fifo ? OBJECT_FIFO : OBJECT_PIPE, "it", -1);
    record->timed_out = true;
    for (int i = 0; i < 40; i++)
        add_round(process, _i, object);
    const struct finding *loop =
        expect_one(judge_habits, FINDING_BUSY_WAIT, loops[_i].misconception, 0);
    expect_says(loop, "looks again and again");
    expect_says(loop, loops[_i].says);
}
END_TEST

/* As many calls, but bytes move; or too few calls to call it a loop. */
START_TEST(calls_that_get_on_are_no_loop)
{
    int process = add_process(-1, "worker");
    record->timed_out = true;
    for (int i = 0; i < (_i == 0 ? 40 : 10); i++)
        add_round(process, 0, -1);
    if (_i == 0)
        record->calls[20].result = 100;
    expect_one(judge_habits, FINDING_RESOURCE_LIMIT, NULL, 0);
}
END_TEST

START_TEST(a_flood_is_told)
{
    add_process(-1, "writer");
    record->output_flooded = true;
    expect_says(expect_one(judge_habits, FINDING_OUTPUT_FLOOD, NULL, 0), "far more output");
}
END_TEST

/* ---- All of them ------------------------------------------------------------------------------
 */

/* One of each: a death, an orphan, a leak. */
static void make_a_mess(void)
{
    int parent = add_killed(SIGPIPE), pipe = add_pipe(12);
    int child = add_command(parent, "sort");
    add_signal(parent, SIGPIPE, FROM_PROCESS, parent, 9);
    record->processes[child].outlived_run = true;
    add_inherited(child, 4, pipe, 1);
}

static void expect_kinds(const enum finding_kind *kinds, size_t count)
{
    findings_clear(&findings);
    judge_run(record, &findings);
    ck_assert_uint_eq(findings.count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_str_eq(finding_kind_name(findings.items[i].kind), finding_kind_name(kinds[i]));
}

#define EXPECT_KINDS(...)                                  \
    expect_kinds((const enum finding_kind[]){__VA_ARGS__}, \
                 sizeof((const enum finding_kind[]){__VA_ARGS__}) / sizeof(enum finding_kind))

START_TEST(a_run_is_told_in_this_order)
{
    make_a_mess();
    EXPECT_KINDS(FINDING_KILLED_BY_SIGNAL, FINDING_ORPHAN, FINDING_DESCRIPTOR_LEAK);
    record->closed_world = false; /* there, a shell's descriptors are its own affair */
    EXPECT_KINDS(FINDING_KILLED_BY_SIGNAL, FINDING_ORPHAN);
}
END_TEST

/* Whom the kit has ended could not clean up. */
START_TEST(a_run_that_was_ended_has_no_leftovers)
{
    make_a_mess();
    record->output_flooded = true;
    EXPECT_KINDS(FINDING_KILLED_BY_SIGNAL, FINDING_OUTPUT_FLOOD, FINDING_DESCRIPTOR_LEAK);
    record->output_flooded = false;
    record->timed_out = true;
    EXPECT_KINDS(FINDING_KILLED_BY_SIGNAL, FINDING_RESOURCE_LIMIT, FINDING_DESCRIPTOR_LEAK);
    record->timed_out = false;
    record->hung = true;
    EXPECT_KINDS(FINDING_KILLED_BY_SIGNAL, FINDING_DESCRIPTOR_LEAK);
}
END_TEST

/* The first process sleeps in a read of its own pipe, whose writing end it holds. */
static void add_reader_of_itself(int process)
{
    int pipe = add_pipe(12), index;

    record->processes[process].ended_us = -1;
    for (int side = 0; side < 2; side++) {
        index = record_add_descriptor(record);
        struct descriptor *descriptor = &record->descriptors[index];
        descriptor->process = process;
        descriptor->fd = 3 + side;
        descriptor->object = pipe;
        descriptor->reads = side == 0;
        descriptor->writes = side == 1;
    }
    index = record_add_thread(record);
    struct thread *thread = &record->threads[index];
    thread->process = process;
    thread->state = 'S';
    thread->call = "read";
    thread->asleep = thread->understood = true;
    struct wait *wait = thread_add_wait(thread, WAIT_READ);
    wait->object = pipe;
    wait->fd = 3;
}

START_TEST(a_hang_comes_first)
{
    make_a_mess();
    add_reader_of_itself(0);
    record->hung = true;
    EXPECT_KINDS(FINDING_HANG, FINDING_DESCRIPTOR_LEAK);
    expect_misconception(&findings.items[0], "pipe-reader-keeps-own-write-end");
    record->hung = false; /* nobody said that it hangs: it ended otherwise */
    EXPECT_KINDS(FINDING_ORPHAN, FINDING_DESCRIPTOR_LEAK);
}
END_TEST

/* One process spins, another can never move again: both are told. */
START_TEST(a_part_that_is_stuck_is_told_when_time_is_up)
{
    int stuck = add_process(-1, "stuck"), spinner = add_process(-1, "spinner");
    add_reader_of_itself(stuck);
    record->processes[spinner].ended_us = -1;
    record->processes[spinner].cpu_us = 900000;
    add_thread_at(spinner, 23);
    record->threads[1].state = 'R';
    record->timed_out = true;
    EXPECT_KINDS(FINDING_HANG, FINDING_BUSY_WAIT);
}
END_TEST

START_TEST(a_good_run_has_no_findings)
{
    int parent = add_process(-1, "parent"), pipe = add_pipe(12);
    int command = add_command(parent, "sort");
    add_inherited(command, 0, pipe, 0);
    expect_nothing(judge_run);
}
END_TEST

START_TEST(an_empty_record_has_no_findings)
{
    expect_nothing(judge_run);
    record->hung = true;
    expect_nothing(judge_run);
    record->hung = false;
    record->timed_out = true;
    expect_nothing(judge_run);
}
END_TEST

/* ---- A stored record --------------------------------------------------------------------------
 */

static struct record *read_record(const char *name)
{
    const char *slash = strrchr(__FILE__, '/'), *error = NULL;
    char *path = kit_format("%.*s/records/%s", slash == NULL ? 1 : (int)(slash - __FILE__),
                            slash == NULL ? "." : __FILE__, name);
    char *text = kit_read_file(path, NULL);
    ck_assert_msg(text != NULL, "cannot read %s", path);
    struct record *read = record_from_json(text, &error);
    ck_assert_msg(read != NULL, "%s: %s", path, error);
    free(text);
    free(path);
    return read;
}

START_TEST(a_stored_record_is_judged_like_a_fresh_one)
{
    record_free(record);
    record = read_record("left_behind.json");
    EXPECT_KINDS(FINDING_ZOMBIE, FINDING_ORPHAN, FINDING_OBJECT_LEFT_BEHIND,
                 FINDING_DESCRIPTOR_LEAK);
    ck_assert_int_eq(findings.items[0].place.line, 31);
    ck_assert_int_eq(findings.items[2].place.line, 15);
    ck_assert_int_eq(findings.items[3].place.line, 12);
    expect_says(&findings.items[2], "The FIFO /tmp/requests is still there");
    expect_misconception(&findings.items[2], "fifo-not-unlinked");
    expect_misconception(&findings.items[3], "dup2-without-close-original");
}
END_TEST

/* A judge changes nothing in the record, so the same record always gives the same findings. */
START_TEST(judging_twice_finds_the_same)
{
    struct findings again = {0};
    record_free(record);
    record = read_record("left_behind.json");
    char *before = record_to_json(record);
    judge_run(record, &findings);
    judge_run(record, &again);
    char *after = record_to_json(record);
    ck_assert_str_eq(before, after);
    ck_assert_uint_eq(findings.count, again.count);
    for (size_t i = 0; i < again.count; i++)
        ck_assert_str_eq(findings.items[i].text, again.items[i].text);
    findings_clear(&again);
    free(before);
    free(after);
}
END_TEST

/* ---- The suite --------------------------------------------------------------------------------
 */

/* ---- Turns ------------------------------------------------------------------------------------
 */

/* line 0: a turn that ended in nobody's source. */
static void add_turn(int process, int line, const char *call)
{
    struct turn *turn = ARRAY_ADD(record->turns, record->n_turns);
    turn->process = process;
    turn->call = call;
    if (line > 0)
        turn->place = (struct place){kit_strdup("a.c"), line, kit_strdup("main")};
}

static void expect_turns(const char *wanted)
{
    char *told = turns_told(record, "  ");
    ck_assert_str_eq(told, wanted);
    free(told);
}

static void begin_two(void)
{
    begin();
    add_process(-1, "a");
    add_process(0, "a");
    for (int i = 0; i < 2; i++)
        record->processes[i].number = i + 1;
}

START_TEST(turns_are_told_by_line_and_call)
{
    add_turn(0, 0, NULL); /* its start */
    add_turn(0, 5, "clone");
    add_turn(1, 7, NULL);
    add_turn(0, 9, "semtimedop");
    add_turn(1, 0, NULL);
    record->turns[4].ends = true;
    expect_turns("   1. process 1 runs up to a.c:5 in main(), before fork()\n"
                 "   2. process 2 runs up to a.c:7 in main(), before an access to shared memory\n"
                 "   3. process 1 runs up to a.c:9 in main(), before semop()\n"
                 "   4. process 2 runs to its end\n");
}
END_TEST

START_TEST(of_one_process_in_a_row_the_last_turn_is_told)
{
    add_turn(0, 5, "read");
    add_turn(1, 0, NULL);
    add_turn(0, 6, "read");
    expect_turns("   1. process 1 runs up to a.c:6 in main(), before read()\n");
}
END_TEST

START_TEST(two_who_change_places_again_and_again_are_counted)
{
    for (int i = 0; i < 10; i++)
        add_turn(i % 2, 5 + i % 2, "read");
    add_turn(0, 8, "write");
    expect_turns("   1. process 1 runs up to a.c:5 in main(), before read()\n"
                 "   2. process 2 runs up to a.c:6 in main(), before read()\n"
                 "      (and so on in turns, 8 times)\n"
                 "   3. process 1 runs up to a.c:8 in main(), before write()\n");
}
END_TEST

START_TEST(of_very_many_turns_only_the_first_are_told)
{
    for (int i = 0; i < 100; i++)
        add_turn(i % 2, 5 + i, "read");
    char *told = turns_told(record, "");
    ck_assert_ptr_nonnull(strstr(told, "24. process 2 runs up to a.c:28 "));
    ck_assert_ptr_null(strstr(told, "a.c:29"));
    ck_assert_str_eq(told + strlen(told) - strlen("(and so on)\n"), "(and so on)\n");
    free(told);
}
END_TEST

START_TEST(without_turns_nothing_is_told)
{
    expect_turns("");
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, begin, end);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static void add_leftovers(Suite *suite)
{
    TCase *tcase = add_case(suite, "leftovers");
    tcase_add_test(tcase, a_zombie_is_told);
    tcase_add_test(tcase, an_orphan_is_told);
    tcase_add_test(tcase, a_daemon_is_told_once);
    tcase_add_test(tcase, a_child_is_either_zombie_or_orphan);
    tcase_add_test(tcase, an_unknown_line_is_not_told);
    tcase_add_test(tcase, reaped_children_are_no_leftovers);
    tcase_add_test(tcase, the_children_of_a_command_are_its_own);
    tcase_add_test(tcase, a_program_of_the_kit_is_nobodys_child);
    tcase_add_loop_test(tcase, an_object_is_told_with_the_line_that_made_it, 0,
                        COUNT(object_cases));
    tcase_add_test(tcase, an_object_whose_line_is_not_known_is_told_without);
    tcase_add_loop_test(tcase, objects_that_are_gone_or_were_there_are_no_leftovers, 0,
                        COUNT(object_cases));
}

static void add_descriptors(Suite *suite)
{
    TCase *tcase = add_case(suite, "descriptors");
    tcase_add_test(tcase, an_end_above_2_is_a_leak);
    tcase_add_loop_test(tcase, each_side_has_its_name, 0, 3);
    tcase_add_test(tcase, an_original_that_was_not_closed_has_its_own_name);
    tcase_add_test(tcase, the_other_end_is_no_original);
    tcase_add_test(tcase, what_one_line_made_is_told_once);
    tcase_add_test(tcase, two_lines_and_two_ways_are_told_apart);
    tcase_add_test(tcase, standard_descriptors_are_no_leak);
    tcase_add_test(tcase, what_the_run_did_not_make_is_no_leak);
    tcase_add_test(tcase, what_the_kit_gave_is_no_leak);
}

static void add_habits(Suite *suite)
{
    TCase *tcase = add_case(suite, "habits");
    tcase_add_loop_test(tcase, a_death_is_told_with_its_line, 0, COUNT(deaths));
    tcase_add_test(tcase, each_death_is_told);
    tcase_add_test(tcase, killed_by_another_process);
    tcase_add_loop_test(tcase, killed_from_outside, 0, 2);
    tcase_add_test(tcase, killed_by_the_kit);
    tcase_add_test(tcase, a_command_may_die_of_a_signal);
    tcase_add_test(tcase, a_handled_signal_is_no_death);
    tcase_add_test(tcase, a_living_process_has_no_status);
    tcase_add_loop_test(tcase, a_sleep_is_told_once, 0, COUNT(sleeps));
    tcase_add_loop_test(tcase, a_wait_is_no_sleep, 0, COUNT(waits));
    tcase_add_test(tcase, a_sleep_in_the_open_world_is_free);
    tcase_add_test(tcase, a_sleep_of_a_command_is_free);
    tcase_add_test(tcase, a_sleep_of_the_kits_driver_is_free);
    tcase_add_test(tcase, one_that_used_the_processor_did_spin);
    tcase_add_test(tcase, one_that_slept_did_only_take_too_long);
    tcase_add_test(tcase, a_busy_run_that_ended_in_time_is_free);
    tcase_add_loop_test(tcase, a_loop_of_calls_is_told_by_what_they_say, 0, COUNT(loops));
    tcase_add_loop_test(tcase, calls_that_get_on_are_no_loop, 0, 2);
    tcase_add_test(tcase, a_flood_is_told);
}

static void add_whole_runs(Suite *suite)
{
    TCase *tcase = add_case(suite, "whole runs");
    tcase_add_test(tcase, a_run_is_told_in_this_order);
    tcase_add_test(tcase, a_run_that_was_ended_has_no_leftovers);
    tcase_add_test(tcase, a_hang_comes_first);
    tcase_add_test(tcase, a_part_that_is_stuck_is_told_when_time_is_up);
    tcase_add_test(tcase, a_good_run_has_no_findings);
    tcase_add_test(tcase, an_empty_record_has_no_findings);
    tcase_add_test(tcase, a_stored_record_is_judged_like_a_fresh_one);
    tcase_add_test(tcase, judging_twice_finds_the_same);
}

static void add_turns(Suite *suite)
{
    TCase *tcase = tcase_create("turns");
    tcase_add_checked_fixture(tcase, begin_two, end);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, turns_are_told_by_line_and_call);
    tcase_add_test(tcase, of_one_process_in_a_row_the_last_turn_is_told);
    tcase_add_test(tcase, two_who_change_places_again_and_again_are_counted);
    tcase_add_test(tcase, of_very_many_turns_only_the_first_are_told);
    tcase_add_test(tcase, without_turns_nothing_is_told);
}

static Suite *make_judges_suite(void)
{
    Suite *suite = suite_create("judges");
    add_leftovers(suite);
    add_descriptors(suite);
    add_habits(suite);
    add_whole_runs(suite);
    add_turns(suite);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_judges_suite);
}
