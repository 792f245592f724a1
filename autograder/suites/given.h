/*
 * given.h - what the given_*() of exercise.h say, as the runner of a check reads it.
 */
#ifndef IPCLAB_GIVEN_H
#define IPCLAB_GIVEN_H

#include "../run/tracer.h"
#include "exercise.h"

/* A System V object to lay; id says which it became. */
struct xsi_wish {
    enum object_kind kind;
    struct a_queue queue;
    struct a_semaphore_set set;
    struct a_segment segment;
    int id;
};

struct given_file_row {
    const char *name;
    struct text content;
    unsigned mode; /* with S_IFIFO or S_IFDIR for those */
};

/* All of it together; a plain struct given is one wish that fills in a part. */
struct start {
    struct text input;
    bool hold_input, closed[3], nonblocking[3], unread_output, no_reader;
    bool watched_io, watched_memory, short_writes, short_reads, interruptions, small_pipes,
        kept_pipes;
    const char *input_file, *output_file;
    int capacity[3];
    struct given_file_row files[32];
    size_t n_files;
    struct {
        const char *name, *value;
    } env[32];
    size_t n_env;
    struct fault faults[16];
    size_t n_faults;
    bool one_fault; /* of EACH_FAULT: what is said of the run begins with it */
    unsigned long long ignored_signals;
    struct xsi_wish *objects[16];
    size_t n_objects;
    struct hold holds[8];
    size_t n_holds;
    bool terminal, umask_given, another_user, race_build, memory_check;
    unsigned umask;
};

/* A call that goes wrong. Copied; its strings and its site are not. */
struct given *given_fault(const struct fault *fault);
/* Of EACH_FAULT; NULL: the run without one, in which the calls of these names are watched. */
struct given *given_one_fault(const struct fault *fault, const char *calls);

/* xsi.c: lays an object in a run's cell, and says which id it got. */
void xsi_lay(struct run *run, struct xsi_wish *wish);

/* Lays a wish (and those chained to it) down. NULL: nothing. */
void given_apply(const struct given *given, struct start *start);

#endif
