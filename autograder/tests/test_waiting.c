/*
 * test_waiting.c - is a hang told from a program that is only slow? Golden cases for each recipe of
 * the waiting graph, and as many near-misses in which nothing may be called a hang.
 *
 * Theory of operation: each test forks one program of test_blocked.c, without a tracer, as leader
 * of a process group. The program reports what it leaves behind and when it is set up; then the
 * test waits until all its threads sleep and two digests agree, fills a record by walking the tree
 * of children, takes a snapshot and asks the judge. At the end the group is killed and what was
 * reported is removed, by id and by name.
 */
#define _GNU_SOURCE /* PTRACE_SEIZE, struct ptrace constants */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../judge/judge.h"
#include "../run/kit.h"
#include "../run/procfs.h"
#include "../run/snapshot.h"
#include "blocked.h"
#include "tests.h"

enum { DEADLINE_MS = 10000, INTERVAL_MS = 50, MOVING_MS = 150, LEDGER_SIZE = 256 };

/* What programs have left and nobody has removed yet. It lies in memory that the unforked part of
 * Check shares: a failed assertion ends the test's process before it can remove anything. */
static struct report *ledger;

static struct scene {
    pid_t leader;
    int report, stdin_writer;
    char directory[64];
    struct record *record;
    struct findings findings;
} scene;

static void pass_time(int milliseconds)
{
    poll(NULL, 0, milliseconds);
}

/* ---- Starting and ending a program ---- */

