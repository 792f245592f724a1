/*
 * status.c - runs a command and says how it ended.
 *
 *     sh -c CMD ══ pipe ══► status ──► standard output
 *
 * Usage: status CMD
 */
#include "lab.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

// TODO: A function that writes the heading. Where are its bytes when the function returns?

// TODO: A function that copies what the command writes.

// TODO: A function that takes what pclose returned, and says what it means.

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("status CMD");

    // TODO: The heading, then the command and its output, then how it ended.
    // TODO: Which of the calls can fail, and what is left to do when one has?
    return EXIT_SUCCESS;
}
