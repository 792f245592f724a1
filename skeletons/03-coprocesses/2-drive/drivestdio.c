/*
 * drivestdio.c - talks to a coprocess through two pipes, with stdio.
 *
 *     standard input ──► parent ══ pipe ══► 0 PROG
 *                          │                  │
 *     standard output ◄────┘ ◄══ pipe ═══════ 1
 *
 * Usage: drivestdio PROG
 *
 * After exercise 15.5 of APUE.
 */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    EXIT_COPROCESS_GONE = 3,
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
};

/* PROG, and our ends of the two pipes. */
struct coprocess {
    pid_t pid;
    FILE *to, *from;
};

enum ending { INPUT_ENDED, COPROCESS_GONE, FAILED };

// TODO: Start PROG with two pipes, and make a FILE of each of your ends.

// TODO: A function that waits for it and says how it ended.

/* ---- The dialogue ---- */

// TODO: A line to PROG, PROG's line to standard output, until the input ends or PROG does.
// TODO: When does what you print reach the other side?

// TODO: What PROG still says when it has seen the end.

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("drivestdio PROG");

    // TODO: Start PROG, talk, tell it the end, listen to the rest, wait for it.
    // TODO: What does SIGPIPE do to you, and what shall it do to PROG?
    return EXIT_COPROCESS_GONE;
}
