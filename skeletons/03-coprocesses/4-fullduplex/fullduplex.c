/*
 * fullduplex.c - talks to a coprocess through one socket pair instead of two pipes.
 *
 *     standard input ──► parent ◄══ socket pair ══► 0 and 1: PROG
 *     standard output ◄────┘
 *
 * Usage: fullduplex PROG
 *
 * After figure 15.18 of APUE, with a socket pair for its two pipes.
 */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ROOM_AT_FIRST = 4096,
    EXIT_COPROCESS_GONE = 3,
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
};

/* PROG, and our end of the pair. */
struct coprocess {
    pid_t pid;
    int socket;
};

/* What was read and not yet taken: bytes[first] and the count - 1 after it. */
struct lines {
    int fd;
    char *bytes;
    size_t first, count, room;
};

enum ending { INPUT_ENDED, COPROCESS_GONE, FAILED };

// TODO: What you have in drive.c goes here: reading and writing that bears everything.

/* ---- Lines ---- */

// TODO: And lines.

/* ---- The coprocess ---- */

// TODO: Start PROG with one socket of a pair. How many descriptors does it get for it?

// TODO: A function that waits for it and says how it ended.

/* ---- The dialogue ---- */

// TODO: A line to PROG, PROG's line to standard output, until the input ends or PROG does.
// TODO: What do read and write say on a socket whose other end is gone?

// TODO: What PROG still says when it has seen the end.

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("fullduplex PROG");

    // TODO: Start PROG, talk, tell it the end, listen to the rest, wait for it.
    return EXIT_COPROCESS_GONE;
}
