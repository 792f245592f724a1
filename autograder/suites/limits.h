/*
 * limits.h - what each run of a learner's program may use, when an instructor says otherwise than
 * the kit.
 */
#ifndef IPCLAB_LIMITS_H
#define IPCLAB_LIMITS_H

/* 0: the kit's own. */
struct limits {
    unsigned long seconds, cpu_seconds; /* of the whole run */
    unsigned long memory_mb, processes; /* of each process; of the user of the run */
    unsigned long output_mb;            /* standard output and error together */
};

/* As a word of the worker's: all of them in this order. */
#define LIMITS_WORD "%lu,%lu,%lu,%lu,%lu"

#endif
