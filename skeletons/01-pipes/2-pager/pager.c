/*
 * pager.c - shows a file through another program, as man(1) and git(1) do.
 *
 *     FILE ──► parent ══ pipe ══► $PAGER (0 is the pipe) ──► standard output
 *
 * Usage: pager FILE
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 16384,
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
};

// TODO: A function for the child: descriptor 0 becomes the pipe, then exec $PAGER.
// TODO: What must happen on the line after exec?

// TODO: A function for the parent: the file into the pipe, while the pager wants more.

// TODO: A function that waits for the pager and says how it ended.

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("pager FILE");

    // TODO: Open the file and make the pipe. Nothing has been started yet, so you may still die().
    // TODO: Write the heading.
    // TODO: Start the pager, feed it, tell it that this was all, wait for it.
    return EXIT_FAILURE;
}
