/*
 * counter.h - what is called in the middle of an update.
 *
 * counter.c is a program, but for this one function: the kit links it with one of its own, and
 * you, to try it, with one of yours.
 */
#ifndef COUNTER_H
#define COUNTER_H

/*
 * Comes between the load and the store of each update: anything may happen there, and it may take
 * any time. It has no arguments and no result, touches nothing of yours, and does not fail. It may
 * read standard input.
 */
void hook(void);

#endif
