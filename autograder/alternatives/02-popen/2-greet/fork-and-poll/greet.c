/*
 * greet.c - another right answer: vfork, poll, read and writev, and prompts put in on the way.
 */
#define _GNU_SOURCE /* vfork, pipe2 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int put(const char *bytes, size_t size)
{
    while (size > 0) {
        struct iovec vector = {(char *)bytes, size};
        ssize_t done = writev(1, &vector, 1);
        if (done == -1 && errno != EINTR)
            return -1;
        if (done > 0) {
            bytes += done;
            size -= (size_t)done;
        }
    }
    return 0;
}

/* A part of the filter's output, with a prompt after every newline in it. */
static int put_lines(const char *bytes, size_t size)
{
    while (size > 0) {
        const char *end = memchr(bytes, '\n', size);
        size_t length = end != NULL ? (size_t)(end - bytes) + 1 : size;
        if (put(bytes, length) == -1 || (end != NULL && put("prompt> ", 8) == -1))
            return -1;
        bytes += length;
        size -= length;
    }
    return 0;
}

int main(int argc, char **argv)
{
    char buffer[777];
    int ends[2], status, failed = 0;

    if (argc != 2 || strlen(argv[1]) == 0)
        usage("greet FILTER");
    if (pipe2(ends, O_CLOEXEC) == -1)
        die("pipe");
    pid_t shell = vfork();
    if (shell == -1)
        die("vfork");
    if (shell == 0) {
        dup2(ends[1], 1);
        execl("/bin/sh", "sh", "-c", argv[1], (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    char last = '\n';
    failed = put("prompt> ", 8);
    while (failed == 0) {
        struct pollfd input = {.fd = ends[0], .events = POLLIN};
        ssize_t got = poll(&input, 1, -1) == -1 ? -1 : read(ends[0], buffer, sizeof buffer);
        if (got == 0)
            break;
        if (got == -1) {
            failed = errno == EINTR ? 0 : -1;
            continue;
        }
        last = buffer[got - 1];
        failed = put_lines(buffer, (size_t)got);
    }
    if (failed == 0)
        failed = last == '\n' ? put("\n", 1) : put("\nprompt> \n", 10);
    int error = errno;
    close(ends[0]);
    while (waitpid(shell, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    errno = error;
    if (failed != 0)
        die("write");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
