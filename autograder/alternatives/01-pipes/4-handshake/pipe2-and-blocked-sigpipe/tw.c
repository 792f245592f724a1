/*
 * tw.c - tell and wait, without a change to the process's signals that lasts: SIGPIPE is blocked
 * only around the write, and taken out if the write has made it pending.
 */
#define _GNU_SOURCE /* pipe2(2) */
#include "tw.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { TO_CHILD, TO_PARENT };

static const char letters[] = {[TO_CHILD] = 'p', [TO_PARENT] = 'c'};

int tw_init(struct tw *tw)
{
    *tw = (struct tw){.parent = getpid()};
    if (pipe2(tw->ends[TO_CHILD], O_CLOEXEC) == -1)
        return -1;
    if (pipe2(tw->ends[TO_PARENT], O_CLOEXEC) == 0)
        return 0;
    int error = errno;
    close(tw->ends[TO_CHILD][0]);
    close(tw->ends[TO_CHILD][1]);
    errno = error;
    return -1;
}

/* sends: the direction that this side writes. */
static void close_others_ends(struct tw *tw, int sends)
{
    if (tw->closed)
        return;
    tw->closed = 1;
    close(tw->ends[sends][0]);
    close(tw->ends[!sends][1]);
}

static int tell(struct tw *tw, int direction)
{
    const struct timespec at_once = {0};
    sigset_t sigpipe, before, pending;
    ssize_t written;
    close_others_ends(tw, direction);
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    if (sigpending(&pending) == -1 || sigprocmask(SIG_BLOCK, &sigpipe, &before) == -1)
        return -1;
    while ((written = write(tw->ends[direction][1], &letters[direction], 1)) == -1)
        if (errno != EINTR)
            break;
    int error = errno;
    if (written == -1 && error == EPIPE && !sigismember(&pending, SIGPIPE))
        while (sigtimedwait(&sigpipe, NULL, &at_once) == -1 && errno == EINTR)
            continue;
    if (sigprocmask(SIG_SETMASK, &before, NULL) == -1)
        return -1;
    errno = error;
    return written == 1 ? 0 : -1;
}

static int await(struct tw *tw, int direction)
{
    char byte;
    close_others_ends(tw, !direction);
    for (;;) {
        ssize_t got = read(tw->ends[direction][0], &byte, sizeof byte);
        if (got == 1 && byte == letters[direction])
            return 0;
        if (got == -1 && errno == EINTR)
            continue;
        if (got >= 0)
            errno = got == 0 ? EPIPE : EPROTO;
        return -1;
    }
}

int tell_parent(struct tw *tw)
{
    return tell(tw, TO_PARENT);
}

int tell_child(struct tw *tw)
{
    return tell(tw, TO_CHILD);
}

int wait_parent(struct tw *tw)
{
    return await(tw, TO_CHILD);
}

int wait_child(struct tw *tw)
{
    return await(tw, TO_PARENT);
}
