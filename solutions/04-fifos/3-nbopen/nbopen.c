/*
 * nbopen.c - opens a FIFO without waiting, and says what it has found there.
 *
 * Usage: nbopen r|w PATH
 *
 * Without O_NONBLOCK an open waits until somebody opens the other side. With it there are two
 * different answers, and a third for each read that follows:
 *
 *                       open(O_WRONLY)      open(O_RDONLY)   read
 *   nobody at the       -1 with ENXIO       a descriptor     0: end of file
 *   other side
 *   somebody there      a descriptor        a descriptor     bytes, or -1 with EAGAIN
 *
 * A writer without a reader could only fill a buffer that nobody empties; so it is turned away. A
 * reader without a writer does no harm, and finds the same as when the last writer has gone.
 *
 * After fifo(7) and the ERRORS of open(2).
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

/* Opens it, without waiting and without making it. Returns -1 if nobody is there to read. */
static int open_now(const char *path, int direction)
{
    int fd = open(path, direction | O_NONBLOCK);
    if (fd == -1 && errno == ENXIO && direction == O_WRONLY)
        return -1;
    if (fd == -1)
        die("open %s", path);
    return fd;
}

/* O_NONBLOCK means nothing to a file, and a folder cannot be read. */
static void check_that_it_is_a_fifo(int fd, const char *path)
{
    struct stat status;
    if (fstat(fd, &status) == -1)
        die("fstat %s", path);
    if (S_ISFIFO(status.st_mode))
        return;
    errno = 0;
    die("%s is not a FIFO", path);
}

static struct found read_what_is_there(int fd)
{
    static char buffer[65536];
    struct found found = {0};
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got == -1 && errno == EINTR)
            continue;
        /* A writer is there and has nothing to say. */
        if (got == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return found;
        if (got == -1)
            die("read");
        if (got == 0) {
            found.ended = true;
            return found;
        }
        found.bytes += (uintmax_t)got;
        found.crc = crc32_update(found.crc, buffer, (size_t)got);
    }
}

static void be_reader(const char *path)
{
    int fd = open_now(path, O_RDONLY);
    check_that_it_is_a_fifo(fd, path);
    say("opened\n");
    struct found found = read_what_is_there(fd);
    if (found.bytes > 0)
        say("data %" PRIuMAX " %08" PRIx32 "\n", found.bytes, found.crc);
    say(found.ended ? "eof\n" : "again\n");
}

static void be_writer(const char *path)
{
    int fd = open_now(path, O_WRONLY);
    if (fd == -1) {
        say("no-reader\n");
        return;
    }
    check_that_it_is_a_fifo(fd, path);
    say("opened\n");
}

int main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[1], "r") != 0 && strcmp(argv[1], "w") != 0))
        usage("nbopen r|w PATH");
    if (argv[1][0] == 'r')
        be_reader(argv[2]);
    else
        be_writer(argv[2]);
    return EXIT_SUCCESS;
}
