/*
 * bulk.c - sends all of its input through a filter and collects all that comes out.
 *
 *     standard input ──► parent ══ pipe ══► 0 PROG
 *                          │                  │
 *     standard output ◄────┘ ◄══ pipe ═══════ 1
 *
 * PROG answers when it likes. While it does not read, the first pipe is full and writing to it
 * would wait; while we do not read, the second is full and PROG waits. Two that wait for each other
 * to read wait for ever. So the parent never waits for one of them alone: poll(2) waits for all at
 * once, and the pipe to PROG does not block. (poll promises that there is some room, and a blocking
 * write of more than that would sleep in the middle of it.)
 *
 * The two directions end independently of each other: PROG may stop reading and go on writing, and
 * the other way round.
 *
 * Usage: bulk PROG
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 65536,
    CLOSED = -1,               /* poll skips it */
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
};

/* PROG, our ends of the two pipes (or CLOSED), and what was read for it and is not yet written. */
struct filter {
    pid_t pid;
    int to, from;
    char bytes[BUFFER_SIZE];
    size_t first, count;
};

/* The ways in which nothing happened: no data or no room now, or a signal came. */
static bool is_not_now(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* Writes all of it, however little write(2) takes at a time. False with errno set. */
static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* Closing fails only for a descriptor that is not open, which would be a mistake of ours. */
static void close_end(int *fd)
{
    if (*fd != CLOSED && close(*fd) == -1)
        die("close descriptor %d", *fd);
    *fd = CLOSED;
}

/* Says what failed. PROG is still ours to wait for, so this is no place to die. */
static bool failed(const char *what)
{
    fprintf(stderr, "bulk: %s: %s\n", what, strerror(errno));
    return false;
}

/* ---- The filter ---- */

static void move_end(int from, int to)
{
    if (from == to)
        return;
    if (dup2(from, to) == -1)
        die("dup2");
    close_end(&from);
}

/* The child's whole life after fork. */
static _Noreturn void become(const char *prog, int questions[2], int answers[2])
{
    close_end(&questions[1]);
    close_end(&answers[0]);
    move_end(questions[0], STDIN_FILENO);
    move_end(answers[1], STDOUT_FILENO);
    execlp(prog, prog, (char *)NULL);
    int status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    fprintf(stderr, "bulk: exec %s: %s\n", prog, strerror(errno));
    _exit(status);
}

/* Our end only: PROG's end has a flag of its own, and goes on to block. */
static void stop_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
        die("fcntl");
}

static void start(struct filter *filter, const char *prog)
{
    int questions[2], answers[2];

    if (pipe(questions) == -1 || pipe(answers) == -1)
        die("pipe");
    stop_blocking(questions[1]);
    filter->pid = fork();
    if (filter->pid == -1)
        die("fork");
    if (filter->pid == 0)
        become(prog, questions, answers);
    close_end(&questions[0]);
    close_end(&answers[1]);
    filter->to = questions[1];
    filter->from = answers[0];
}

/* Reaps it. Its status, as a shell would say it. */
static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    return WIFSIGNALED(status) ? EXIT_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- What can be done when poll says so ---- */

/* More input, when what we had is gone. At its end PROG gets its end of file. */
static bool take_input(struct filter *filter)
{
    ssize_t got = read(STDIN_FILENO, filter->bytes, sizeof filter->bytes);

    if (got == -1)
        return is_not_now(errno) || failed("read standard input");
    filter->first = 0;
    filter->count = (size_t)got;
    if (got == 0)
        close_end(&filter->to);
    return true;
}

/* As much as PROG takes now. That it wants no more is no error. */
static bool feed(struct filter *filter)
{
    ssize_t written = write(filter->to, filter->bytes + filter->first, filter->count);

    if (written == -1 && errno == EPIPE) {
        close_end(&filter->to);
        return true;
    }
    if (written == -1)
        return is_not_now(errno) || failed("write pipe");
    filter->first += (size_t)written;
    filter->count -= (size_t)written;
    return true;
}

static bool pass_on(struct filter *filter)
{
    char bytes[BUFFER_SIZE];
    ssize_t got = read(filter->from, bytes, sizeof bytes);

    if (got == -1)
        return is_not_now(errno) || failed("read pipe");
    if (got == 0)
        close_end(&filter->from);
    return write_all(STDOUT_FILENO, bytes, (size_t)got) || failed("write standard output");
}

/* Waits until one of the three can be done, and does it. */
static bool step(struct filter *filter)
{
    bool hungry = filter->to != CLOSED && filter->count == 0;
    struct pollfd input = {.fd = hungry ? STDIN_FILENO : CLOSED, .events = POLLIN};
    /* Also with nothing to write: that PROG reads no more (POLLERR) is told unasked. */
    struct pollfd to = {.fd = filter->to, .events = hungry ? 0 : POLLOUT};
    struct pollfd from = {.fd = filter->from, .events = POLLIN};
    struct pollfd all[] = {input, to, from};

    if (poll(all, 3, -1) == -1)
        return errno == EINTR || failed("poll");
    if (all[2].revents != 0 && !pass_on(filter))
        return false;
    if ((all[1].revents & POLLERR) != 0)
        close_end(&filter->to);
    else if (all[1].revents != 0)
        return feed(filter);
    else if (all[0].revents != 0)
        return take_input(filter);
    return true;
}

int main(int argc, char **argv)
{
    static struct filter filter;

    if (argc != 2 || *argv[1] == '\0')
        usage("bulk PROG");
    start(&filter, argv[1]);
    /* After the fork: PROG shall find the signal as we have found it. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        perror("bulk: signal SIGPIPE");
    bool good = true;
    while (good && (filter.to != CLOSED || filter.from != CLOSED))
        good = step(&filter);
    close_end(&filter.to);
    close_end(&filter.from);
    int status = wait_for(filter.pid);
    if (good)
        return status;
    return EXIT_FAILURE;
}
