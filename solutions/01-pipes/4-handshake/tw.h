/*
 * tw.h - tell and wait: a parent and its child take turns, by two pipes.
 *
 * How to use it:
 *   1. The parent calls tw_init(), then fork().
 *   2. The parent uses only tell_child() and wait_child(), the child only tell_parent() and
 *      wait_parent(). A process's first call is what tells the module which side it is.
 *
 * Each tell sends one byte ('p' from the parent, 'c' from the child) and each wait takes one, so a
 * tell that comes before its wait is not lost, and three tells are enough for three waits.
 *
 * After APUE (Stevens and Rago), fig. 15.7.
 */
#ifndef TW_H
#define TW_H

enum tw_side { TW_UNDECIDED, TW_PARENT, TW_CHILD };

/* Yours to change: nobody outside tw.c looks inside. */
struct tw {
    enum tw_side side;
    int to_child[2];
    int to_parent[2];
};

/*
 * Makes both pipes. From here on the process ignores SIGPIPE, and so do the children it forks.
 * Returns 0; or -1 with errno as pipe(2) set it, and then no descriptor is left open.
 */
int tw_init(struct tw *tw);

/* Lets the other side's next wait return. Returns 0; -1 with errno EPIPE: the other side is gone.
 */
int tell_parent(struct tw *tw);
int tell_child(struct tw *tw);

/*
 * Sleeps until the other side tells. Returns 0; or -1 with errno
 *   EPIPE   the other side is gone, and nothing that it told is left
 *   EPROTO  a byte came that the other side never sends
 */
int wait_parent(struct tw *tw);
int wait_child(struct tw *tw);

#endif
