/*
 * tw.c - tell and wait over pipes that do not block: poll(2) does the waiting. Which side a process
 * is, it learns from its process id.
 */
#include "tw.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static int make_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags == -1 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static void close_all(struct tw *tw)
{
    int error = errno;
    for (int i = 0; i < 4; i++)
        if (tw->ends[i / 2][i % 2] != -1)
            close(tw->ends[i / 2][i % 2]);
    errno = error;
}

int tw_init(struct tw *tw)
{
    *tw = (struct tw){
        .parent = getpid(), .ends = {{-1, -1}, {-1, -1}}
    };
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return -1;
    for (int i = 0; i < 2; i++) {
        if (pipe(tw->ends[i]) == -1 || make_nonblocking(tw->ends[i][0]) == -1 ||
            make_nonblocking(tw->ends[i][1]) == -1) {
            close_all(tw);
            return -1;
        }
    }
    return 0;
}

/* 0 in the parent, 1 in the child: also the index of the pipe that this side writes to. */
static int side_of(struct tw *tw)
{
    int side = getpid() == tw->parent ? 0 : 1;
    if (!tw->closed) {
        close(tw->ends[side][0]);
        close(tw->ends[!side][1]);
        tw->closed = 1;
    }
    return side;
}

static void sleep_until(int fd, short events)
{
    struct pollfd ready = {.fd = fd, .events = events};
    (void)poll(&ready, 1, -1); /* if it fails, or for nothing: read and write will tell */
}

static int tell(struct tw *tw)
{
    int side = side_of(tw);
    for (;;) {
        if (write(tw->ends[side][1], &"pc"[side], 1) == 1)
            return 0;
        if (errno != EAGAIN && errno != EINTR)
            return -1;
        sleep_until(tw->ends[side][1], POLLOUT);
    }
}

static int await(struct tw *tw)
{
    char byte;
    int side = side_of(tw);
    for (;;) {
        sleep_until(tw->ends[!side][0], POLLIN);
        ssize_t got = read(tw->ends[!side][0], &byte, 1);
        if (got == -1 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got == -1)
            return -1;
        if (got == 1 && byte == "pc"[!side])
            return 0;
        errno = got == 0 ? EPIPE : EPROTO;
        return -1;
    }
}

int tell_parent(struct tw *tw)
{
    return tell(tw);
}

int tell_child(struct tw *tw)
{
    return tell(tw);
}

int wait_parent(struct tw *tw)
{
    return await(tw);
}

int wait_child(struct tw *tw)
{
    return await(tw);
}
