/*
 * guard.c - a process that ends what a command has left. See guard.h.
 *
 * Theory of operation.  The guard is the subreaper (prctl(2)) of the command, so orphans of the
 * command become its children. It waits for signals alone: SIGCHLD, or SIGTERM, which it also gets
 * when its parent dies. It is in a process group of its own: what a terminal sends to us does not
 * end it before it has done its work. It holds none of our descriptors, so whoever waits for the
 * end of a pipe does not wait for the guard.
 *
 * _GNU_SOURCE: close_range(2).
 */
#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

enum { END_US = 20000000 }; /* a machine that is busy takes its time to end processes */

/* Kills all children that there are now. Source: proc_pid_task(5), children. */
static bool kill_children(void)
{
    char path[64];
    bool some = false;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    char *text = kit_read_file(path, NULL), *end = text;
    for (long child; text != NULL && (child = strtol(end, &end, 10)) > 0; some = true)
        kill((pid_t)child, SIGKILL);
    free(text);
    return some;
}

/* The children of those that are killed become ours, and their turn comes. Whom somebody traces is
 * reaped by that one first, so nobody is waited for by name. */
static void end_children(void)
{
    long long deadline_us = kit_now_us() + END_US;

    while (kill_children() && kit_now_us() < deadline_us) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
        poll(NULL, 0, 1);
    }
}

static _Noreturn void stand_guard(pid_t command, const sigset_t *awaited)
{
    bool over = false;

    if (close_range(3, ~0U, 0) == -1)
        kit_broken("close_range");
    while (!over) {
        pid_t ended;
        over = sigwaitinfo(awaited, NULL) == SIGTERM;
        while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
            over = over || ended == command;
    }
    end_children();
    _exit(0);
}

static _Noreturn void guard(pid_t parent, void (*become)(const void *context), const void *context)
{
    sigset_t awaited, none;

    sigemptyset(&none);
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    if (setpgid(0, 0) == -1 || sigprocmask(SIG_SETMASK, &awaited, NULL) == -1 ||
        prctl(PR_SET_CHILD_SUBREAPER, 1) == -1 || prctl(PR_SET_PDEATHSIG, SIGTERM) == -1)
        kit_broken("cannot guard a command");
    if (getppid() != parent)
        _exit(0); /* it died before we asked */
    pid_t own = getpid(), command = fork();
    if (command == -1)
        kit_broken("fork");
    if (command == 0) {
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (kit_end_with(own) == 0)
            become(context);
        _exit(127);
    }
    stand_guard(command, &awaited);
}

pid_t guard_start(void (*become)(const void *context), const void *context)
{
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        guard(parent, become, context);
    return pid;
}

void guard_end(pid_t guard_pid)
{
    kill(guard_pid, SIGTERM); /* not reaped: the number is still its own */
    while (waitpid(guard_pid, NULL, 0) == -1 && errno == EINTR)
        continue;
}
