/*
 * bulk.c - 3.3 with a thread that feeds PROG, started by posix_spawnp, and splice in one direction.
 */
#define _GNU_SOURCE /* pipe2(2), splice(2) */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int down[2], up[2];
static bool failed;

static void complain(const char *call, int error)
{
    fprintf(stderr, "bulk: %s: %s\n", call, strerror(error));
    failed = true;
}

static ssize_t move(int from, int to)
{
    char some[10000];
    ssize_t got = splice(from, NULL, to, NULL, 70000, 0);
    if (got != -1 || errno != EINVAL)
        return got;
    got = read(from, some, sizeof some);
    for (ssize_t done = 0; done < got;) {
        ssize_t written = write(to, some + done, (size_t)(got - done));
        if (written == -1 && errno != EINTR)
            return -1;
        done += written > 0 ? written : 0;
    }
    return got;
}

static void *feed(void *nothing)
{
    ssize_t moved;
    do
        moved = move(STDIN_FILENO, down[1]);
    while (moved > 0 || (moved == -1 && errno == EINTR));
    if (moved == -1 && errno != EPIPE)
        complain("read or write", errno);
    close(down[1]);
    return nothing;
}

static void collect(void)
{
    ssize_t moved;
    do
        moved = move(up[0], STDOUT_FILENO);
    while (moved > 0 || (moved == -1 && errno == EINTR));
    if (moved == -1)
        complain("read or write", errno);
    close(up[0]);
}

static int spawn(const char *name, pid_t *pid)
{
    char *arguments[] = {(char *)(size_t)name, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t pipes;

    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, down[0], 0) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, up[1], 1) != 0 ||
        posix_spawnattr_setsigdefault(&attributes, &pipes) != 0 ||
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF) != 0)
        die("posix_spawnattr");
    int error = posix_spawnp(pid, name, &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

int main(int argc, char **argv)
{
    pthread_t feeder;
    pid_t pid;
    int status;

    if (argc != 2 || argv[1][0] == '\0')
        usage("bulk PROG");
    signal(SIGPIPE, SIG_IGN);
    if (pipe2(down, O_CLOEXEC) == -1 || pipe2(up, O_CLOEXEC) == -1)
        die("pipe2");
    int error = spawn(argv[1], &pid);
    if (error != 0) {
        complain(argv[1], error);
        return error == ENOENT ? 127 : error == EACCES ? 126 : 1;
    }
    close(down[0]);
    close(up[1]);
    error = pthread_create(&feeder, NULL, feed, NULL);
    if (error != 0) {
        complain("pthread_create", error);
        close(down[1]);
    }
    collect();
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    if (error == 0)
        pthread_join(feeder, NULL);
    if (failed)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
