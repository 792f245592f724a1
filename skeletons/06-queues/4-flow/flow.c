/*
 * flow.c - lines go through a queue with little room; urgent ones overtake.
 *
 *     stdin ───► producer ═══ queue, at most BYTES bytes ═══► consumer ───► stdout
 *                (parent)     1: "!fire\n"  2: "tea\n" ...    (child)
 *
 * Usage: flow BYTES, with BYTES from 128 to 16384.
 */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { URGENT = 1, ORDINARY = 2, END = 3, LINE_SIZE = 128, LEAST = 128, MOST = 16384 };

// TODO: What a message looks like.

/* A number in decimal digits, up to MOST; 0: it is none. */
static unsigned long read_number(const char *text)
{
    char *end;

    if (*text < '0' || *text > '9')
        return 0;
    unsigned long number = strtoul(text, &end, 10);
    return *end == '\0' && number >= LEAST && number <= MOST ? number : 0;
}

/* ---- The queue ------------------------------------------------------------------------------ */

// TODO: Make a queue that nobody else can use, and set its limit.

/* ---- Consumer ------------------------------------------------------------------------------- */

// TODO: Take a line, an urgent one first, and write it; until no more comes.

/* ---- Producer ------------------------------------------------------------------------------- */

// TODO: Read a line and send it; look how many are in the queue. What if there is no room?

// TODO: One of the two cannot go on: how does the other one learn of it?

int main(int argc, char **argv)
{
    unsigned long bytes = argc == 2 ? read_number(argv[1]) : 0;

    if (bytes == 0)
        usage("flow BYTES   (BYTES from 128 to 16384)");
    // TODO: A queue, a child, and each does its part. Who removes the queue, and when?
    return EXIT_SUCCESS; // TODO: the status
}
