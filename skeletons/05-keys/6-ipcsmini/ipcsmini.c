/*
 * ipcsmini.c - what System V objects are there? A small ipcs(1).
 *
 * Usage: ipcsmini       a line for each object
 *        ipcsmini -l    the limits
 *
 */
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// TODO: a line for each object of one kind, from /proc/sysvipc or from the *ctl calls
// TODO: the limits

int main(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "-l") != 0))
        usage("ipcsmini [-l]");
    // TODO: the limits, or all three kinds
    if (fflush(stdout) == EOF || ferror(stdout))
        die("write to standard output");
    return EXIT_SUCCESS;
}
