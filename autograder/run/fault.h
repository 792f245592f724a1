/*
 * fault.h - one call of the learner's that goes another way than it would: it fails, moves fewer
 * bytes than it could, or is interrupted.
 */
#ifndef IPCLAB_FAULT_H
#define IPCLAB_FAULT_H

#include <stddef.h>

enum fault_kind {
    FAULT_FAILS = 1, /* with an errno */
    FAULT_SHORT = 2, /* a read or write moves fewer bytes than it was asked for */
    FAULT_INTERRUPTS =
        4 /* a call that can wait fails with EINTR, as if a handled signal had come */
};

/* From where a call is made: a line, and the part that its process plays. Which process that is
 * does not hang on who came first. */
struct fault_site {
    const char *file; /* as in struct place */
    int line;
    int program;             /* index of the program of the kit's making that it belongs to */
    const char *forked_file; /* where its process was forked; NULL: it is that program's first */
    int forked_line;
    int fd; /* of a read or write: who copies in one line does several things there; -1: any */
};

/* Calls are counted over the run; only those by the learner's own lines, and of these only such as
 * can go that way. "memory" is what malloc(3) and its kin ask the kernel for; from the nth on all
 * of them fail, since one that fails is tried in another way. */
struct fault {
    enum fault_kind kind;
    const char *call;              /* a name or a group of calls.h */
    int nth;                       /* from 1 */
    int error;                     /* FAULT_FAILS: the errno */
    size_t bytes;                  /* FAULT_SHORT: at most so many */
    const struct fault_site *site; /* count only what is called from there; NULL: from anywhere */
    int seen;                      /* the tracer's counter; start with 0 */
};

#endif
