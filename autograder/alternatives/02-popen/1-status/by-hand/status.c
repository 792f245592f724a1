/*
 * status.c - another right answer: what popen and pclose do, done by hand with fork.
 *
 * SIGCHLD gets its default action back, so that there is a status to wait for.
 */
#define _GNU_SOURCE /* pipe2 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int put(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t done = write(1, bytes, size);
        if (done == -1 && errno != EINTR)
            return -1;
        if (done > 0) {
            bytes += done;
            size -= (size_t)done;
        }
    }
    return 0;
}

static void run_shell(const char *command, const int ends[2])
{
    if (ends[1] == 1)
        fcntl(1, F_SETFD, 0);
    else if (dup2(ends[1], 1) == -1)
        die("dup2");
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

int main(int argc, char **argv)
{
    int ends[2], status, failed = 0;
    char block[1000], line[40];
    ssize_t got;

    if (argc != 2 || strlen(argv[1]) == 0)
        usage("status CMD");
    signal(SIGCHLD, SIG_DFL);
    if (put("$ ", 2) == -1 || put(argv[1], strlen(argv[1])) == -1 || put("\n", 1) == -1)
        die("write");
    if (pipe2(ends, O_CLOEXEC) == -1)
        die("pipe");
    pid_t shell = fork();
    if (shell == -1)
        die("fork");
    if (shell == 0)
        run_shell(argv[1], ends);
    close(ends[1]);
    while (!failed && (got = read(ends[0], block, sizeof block)) != 0)
        failed = got == -1 ? errno != EINTR : put(block, (size_t)got);
    int error = errno;
    close(ends[0]);
    while (waitpid(shell, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    errno = error;
    if (failed)
        die("copy");
    if (WIFSIGNALED(status))
        snprintf(line, sizeof line, "signal:%d\n", WTERMSIG(status));
    else
        snprintf(line, sizeof line, "exit:%d\n", WEXITSTATUS(status));
    const char *end = strcmp(line, "exit:127\n") == 0 ? "notfound\n" : line;
    if (put(end, strlen(end)) == -1)
        die("write");
    return 0;
}
