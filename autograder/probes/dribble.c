/*
 * dribble.c - runs a program and passes its output on a byte at a time.
 *
 *     dribble PROGRAM ARGUMENT...
 *
 * Each byte is written when the one before has been read: whoever reads a pipe from dribble gets
 * one byte from each read, however much was asked for. (To a reader that lets a byte lie it gives
 * the next one after a while, so that it never waits for somebody who waits for it.) It ends with
 * PROGRAM's exit status, or with 99 and a message when something of its own fails. When nobody
 * reads any more, it stops.
 *
 * The pipe is looked at again and again, with short pauses: nothing tells a writer that a pipe has
 * become empty.
 */
#define _GNU_SOURCE /* pipe2(2) */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_BROKEN = 99, PAUSE_NS = 200000, LOOKS = 200 };

static _Noreturn void broken(const char *call)
{
    fprintf(stderr, "dribble: %s: %s\n", call, strerror(errno));
    _exit(EXIT_BROKEN);
}

static pid_t start_program(char **argv, int *output)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) == -1)
        broken("pipe2");
    pid_t pid = fork();
    if (pid == -1)
        broken("fork");
    if (pid == 0) {
        if (dup2(ends[1], STDOUT_FILENO) == -1)
            broken("dup2");
        execvp(argv[0], argv);
        broken("exec");
    }
    close(ends[1]);
    *output = ends[0];
    return pid;
}

/* Until standard output is empty, or for some time. False when nobody reads it any more. */
static int wait_until_read(void)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct pollfd output = {.fd = STDOUT_FILENO};
    int bytes;

    for (int looks = 0; looks < LOOKS; looks++) {
        if (ioctl(STDOUT_FILENO, FIONREAD, &bytes) == -1)
            broken("ioctl");
        if (bytes == 0)
            return 1;
        if (poll(&output, 1, 0) == -1)
            broken("poll");
        if (output.revents & POLLERR)
            return 0;
        nanosleep(&pause, NULL);
    }
    return 1;
}

static void pass_on(int input)
{
    char byte;
    ssize_t got;

    while ((got = read(input, &byte, 1)) == 1 && wait_until_read())
        if (write(STDOUT_FILENO, &byte, 1) != 1)
            broken("write");
    if (got == -1)
        broken("read");
}

int main(int argc, char **argv)
{
    int output, status;

    if (argc < 2) {
        fputs("usage: dribble PROGRAM ARGUMENT...\n", stderr);
        return 2;
    }
    pid_t pid = start_program(argv + 1, &output);
    pass_on(output);
    close(output);
    if (waitpid(pid, &status, 0) == -1)
        broken("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_BROKEN;
}
