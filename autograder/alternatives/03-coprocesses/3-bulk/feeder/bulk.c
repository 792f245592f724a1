/*
 * bulk.c - 3.3 with two children: PROG, and one that feeds it. Each waits for one thing only.
 */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* 0; 1: reading or writing failed, which was said; 2: nobody reads any more. */
static int copy(int from, int to)
{
    char some[3000];
    ssize_t got;

    while ((got = read(from, some, sizeof some)) != 0) {
        if (got == -1 && errno != EINTR) {
            perror("bulk: read");
            return 1;
        }
        for (ssize_t done = 0; done < got;) {
            ssize_t written = write(to, some + done, (size_t)(got - done));
            if (written == -1 && errno == EPIPE)
                return 2;
            if (written == -1 && errno != EINTR) {
                perror("bulk: write");
                return 1;
            }
            done += written > 0 ? written : 0;
        }
    }
    return 0;
}

static int status_of(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static _Noreturn void become(const char *prog, int in, int out)
{
    if (dup2(in, 0) == -1 || dup2(out, 1) == -1)
        die("dup2");
    for (int fd = 3; fd < 20; fd++)
        close(fd);
    execlp(prog, prog, (char *)NULL);
    int status = errno == ENOENT ? 127 : 126;
    perror(prog);
    _exit(status);
}

int main(int argc, char **argv)
{
    int down[2], up[2];

    if (argc != 2 || argv[1][0] == '\0')
        usage("bulk PROG");
    if (pipe(down) == -1 || pipe(up) == -1)
        die("pipe");
    pid_t prog = fork();
    if (prog == -1)
        die("fork");
    if (prog == 0)
        become(argv[1], down[0], up[1]);
    close(down[0]);
    close(up[1]);
    signal(SIGPIPE, SIG_IGN);
    pid_t feeder = fork();
    if (feeder == -1) {
        perror("bulk: fork");
        close(down[1]);
        close(up[0]);
        status_of(prog);
        return 1;
    }
    if (feeder == 0) {
        close(up[0]);
        int end = copy(0, down[1]);
        _exit(end == 1 ? 1 : 0);
    }
    close(down[1]);
    int end = copy(up[0], 1);
    close(up[0]);
    if (end == 2)
        perror("bulk: write");
    int fed = status_of(feeder);
    int status = status_of(prog);
    return end != 0 || fed != 0 ? 1 : status;
}
