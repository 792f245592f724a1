/*
 * oneway.c - the first pipe: a parent sends, its child receives.
 *
 *     standard input ──► parent ══ pipe ══► child ──► standard output
 *
 * Usage: oneway N, with N from 1 to 70000.
 */
#include "lab.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_BLOCK = 70000 };

/* N from the command line; leaves with the usage line when it is none. */
static size_t parse_block_size(const char *text)
{
    char *end;
    long size = strtol(text, &end, 10);

    if (end == text || *end != '\0' || size < 1 || size > MAX_BLOCK)
        usage("oneway N   (N is the size of a block, 1 to 70000)");
    return (size_t)size;
}

// TODO: A function for the child: read the pipe to its end, write what comes to standard output,
// TODO: count it and keep its CRC-32 (crc32_update in lab.h), then write the last line.

// TODO: A function for the parent: standard input into the pipe, a block at a time.

int main(int argc, char **argv)
{
    if (argc != 2)
        usage("oneway N   (N is the size of a block, 1 to 70000)");
    size_t block_size = parse_block_size(argv[1]);
    char *block = malloc(block_size);
    if (block == NULL)
        die("malloc %zu bytes", block_size);

    // TODO: Make the pipe, then the child.
    // TODO: In each of the two processes: which end does it not need?
    // TODO: Send. Then what tells the child that this was all?
    // TODO: Wait for the child. How did it end?
    free(block);
    return EXIT_FAILURE;
}
