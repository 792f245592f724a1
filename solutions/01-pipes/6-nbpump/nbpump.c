/*
 * nbpump.c - copies standard input to standard output, whatever moods the two are in.
 *
 * Usage: nbpump < INPUT > OUTPUT
 *
 * Either side may be a pipe that does not block, or one that does, a file, a socket, a terminal.
 * O_NONBLOCK belongs to the open file description, which the shell and other processes share with
 * us, so it is left as it was: poll(2) tells when to read and when to write, and EAGAIN is an
 * answer and not a failure.
 *
 * The pump is in one of two states:
 *   empty   waits for input, and with events = 0 for the death of the reader
 *   loaded  waits for room in the output, and does not look at the input: a writer that is gone
 *           would be reported (POLLHUP) again and again, wanted or not
 *
 * After APUE exercise 15.7, and the rules for pipes in pipe(7).
 */
#include "lab.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = 65536, EXIT_READER_GONE = 3 };

struct pump {
    char bytes[CAPACITY];
    size_t first, count; /* what was read and is not yet written */
    uintmax_t in, out;   /* bytes so far */
    bool input_ended;
    bool reader_gone;
};

/* The other two ways in which nothing happened: no data or no room now, or a signal came. */
static bool is_not_now(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void fill(struct pump *pump)
{
    ssize_t got = read(STDIN_FILENO, pump->bytes, CAPACITY);
    if (got == -1 && is_not_now(errno))
        return;
    if (got == -1)
        die("read");
    /* 0 is the end, and nothing else is: every writer has closed, and the pipe is drained. */
    pump->input_ended = got == 0;
    pump->first = 0;
    pump->count = (size_t)got;
    pump->in += (uintmax_t)got;
}

/* Where the output blocks, a write larger than its room sleeps in the kernel, which is as good. */
static void drain(struct pump *pump)
{
    ssize_t written = write(STDOUT_FILENO, pump->bytes + pump->first, pump->count);
    if (written == -1 && is_not_now(errno))
        return;
    /* poll cannot exclude this: the reader may die between poll and write. */
    if (written == -1 && errno == EPIPE) {
        pump->reader_gone = true;
        return;
    }
    if (written == -1)
        die("write");
    pump->first += (size_t)written;
    pump->count -= (size_t)written;
    pump->out += (uintmax_t)written;
}

static void wait_for_work(struct pollfd *input, struct pollfd *output)
{
    struct pollfd both[] = {*input, *output};
    if (poll(both, 2, -1) == -1 && errno != EINTR)
        die("poll");
    *input = both[0];
    *output = both[1];
}

static void step(struct pump *pump)
{
    bool empty = pump->count == 0;
    /* A negative descriptor is skipped: POLLHUP and POLLERR come uninvited to all others. */
    struct pollfd input = {.fd = empty ? STDIN_FILENO : -1, .events = POLLIN};
    struct pollfd output = {.fd = STDOUT_FILENO, .events = empty ? 0 : POLLOUT};
    wait_for_work(&input, &output);
    if ((output.revents & (POLLERR | POLLHUP)) != 0)
        pump->reader_gone = true;
    /* POLLIN, POLLHUP or POLLNVAL: read knows best what each of them means. */
    else if (input.revents != 0)
        fill(pump);
    else if (output.revents != 0)
        drain(pump);
}

/* By write(2), because stdio would lose the line if a signal interrupted it. */
static void say(const char *line)
{
    while (write(STDERR_FILENO, line, strlen(line)) == -1)
        if (errno != EINTR)
            return;
}

static void print_summary(const struct pump *pump)
{
    char line[128];
    snprintf(line, sizeof line, "nbpump: %ju bytes in, %ju bytes out\n", pump->in, pump->out);
    say(line);
}

int main(void)
{
    static struct pump pump;
    /* A dead reader shall be an error that write reports, not our end. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal");
    while (!pump.reader_gone && !pump.input_ended)
        step(&pump);
    if (pump.reader_gone)
        say("nbpump: the reader is gone\n");
    print_summary(&pump);
    if (pump.reader_gone)
        return EXIT_READER_GONE;
    return EXIT_SUCCESS;
}
