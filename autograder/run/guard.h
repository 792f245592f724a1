/*
 * guard.h - a process between us and a command that starts others: when the command ends, or we do,
 * or we ask for it, the guard ends whatever the command has left.
 *
 * Without it some would stay. Bubblewrap that is killed while it starts leaves a process that waits
 * for it for ever, in a namespace of its own; and in the weaker mode nobody else knows whom a
 * worker has started.
 */
#ifndef IPCLAB_GUARD_H
#define IPCLAB_GUARD_H

#include <sys/types.h>

/* Forks the guard, which forks the command: become(context) there, which does not return, with the
 * descriptors that we have. Returns the guard's pid; -1 with errno. */
pid_t guard_start(void (*become)(const void *context), const void *context);

/* Ends what is left and waits for the guard. */
void guard_end(pid_t guard);

#endif
