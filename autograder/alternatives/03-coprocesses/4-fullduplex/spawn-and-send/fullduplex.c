/*
 * fullduplex.c - 3.4 by posix_spawnp and with send(MSG_NOSIGNAL): SIGPIPE stays as it is. Without
 * lines: the bytes are passed on as they come, and only counted by their newlines.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "lab.h"

#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { GONE = 3 };

static int spawn(const char *name, int socket, pid_t *pid)
{
    char *arguments[] = {(char *)(size_t)name, NULL};
    posix_spawn_file_actions_t actions;

    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, socket, 0) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, socket, 1) != 0)
        die("posix_spawn_file_actions");
    int error = posix_spawnp(pid, name, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
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
        ssize_t written = fd == 1 ? write(fd, from, size) : send(fd, from, size, MSG_NOSIGNAL);
        if (written == -1 && errno != EINTR)
            return false;
        from += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static int complain(const char *call)
{
    fprintf(stderr, "fullduplex: %s: %s\n", call, strerror(errno));
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
    if (got == -1 && errno != ECONNRESET)
        return complain("read");
    return got == -1 || whole ? GONE : 0;
}

static int ask(int socket, const char *question, size_t size)
{
    if (!put(socket, question, size))
        return errno == EPIPE ? GONE : complain("write");
    return size > 0 && question[size - 1] == '\n' ? copy_answer(socket, true) : 0;
}

static int dialogue(int socket)
{
    char some[999];
    ssize_t got;
    bool whole = true;
    int end = 0;

    while ((got = again_read(0, some, sizeof some)) > 0) {
        for (char *at = some, *stop = some + got; at < stop;) {
            char *newline = memchr(at, '\n', (size_t)(stop - at));
            char *next = newline != NULL ? newline + 1 : stop;
            end = ask(socket, at, (size_t)(next - at));
            if (end != 0)
                return end;
            whole = newline != NULL;
            at = next;
        }
    }
    if (got == -1)
        return complain("read");
    return whole ? 0 : ask(socket, "\n", 1);
}

int main(int argc, char **argv)
{
    int pair[2], status;
    pid_t pid;

    if (argc != 2 || argv[1][0] == '\0')
        usage("fullduplex PROG");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
        die("socketpair");
    int error = spawn(argv[1], pair[1], &pid);
    if (error != 0) {
        errno = error;
        complain("posix_spawnp");
        return error == ENOENT ? 127 : error == EACCES ? 126 : 1;
    }
    close(pair[1]);
    int end = dialogue(pair[0]);
    shutdown(pair[0], SHUT_WR);
    if (end == 0)
        end = copy_answer(pair[0], false);
    close(pair[0]);
    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        continue;
    if (end == GONE)
        fprintf(stderr, "coprocess terminated\n");
    if (end != 0)
        return end;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
