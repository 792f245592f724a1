/*
 * experiment.h - what the experiments behind the predictions share.
 *
 * An experiment is a small program that does the thing and prints what happened, one fact a line,
 * "name: value". A fact with the name of a question of its prediction (labs/NN-lab/predictions/) is
 * the answer to it; others are shown beside. `ipclab predict` runs it in a cell of its own.
 *
 * It decides by states, not by time: who sleeps in which call is read from /proc.
 */
#ifndef IPCLAB_EXPERIMENT_H
#define IPCLAB_EXPERIMENT_H

#include <sys/types.h>

/* Prints one fact. The value is one of the choices, a whole number, or the name of an error. */
void fact(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The value of a call that returned `result`: "none" if it worked, else errno by name: "EAGAIN".
 * To be called before anything else that could change errno. */
const char *error_of(long result);

/* Starts a process that runs role(context) and then ends with status 0. */
pid_t start(void (*role)(void *context), void *context);
/* Waits for a child: its wait status, as from waitpid(2). */
int wait_for(pid_t child);
/* Kills a child and waits for it. */
void end(pid_t child);

/* Returns when every one of the n processes sleeps or has ended, and none has moved for a while.
 * For those that nobody will wake before we do. Dies after 10 s. */
void wait_until_at_rest(const pid_t *processes, int n);
/* Of a process at rest: the call that it sleeps in, "read", "write", "waitpid", "open", "msgrcv",
 * "semop"; or "ended". Static. */
const char *sleeps_in(pid_t process);

#endif
