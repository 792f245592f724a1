/*
 * memcheck.h - programs of a run under valgrind's memcheck, and what it reports of them.
 *
 * Theory of operation.  valgrind writes XML, as little pieces, each by one write(2), into a socket
 * of ours that keeps messages apart (SOCK_SEQPACKET); with each, the kernel tells the pid of the
 * sender (SO_PASSCRED).  So one socket serves all processes of a run: a fork, which goes on with
 * its parent's descriptors, writes a document of its own.  There is no file that a program could
 * find, change or remove, and the descriptor has a number that valgrind keeps for itself: the
 * program's own calls cannot use it.
 *
 *     program under valgrind ──┐
 *     its child by fork ───────┼─ socket ──► run.c (memcheck_drain) ──► memcheck_collect()
 *     what that execs ─────────┘
 *
 * The tracer is there too, but a stop shows valgrind's stack, not the program's: calls of such a
 * run have no lines.  Commands of the system that a program execs run without valgrind.
 */
#ifndef IPCLAB_MEMCHECK_H
#define IPCLAB_MEMCHECK_H

#include <stdbool.h>

#include "record.h"

struct memcheck;
struct run_program;

/* descriptors: the limit of the programs' descriptors; 0: ours. kit_broken() when it cannot be. */
struct memcheck *memcheck_new(unsigned long descriptors);
void memcheck_free(struct memcheck *memcheck);

/* The command that runs the program under valgrind. The list is the caller's, its words are not;
 * valid until memcheck_free(). */
const char **memcheck_command(const struct memcheck *memcheck, const struct run_program *program);
/* The programs' end of the socket, and the number it has to have there. */
int memcheck_end(const struct memcheck *memcheck);
int memcheck_number(const struct memcheck *memcheck);
/* Is that file of valgrind's what a program runs in? */
bool memcheck_runs_in(const char *file);

/* A function that this program calls and that needs a system call which valgrind (3.19) does not
 * know: there it fails with ENOSYS, and a right program seems wrong. NULL: none is seen. static. */
const char *memcheck_unknown_call(const char *file);

/* Our end, for poll; -1: nobody is watched (memcheck NULL). */
int memcheck_input(const struct memcheck *memcheck);
/* Takes what has come; returns whether anything has. */
bool memcheck_drain(struct memcheck *memcheck);

/* When all processes have ended: what was reported, into the record, each error reduced to the
 * innermost line of the learner's. kit_broken() if that is not what valgrind writes. */
void memcheck_collect(struct memcheck *memcheck, struct record *record);

/* What valgrind wrote of one process, from <?xml or, of one that has come by fork, from its first
 * error (all that came of it: a process that was killed has not finished), into the record: what
 * memcheck_collect() does with each. -1: that is not what valgrind writes. */
int memcheck_read(const char *xml, size_t length, struct record *record, int process);

#endif
