/*
 * pager.c - another right answer: sendfile, a file that is opened first, SIGPIPE blocked, waitid.
 *
 * The file takes the lowest free descriptor, 0 when that was closed, and is put out of the way. The
 * signal mask survives exec as ignored signals do, so the child takes its own back.
 */
#define _GNU_SOURCE /* sendfile */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

/* An open descriptor, moved to 3 or above and closed on exec. */
static int out_of_the_way(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);

    if (moved == -1)
        die("fcntl");
    close(fd);
    return moved;
}

static void heading(const char *name)
{
    char *line = malloc(strlen(name) + 8);

    if (line == NULL)
        die("malloc");
    for (int done = 0, size = sprintf(line, "== %s ==\n", name); done < size;) {
        ssize_t written = write(1, line + done, (size_t)(size - done));
        if (written >= 0)
            done += (int)written;
        else if (errno != EINTR)
            die("write");
    }
    free(line);
}

static _Noreturn void child(int input, const sigset_t *mask)
{
    char *name = getenv("PAGER");
    char *argv[2] = {name == NULL || name[0] == '\0' ? "cat" : name, NULL};

    if (dup2(input, 0) != 0)
        die("dup2");
    if (sigprocmask(SIG_SETMASK, mask, NULL) == -1)
        die("sigprocmask");
    execvp(argv[0], argv);
    int missing = errno == ENOENT;
    dprintf(2, "pager: execvp %s: %s\n", argv[0], strerror(errno));
    _exit(missing ? 127 : 126);
}

/* 0, or the errno of a failure that is one. */
static int feed(int file, int to)
{
    ssize_t sent;

    do
        sent = sendfile(to, file, NULL, 1 << 20);
    while (sent > 0 || (sent == -1 && errno == EINTR));
    if (sent == -1 && errno == EINVAL) { /* a directory, say: let read tell */
        char byte;
        if (read(file, &byte, 1) == 1)
            errno = EINVAL;
    }
    return sent == 0 || errno == EPIPE ? 0 : errno;
}

int main(int argc, char **argv)
{
    sigset_t pipe_signal, before;
    siginfo_t end;
    int ends[2];

    if (argc != 2 || argv[1][0] == '\0')
        usage("pager FILE");
    int file = open(argv[1], O_RDONLY);
    if (file == -1)
        die("open %s", argv[1]);
    file = out_of_the_way(file);
    if (pipe(ends) == -1)
        die("pipe");
    ends[0] = out_of_the_way(ends[0]);
    ends[1] = out_of_the_way(ends[1]);
    heading(argv[1]);
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    if (sigprocmask(SIG_BLOCK, &pipe_signal, &before) == -1)
        die("sigprocmask");
    pid_t pid = fork();
    if (pid == -1)
        die("fork");
    if (pid == 0)
        child(ends[0], &before);
    close(ends[0]);
    int error = feed(file, ends[1]);
    close(ends[1]);
    while (waitid(P_ALL, 0, &end, WEXITED) == -1 && errno == EINTR)
        ;
    if (error != 0) {
        errno = error;
        die("sendfile");
    }
    return end.si_code == CLD_EXITED ? end.si_status : 128 + end.si_status;
}
