/*
 * picture.h - what a run looks like: the model behind the page's drawings and those of draw.h.
 *
 * Three views of one record (run/record.h), all made by replaying it:
 *   1. The sequence diagram: lanes (a process each, in order of birth), events in order, arrows
 *      between lanes, stretches in which a lane sleeps, and rows, in which repeats are folded.
 *   2. Steps: the state after each event (who lives, who sleeps, which ends are open, what is in
 *      every pipe, queue, semaphore and segment).
 *   3. The ends: the state at the end, with the cycle and the guilty descriptor of a hang marked.
 *
 * Nothing is invented: what the record does not tell is -1 ("not known"), and picture->io_watched
 * says whether read, write and close were looked at.  Every text here is printable UTF-8 without
 * control characters, whatever the learner's program wrote; for HTML it must still be escaped.
 *
 * Steps of a caller:
 *   struct picture *picture = picture_new(record, &findings);
 *   struct replay *replay = replay_new(picture);
 *   while (replay_next(replay)) { const struct moment *now = replay_now(replay); ... }
 *   replay_free(replay); picture_free(picture);
 */
#ifndef IPCLAB_PICTURE_H
#define IPCLAB_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../judge/finding.h"

/* ---- 1. The sequence diagram ---------------------------------------------------------------- */

enum event_kind {
    EVENT_START,   /* the kit started a program */
    EVENT_FORK,    /* arrow: parent to child */
    EVENT_EXEC,    /* it became another program */
    EVENT_EXIT,    /* end of life, by itself or by a signal */
    EVENT_MAKE,    /* pipe, open, msgget, semget, socket, ...: an object or a descriptor is there */
    EVENT_DUP,     /* dup, dup2, fcntl(F_DUPFD) */
    EVENT_CLOSE,   /* close of an end that is drawn */
    EVENT_SEND,    /* write, msgsnd, mq_send, send */
    EVENT_RECEIVE, /* read, msgrcv, ...; arrow from the lane that sent it, where that is known */
    EVENT_SIGNAL,  /* a signal arrived; arrow from the lane that sent it */
    EVENT_WAIT,    /* a child was reaped; arrow: child to parent */
    EVENT_SEMOP,   /* semop; arrow from the lane that made it possible, if it had to wait */
    EVENT_MEMORY,  /* shmat, shmdt */
    EVENT_REMOVE,  /* IPC_RMID, unlink of a name */
    EVENT_SLEEP,   /* it sleeps in a call that never returned, or it paused for a time */
    EVENT_OTHER,   /* kill, semctl, alarm, setsid, locks, ... */
    EVENT_KINDS
};

struct event {
    enum event_kind kind;
    int64_t at_us;
    int process;   /* index in record->processes: whose event it is (FORK: the child's) */
    int lane;      /* where it happens; an arrow ends here */
    int from;      /* lane where the arrow begins; -1: no arrow */
    int call;      /* index in record->calls; -1 */
    int object;    /* index in record->objects; -1 */
    char *text;    /* what happened: "write(4) 12 bytes to pipe A"; owned */
    char *bytes;   /* the first bytes that moved, escaped: "hello\n"; NULL: not known; owned */
    int64_t size;  /* bytes that moved; -1: none, or not known */
    bool failed;   /* the call failed */
    bool injected; /* ... because the kit made it fail, or the kit shortened it */
    bool fatal;    /* EXIT: by a signal; SLEEP: to the end of the run, nobody wakes it */
    const struct place *place; /* line of source (of the record); NULL: not known */
};

/* While a lane sleeps: after event `first`, until event `last` (the one that it wakes up with) or,
 * with -1, to the end of the run. */
struct stretch {
    int lane;
    int first; /* -1: from the beginning */
    int last;
    int call;                  /* index in record->calls; -1: the call was not watched */
    int object;                /* for what: indices; -1 */
    int other;                 /* ... of a process */
    bool stuck;                /* it sleeps at the end of the run */
    char *text;                /* "waits in read(0) on pipe A"; owned */
    const struct place *place; /* NULL: not known */
};

