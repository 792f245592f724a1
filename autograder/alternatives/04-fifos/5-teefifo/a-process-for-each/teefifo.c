/*
 * teefifo.c - a child writes to the FIFO; the parent hands it each block through a pipe.
 *
 * The child ends with 3 when its reader has gone, and the parent's write to the pipe then fails. A
 * pipe of one page and a small block keep what is under way below the limit.
 */
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 4096 };

static pid_t child; /* in the parent, while it is there */
static int to_child;

/* How the child has ended. */
static int reap(void)
{
    int status;
    if (close(to_child) == -1)
        die("close");
    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static _Noreturn void give_up(const char *call)
{
    int error = errno;
    if (child > 0)
        reap();
    errno = error;
    die("%s", call);
}

/* False: its reader has gone. */
static int put(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written >= 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno == EPIPE) {
            return 0;
        } else if (errno != EINTR) {
            give_up("write");
        }
    }
    return 1;
}

static size_t take(int fd, char *bytes)
{
    for (;;) {
        ssize_t got = read(fd, bytes, BLOCK);
        if (got >= 0)
            return (size_t)got;
        if (errno != EINTR)
            give_up("read");
    }
}

static _Noreturn void be_child(int from, int fifo)
{
    char block[BLOCK];
    size_t length;
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    while ((length = take(from, block)) > 0)
        if (!put(fifo, block, length))
            _exit(3);
    _exit(0);
}

static int open_patiently(const char *path)
{
    for (;;) {
        int fd = open(path, O_WRONLY);
        if (fd >= 0)
            return fd;
        if (errno != EINTR)
            die("open %s", path);
    }
}

int main(int argc, char **argv)
{
    struct stat status;
    struct sigaction ignore = {.sa_handler = SIG_IGN, .sa_flags = SA_RESTART};
    int ends[2], output = 1, child_takes = 1;
    char block[BLOCK];
    size_t length;
    if (argc != 2)
        usage("teefifo FIFO");
    if (stat(argv[1], &status) == -1)
        die("stat %s", argv[1]);
    errno = 0;
    if (!S_ISFIFO(status.st_mode))
        die("%s is something else", argv[1]);
    int fifo = open_patiently(argv[1]);
    if (sigaction(SIGPIPE, &ignore, NULL) == -1 || pipe(ends) == -1 ||
        fcntl(ends[1], F_SETPIPE_SZ, BLOCK) == -1)
        die("prepare a pipe");
    child = fork();
    to_child = ends[1];
    if (child == -1)
        die("fork");
    if (child == 0) {
        close(ends[1]);
        be_child(ends[0], fifo);
    }
    close(ends[0]);
    close(fifo);
    while ((output || child_takes) && (length = take(STDIN_FILENO, block)) > 0) {
        child_takes = child_takes && put(ends[1], block, length);
        output = output && put(STDOUT_FILENO, block, length);
    }
    int ended = reap();
    if (ended == 1)
        exit(1);
    if (ended == 0 && output)
        return 0;
    fputs("teefifo: a reader has gone\n", stderr);
    return 3;
}
