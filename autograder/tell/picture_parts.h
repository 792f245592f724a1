/*
 * picture_parts.h - what the files behind picture.h share (inside tell/ only).
 *
 * picture.c makes events of calls, world.c keeps the state that they lead to (both while they are
 * made and when they are replayed), picture_words.c puts both into words, draw.c draws them.
 */
#ifndef IPCLAB_PICTURE_PARTS_H
#define IPCLAB_PICTURE_PARTS_H

#include "picture.h"

/* A segment in a process's memory. */
struct attachment {
    int process, object;
    uint64_t address;
};

/* What SEM_UNDO will add when the process ends. */
struct undo {
    int process, object, semaphore, adjust;
};

/* The state between two events. */
struct world {
    const struct record *record;
    struct process_now *processes;
    struct object_now *objects;
    struct attachment *attachments;
    size_t n_attachments;
    struct undo *undos;
    size_t n_undos;
};

struct world *world_new(const struct record *record);
void world_free(struct world *world);
/* What an event changes. */
void world_apply(struct world *world, const struct event *event);
/* At the end of a run that the kit has ended: what the last snapshot says. */
void world_take_snapshot(struct world *world);
/* The open descriptor with that number, or NULL. */
struct end *world_end(const struct world *world, int process, int fd);

/* One operation of a semop(2), from the words of its call; false: no more. *at begins as 0. */
struct operation {
    int semaphore, add;
    bool undo, nowait;
};
bool next_operation(const char *words, size_t *at, struct operation *operation);

/* The process that a lane stands for, or -1: the kit. */
int lane_process(const struct picture *picture, int lane);
/* ---- Words (owned by the caller) ---- */

/* What a call did, where the world before it is known: "write(4) 12 bytes to pipe A". */
char *call_words(const struct world *world, const struct call *call);
/* What a call waits for: "waits in read(0) on pipe A". */
char *call_wait_words(const struct world *world, const struct call *call);
/* The same for a thread at the last snapshot, of which more is known. */
char *thread_words(const struct record *record, const struct thread *thread);
/* "exit status 0", "killed by SIGPIPE". */
char *exit_words(const struct process *process);
/* The bytes of a call's sample, escaped, and cut with "..."; NULL: none was kept. */
char *sample_words(const struct call *call);
/* "reading", "writing", "reading and writing", "?". (static) */
const char *end_words(const struct end *end);
/* "pipe A", "standard input", "/etc/passwd", "descriptor 7": what a descriptor is open on. */
char *target_words(const struct world *world, int process, int fd, int object);

/* Fit for a terminal and for JSON, whatever it was. */
char *safe_text(const char *text);

/* Bytes that a call moved, or -1. */
int64_t call_size(const struct call *call);
/* Did the kernel give it up for a signal, to make it again by itself (or is it not back yet)? */
bool call_is_open(const struct call *call);

#endif
