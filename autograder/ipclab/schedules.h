/*
 * schedules.h - running one program under many schedules, and telling the first that goes wrong.
 */
#ifndef IPCLAB_SCHEDULES_H
#define IPCLAB_SCHEDULES_H

#include <stdbool.h>
#include <stdint.h>

#include "../run/record.h"

struct schedules_options {
    uint64_t count; /* schedules to try */
    uint64_t seed;  /* of the first; the others follow */
    /* What is right; else what most of a few plain runs do. */
    int expected_status;         /* exit status; -1: not said */
    const char *expected_output; /* a file that holds standard output and error; NULL: not said */
    /* The System V objects that are not the program's: nobody removes them. */
    bool (*existed_before)(enum object_kind kind, int id);
};

/*
 * Runs it a few times as the kernel likes, and then under each schedule, with empty input and its
 * output kept.  A schedule fails when the program then ends otherwise, prints something else,
 * hangs, or breaks a house rule that it does not break as a rule.  Tells the one with the fewest
 * turns of those that the first failure and the next few gave: whose turn ended at which line, what
 * came out, and how to run it again (--seed).  The ordinary output goes to standard output.
 * Returns the command's exit status: 0 none failed, 1 one did, 2 the program cannot be tried (it
 * was not built for the race detector, or is not there).
 */
int schedules_try(char **program, const struct schedules_options *options);

#endif
