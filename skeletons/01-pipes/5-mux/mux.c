/*
 * mux.c - many writers, one pipe: N children send records, the parent counts those that are whole.
 *
 * Usage: mux N RECLEN
 *
 *     child 0 ──┐
 *     child 1 ──┼──► records ──► parent
 *     child 2 ──┘
 *
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORDS = 200, MAX_CHILDREN = 16, MAX_LENGTH = 20000 };

struct mux {
    int children;
    int length; /* of a record, in bytes */
    int records[2];
    // TODO: what the parent has to remember: process ids, counts
};

/* A number in decimal digits, 1 to limit; 0: it is none. */
static int read_number(const char *text, int limit)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number <= limit ? (int)number : 0;
}

static void read_arguments(int argc, char **argv, struct mux *mux)
{
    if (argc != 3)
        usage("mux N RECLEN");
    mux->children = read_number(argv[1], MAX_CHILDREN);
    mux->length = read_number(argv[2], MAX_LENGTH);
    if (mux->children == 0 || mux->length == 0)
        usage("mux N RECLEN (N from 1 to 16, RECLEN from 1 to 20000)");
}

// TODO: write all bytes of a record; read until a record is whole
// TODO: a child: close what it does not use, write RECORDS records, end
// TODO: up to which length is a write indivisible, and what do you do with longer records?
// TODO: start all children, and only then receive
// TODO: the parent: close what it does not use, receive until the stream ends, count
// TODO: wait for every child

int main(int argc, char **argv)
{
    struct mux mux = {0};
    read_arguments(argc, argv, &mux);
    // TODO
    // TODO: print the counts
}
