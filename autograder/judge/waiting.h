/*
 * waiting.h - the graph of who waits for whom (inside judge/ only).
 *
 * waiting.c decides who can never move again; story.c says it in words; shape.c names the
 * misconception that the graph's shape shows.
 */
#ifndef IPCLAB_WAITING_H
#define IPCLAB_WAITING_H

#include "finding.h"

struct graph {
    const struct record *record;
    bool *stuck;  /* one a thread: it can never move again */
    bool *moves;  /* one a process: it lives, and some thread of it may move */
    bool *zombie; /* one a process: dead and not reaped */
};

/* Where what a thread waits for may come from. */
enum source {
    FROM_RUN,     /* from those processes that wakers[] names, if they move */
    FROM_OUTSIDE, /* from somebody outside, who may do it at any time */
    AT_ONCE       /* it is there already: end of file, a dead child, ... */
};

/* wakers: one a process, all false at the beginning. */
enum source wait_source(const struct graph *graph, const struct thread *thread,
                        const struct wait *wait, bool *wakers);

/* Does that process hold a descriptor on the object that can write (or read)? */
bool holds_end(const struct record *record, int process, int object, bool writing);
/* The first stuck thread of a process, or NULL; the first of its waits of a kind, or NULL. */
const struct thread *stuck_thread(const struct graph *graph, int process);
const struct wait *stuck_wait(const struct graph *graph, int process, enum wait_kind kind);
bool is_living(const struct record *record, int process);
/* Living threads of a process. */
int count_threads(const struct record *record, int process);
/* Its present parent, by index; -1: not of the run. */
int parent_of(const struct record *record, int process);

/* The misconception's id (static), or NULL; guilty: the descriptor (index) kept open by mistake. */
const char *graph_shape(const struct graph *graph, int *guilty);

/* The finding's text (owned by the caller). whole: nobody can move. */
char *graph_story(const struct graph *graph, bool whole);

/* Stuck processes in the order in which they are told: those that wait for a child last. Returns
 * how many; kit_alloc'd. */
size_t stuck_processes(const struct graph *graph, int **processes);

#endif
