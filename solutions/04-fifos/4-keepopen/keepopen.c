/*
 * keepopen.c - a FIFO that is never at its end: the reader is its own last writer.
 *
 * Usage: keepopen PATH
 *
 * A reader of a FIFO sees end of file whenever the last writer goes, and a server has no use for
 * that. As long as it holds a writing end itself, there is a last writer that never goes. How to
 * get both ends without waiting for anybody, and without O_RDWR (undefined for a FIFO in POSIX):
 *
 *   1. open to read with O_NONBLOCK: that never waits
 *   2. open to write: that does not wait any more, for a reader is there (step 1)
 *   3. clear O_NONBLOCK of the first, so that a read waits again
 *
 * SIGTERM and SIGINT are blocked but for the time in ppoll(2), which lets them in and goes to sleep
 * in one step. A signal that comes just before is not overlooked.
 *
 * After APUE exercise 15.10.
 */
#define _GNU_SOURCE /* ppoll(2) */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct ends {
    int reading;
    int writing; /* nobody ever writes to it: it is there to be open */
};

/* Opened by mistake, a file would be read or overwritten without a word. */
static void check_that_it_is_a_fifo(const char *path)
{
    struct stat status;
    if (stat(path, &status) == -1)
        die("stat %s", path);
    if (S_ISFIFO(status.st_mode))
        return;
    errno = 0;
    die("%s is not a FIFO", path);
}

static volatile sig_atomic_t told_to_end;

static void note_signal(int signal)
{
    (void)signal;
    told_to_end = 1;
}

/* From here on the two signals wait until ppoll lets them in with the mask that is returned. */
static sigset_t hold_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal};
    sigset_t held, before;
    sigemptyset(&action.sa_mask);
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGINT);
    if (sigprocmask(SIG_BLOCK, &held, &before) == -1)
        die("sigprocmask");
    if (sigaction(SIGTERM, &action, NULL) == -1 || sigaction(SIGINT, &action, NULL) == -1)
        die("sigaction");
    sigdelset(&before, SIGTERM);
    sigdelset(&before, SIGINT);
    return before;
}

static void clear_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags == -1)
        die("fcntl F_GETFL");
    if (fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == -1)
        die("fcntl F_SETFL");
}

static struct ends open_both(const char *path)
{
    struct ends ends;
    ends.reading = open(path, O_RDONLY | O_NONBLOCK);
    if (ends.reading == -1)
        die("open %s to read", path);
    ends.writing = open(path, O_WRONLY);
    if (ends.writing == -1)
        die("open %s to write", path);
    clear_nonblocking(ends.reading);
    return ends;
}

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write to standard output");
        bytes += written;
        length -= (size_t)written;
    }
}

/* Waits until there is something to read. False: a signal came, and nothing is left. */
static bool wait_for_bytes(int fd, const sigset_t *mask)
{
    static const struct timespec not_at_all = {0};
    struct pollfd input = {.fd = fd, .events = POLLIN};
    for (;;) {
        int ready = ppoll(&input, 1, told_to_end ? &not_at_all : NULL, mask);
        if (ready == -1 && errno != EINTR)
            die("ppoll");
        if (ready == 1)
            return true;
        if (ready == 0)
            return false;
    }
}

static void echo(int fd)
{
    static char buffer[65536];
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got == -1 && errno == EINTR)
        return;
    if (got == -1)
        die("read");
    write_all(buffer, (size_t)got);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        usage("keepopen PATH");
    check_that_it_is_a_fifo(argv[1]);
    sigset_t mask = hold_signals();
    struct ends ends = open_both(argv[1]);
    write_all("ready\n", strlen("ready\n"));
    while (wait_for_bytes(ends.reading, &mask))
        echo(ends.reading);
    return EXIT_SUCCESS;
}
