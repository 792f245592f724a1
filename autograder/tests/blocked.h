/*
 * blocked.h - small programs that block in every call the kit understands, for test_waiting.c.
 *
 * Each runs in a process of its own, which the test forks and kills. What outlives a process (a
 * System V object, a POSIX name, a FIFO) is announced to the test, which removes it by that id or
 * path and by nothing else.
 */
#ifndef IPCLAB_TESTS_BLOCKED_H
#define IPCLAB_TESTS_BLOCKED_H

enum leaving {
    LEAVES_QUEUE = 1,
    LEAVES_SEMAPHORES,
    LEAVES_POSIX_QUEUE,
    LEAVES_SEMAPHORE,
    LEAVES_FILE,
    LEAVES_DIRECTORY
};

/* What a program tells the test through its report pipe; written whole (shorter than PIPE_BUF). */
struct report {
    enum leaving leaving; /* 0: the program has set everything up and is about to block */
    int id;
    char name[128];
};

/* Runs the program of that name in this process; never returns. report: descriptor to write struct
 * report to; the program closes it before it blocks. directory: where it may make files. */
_Noreturn void run_blocked(const char *name, int report, const char *directory);

#endif
