/*
 * calls.h - the system calls that the tracer looks at: one row a call, and the seccomp filter made
 * from the rows.
 */
#ifndef IPCLAB_CALLS_H
#define IPCLAB_CALLS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

/* When a row is part of the filter. */
enum call_set {
    CALLS_RARE = 1,    /* makes or ends something: always */
    CALLS_IO = 2,      /* read, write, poll, close: only where somebody asks (they are frequent) */
    CALLS_FILES = 4,   /* every open, not only those that create: in cells */
    CALLS_CONFINE = 8, /* what a cell refuses: new namespaces, ptrace, kernel keys, clocks, ... */
    CALLS_SCHEDULE = 16, /* where another thread may be given the turn, beside those above */
    CALLS_MEMORY = 32    /* what malloc(3) asks the kernel for: where it is to be made to fail */
};

/* What a call's descriptor argument or result means to the record. */
enum call_effect {
    EFFECT_NONE,
    EFFECT_PAIR,       /* args[0] points to two new descriptors: pipe */
    EFFECT_SOCKETPAIR, /* args[3] points to two */
    EFFECT_NEW_FD,     /* the result is a new descriptor */
    EFFECT_LOCK,       /* flock */
    EFFECT_YIELD,      /* sched_yield: gives the turn away */
    EFFECT_DUP,        /* the result is a copy of descriptor args[0] */
    EFFECT_USE_FD,     /* args[0] is a descriptor in use */
    EFFECT_QUEUE_GET,  /* result is a System V id, args[0] the key */
    EFFECT_SEM_GET,
    EFFECT_SHM_GET,
    EFFECT_QUEUE_USE, /* args[0] is a System V id */
    EFFECT_SEM_USE,
    EFFECT_SHM_USE,
    EFFECT_MEMFD,     /* memfd_create: the result is a new descriptor */
    EFFECT_MAKE_NODE, /* a FIFO (or socket, file) of that name: path in args[path] */
    EFFECT_BIND,
    EFFECT_KILL, /* args[0] is a pid as the caller sees it */
    EFFECT_WAIT, /* the result is the pid of a reaped child */
    EFFECT_EXEC,
    EFFECT_POLL,     /* what it said, in words */
    EFFECT_TIMER,    /* alarm, setitimer */
    EFFECT_UNIX_NAME /* a POSIX IPC name in args[0]: mq_open, mq_unlink */
};

struct call_row {
    int number;        /* SYS_... */
    const char *name;  /* as strace says it */
    const char *group; /* how suites ask for it: "pipe" for pipe and pipe2, "fork", "wait", ... */
    unsigned sets;     /* of enum call_set */
    enum call_effect effect;
    int path;  /* index of the argument that points to a path; -1 */
    int count; /* index of the argument that is a byte count (short reads and writes); -1 */
};

extern const struct call_row call_rows[];
extern const int n_call_rows;

/* The row of a system call number, or NULL. */
const struct call_row *call_row_by_number(long number);
/* Name of any call of the table by its number, else NULL. */
const char *call_name(long number);
/* The group of a call of the table; another name is its own. */
const char *call_group(const char *name);
/* Is the call of that name (as in the table) what a suite means by `wanted`: a name or a group? */
bool call_is(const char *name, const char *wanted);

/* The filter for these sets: RET_TRACE with the row's index for each call of the sets, everything
 * else allowed.  foreign_allowed: calls of another architecture (i386 on x86-64) pass untraced (for
 * `trace` of any program) instead of failing.  Built once a set by libseccomp, kept for the life of
 * the process.  Source: seccomp(2), seccomp_export_bpf(3). */
const struct sock_fprog *calls_filter(unsigned sets, bool foreign_allowed);

/* A call as learners know it: "semop" for semtimedop, "open" for openat, ... (static) */
const char *call_spoken(const char *call);

#endif
