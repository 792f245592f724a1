/*
 * test_guard.c - whatever a command has left is ended: run/guard.h.
 *
 * Everybody who is started holds the writing end of a pipe, and so the end of file at its other end
 * says that all of them are gone.
 */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/guard.h"
#include "../run/kit.h"
#include "tests.h"

enum { LIMIT_MS = 60000 };

static int ends[2];

static void open_pipe(void)
{
    ck_assert_int_eq(pipe(ends), 0);
}

static void say_ready(void)
{
    if (write(ends[1], "r", 1) != 1)
        _exit(1);
}

static void await_ready(void)
{
    struct pollfd ready = {ends[0], POLLIN, 0};
    char byte;
    ck_assert_int_eq(poll(&ready, 1, LIMIT_MS), 1);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
}

/* Nobody holds the writing end any more; some may have said that they are ready, and been ended. */
static void expect_all_gone(void)
{
    struct pollfd end = {ends[0], POLLIN, 0};
    char bytes[8];
    do
        ck_assert_int_eq(poll(&end, 1, LIMIT_MS), 1);
    while (read(ends[0], bytes, sizeof bytes) > 0);
}

static void wait_for_ever(const void *context)
{
    (void)context;
    say_ready();
    for (;;)
        pause();
}

/* Its grandchild is in a session of its own, and an orphan. */
static void leave_a_daemon(const void *context)
{
    (void)context;
    if (fork() == 0) {
        if (fork() == 0 && setsid() != -1)
            wait_for_ever(NULL);
        _exit(0);
    }
    while (wait(NULL) > 0)
        continue;
    _exit(0);
}

START_TEST(what_a_command_leaves_ends_with_it)
{
    open_pipe();
    pid_t guard = guard_start(leave_a_daemon, NULL);
    ck_assert_int_gt(guard, 0);
    close(ends[1]);
    expect_all_gone(); /* nobody has asked for it */
    guard_end(guard);
}
END_TEST

START_TEST(a_command_ends_when_it_is_asked_for)
{
    open_pipe();
    pid_t guard = guard_start(wait_for_ever, NULL);
    ck_assert_int_gt(guard, 0);
    close(ends[1]);
    await_ready();
    guard_end(guard);
    expect_all_gone();
}
END_TEST

START_TEST(a_command_ends_with_who_wanted_it)
{
    open_pipe();
    pid_t parent = fork();
    if (parent == 0) {
        if (guard_start(wait_for_ever, NULL) > 0)
            wait_for_ever(NULL);
        _exit(1);
    }
    close(ends[1]);
    await_ready();
    await_ready();
    ck_assert_int_eq(kill(parent, SIGKILL), 0);
    ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
    expect_all_gone();
}
END_TEST

static Suite *make_guard_suite(void)
{
    Suite *suite = suite_create("guard");
    TCase *tests = tcase_create("guard");

    tcase_set_timeout(tests, 100);
    tcase_add_test(tests, what_a_command_leaves_ends_with_it);
    tcase_add_test(tests, a_command_ends_when_it_is_asked_for);
    tcase_add_test(tests, a_command_ends_with_who_wanted_it);
    suite_add_tcase(suite, tests);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_guard_suite);
}
