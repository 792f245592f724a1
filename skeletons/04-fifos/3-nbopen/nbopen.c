/*
 * nbopen.c - opens a FIFO without waiting, and says what it has found there.
 *
 * Usage: nbopen r|w PATH
 *
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What came out of the FIFO. */
struct found {
    uintmax_t bytes;
    uint32_t crc;
    bool ended; /* end of file; else: nothing more now */
};

// TODO: open it, without waiting and without making it; is it a FIFO?
// TODO: read what is there; what do a positive number, 0, and -1 with EAGAIN mean?
// TODO: and what does a failed open for writing mean?

int main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[1], "r") != 0 && strcmp(argv[1], "w") != 0))
        usage("nbopen r|w PATH");
    // TODO: say what you have found
    return EXIT_SUCCESS;
}
