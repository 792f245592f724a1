/*
 * teefifo.c - copies standard input to two readers at once: standard output and a FIFO.
 *
 * Usage: teefifo FIFO
 *
 *                        ┌──► standard output
 *     standard input ────┤
 *                        └──► FIFO
 *
 * A shell pipeline has one line of stages. A FIFO has a name, so a second line can begin in the
 * middle of the first, and nothing is stored on the disk:
 *
 *     mkfifo f;  wc -c < f &  seq 1000 | teefifo f | sum
 *
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 65536, EXIT_READER_GONE = 3 };

struct reader {
    int fd;
    const char *name;
    bool gone;
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

// TODO: open the FIFO
// TODO: give a block to a reader; what if it takes only a part, or is gone?

// TODO: copy a block at a time, while anybody wants it

int main(int argc, char **argv)
{
    if (argc != 2)
        usage("teefifo FIFO");
    check_that_it_is_a_fifo(argv[1]);
    // TODO
    return EXIT_SUCCESS;
}
