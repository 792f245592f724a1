/*
 * schedules.h - running one program under many schedules, and telling the first that goes wrong.
 */
#ifndef IPCLAB_SCHEDULES_H
#define IPCLAB_SCHEDULES_H

#include <stdint.h>

struct schedules_options {
    uint64_t count;    /* schedules to try */
    uint64_t seed;     /* of the first; the others follow */
    uint64_t parallel; /* at a time */
};

/*
 * Runs it once as the kernel likes, and then under each schedule, with empty input and its output
 * kept.  A schedule fails when the program then ends otherwise, prints something else, hangs, or
 * breaks a house rule that it did not break before.  Tells the one with the fewest turns of those
 * that the first failure and the next few gave: whose turn ended at which line, what came out, and
 * how to run it again (--seed).  The ordinary output goes to standard output.
 * Returns the command's exit status: 0 none failed, 1 one did.
 */
int schedules_try(char **program, const struct schedules_options *options);

#endif
