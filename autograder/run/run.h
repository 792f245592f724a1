/*
 * run.h - one run from start to end: a cell, its programs, their input and output, the tracer, and
 * the moment when it is over, hung, too long or too loud.
 *
 * Steps of a caller:
 *   1. run_new() with options; run->cell exists, nothing runs.
 *   2. run_start() for each program (run_first(), run_add()).
 *   3. run_until() with a condition, as often as wanted, with peer_send(), peer_close_input(), ...
 *   4. run_finish(): to its end; then run->record is complete.
 *   5. run_free().
 * run/ knows nothing of points and findings, except that it asks judge_hang() when to stop.
 */
#ifndef IPCLAB_RUN_H
#define IPCLAB_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calls.h"
#include "cell.h"
#include "record.h"
#include "tracer.h"

enum run_state {
    RUN_GOING,
    RUN_ENDED,     /* every program that the kit started has ended */
    RUN_HUNG,      /* nothing can ever move again: ended by the kit */
    RUN_TIMED_OUT, /* wall-clock or processor time used up: ended by the kit */
    RUN_FLOODED    /* too much output: ended by the kit */
};

/* A growing buffer. */
struct bytes {
    char *data;
    size_t length;
};

struct run_options {
    bool confined;      /* in a cell with namespaces */
    bool open_world;    /* `trace`: no cell at all, our own descriptors and namespaces */
    const char *folder; /* weaker mode: a folder of its own for the run's files */
    const char *const *hide, *const *read_only; /* see cell.h */
    unsigned sets;                              /* of enum call_set */
    struct tracer_options tracer;               /* kept by the run */
    int64_t wall_limit_us, cpu_limit_us;        /* 0: none */
    int64_t
        memory_limit; /* bytes of all processes together, looked at some times a second; 0: none */
    size_t output_limit; /* bytes of standard output and error together; 0: none */
    bool all_places;     /* every recorded call gets its line of source */
    size_t call_limit;   /* recorded calls; 0: none */
    struct cell_limits limits;
    struct schedule *schedule; /* one thread at a time, as it says (the caller's); NULL: none */
    bool memcheck;             /* programs that ask for it run under valgrind: see memcheck.h */
    bool race; /* programs built for it write down what they do to shared memory: see race.h */
    const char *race_sources; /* the only folder whose sources a race may quote; NULL: any; needed
                                 by run_new() alone */
};

/* A program that the kit started in a run, and the kit's ends of its standard descriptors. */
struct peer {
    struct run *run;
    char *name;  /* what the check called it */
    int process; /* index in the record; -1: not started yet */

    int input, output, error; /* -1: closed */
    struct bytes pending;     /* input not yet written */
    size_t pending_from;
    bool hold_input;                               /* keep input open when pending is written */
    bool terminal;                                 /* input is one: its end is a control-D */
    bool reading;                                  /* drain output (error is always drained) */
    struct bytes out, err;                         /* collected */
    int input_object, output_object, error_object; /* in the record; -1: not a pipe of the kit's */
};

enum { MOST_PEERS = 48 };

struct run {
    struct run_options options;
    struct record *record;
    struct tracer *tracer;
    struct cell *cell;         /* NULL in the open world */
    struct race *race;         /* NULL: not watched */
    struct memcheck *memcheck; /* NULL: not watched */
    enum run_state state;
    bool finished; /* run_finish() was called */
    bool news;     /* of the last round: something happened */
    bool settled;  /* with a schedule: nobody can go, and the kit has nothing to give or take */
    long long began_us;

    struct peer *peers[MOST_PEERS]; /* the first is there from the beginning */
    size_t n_peers;
    int signals; /* signalfd for SIGCHLD */
    sigset_t old_mask;
    uint64_t last_digest, judged_digest;
    long long last_digest_us, judged_us, cpu_looked_us;
    size_t looked_calls, last_success; /* of the record's: see goes_round_in_circles() */
};

/* How standard input and output of a program are laid. */
enum stdio_kind {
    STDIO_PIPE,
    STDIO_CLOSED,
    STDIO_FD,
    STDIO_NULL,
    STDIO_TERMINAL /* all that are of this kind share one pseudo-terminal, in raw mode */
};

struct run_program {
    const char *file;
    const char *const *argv;
    const char *const *envp;
    const char *directory; /* NULL: the run's folder */
    enum stdio_kind kind[3];
    int fd[3];           /* STDIO_FD: given descriptor */
    bool nonblocking[3]; /* STDIO_PIPE */
    int capacity[3];     /* STDIO_PIPE: F_SETPIPE_SZ; 0: default */
    bool close_output;   /* the kit's reading end is closed before the program starts */
    unsigned long long ignored_signals;
    unsigned umask; /* umask(2), if umask_given; else 022 */
    bool umask_given;
    bool memcheck;     /* under valgrind; the run's options have it, too */
    bool another_user; /* see cell_has_another_user() */
};

struct run *run_new(const struct run_options *options);
void run_free(struct run *run);

/* The first program of the run, started or not. */
struct peer *run_first(const struct run *run);
/* Its wait status, once it has ended. */
int run_status(const struct run *run);
/* One more program, not started yet; NULL: too many. */
struct peer *run_add(struct run *run);
/* Starts a program; returns the index of its process, -1 with errno. */
int run_start(struct peer *peer, const struct run_program *program);

/* Runs until condition(run, context) holds, the run is over, or the deadline (microseconds from
 * now; 0: only the run's own limits). Returns whether the condition held. condition NULL: never. */
typedef bool run_condition(struct run *run, void *context);
bool run_until(struct run *run, run_condition *condition, void *context, int64_t within_us);

/* Wants a program (after run_start()) and its children held, or killed, at a call. */
void run_hold(struct peer *peer, const struct hold *hold);
/* Lets what is held go on: of one program, or (NULL) of all. */
void run_release(struct run *run, const struct peer *peer);
/* How many threads are held now. */
size_t run_held(const struct run *run);

/* Ends it here, before it sees the end of its input, as if its time were up. */
void run_stop(struct run *run);

/* The state of everybody now, into run->record; nobody is stopped. */
void run_snapshot(struct run *run);

/* Processor time of all processes so far; brings that of the living up to date in the record. */
int64_t run_cpu_us(struct run *run);

/* Condition: every thread has been asleep, and none moved, for at least 15 ms: long enough to go on
 * with a scene. A hang is judged after 50. */
bool run_is_still(struct run *run, void *context);

/* Before or after it was started. */
void peer_send(struct peer *peer, const char *data, size_t length);
void peer_close_input(struct peer *peer);
void peer_close_output(struct peer *peer);

/* Takes what is in the pipes of the programs at this moment. */
void run_drain(struct run *run);

/* Removes an object from our own namespaces: for what a run has made (made_by) and left
 * (left_behind) outside of a cell with namespaces. 0; -1 with errno. */
int run_remove_object(const struct object *object);

/* Lets it end (input closed, output drained), kills what is left, notes leftovers, resolves places.
 */
void run_finish(struct run *run);

#endif