struct lane {
    int process;     /* index in record->processes; -1: the kit, or (in `trace`) somebody outside */
    char *name;      /* "sort", "the kit"; owned */
    char *command;   /* with arguments; owned */
    int born, ended; /* events; ended -1: it lived when the run ended */
    bool stuck;      /* it sleeps at the end and can never move again */
    bool killed;     /* ended by the kit, not by itself */
};

/* A row of the drawing: an event, or a repeat: events first .. first + length * times - 1 are
 * `times` times the same `length` events, of which the first `length` are drawn. */
struct row {
    int first, length, times;
};

/* That process can go on only if the other one does something: an edge of the cycle. */
struct need {
    int process, other; /* indices in record->processes */
};

struct picture {
    const struct record *record;
    bool io_watched; /* read, write, close are in the record; else no message is drawn */
    bool complete;   /* no event is missing for want of room (record trimmed) */
    struct lane *lanes;
    size_t n_lanes;
    struct event *events;
    size_t n_events;
    struct stretch *stretches;
    size_t n_stretches;
    struct row *rows;
    size_t n_rows;

    /* Of the findings: what is marked at the end. */
    bool hung;          /* there is a hang */
    int guilty_process; /* process and descriptor that were kept open by mistake; -1 */
    int guilty_fd;
    struct need *needs;
    size_t n_needs;
    bool *in_cycle; /* one a process: it has a part in the hang */
};

/* findings: of that run; may be NULL. The record must outlive the picture. */
struct picture *picture_new(const struct record *record, const struct findings *findings);
void picture_free(struct picture *picture);

/* "fork", "exec", ... (static). */
const char *event_kind_name(enum event_kind kind);

/* ---- 2. Steps ------------------------------------------------------------------------------- */

/* An open descriptor at a moment. */
struct end {
    int fd;
    int object;       /* index; -1: something that is not followed: see what */
    const char *what; /* "standard input", "/etc/passwd"; NULL: see object */
    bool reads, writes;
    bool close_on_exec;
    bool guilty; /* kept open by mistake: it is why somebody waits for ever */
    int made_by; /* index in record->calls; -1: from the kit, or not known */
};

enum life { LIFE_UNBORN, LIFE_RUNS, LIFE_SLEEPS, LIFE_ZOMBIE, LIFE_GONE };

struct process_now {
    enum life life;
    const char *name;                /* what it runs at that moment */
    const struct place *place;       /* its current line; NULL: not known */
    const char *waits;               /* LIFE_SLEEPS: "waits in read(0) on pipe A"; else NULL */
    int waits_object, waits_process; /* for what: indices; -1 */
    struct end *ends;                /* in order of their numbers */
    size_t n_ends;
};

struct message_now {
    int64_t type; /* System V: mtype; POSIX: priority */
    int64_t size; /* -1: not known */
};

struct object_now {
    bool exists;                  /* made, or met, and not yet gone */
    bool removed;                 /* its name is gone */
    int64_t bytes;                /* in a pipe, FIFO or socket; -1: not known */
    int64_t capacity;             /* -1: not known */
    int64_t size;                 /* of a segment; -1 */
    int64_t n_messages;           /* in a queue; -1: not known */
    struct message_now *messages; /* in order, the first n_messages of them */
    int *values;                  /* semaphores: -1 not known */
    size_t n_values;
    int attached; /* segment: processes that have it; -1 */
};

struct moment {
    int event;                           /* the last that has happened */
    const struct process_now *processes; /* record->n_processes */
    const struct object_now *objects;    /* record->n_objects */
};

struct replay;
/* Before the first event. */
struct replay *replay_new(const struct picture *picture);
void replay_free(struct replay *replay);
/* Lets the next event happen; false: there is none. */
bool replay_next(struct replay *replay);
/* Valid until the next call. */
const struct moment *replay_now(const struct replay *replay);

/* What an object holds, in a few words: "12 bytes", "types 1 1 2", "value 0", "empty", "?". Owned
 * by the caller. */
char *object_contents(const struct record *record, int object, const struct object_now *now);

#endif
