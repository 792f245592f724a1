/*
 * turns.h - two processes that add 1 to the same number in turns, or not: what P16 to P18 share.
 */
#ifndef IPCLAB_EXPERIMENT_TURNS_H
#define IPCLAB_EXPERIMENT_TURNS_H

enum { ROUNDS = 10 };

/* A parent and its child each add 1 to a number in shared memory ROUNDS times, each time between
 * lock(context) and unlock(context). Between two updates the child is busy with something else, for
 * as long as the parent needs for two of its own. Prints the facts `turns` ("yes" if no process
 * came twice in a row), `value` and `order`. */
void take_turns(void (*lock)(void *context), void (*unlock)(void *context), void *context);

#endif
