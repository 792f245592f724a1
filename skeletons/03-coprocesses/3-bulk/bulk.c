/*
 * bulk.c - sends all of its input through a filter and collects all that comes out.
 *
 *     standard input ──► parent ══ pipe ══► 0 PROG
 *                          │                  │
 *     standard output ◄────┘ ◄══ pipe ═══════ 1
 *
 * Usage: bulk PROG
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 65536,
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
};

// TODO: What do you have to remember of PROG, and of what is on its way to it?

// TODO: read(2) and write(2) do less than you ask for, and are interrupted: functions that bear it.

/* ---- The filter ---- */

// TODO: Start PROG with two pipes. Which ends does it need, which do you?

// TODO: A function that waits for it and says how it ended.

// TODO: Standard input to PROG, and what PROG writes to standard output, at the same time.
// TODO: How does each of the two end, and what if the other has not ended yet?

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("bulk PROG");
    // TODO: Start PROG, send and collect, wait for it.
    // TODO: What does SIGPIPE do to you, and what shall it do to PROG?
    return EXIT_FAILURE;
}
