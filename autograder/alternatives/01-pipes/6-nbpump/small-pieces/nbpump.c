/*
 * nbpump.c - copies standard input to standard output in pieces of at most PIPE_BUF bytes, with a
 * poll for each direction and SIGPIPE blocked instead of ignored.
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned long bytes_in, bytes_out;

static void summary(void)
{
    fprintf(stderr, "nbpump: %lu bytes in, %lu bytes out\n", bytes_in, bytes_out);
}

static _Noreturn void reader_gone(void)
{
    fputs("nbpump: the reader is gone\n", stderr);
    summary();
    exit(3);
}

static void poll_both(struct pollfd *fds)
{
    while (poll(fds, 2, -1) == -1)
        if (errno != EINTR)
            die("poll");
    if (fds[0].revents & (POLLERR | POLLHUP))
        reader_gone();
}

/* Waits until input may be read. On the way it looks whether somebody still reads us. */
static void wait_for_input(void)
{
    struct pollfd fds[] = {
        {.fd = STDOUT_FILENO},
        { .fd = STDIN_FILENO,   .events = POLLIN}
    };
    poll_both(fds);
}

static void wait_for_room(void)
{
    struct pollfd fds[] = {
        {.fd = STDOUT_FILENO, .events = POLLOUT},
        {.fd = -1                  }
    };
    poll_both(fds);
}

static ssize_t get_piece(char *piece)
{
    for (;;) {
        wait_for_input();
        ssize_t n = read(STDIN_FILENO, piece, PIPE_BUF);
        if (n >= 0)
            return n;
        if (errno != EAGAIN && errno != EINTR)
            die("read");
    }
}

static void put_piece(const char *piece, ssize_t length)
{
    for (ssize_t at = 0; at < length;) {
        wait_for_room();
        ssize_t n = write(STDOUT_FILENO, piece + at, (size_t)(length - at));
        if (n == -1 && errno == EPIPE)
            reader_gone();
        if (n == -1 && errno != EAGAIN && errno != EINTR)
            die("write");
        if (n > 0) {
            at += n;
            bytes_out += (unsigned long)n;
        }
    }
}

int main(void)
{
    static char piece[PIPE_BUF];
    ssize_t length;
    sigset_t sigpipe;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    if (sigprocmask(SIG_BLOCK, &sigpipe, NULL) == -1)
        die("sigprocmask");
    while ((length = get_piece(piece)) > 0) {
        bytes_in += (unsigned long)length;
        put_piece(piece, length);
    }
    summary();
    return 0;
}
