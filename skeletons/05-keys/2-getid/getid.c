/*
 * getid.c - finds or makes a queue, a semaphore set or a segment, and says which of the two.
 *
 * Usage: getid msg|sem|shm KEY open|create|excl|private MODE
 *
 */
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { SEMAPHORES = 1, SEGMENT_BYTES = 4096, MODE_MAX = 0777 };

static _Noreturn void wrong_usage(void)
{
    usage("getid msg|sem|shm KEY open|create|excl|private MODE");
}

struct kind {
    const char *name;
    const char *call; /* for messages */
    int (*get)(key_t key, int flags);
};

// TODO: three functions that fit `get`, and a table of the three kinds

// TODO: open, create, excl, private: which flags does each need, and what does it tell you?

static unsigned long parse(const char *text, int base, unsigned long max)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, base);
    if (end == text || *end != '\0' || *text == '-' || errno != 0 || value > max)
        wrong_usage();
    return value;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        wrong_usage();
    int mode = (int)parse(argv[4], 8, MODE_MAX);

    (void)mode; // TODO: the kind, the key, the way; then get it
    // TODO: the identifier, and whether it is new; or the name of the error
    return EXIT_SUCCESS;
}
