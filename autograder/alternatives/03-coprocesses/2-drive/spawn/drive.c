/*
 * drive.c - 3.2 by posix_spawnp, and without lines: the bytes are passed on as they come, and only
 * counted by their newlines.
 */
#define _GNU_SOURCE /* pipe2(2) */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { GONE = 3 };

static int spawn(const char *name, int in, int out, pid_t *pid)
{
    char *arguments[] = {(char *)(size_t)name, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, in, 0) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, out, 1) != 0 ||
        posix_spawnattr_setsigdefault(&attributes, &defaults) != 0 ||
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF) != 0)
        die("posix_spawn_file_actions");
    int error = posix_spawnp(pid, name, &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static ssize_t again_read(int fd, char *to, size_t size)
{
    ssize_t got;
    while ((got = read(fd, to, size)) == -1 && errno == EINTR)
        continue;
    return got;
}

static bool put(int fd, const char *from, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, from, size);
        if (written == -1 && errno != EINTR)
            return false;
        from += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static int complain(const char *call)
{
    fprintf(stderr, "drive: %s: %s\n", call, strerror(errno));
    return 1;
}

/* 0, or how to end. Until a newline, or (whole false) to the end. */
static int copy_answer(int from, bool whole)
{
    char some[777];
    ssize_t got;

    while ((got = again_read(from, some, sizeof some)) > 0) {
        if (!put(1, some, (size_t)got))
            return complain("write");
        if (whole && some[got - 1] == '\n')
            return 0;
    }
    return got == -1 ? complain("read") : whole ? GONE : 0;
}

static int ask(int to, int from, const char *question, size_t size)
{
    if (!put(to, question, size))
        return errno == EPIPE ? GONE : complain("write");
    return size > 0 && question[size - 1] == '\n' ? copy_answer(from, true) : 0;
}

static int dialogue(int to, int from)
{
    char some[999];
    ssize_t got;
    bool whole = true;
    int end = 0;

    while ((got = again_read(0, some, sizeof some)) > 0) {
        for (char *at = some, *stop = some + got; at < stop;) {
            char *newline = memchr(at, '\n', (size_t)(stop - at));
            char *next = newline != NULL ? newline + 1 : stop;
            end = ask(to, from, at, (size_t)(next - at));
            if (end != 0)
                return end;
            whole = newline != NULL;
            at = next;
        }
    }
    if (got == -1)
        return complain("read");
    return whole ? 0 : ask(to, from, "\n", 1);
}

int main(int argc, char **argv)
{
    int down[2], up[2], status;
    pid_t pid;

    if (argc != 2 || argv[1][0] == '\0')
        usage("drive PROG");
    signal(SIGPIPE, SIG_IGN);
    if (pipe2(down, O_CLOEXEC) == -1 || pipe2(up, O_CLOEXEC) == -1)
        die("pipe2");
    int error = spawn(argv[1], down[0], up[1], &pid);
    if (error != 0) {
        errno = error;
        complain("posix_spawnp");
        return error == ENOENT ? 127 : error == EACCES ? 126 : 1;
    }
    close(down[0]);
    close(up[1]);
    int end = dialogue(down[1], up[0]);
    close(down[1]);
    if (end == 0)
        end = copy_answer(up[0], false);
    close(up[0]);
    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        continue;
    if (end == GONE)
        fprintf(stderr, "coprocess terminated\n");
    if (end != 0)
        return end;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
