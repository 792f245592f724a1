/*
 * counter.c - several processes add to one counter, and no update gets lost.
 *
 * Usage: counter P N, with P from 1 to 16 and N from 1 to 1000000.
 */
#include "counter.h"
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CHILDREN = 16, MAX_ROUNDS = 1000000, OWNER_ONLY = 0600 };

/* From 1 to limit; 0: it is no such number. */
static long read_number(const char *text, long limit)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number <= limit ? number : 0;
}

// TODO: memory that all children share, with a long in it that is 0
// TODO: something that lets one child at a time in
// TODO: load, hook, store
// TODO: start the children, all of them, and wait for all

int main(int argc, char **argv)
{
    long children = argc == 3 ? read_number(argv[1], MAX_CHILDREN) : 0;
    long rounds = argc == 3 ? read_number(argv[2], MAX_ROUNDS) : 0;

    if (children == 0 || rounds == 0)
        usage(
            "counter P N   (P is the number of children, 1 to 16, and N that of updates by each)");
    // TODO: make both, start the children, wait for them, print the result
    return EXIT_SUCCESS;
}
