/*
 * ftalk.c - two programs that know only a directory talk to each other, a line at a time.
 *
 *     ftalk a DIR  ──► DIR/ab ──►  ftalk b DIR
 *                  ◄── DIR/ba ◄──
 *
 * Usage: ftalk a|b DIR
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
#include <sys/stat.h>
#include <unistd.h>

struct fifo {
    char path[PATH_MAX];
};

static struct fifo ab, ba;

/* ---- The two FIFOs -------------------------------------------------------------------------- */

static void name_fifo(struct fifo *fifo, const char *folder, const char *name)
{
    int length = snprintf(fifo->path, sizeof fifo->path, "%s/%s", folder, name);

    if (length < 0 || (size_t)length >= sizeof fifo->path) {
        errno = ENAMETOOLONG;
        die("the name of %s in %s", name, folder);
    }
}

// TODO: A function that makes a FIFO, or finds one. What else could be there under that name?

// TODO: A function that opens an end. What does it wait for, and what can wake it too early?

/* ---- Lines ---------------------------------------------------------------------------------- */

// TODO: A function that passes one line on, from a descriptor to another. Where do the bytes stay
// TODO: that read gave you and that belong to the next line?

int main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[1], "a") != 0 && strcmp(argv[1], "b") != 0))
        usage("ftalk a|b DIR");
    name_fifo(&ab, argv[2], "ab");
    name_fifo(&ba, argv[2], "ba");

    // TODO: Make both. Open both: in which order? When does nobody need the names any more?
    // TODO: Speak and listen in turns, until one of you has no more to say.
    return EXIT_SUCCESS;
}
