/*
 * capture.c - runs a command, keeps what it prints, and ends it when it takes too long.
 *
 *     command ══ pipe ══► capture ──► standard output, when all is over
 *        └─ and whatever it starts: one process group
 *
 * Usage: capture SECS COMMAND [ARG...]
 */
#include "lab.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LIMIT = 1024 * 1024, /* bytes that are kept */
    MOST_SECONDS = 86400,
    EXIT_TIMEOUT = 124,
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
};

// TODO: A function that turns SECS into a time, and refuses what is none.

// TODO: A function for the child: its group, its signals, its standard output, exec.
// TODO: What must happen on the line after exec?

// TODO: A function that reads all that comes through the pipe, in time.

// TODO: A function that waits for the command, in time, and one that ends it.

// TODO: A function that prints what was kept and says how the command ended.

int main(int argc, char **argv)
{
    (void)argc, (void)argv; // TODO: Check them.
    // TODO: What may whoever started you have done to SIGCHLD?
    // TODO: Make the pipe, start the command, read, wait, report.
    return EXIT_FAILURE; // TODO: The command's status is yours.
}
