/*
 * P7-closed-ends.c - what select, poll, read and write say of a pipe whose other end is closed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

static const char *events_of(int fd, short asked)
{
    struct pollfd watch = {.fd = fd, .events = asked};

    if (poll(&watch, 1, 0) == -1)
        die("poll");
    static const struct {
        short bits;
        const char *name;
    } names[] = {
        {0,                 "nothing"        },
        {POLLIN,            "POLLIN"         },
        {POLLHUP,           "POLLHUP"        },
        {POLLIN | POLLHUP,  "POLLIN+POLLHUP" },
        {POLLOUT,           "POLLOUT"        },
        {POLLERR,           "POLLERR"        },
        {POLLOUT | POLLERR, "POLLOUT+POLLERR"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (watch.revents == names[i].bits)
            return names[i].name;
    return "other";
}

/* What select says: is it readable, or writable? */
static const char *is_ready(int fd, int to_write)
{
    fd_set set;
    struct timeval at_once = {0};

    FD_ZERO(&set);
    FD_SET(fd, &set);
    if (select(fd + 1, to_write ? NULL : &set, to_write ? &set : NULL, NULL, &at_once) == -1)
        die("select");
    return FD_ISSET(fd, &set) ? "yes" : "no";
}

static void without_writer(void)
{
    int ends[2];
    char byte;

    if (pipe(ends) == -1)
        die("pipe");
    if (write(ends[1], "x", 1) != 1)
        die("write");
    close(ends[1]);
    fact("left", "%s", events_of(ends[0], POLLIN));
    if (read(ends[0], &byte, 1) != 1)
        die("read");
    fact("ready", "%s", is_ready(ends[0], 0));
    fact("empty", "%s", events_of(ends[0], POLLIN));
    fact("unasked", "%s", events_of(ends[0], 0));
    fact("read", "%zd", read(ends[0], &byte, 1));
    close(ends[0]);
}

static void write_one(void *context)
{
    if (write(*(int *)context, "x", 1) == -1)
        die("write");
}

static void without_reader(void)
{
    int ends[2];

    if (pipe(ends) == -1)
        die("pipe");
    close(ends[0]);
    fact("room", "%s", is_ready(ends[1], 1));
    fact("output", "%s", events_of(ends[1], POLLOUT));
    int status = wait_for(start(write_one, &ends[1]));
    fact("write", "%s",
         WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE ? "SIGPIPE"
         : status == 0                                      ? "written"
                                                            : "EPIPE");
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal");
    fact("ignored", "%s", error_of(write(ends[1], "x", 1)));
    fact("nothing", "%s", error_of(write(ends[1], "", 0)));
    close(ends[1]);
}

int main(void)
{
    without_writer();
    without_reader();
    return 0;
}
