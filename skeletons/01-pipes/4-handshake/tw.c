/*
 * tw.c - tell and wait, by two pipes (APUE fig. 15.7).
 *
 *              to_child: 'p'
 *     parent ════════════════► child
 *            ◄════════════════
 *              to_parent: 'c'
 *
 */
#include "tw.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum { FROM_PARENT = 'p', FROM_CHILD = 'c' };

int tw_init(struct tw *tw)
{
    tw->side = TW_UNDECIDED;
    // TODO: what shall a write to a side that is gone do?
    // TODO: make both pipes; if the second fails, leave nothing open
    return 0;
}

/* In a process's first call: closes the ends that only the other side uses. */
static int take_side(struct tw *tw, enum tw_side side)
{
    if (tw->side == side)
        return 0;
    tw->side = side;
    // TODO: which two of the four ends does this side never use?
    return 0;
}

// TODO: a helper that sends one byte, and one that takes one and looks at it

int tell_parent(struct tw *tw)
{
    if (take_side(tw, TW_CHILD) == -1)
        return -1;
    // TODO
    return 0;
}

int wait_parent(struct tw *tw)
{
    if (take_side(tw, TW_CHILD) == -1)
        return -1;
    // TODO
    return 0;
}

int tell_child(struct tw *tw)
{
    if (take_side(tw, TW_PARENT) == -1)
        return -1;
    // TODO
    return 0;
}

int wait_child(struct tw *tw)
{
    if (take_side(tw, TW_PARENT) == -1)
        return -1;
    // TODO
    return 0;
}
