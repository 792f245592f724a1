/*
 * safegrep.c - counts the lines of a file that match a pattern, whatever the two are called.
 *
 *     FILE ──► grep -c -e PATTERN ══ pipe ══► safegrep ──► standard output
 *
 * Usage: safegrep PATTERN FILE
 */
#define _GNU_SOURCE /* pipe2 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

// TODO: A function for the child. Who reads its arguments, and for what may they be taken?
// TODO: What must happen on the line after exec?

// TODO: A function that reads what grep writes, to its end.

// TODO: A function that waits for grep. Which of its exit statuses mean that it has counted?

int main(int argc, char **argv)
{
    if (argc != 3 || *argv[2] == '\0')
        usage("safegrep PATTERN FILE");
    // TODO: The file, the pipe, the child; then the count, if it is one.
    return EXIT_SUCCESS;
}
