/*
 * oneway.c - another right answer: the parent splices, the child polls before it reads.
 *
 * splice(2) moves what lies in standard input straight into the pipe, when standard input is of a
 * kind that can be spliced; otherwise the parent copies. The child is forked before anything else
 * and keeps its ends in other variables; SIGPIPE has an (empty) handler.
 */
#define _GNU_SOURCE /* splice */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void be_told_by_errno(int signal_number)
{
    (void)signal_number;
}

static void put(int fd, const char *bytes, size_t size)
{
    for (ssize_t put = 0; size > 0; bytes += put, size -= (size_t)put) {
        put = write(fd, bytes, size);
        if (put == -1 && errno != EINTR)
            die("write");
        if (put == -1)
            put = 0;
    }
}

static _Noreturn void receive(int in, size_t size)
{
    struct pollfd waiting = {.fd = in, .events = POLLIN};
    char *buffer = malloc(size), line[48];
    unsigned long long total = 0;
    uint32_t crc = 0;

    if (buffer == NULL)
        die("malloc");
    for (;;) {
        if (poll(&waiting, 1, -1) == -1 && errno != EINTR)
            die("poll");
        if (waiting.revents == 0)
            continue;
        ssize_t got = read(in, buffer, size);
        if (got == 0)
            break;
        if (got == -1 && errno != EINTR)
            die("read");
        if (got > 0) {
            put(STDOUT_FILENO, buffer, (size_t)got);
            crc = crc32_update(crc, buffer, (size_t)got);
            total += (unsigned long long)got;
        }
    }
    free(buffer);
    put(STDOUT_FILENO, line, (size_t)sprintf(line, "\n%llu %08" PRIx32 "\n", total, crc));
    _exit(0);
}

/* One block by way of memory. As splice: how many bytes, 0 at the end, -1 with errno. */
static ssize_t copy_block(int out, char *buffer, size_t size)
{
    ssize_t got = read(STDIN_FILENO, buffer, size), done = 0;

    while (done < got) {
        ssize_t put = write(out, buffer + done, (size_t)(got - done));
        if (put == -1 && errno != EINTR)
            return -1;
        if (put > 0)
            done += put;
    }
    return got;
}

/* 0, or what errno was when it failed. */
static int transmit(int out, size_t size)
{
    char *buffer = malloc(size);
    bool spliceable = true;
    ssize_t moved;

    if (buffer == NULL)
        return ENOMEM;
    do {
        moved = spliceable ? splice(STDIN_FILENO, NULL, out, NULL, size, 0)
                           : copy_block(out, buffer, size);
        if (moved == -1 && spliceable && errno == EINVAL) {
            spliceable = false;
            errno = EINTR;
        }
    } while (moved > 0 || (moved == -1 && errno == EINTR));
    free(buffer);
    return moved == -1 ? errno : 0;
}

int main(int argc, char **argv)
{
    struct sigaction told = {.sa_handler = be_told_by_errno};
    struct {
        int out, in;
    } link = {-1, -1};
    int both[2], status;
    char *end = "x";
    unsigned long size =
        argc == 2 && argv[1][0] >= '0' && argv[1][0] <= '9' ? strtoul(argv[1], &end, 10) : 0;

    if (*end != '\0' || size < 1 || size > 70000)
        usage("oneway N");
    if (sigaction(SIGPIPE, &told, NULL) == -1)
        die("sigaction");
    if (pipe(both) == -1)
        die("pipe");
    link.in = both[0];
    link.out = both[1];
    pid_t child = fork();
    switch (child) {
    case -1:
        die("fork");
    case 0:
        close(link.out);
        receive(link.in, size);
    default:
        close(link.in);
    }
    int error = transmit(link.out, size);
    close(link.out);
    pid_t reaped;
    do
        reaped = wait(&status);
    while (reaped == -1 && errno == EINTR);
    if (error != 0) {
        errno = error;
        die("splice, read or write");
    }
    return reaped == child && status == 0 ? 0 : 1;
}
