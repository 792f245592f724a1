/*
 * tw.c - tell and wait, by two pipes (APUE fig. 15.7).
 *
 *              to_child: 'p'
 *     parent ════════════════► child
 *            ◄════════════════
 *              to_parent: 'c'
 *
 * A wait is a read of one byte: the kernel puts the reader to sleep, and wakes it either when the
 * byte is there or when nobody is left who could send it. The second half only holds if each side
 * closes the two ends that belong to the other one, above all its own copy of the end that the
 * other side writes to.
 */
#include "tw.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum { FROM_PARENT = 'p', FROM_CHILD = 'c' };

static void close_both_keeping_errno(const int ends[2])
{
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    errno = error;
}

int tw_init(struct tw *tw)
{
    tw->side = TW_UNDECIDED;
    /* A write to a side that is gone shall fail with EPIPE instead of killing the writer. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    if (sigaction(SIGPIPE, &ignore, NULL) == -1)
        return -1;
    if (pipe(tw->to_child) == -1)
        return -1;
    if (pipe(tw->to_parent) == -1) {
        close_both_keeping_errno(tw->to_child);
        return -1;
    }
    return 0;
}

/* In a process's first call: closes the ends that only the other side uses. */
static int take_side(struct tw *tw, enum tw_side side)
{
    if (tw->side == side)
        return 0;
    int not_read = side == TW_CHILD ? tw->to_parent[0] : tw->to_child[0];
    int not_written = side == TW_CHILD ? tw->to_child[1] : tw->to_parent[1];
    tw->side = side;
    if (close(not_read) == -1)
        return -1;
    if (close(not_written) == -1)
        return -1;
    return 0;
}

static int put_byte(int fd, char byte)
{
    ssize_t written;
    do
        written = write(fd, &byte, 1);
    while (written == -1 && errno == EINTR);
    return written == 1 ? 0 : -1;
}

static int get_byte(int fd, char expected)
{
    char byte;
    ssize_t got;
    do
        got = read(fd, &byte, 1);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        return -1;
    /* End of file: every copy of the other side's writing end is closed. */
    if (got == 0) {
        errno = EPIPE;
        return -1;
    }
    if (byte != expected) {
        errno = EPROTO;
        return -1;
    }
    return 0;
}

int tell_parent(struct tw *tw)
{
    if (take_side(tw, TW_CHILD) == -1)
        return -1;
    if (put_byte(tw->to_parent[1], FROM_CHILD) == -1)
        return -1;
    return 0;
}

int wait_parent(struct tw *tw)
{
    if (take_side(tw, TW_CHILD) == -1)
        return -1;
    if (get_byte(tw->to_child[0], FROM_PARENT) == -1)
        return -1;
    return 0;
}

int tell_child(struct tw *tw)
{
    if (take_side(tw, TW_PARENT) == -1)
        return -1;
    if (put_byte(tw->to_child[1], FROM_PARENT) == -1)
        return -1;
    return 0;
}

int wait_child(struct tw *tw)
{
    if (take_side(tw, TW_PARENT) == -1)
        return -1;
    if (get_byte(tw->to_parent[0], FROM_CHILD) == -1)
        return -1;
    return 0;
}