static void become_program(const char *name, int report, int input)
{
    if (setpgid(0, 0) == -1 || prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || dup2(input, 0) == -1)
        _exit(90);
    close(input);
    for (int i = 1; i < SIGRTMIN; i++) /* Check and sanitizers have handlers; some cannot be set */
        signal(i, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    int null = open("/dev/null", O_WRONLY);
    if (null == -1 || dup2(null, 1) == -1)
        _exit(90);
    close(null);
    run_blocked(name, report, scene.directory);
}

/* One test at a time writes here, and what failed tests left is at the front. */
static void enter(const struct report *report)
{
    size_t i = 0;
    while (i < LEDGER_SIZE && ledger[i].leaving != 0)
        i++;
    ck_assert_uint_lt(i, LEDGER_SIZE);
    ledger[i] = *report;
}

static void start_program(const char *name)
{
    int report[2], input[2];

    snprintf(scene.directory, sizeof scene.directory, "/tmp/ipclab-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scene.directory));
    struct report made = {.leaving = LEAVES_DIRECTORY};
    memcpy(made.name, scene.directory, sizeof scene.directory);
    enter(&made);
    ck_assert_int_eq(pipe(report), 0);
    ck_assert_int_eq(pipe(input), 0);
    scene.leader = fork();
    ck_assert_int_ne(scene.leader, -1);
    if (scene.leader == 0) {
        close(report[0]);
        close(input[1]);
        become_program(name, report[1], input[0]);
    }
    ck_assert(setpgid(scene.leader, scene.leader) == 0 || errno == EACCES);
    close(report[1]);
    close(input[0]);
    scene.report = report[0];
    scene.stdin_writer = input[1];
}

/* Until the program says that it is set up. */
static void read_reports(const char *name)
{
    struct pollfd set = {.fd = scene.report, .events = POLLIN};
    struct report report;

    for (;;) {
        ck_assert_msg(poll(&set, 1, DEADLINE_MS) == 1, "%s: not set up in time", name);
        ssize_t got = read(scene.report, &report, sizeof report);
        ck_assert_msg(got == (ssize_t)sizeof report, "%s: ended before it was set up", name);
        if (report.leaving == 0)
            return;
        enter(&report);
    }
}

static void remove_left(struct report *left)
{
    switch (left->leaving) {
    case LEAVES_QUEUE:
        msgctl(left->id, IPC_RMID, NULL);
        break;
    case LEAVES_SEMAPHORES:
        semctl(left->id, 0, IPC_RMID);
        break;
    case LEAVES_POSIX_QUEUE:
        mq_unlink(left->name);
        break;
    case LEAVES_SEMAPHORE:
        sem_unlink(left->name);
        break;
    case LEAVES_FILE:
        unlink(left->name);
        break;
    case LEAVES_DIRECTORY:
        rmdir(left->name);
        break;
    }
    left->leaving = 0;
}

/* From the last to the first: the directory was there before the files in it. */
static void remove_all_left(void)
{
    for (size_t i = LEDGER_SIZE; i-- > 0;)
        if (ledger[i].leaving != 0)
            remove_left(&ledger[i]);
}

static void open_ledger(void)
{
    ledger = mmap(NULL, LEDGER_SIZE * sizeof *ledger, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ledger == MAP_FAILED)
        kit_broken("mmap");
}

static void close_ledger(void)
{
    remove_all_left();
    munmap(ledger, LEDGER_SIZE * sizeof *ledger);
}

static void end_program(void)
{
    if (scene.leader > 0) {
        kill(-scene.leader, SIGKILL);
        waitpid(scene.leader, NULL, 0);
    }
    remove_all_left();
    findings_clear(&scene.findings);
    record_free(scene.record);
    if (scene.leader > 0) {
        close(scene.report);
        close(scene.stdin_writer);
    }
    memset(&scene, 0, sizeof scene);
}

/* ---- Filling a record without a tracer ---- */

/* proc(5): the state is the third field of stat, exit_code the 52nd. */
static bool is_zombie(pid_t pid, int *status)
{
    char text[1024];

    if (proc_read(text, sizeof text, "/proc/%d/stat", (int)pid) <= 0)
        return false;
    char *at = strrchr(text, ')');
    if (at == NULL || at[2] != 'Z')
        return false;
    char *last = strrchr(text, ' ');
    *status = last != NULL ? (int)strtol(last, NULL, 10) : 0;
    return true;
}

static void add_tree(struct record *record, pid_t pid, int parent)
{
    char children[4096];
    int index = record_add_process(record), *tids;
    struct process *process = &record->processes[index];

    process->pid = process->host_pid = pid;
    process->parent = parent;
    process->own_program = true;
    process->name = kit_strdup("blocked");
    if (is_zombie(pid, &process->wait_status)) {
        process->ended_us = 1;
        return;
    }
    size_t count = proc_numbers(&tids, "/proc/%d/task", (int)pid);
    for (size_t i = 0; i < count; i++) {
        char *at = children, *end;
        if (proc_read(children, sizeof children, "/proc/%d/task/%d/children", (int)pid, tids[i]) <=
            0)
            continue;
        for (long child = strtol(at, &end, 10); end != at; child = strtol(at, &end, 10)) {
            add_tree(record, (pid_t)child, index);
            at = end;
        }
    }
    free(tids);
}

static void refill(bool closed)
{
    record_free(scene.record);
    scene.record = record_new();
    scene.record->closed_world = closed;
    add_tree(scene.record, scene.leader, -1);
}

/* Two equal digests, 50 ms apart. False when it did not come to rest within the time. */
static bool await_stillness(bool closed, int limit_ms)
{
    uint64_t before = 0, now;
    bool was_still = false;

    for (long long end = kit_now_us() + limit_ms * 1000LL; kit_now_us() < end;) {
        refill(closed);
        bool still = snapshot_stillness(scene.record, &now) == 1;
        if (still && was_still && now == before)
            return true;
        was_still = still;
        before = now;
        pass_time(INTERVAL_MS);
    }
    return false;
}

static void stage(const char *name, bool closed)
{
    start_program(name);
    read_reports(name);
    ck_assert_msg(await_stillness(closed, DEADLINE_MS), "%s: never came to rest", name);
    snapshot_take(scene.record, NULL, 1000);
}

/* ---- Hangs ---- */

static const struct hang_case {
    const char *program;
    enum wait_kind kind;   /* of one of the waits */
    const char *waits_for; /* "who>whom,whom who>whom" in the order told */
    const char *misconception;
    const char *fragments[3]; /* of the text */
} hang_cases[] = {
    {"own_write_end",
     WAIT_READ,                                    "1>1",
     "pipe-reader-keeps-own-write-end",                                                                  {"waits in read(", "can still be written to by process 1 (fd ", "never see end of file"}},
    {"parent_keeps",
     WAIT_READ,                                    "2>1 1>2",
     "pipe-parent-keeps-write-end",                                                                      {"Everybody is waiting for somebody else",
      "process 1 `blocked` waits for process 2 in waitpid",
      "can still be written to by process 1 (fd "}                                                                                                            },
    {"siblings_hold",
     WAIT_READ,                                    "2>3 3>1,2 1>2,3",
     "pipe-siblings-hold-ends",                                                                          {"waits for any child (processes 2 and 3) in wait", "by process 3 (fd "}                },
    {"full_own_pipe",             WAIT_WRITE,      "1>1",             NULL,                              {"which is full", "emptied only by process 1"}                                          },
    {"wait_before_drain",         WAIT_WRITE,      "2>1 1>2",         "wait-before-drain",               {"waits in write("}                                                                     },
    {"both_read",                 WAIT_READ,       "1>2 2>1",         "coproc-no-fflush-in-parent",      {"waits in read("}                                                                      },
    {"both_write",                WAIT_WRITE,      "1>2 2>1",         "coproc-write-all-then-read-all",  {"(65536 bytes)"}                                                                       },
    {"half_close_missing",        WAIT_READ,       "2>1 1>2",         "coproc-half-close-missing",       {"waits in read(0)"}                                                                    },
    {"readv_pipe",                WAIT_READ,       "1>1",             "pipe-reader-keeps-own-write-end", {"waits in readv("}                                                                     },
    {"splice_pipes",
     WAIT_WRITE,                                   "1>1",
     "pipe-reader-keeps-own-write-end",                                                                  {"waits in splice for any of: input on pipe"}                                           },
    {"tee_pipes",                 WAIT_READ,       "1>1",             "pipe-reader-keeps-own-write-end", {"waits in tee"}                                                                        },
    {"vmsplice_pipe",             WAIT_WRITE,      "1>1",             NULL,                              {"waits in vmsplice("}                                                                  },
    {"sendfile_pipe",             WAIT_WRITE,      "1>1",             NULL,                              {"waits in sendfile("}                                                                  },
    {"fifo_order",
     WAIT_OPEN,                                    "1>2 2>1",
     "fifo-open-order-deadlock",                                                                         {"waits in open of FIFO", "/a for reading, until somebody opens it for writing",
      "Nobody is left who could open"}                                                                                                                           },
    {"fifo_write_open",
     WAIT_OPEN,                                    "1>1",
     NULL,                                                                                               {"for writing, until somebody opens it for reading"}                                    },
    {"fifo_server",               WAIT_READ,       "1>1",             "pipe-reader-keeps-own-write-end", {"waits in read("}                                                                      },
    {"message_type",
     WAIT_MESSAGE,                                 "1>1",
     NULL,                                                                                               {"waits for type 5 in msgrcv", "the queue holds types 7 and 9", "Nobody is left"}       },
    {"message_any",               WAIT_MESSAGE,    "1>1",             NULL,                              {"waits for a message", "the queue is empty"}                                           },
    {"message_room",
     WAIT_ROOM,                                    "1>2 2>1",
     "msgrcv-exact-then-blocked-by-full",                                                                {"waits for room in msgsnd", "bytes are taken", "the queue holds type 2"}               },
    {"semaphore_down",
     WAIT_SEMAPHORE,                               "1>1",
     NULL,                                                                                               {"waits in semop on semaphore 1 of", "its value is 1, and the operation is -2",
      "last changed by itself"}                                                                                                                                                        },
    {"semaphore_zero",            WAIT_SEMAPHORE,  "1>1",             NULL,                              {"its value is 3, and it waits for 0"}                                                  },
    {"semaphores_crossing",
     WAIT_SEMAPHORE,                               "1>2 2>1",
     "two-semops-instead-of-one",                                                                        {"last changed by process 2", "last changed by process 1"}                              },
    {"items_inside_mutex",
     WAIT_SEMAPHORE,                               "1>2 2>1",
     "semaphore-order-deadlock",                                                                         {"on semaphore 0", "on semaphore 1"}                                                    },
    {"killed_inside",
     WAIT_SEMAPHORE,                               "1>1",
     "no-sem-undo-on-mutex",                                                                             {"last changed by process 2, which has ended"}                                          },
    {"semaphore_in_memory",       WAIT_FUTEX,      "1>2 2>1",         NULL,                              {"waits in sem_wait on lock"}                                                           },
    {"semaphore_not_shared",
     WAIT_FUTEX,                                   "1>1 2>1",
     "sync-object-not-in-shared-memory",                                                                 {"waits in sem_wait on lock"}                                                           },
    {"semaphore_named",
     WAIT_FUTEX,                                   "1>1",
     NULL,                                                                                               {"waits in sem_wait on POSIX semaphore /ipclab-test-"}                                  },
    {"mutex_twice",               WAIT_FUTEX,      "1>1",             NULL,                              {"pthread_mutex_lock", "self-deadlock"}                                                 },
    {"mutex_of_child",            WAIT_FUTEX,      "1>2 2>1",         NULL,                              {"which process 2 holds"}                                                               },
    {"mutex_not_pshared",
     WAIT_FUTEX,                                   "1>2 2>1",
     "pshared-attribute-missing",                                                                        {"pthread_mutex_lock"}                                                                  },
    {"mutex_of_the_dead",
     WAIT_FUTEX,                                   "1>",
     "robust-mutex-missing",                                                                             {"whose owner, process 2, has ended without unlocking it"}                              },
    {"condition",                 WAIT_FUTEX,      "1>1",             NULL,                              {"waits on lock"}                                                                       },
    {"rwlock_upgrade",            WAIT_FUTEX,      "1>1",             "rwlock-upgrade",                  {"pthread_rwlock_wrlock"}                                                               },
    {"join_sleeper",              WAIT_FUTEX,      "1>1",             NULL,                              {"pthread_join", "in pause"}                                                            },
    {"any_child",                 WAIT_CHILD,      "2>1 1>2",         NULL,                              {"waits for any child (process 2) in wait"}                                             },
    {"waitid_child",              WAIT_CHILD,      "2>1 1>2",         NULL,                              {"waits for process 2 in waitid"}                                                       },
    {"vfork_child",
     WAIT_CHILD,                                   "2>1 1>2",
     "pipe-parent-keeps-write-end",                                                                      {"waits for process 2 in vfork"}                                                        },
    {"pidfd_child",               WAIT_CHILD,      "2>1 1>2",         NULL,                              {"waits in poll for a child"}                                                           },
    {"flock_of_child",            WAIT_LOCK,       "1>2 2>1",         NULL,                              {"/lock, which process 2 holds"}                                                        },
    {"flock_twice",               WAIT_LOCK,       "1>1",             NULL,                              {"which it holds itself through another descriptor"}                                    },
    {"record_lock_of_child",      WAIT_LOCK,       "1>2 2>1",         NULL,                              {"waits in fcntl("}                                                                     },
    {"description_lock_of_child", WAIT_LOCK,       "1>2 2>1",         NULL,                              {"waits in fcntl("}                                                                     },
    {"posix_receive",             WAIT_MESSAGE,    "1>1",             NULL,                              {"waits for a message in mq_receive on POSIX"}                                          },
    {"posix_send",                WAIT_ROOM,       "1>1",             NULL,                              {"mq_send", "it holds 2 of 2 messages"}                                                 },
    {"accept_client",             WAIT_CONNECTION, "1>1",             NULL,                              {"waits in accept(", "for a client of"}                                                 },
    {"connect_to_full",           WAIT_CONNECTION, "1>1",             NULL,                              {"waits in connect("}                                                                   },
    {"stream_receive",            WAIT_READ,       "1>2 2>1",         NULL,                              {"waits in recv(", "is held by process 2"}                                              },
    {"stream_send",               WAIT_WRITE,      "1>2 2>1",         NULL,                              {"waits in write("}                                                                     },
    {"datagram_receive",          WAIT_READ,       "1>2 2>1",         NULL,                              {"waits in recv("}                                                                      },
    {"datagram_sendto",           WAIT_ROOM,       "1>1",             NULL,                              {"waits for room in send on socket"}                                                    },
    {"poll_pipe",
     WAIT_READ,                                    "1>1",
     "pipe-reader-keeps-own-write-end",                                                                  {"waits in poll for input on pipe"}                                                     },
    {"poll_nothing",              WAIT_SIGNAL,     "1>1",             NULL,                              {"waits in poll for a signal"}                                                          },
    {"select_pipe",
     WAIT_READ,                                    "1>1",
     "pipe-reader-keeps-own-write-end",                                                                  {"waits in select for input on pipe"}                                                   },
    {"epoll_pipe",
     WAIT_READ,                                    "1>1",
     "pipe-reader-keeps-own-write-end",                                                                  {"waits in epoll_wait for input on pipe"}                                               },
    {"timer_not_armed",           WAIT_READ,       "1>1",             NULL,                              {"waits in read("}                                                                      },
    {"event_read",                WAIT_READ,       "1>1",             NULL,                              {"waits in read("}                                                                      },
    {"pause_lone",                WAIT_SIGNAL,     "1>1",             NULL,                              {"waits for the signal SIGUSR1 in pause"}                                               },
    {"sigsuspend_lone",           WAIT_SIGNAL,     "1>1",             NULL,                              {"SIGUSR1 in sigsuspend"}                                                               },
    {"sigwait_lone",              WAIT_SIGNAL,     "1>1",             NULL,                              {"SIGUSR2 in sigwait"}                                                                  },
    {"signalfd_read",             WAIT_SIGNAL,     "1>1",             NULL,                              {"SIGUSR2 in read"}                                                                     },
};

static char *waiting_relation(const struct finding *finding)
{
    char *text = kit_strdup("");

    for (size_t i = 0; i < finding->n_processes; i++) {
        const struct finding_process *process = &finding->processes[i];
        char *longer = kit_format("%s%s%d>", text, i > 0 ? " " : "", process->number);
        free(text);
        text = longer;
        for (size_t k = 0; k < process->n_waits_for; k++) {
            longer = kit_format("%s%s%d", text, k > 0 ? "," : "", process->waits_for[k]);
            free(text);
            text = longer;
        }
    }
    return text;
}

static bool has_wait(const struct record *record, enum wait_kind kind)
{
    for (size_t i = 0; i < record->n_threads; i++)
        for (size_t k = 0; k < record->threads[i].n_waits; k++)
            if (record->threads[i].waits[k].kind == kind)
                return true;
    return false;
}

/* What the snapshot saw, for the message of a failing test. */
static char *describe(const struct record *record)
{
    char *text = kit_strdup("");

    for (size_t i = 0; i < record->n_threads; i++) {
        const struct thread *thread = &record->threads[i];
        char *longer =
            kit_format("%s[%d %c %s asleep %d timed %d understood %d waits %zu kind %d] ", text,
                       record->processes[thread->process].number, thread->state,
                       thread->call != NULL ? thread->call : "-", thread->asleep, thread->timed,
                       thread->understood, thread->n_waits,
                       thread->n_waits > 0 ? (int)thread->waits[0].kind : -1);
        free(text);
        text = longer;
    }
    return text;
}

static void expect_told(const struct hang_case *expected, const struct finding *told)
{
    char *relation = waiting_relation(told);

    ck_assert_msg(strcmp(relation, expected->waits_for) == 0, "%s: waits for %s, told %s\n%s",
                  expected->program, expected->waits_for, relation, told->text);
    free(relation);
    const char *named = told->misconception != NULL ? told->misconception : "none";
    const char *wanted = expected->misconception != NULL ? expected->misconception : "none";
    ck_assert_msg(strcmp(named, wanted) == 0, "%s: misconception %s, told %s\n%s",
                  expected->program, wanted, named, told->text);
    for (size_t i = 0; i < 3 && expected->fragments[i] != NULL; i++)
        ck_assert_msg(strstr(told->text, expected->fragments[i]) != NULL, "%s: no \"%s\" in\n%s",
                      expected->program, expected->fragments[i], told->text);
    if (getenv("IPCLAB_SHOW_STORIES") != NULL)
        fprintf(stderr, "--- %s (%s)\n%s\n", expected->program, named, told->text);
}

static void expect_same_after_json(const char *program)
{
    const char *error = NULL;
    struct findings again = {0};
    char *json = record_to_json(scene.record);
    struct record *copy = record_from_json(json, &error);

    ck_assert_msg(copy != NULL, "%s: %s", program, error);
    ck_assert_msg(judge_hang(copy, &again), "%s: no hang after JSON", program);
    ck_assert_str_eq(again.items[0].text, scene.findings.items[0].text);
    findings_clear(&again);
    record_free(copy);
    free(json);
}

START_TEST(nobody_can_move)
{
    const struct hang_case *expected = &hang_cases[_i];

    stage(expected->program, true);
    char *seen = describe(scene.record);
    ck_assert_msg(judge_hang(scene.record, &scene.findings), "%s: no hang: %s", expected->program,
                  seen);
    ck_assert_msg(has_wait(scene.record, expected->kind), "%s: %s", expected->program, seen);
    free(seen);
    ck_assert_uint_eq(scene.findings.count, 1);
    ck_assert_int_eq(scene.findings.items[0].kind, FINDING_HANG);
    expect_told(expected, &scene.findings.items[0]);
    expect_same_after_json(expected->program);
    ck_assert(judge_stuck_part(scene.record, NULL));
}
END_TEST

/* ---- Near-misses ---- */

static const struct moving_case {
    const char *program;
    bool closed;
    bool restless; /* it never comes to rest */
} moving_cases[] = {
    {"poll_timed",                true,  false},
    {"select_timed",              true,  false},
    {"epoll_timed",               true,  false},
    {"epoll_timer",               true,  false},
    {"semaphore_timed",           true,  false},
    {"semaphore_in_memory_timed", true,  false},
    {"condition_timed",           true,  false},
    {"posix_receive_timed",       true,  false},
    {"sigtimedwait_lone",         true,  false},
    {"receive_timed",             true,  false},
    {"nanosleep_lone",            true,  false},
    {"thread_in_nanosleep",       true,  false},
    {"child_in_nanosleep",        true,  false},
    {"posix_timer",               true,  false},
    {"inotify_read",              true,  false},
    {"terminal_read",             true,  false},
    {"child_is_busy",             true,  true },
    {"keeps_forking",             true,  true },
    {"flock_of_busy_child",       true,  true },
    {"outside_pipe",              false, false},
    {"fifo_write_open",           false, false},
    {"fifo_order",                false, false}, /* nothing was recorded: no evidence */
    {"fifo_server",               false, false},
    {"accept_client",             false, false},
    {"pause_lone",                false, false},
    {"sigsuspend_lone",           false, false},
    {"sigwait_lone",              false, false},
    {"poll_nothing",              false, false},
    {"posix_receive",             false, false},
    {"posix_send",                false, false},
    {"semaphore_named",           false, false},
};

START_TEST(somebody_may_move)
{
    const struct moving_case *expected = &moving_cases[_i];

    if (expected->restless) {
        start_program(expected->program);
        read_reports(expected->program);
        ck_assert(!await_stillness(expected->closed, MOVING_MS));
        snapshot_take(scene.record, NULL, 1000);
    } else
        stage(expected->program, expected->closed);
    char *seen = describe(scene.record);
    ck_assert_msg(!judge_hang(scene.record, &scene.findings), "%s: called a hang: %s",
                  expected->program, seen);
    free(seen);
    ck_assert_uint_eq(scene.findings.count, 0);
    ck_assert_msg(expected->restless || !judge_stuck_part(scene.record, NULL),
                  "%s: a part called stuck", expected->program);
}
END_TEST

START_TEST(a_pending_alarm_will_wake_it)
{
    stage("own_write_end", true);
    ck_assert(judge_hang(scene.record, NULL));
    scene.record->processes[0].alarm_pending = true;
    snapshot_take(scene.record, NULL, 2000);
    ck_assert(!judge_hang(scene.record, NULL));
}
END_TEST

static char state_of(pid_t pid)
{
    struct thread_status status;
    return proc_thread_status(pid, pid, &status) ? status.state : '?';
}

START_TEST(a_stopped_process_may_be_continued)
{
    uint64_t digest;

    stage("own_write_end", true);
    ck_assert_int_eq(kill(scene.leader, SIGSTOP), 0);
    for (int i = 0; i < DEADLINE_MS && state_of(scene.leader) != 'T'; i++)
        pass_time(1);
    ck_assert_int_eq(state_of(scene.leader), 'T');
    ck_assert_int_eq(snapshot_stillness(scene.record, &digest), 0);
    snapshot_take(scene.record, NULL, 2000);
    ck_assert(!judge_hang(scene.record, NULL));
}
END_TEST

/* Seizes the process and then waits to be killed. */
static void debug_it(pid_t target, int told)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || ptrace(PTRACE_SEIZE, target, NULL, NULL) == -1 ||
        write(told, "x", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

START_TEST(a_debugged_process_is_in_other_hands)
{
    int told[2];
    char byte;

    stage("own_write_end", true);
    ck_assert_int_eq(pipe(told), 0);
    pid_t debugger = fork();
    ck_assert_int_ne(debugger, -1);
    if (debugger == 0)
        debug_it(scene.leader, told[1]);
    close(told[1]);
    ssize_t got = read(told[0], &byte, 1);
    if (got == 1) {
        snapshot_take(scene.record, NULL, 2000);
        got = judge_hang(scene.record, NULL) ? -1 : 1;
    }
    kill(debugger, SIGKILL);
    waitpid(debugger, NULL, 0);
    close(told[0]);
    ck_assert_int_eq(got, 1);
}
END_TEST

START_TEST(a_writer_outside_may_write)
{
    stage("outside_pipe", true); /* in a closed world only what the runner has said counts */
    int object = -1;
    for (size_t i = 0; i < scene.record->n_descriptors; i++)
        if (scene.record->descriptors[i].fd == 0)
            object = scene.record->descriptors[i].object;
    ck_assert_int_ge(object, 0);
    scene.record->objects[object].outside_writes = true;
    snapshot_take(scene.record, NULL, 2000);
    ck_assert(!judge_hang(scene.record, NULL));
}
END_TEST

START_TEST(an_unreaped_child_ends_the_wait)
{
    stage("any_child", true);
    ck_assert(judge_hang(scene.record, NULL));
    scene.record->processes[1].ended_us = 5;
    for (size_t i = 0; i < scene.record->n_threads; i++)
        if (scene.record->threads[i].process == 1)
            scene.record->threads[i].state = 'Z';
    ck_assert(!judge_hang(scene.record, NULL));
}
END_TEST

START_TEST(a_process_that_was_not_seen_may_do_anything)
{
    stage("own_write_end", true);
    int young = record_add_process(scene.record);
    scene.record->processes[young].parent = 0;
    ck_assert(!judge_hang(scene.record, NULL));
    ck_assert(judge_stuck_part(scene.record, &scene.findings));
    ck_assert_ptr_nonnull(strstr(scene.findings.items[0].text, "A part of the program"));
}
END_TEST

START_TEST(an_end_without_holder_is_end_of_file)
{
    stage("own_write_end", true);
    for (size_t i = 0; i < scene.record->n_descriptors; i++)
        scene.record->descriptors[i].writes = false;
    ck_assert(!judge_hang(scene.record, NULL));
}
END_TEST

START_TEST(an_empty_record_is_no_hang)
{
    scene.record = record_new();
    ck_assert(!judge_hang(scene.record, NULL));
    ck_assert(!judge_stuck_part(scene.record, NULL));
}
END_TEST

/* ---- Open world: what has a name, and evidence that the partner is inside ---- */

static const char *const open_hangs[] = {"own_write_end", "parent_keeps",   "both_read",
                                         "message_type",  "semaphore_zero", "semaphores_crossing",
                                         "mutex_twice",   "mutex_of_child", "stream_receive",
                                         "event_read",    "flock_twice",    "semaphore_in_memory"};

/* The child of some programs sits in pause(): in an open world that may end. */
static void ignore_pausing(struct record *record)
{
    for (size_t i = 0; i < record->n_threads; i++)
        for (size_t k = 0; k < record->threads[i].n_waits; k++)
            if (record->threads[i].waits[k].kind == WAIT_SIGNAL) {
                int call = record_add_call(record);
                record->calls[call].name = "kill";
                record->calls[call].process = record->threads[i].process == 0 ? 1 : 0;
                record->calls[call].other = record->threads[i].process;
            }
}

START_TEST(without_a_name_nobody_outside_can_help)
{
    stage(open_hangs[_i], false);
    ignore_pausing(scene.record);
    char *seen = describe(scene.record);
    ck_assert_msg(judge_hang(scene.record, NULL), "%s: no hang: %s", open_hangs[_i], seen);
    free(seen);
}
END_TEST

static struct object *named_object(enum object_kind kind)
{
    for (size_t i = 0; i < scene.record->n_objects; i++)
        if (scene.record->objects[i].kind == kind)
            return &scene.record->objects[i];
    ck_abort_msg("no object of that kind");
    return NULL;
}

static void add_call(const char *name, int process, const struct object *object)
{
    int index = record_add_call(scene.record), object_index = (int)(object - scene.record->objects);
    struct call *call = &scene.record->calls[index];
    call->name = name;
    call->process = process;
    call->object = object_index;
    call->start_us = 1;
    call->end_us = 2;
}

START_TEST(a_lone_server_on_a_keyed_queue_waits_for_clients)
{
    stage("message_any", false);
    struct object *queue = named_object(OBJECT_QUEUE);
    queue->key = 0x1234;
    ck_assert(!judge_hang(scene.record, NULL));
    add_call("msgsnd", 0, queue); /* it sends to itself: the partner is inside */
    ck_assert(judge_hang(scene.record, NULL));
    queue->last_receiver = -2;
    ck_assert(!judge_hang(scene.record, NULL));
}
END_TEST

START_TEST(more_came_out_of_the_queue_than_the_run_put_in)
{
    stage("message_room", false);
    struct object *queue = named_object(OBJECT_QUEUE);
    queue->key = 0x1234;
    ck_assert(judge_hang(scene.record, NULL)); /* both wait on it */
    add_call("msgrcv", 0, queue);
    ck_assert(!judge_hang(scene.record, NULL));
}
END_TEST

START_TEST(others_can_post_a_keyed_semaphore)
{
    stage("semaphore_down", false);
    struct object *set = named_object(OBJECT_SEMAPHORES);
    set->key = 0x1234;
    ck_assert(!judge_hang(scene.record, NULL));
}
END_TEST

START_TEST(a_keyed_semaphore_that_the_partner_uses_is_inside)
{
    stage("items_inside_mutex", false);
    struct object *set = named_object(OBJECT_SEMAPHORES);
    set->key = 0x1234;
    ck_assert(judge_hang(scene.record, NULL));
}
END_TEST

START_TEST(a_fifo_that_the_partner_named_is_inside)
{
    stage("fifo_order", false);
    ck_assert(!judge_hang(scene.record, NULL));
    scene.record->processes[1].started_us = 10;
    for (size_t i = 0; i < scene.record->n_objects; i++)
        if (scene.record->objects[i].kind == OBJECT_FIFO)
            add_call("mknodat", 0, &scene.record->objects[i]);
    ck_assert(judge_hang(scene.record, NULL)); /* the child knows them from before the fork */
    int index = record_add_call(scene.record);
    struct call *call = &scene.record->calls[index];
    call->name = "execve";
    call->process = 1;
    call->start_us = 11;
    call->end_us = 12;
    ck_assert(!judge_hang(scene.record, NULL)); /* that was another program */
}
END_TEST

START_TEST(a_signal_that_came_before_pause_is_lost)
{
    stage("any_child", false);
    ck_assert(!judge_hang(scene.record, NULL));
    for (size_t i = 0; i < scene.record->n_threads; i++)
        if (scene.record->threads[i].process == 1)
            scene.record->threads[i].waits[0].signals = 1U << (SIGUSR1 - 1);
    ignore_pausing(scene.record); /* as if process 1 had sent it one */
    ck_assert(judge_hang(scene.record, &scene.findings));
    ck_assert_str_eq(scene.findings.items[0].misconception, "signal-check-then-pause");
}
END_TEST

/* ---- Places and makers in the text ---- */

START_TEST(the_guilty_descriptor_is_told_with_its_line)
{
    stage("parent_keeps", true);
    struct record *record = scene.record;
    int write_end = -1, object = record->threads[1].waits[0].object;
    for (size_t i = 0; i < record->n_descriptors; i++)
        if (record->descriptors[i].process == 0 && record->descriptors[i].object == object)
            write_end = (int)i;
    ck_assert_int_ge(write_end, 0);
    add_call("pipe2", 0, &record->objects[object]);
    struct call *maker = &record->calls[0];
    maker->fds[1] = record->descriptors[write_end].fd;
    maker->place = (struct place){.file = kit_strdup("pipeline.c"), .line = 35};
    int64_t now = 3000;
    snapshot_take(record, NULL, now);
    ck_assert(judge_hang(record, &scene.findings));
    const struct finding *told = &scene.findings.items[0];
    ck_assert_ptr_nonnull(strstr(told->text, ", made by pipe() at pipeline.c:35)"));
    ck_assert_str_eq(told->place.file, "pipeline.c");
    ck_assert_int_eq(told->place.line, 35);
    ck_assert_str_eq(told->processes[0].blocked_in, "read");
    ck_assert_str_eq(told->processes[1].blocked_in, "wait4");
}
END_TEST

START_TEST(another_program_in_the_child_buffers_its_output)
{
    stage("both_read", true);
    scene.record->processes[1].own_program = false;
    ck_assert(judge_hang(scene.record, &scene.findings));
    ck_assert_str_eq(scene.findings.items[0].misconception, "coproc-stdio-full-buffering");
}
END_TEST

static void add_case(Suite *suite, const char *name, const TTest *test, int count)
{
    TCase *tcase = tcase_create(name);
    tcase_add_unchecked_fixture(tcase, open_ledger, close_ledger);
    tcase_add_checked_fixture(tcase, NULL, end_program);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, test, 0, count);
    suite_add_tcase(suite, tcase);
}

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

Suite *waiting_suite(void);
Suite *waiting_suite(void)
{
    Suite *suite = suite_create("waiting");

    add_case(suite, "hangs", nobody_can_move, COUNT(hang_cases));
    add_case(suite, "near-misses", somebody_may_move, COUNT(moving_cases));
    add_case(suite, "open world", without_a_name_nobody_outside_can_help, COUNT(open_hangs));
    add_case(suite, "alarm", a_pending_alarm_will_wake_it, 1);
    add_case(suite, "stopped", a_stopped_process_may_be_continued, 1);
    add_case(suite, "debugged", a_debugged_process_is_in_other_hands, 1);
    add_case(suite, "outside writer", a_writer_outside_may_write, 1);
    add_case(suite, "zombie", an_unreaped_child_ends_the_wait, 1);
    add_case(suite, "unseen", a_process_that_was_not_seen_may_do_anything, 1);
    add_case(suite, "end of file", an_end_without_holder_is_end_of_file, 1);
    add_case(suite, "empty", an_empty_record_is_no_hang, 1);
    add_case(suite, "server", a_lone_server_on_a_keyed_queue_waits_for_clients, 1);
    add_case(suite, "queue", more_came_out_of_the_queue_than_the_run_put_in, 1);
    add_case(suite, "semaphore", others_can_post_a_keyed_semaphore, 1);
    add_case(suite, "semaphores", a_keyed_semaphore_that_the_partner_uses_is_inside, 1);
    add_case(suite, "fifo", a_fifo_that_the_partner_named_is_inside, 1);
    add_case(suite, "signal", a_signal_that_came_before_pause_is_lost, 1);
    add_case(suite, "place", the_guilty_descriptor_is_told_with_its_line, 1);
    add_case(suite, "coprocess", another_program_in_the_child_buffers_its_output, 1);
    return suite;
}

__attribute__((constructor)) static void register_waiting_suite(void)
{
    register_suite(waiting_suite);
}
