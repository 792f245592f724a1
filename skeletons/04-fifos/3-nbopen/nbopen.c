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
#include <stdarg.h>
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

/* Writes a line, whatever interrupts it. */
static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    char line[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t length = strlen(line);
    for (const char *next = line; length > 0;) {
        ssize_t written = write(STDOUT_FILENO, next, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write to standard output");
        next += written;
        length -= (size_t)written;
    }
}

// TODO: open it, without waiting and without making it
// TODO: make sure that it is a FIFO
// TODO: read what is there; what do a positive number, 0, and -1 with EAGAIN mean?

static void be_reader(const char *path)
{
    // TODO: open, read, and say what you have found
}

static void be_writer(const char *path)
{
    // TODO
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "r") == 0)
        be_reader(argv[2]);
    else if (argc == 3 && strcmp(argv[1], "w") == 0)
        be_writer(argv[2]);
    else
        usage("nbopen r|w PATH");
    return EXIT_SUCCESS;
}
