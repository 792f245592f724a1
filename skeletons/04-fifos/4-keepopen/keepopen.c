/*
 * keepopen.c - a FIFO that is never at its end: the reader is its own last writer.
 *
 * Usage: keepopen PATH
 *
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct ends {
    int reading;
    int writing; /* nobody ever writes to it: it is there to be open */
};

/* Opened by mistake, a file would be read or overwritten without a word. */
static void check_that_it_is_a_fifo(const char *path)
{
    struct stat status;
    if (stat(path, &status) == -1)
        die("stat %s", path);
    if (S_ISFIFO(status.st_mode))
        return;
    errno = 0;
    die("%s is not a FIFO", path);
}

// TODO: what shall SIGTERM and SIGINT do?
// TODO: open PATH to read and to write; which of the two comes first, and with which flags?
// TODO: make the reading end wait again
// TODO: write what arrives; a write may take less than you gave

int main(int argc, char **argv)
{
    if (argc != 2)
        usage("keepopen PATH");
    check_that_it_is_a_fifo(argv[1]);
    // TODO: open both, say "ready", and go on until a signal comes
    return EXIT_SUCCESS;
}
