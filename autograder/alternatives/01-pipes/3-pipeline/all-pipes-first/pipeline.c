/*
 * pipeline.c - another right answer: all pipes first, close-on-exec, the stages from last to first.
 *
 * Every end is marked close-on-exec, so no stage keeps more than the two that dup2 makes for it
 * (the copies are not marked). The parent closes all ends when all stages are started, and takes
 * dead stages in whatever order they come.
 */
#define _GNU_SOURCE /* pipe2 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 12 };

static char **argvs[MOST];
static pid_t pids[MOST];
static int pipes[MOST][2];
static int n, n_pipes, n_alive;

static void parse(int argc, char **argv)
{
    bool empty = true;

    for (int i = 1; i < argc; i++) {
        bool separator = strcmp(argv[i], "--") == 0;
        if (separator && empty)
            n = MOST + 1;
        if (!separator && empty && n++ < MOST)
            argvs[n - 1] = argv + i;
        if (n > MOST)
            break;
        if (separator)
            argv[i] = NULL;
        empty = separator;
    }
    if (empty || n > MOST)
        usage("pipeline CMD... [-- CMD...]...");
}

static _Noreturn void stage(int i)
{
    if (i > 0 && dup2(pipes[i - 1][0], 0) == -1)
        die("dup2");
    if (i < n - 1 && dup2(pipes[i][1], 1) == -1)
        die("dup2");
    execvp(argvs[i][0], argvs[i]);
    int error = errno;
    dprintf(2, "pipeline: %s: %s\n", argvs[i][0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

/* What has to be said is said: 0, or 1 when not all stages could be started. */
static int start(void)
{
    for (; n_pipes < n - 1; n_pipes++)
        if (pipe2(pipes[n_pipes], O_CLOEXEC) == -1) {
            perror("pipeline: pipe2");
            return 1;
        }
    for (int i = n - 1; i >= 0; i--, n_alive++) {
        pids[i] = fork();
        if (pids[i] == 0)
            stage(i);
        if (pids[i] == -1) {
            perror("pipeline: fork");
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    int result = 1, status;

    parse(argc, argv);
    int failed = start();
    for (int i = 0; i < n_pipes; i++) {
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
    while (n_alive > 0) {
        pid_t pid = wait(&status);
        if (pid == -1 && errno == EINTR)
            continue;
        if (pid == -1)
            die("wait");
        n_alive--;
        if (pid == pids[n - 1])
            result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return failed ? 1 : result;
}
