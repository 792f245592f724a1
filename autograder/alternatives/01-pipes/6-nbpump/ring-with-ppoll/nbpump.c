/*
 * nbpump.c - copies standard input to standard output through a ring: it reads while it writes.
 */
#define _GNU_SOURCE /* ppoll(2) */
#include "lab.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SIZE = 32768 };

static char ring[SIZE];
static unsigned long long in, out; /* the ring holds in - out bytes, the first at out % SIZE */
static int ended;

/* The (at most two) stretches of length bytes from position on. */
static int stretches(struct iovec part[2], unsigned long long position, size_t length)
{
    size_t start = (size_t)(position % SIZE);
    size_t first = length < SIZE - start ? length : SIZE - start;
    part[0] = (struct iovec){.iov_base = ring + start, .iov_len = first};
    part[1] = (struct iovec){.iov_base = ring, .iov_len = length - first};
    return length > first ? 2 : 1;
}

static int passing(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static void take(void)
{
    struct iovec part[2];
    int parts = stretches(part, in, SIZE - (size_t)(in - out));
    ssize_t n = readv(0, part, parts);
    if (n == -1 && !passing())
        die("readv");
    if (n == 0)
        ended = 1;
    if (n > 0)
        in += (unsigned long long)n;
}

/* Returns 0 when the reader is gone. */
static int give(void)
{
    struct iovec part[2];
    int parts = stretches(part, out, (size_t)(in - out));
    ssize_t n = writev(1, part, parts);
    if (n == -1 && errno == EPIPE)
        return 0;
    if (n == -1 && !passing())
        die("writev");
    if (n > 0)
        out += (unsigned long long)n;
    return 1;
}

static int leave(int status)
{
    if (status == 3)
        fprintf(stderr, "nbpump: the reader is gone\n");
    fprintf(stderr, "nbpump: %llu bytes in, %llu bytes out\n", in, out);
    return status;
}

int main(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (sigaction(SIGPIPE, &ignore, NULL) == -1)
        die("sigaction");
    while (!ended || in > out) {
        struct pollfd fds[] = {
            {.fd = 0, .events = POLLIN},
            {.fd = 1      }
        };
        if (ended || in - out == SIZE)
            fds[0].fd = -1;
        if (in > out)
            fds[1].events = POLLOUT;
        if (ppoll(fds, 2, NULL, NULL) == -1) {
            if (errno == EINTR)
                continue;
            die("ppoll");
        }
        if (fds[1].revents & POLLNVAL) {
            errno = EBADF;
            die("ppoll: standard output");
        }
        if (fds[1].revents & (POLLERR | POLLHUP))
            return leave(3);
        if ((fds[1].revents & POLLOUT) && !give())
            return leave(3);
        if (fds[0].revents)
            take();
    }
    return leave(0);
}
