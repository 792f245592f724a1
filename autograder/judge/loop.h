/*
 * loop.h - what a process that never sleeps does all the time.
 */
#ifndef IPCLAB_LOOP_H
#define IPCLAB_LOOP_H

#include "../run/record.h"

/* Do its last recorded calls show a loop that moves no byte? Then *misconception is what it does
 * not know (static), or NULL, and *words what the calls said (owned by the caller). */
bool judge_loop(const struct record *record, int process, const char **misconception, char **words);

#endif
