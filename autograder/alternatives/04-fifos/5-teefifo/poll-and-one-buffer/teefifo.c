/*
 * teefifo.c - one small buffer, of which each reader has got so and so much; writev by way of poll.
 *
 * SIGPIPE is blocked, not ignored: write then fails with EPIPE, and the signal stays pending.
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct side {
    int fd; /* -1: its reader has gone */
    size_t got;
};

static char block[3000];
static size_t filled;

static void advance(struct side *side, const char *name)
{
    struct iovec rest = {block + side->got, filled - side->got};
    ssize_t written = writev(side->fd, &rest, 1);
    if (written >= 0) {
        side->got += (size_t)written;
    } else if (errno == EPIPE) {
        side->fd = -1;
        dprintf(STDERR_FILENO, "teefifo: nobody reads %s any more\n", name);
    } else if (errno != EINTR && errno != EAGAIN) {
        die("writev to %s", name);
    }
}

/* One turn: whoever has not got everything, and can take something. */
static int serve(struct side sides[2], const char *const *names)
{
    struct pollfd ready[2];
    int waiting = 0;
    for (int i = 0; i < 2; i++) {
        int wants = sides[i].fd >= 0 && sides[i].got < filled;
        ready[i] = (struct pollfd){.fd = wants ? sides[i].fd : -1, .events = POLLOUT};
        waiting += wants;
    }
    if (waiting == 0)
        return 0;
    if (poll(ready, 2, -1) == -1) {
        if (errno != EINTR)
            die("poll");
        return 1;
    }
    for (int i = 0; i < 2; i++)
        if (ready[i].fd >= 0 && ready[i].revents != 0)
            advance(&sides[i], names[i]);
    return 1;
}

static int fill(void)
{
    ssize_t got;
    while ((got = read(STDIN_FILENO, block, sizeof block)) == -1)
        if (errno != EINTR)
            die("read");
    filled = (size_t)got;
    return got > 0;
}

static int open_it(const char *path)
{
    struct stat status;
    int fd;
    while ((fd = open(path, O_WRONLY | O_CLOEXEC)) == -1)
        if (errno != EINTR)
            die("open %s", path);
    errno = 0;
    if (fstat(fd, &status) == -1 || !S_ISFIFO(status.st_mode))
        die("%s: I wanted a FIFO", path);
    return fd;
}

int main(int argc, char **argv)
{
    sigset_t set;
    if (argc != 2)
        usage("teefifo FIFO");
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
        die("sigprocmask");
    struct side sides[2] = {{.fd = open_it(argv[1])}, {.fd = STDOUT_FILENO}};
    const char *const names[] = {argv[1], "standard output"};
    while ((sides[0].fd >= 0 || sides[1].fd >= 0) && fill()) {
        sides[0].got = sides[1].got = 0;
        while (serve(sides, names))
            continue;
    }
    return sides[0].fd >= 0 && sides[1].fd >= 0 ? 0 : 3;
}
