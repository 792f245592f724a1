/*
 * tw.h - tell and wait, done another way; see tw.c.
 */
#ifndef TW_H
#define TW_H

#include <sys/types.h>

struct tw {
    pid_t parent;
    int ends[2][2]; /* [0] parent to child, [1] child to parent */
    int closed;
};

int tw_init(struct tw *tw);
int tell_parent(struct tw *tw);
int tell_child(struct tw *tw);
int wait_parent(struct tw *tw);
int wait_child(struct tw *tw);

#endif
