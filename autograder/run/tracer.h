/*
 * tracer.h - follows every process of a run by ptrace and writes what it does into the record.
 *
 * SEIZE with EXITKILL, so that a dead kit leaves no process; forks, execs, exits and signals by
 * ptrace events; system calls by a seccomp filter that stops only those of calls.h.
 * Everything happens in tracer_handle(), which never blocks.
 */
#ifndef IPCLAB_TRACER_H
#define IPCLAB_TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fault.h"
#include "record.h"

/* A place where a process is halted, or killed. */
struct hold {
    const char *call; /* a name or a group of calls.h */
    int nth;          /* from 1, counted over the program and its children */
    bool after;       /* when the call has been done with success, not before it begins */
    bool kills;       /* SIGKILL instead of holding it */
    int seen;         /* the tracer's counter; start with 0 */
};

struct tracer_options {
    const char *
        own_folder; /* programs below it are the learner's ("/program/"); NULL: the first program */
    const char
        *work_folder;    /* what lies there a program of the run has laid; NULL: see own_folder */
    bool memcheck;       /* valgrind runs the learner's programs: its processes are theirs */
    bool confined;       /* in a cell with namespaces of its own, that keep its signals inside */
    size_t most_threads; /* of the run together: then forks fail with EAGAIN; 0: no limit */
    bool short_writes, short_reads, interruptions;
    struct fault *faults;
    size_t n_faults;
    uint64_t seed;
    /* The System V ids that existed before (open world): not made by the run. May be NULL. */
    bool (*existed_before)(enum object_kind kind, int id);
    bool small_pipes; /* the pipes that the run makes hold one page */
    bool picture; /* notes what a picture of the run needs: the first bytes of what moves, values of
                     semaphores, the descriptors that the first programs began with */
    /* Told what a recorded read took out of an object of the run's. May be NULL. */
    void (*came_out)(void *context, int object, const char *bytes, size_t length);
    void *context;             /* of came_out */
    struct schedule *schedule; /* one thread at a time, as it says; NULL: as the kernel does */
    struct race *race;         /* the race detector's log; NULL: not wanted */
    bool hasty; /* one of very many runs, of which only how it ended counts: no lines of source */
};

struct tracer;

/* The record and options must outlive it. began_us: the zero of the record's times (kit_now_us()).
 */
struct tracer *tracer_new(struct record *record, const struct tracer_options *options,
                          long long began_us);
void tracer_free(struct tracer *tracer);

/* Attaches to a program that waits to be let go (it has not yet exec'ed). Returns the index of its
 * process, or -1 with errno. Source: ptrace(2), PTRACE_SEIZE. */
int tracer_attach(struct tracer *tracer, pid_t host_pid);

/* Handles the events that are there (at most some hundred). Returns how many. Statuses of children
 * that it does not trace (the cell's init) are dropped. */
int tracer_handle(struct tracer *tracer);

/* With a schedule: whether nobody can go, as every thread sleeps or is held. What the kit does then
 * (input, say) comes at the same point of each run of that schedule. */
bool tracer_is_quiet(const struct tracer *tracer);
/* With a schedule: after how long without an event tracer_handle() should look again, because a
 * thread may have fallen asleep. */
int64_t tracer_next_look_ns(struct tracer *tracer);

/* Wants that program (index of its process) and its children held at a call. Copied; the call's
 * name is not. */
void tracer_hold(struct tracer *tracer, int program, const struct hold *hold);
/* How many threads are held now. */
size_t tracer_held(const struct tracer *tracer);
/* Lets those of a program (-1: of all) go on. */
void tracer_release(struct tracer *tracer, int program);

/* Nobody is held from now on (but killed, where that is wanted); who is, stays so until released.
 */
void tracer_forget_holds(struct tracer *tracer);

/* Threads that live. */
size_t tracer_living(const struct tracer *tracer);

/* Stops every thread, and gives the threads of the last snapshot their places. The run cannot go on
 * afterwards: tracer_kill() follows. */
void tracer_freeze(struct tracer *tracer);

/* Ends every process of the run and waits until all are gone (at most a few seconds). */
void tracer_kill(struct tracer *tracer);

#endif
