/*
 * mkkey.c - shows the key that ftok makes, and what it is made of.
 *
 * Usage: mkkey PATH ID [PATH ID]
 *
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/stat.h>

/* A key, and what it was made of. */
struct source {
    key_t key;
    int id;
    struct stat status;
};

// TODO: the key and its parts; what does ftok return when it fails?
// TODO: which parts of struct stat say that two paths are the same file?

int main(int argc, char **argv)
{
    (void)argv; // TODO: read the ids, and refuse what is none
    if (argc != 3 && argc != 5)
        usage("mkkey PATH ID [PATH ID]");
    // TODO: find out everything first, then print
    if (fflush(stdout) == EOF)
        die("write to standard output");
    return EXIT_SUCCESS;
}
