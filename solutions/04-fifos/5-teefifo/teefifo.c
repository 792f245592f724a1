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
 * The slower of the two readers sets the pace. One that goes is left out from then on; with both
 * gone there is nobody to work for.
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

/* Waits until somebody opens it to read. */
static int open_fifo(const char *path)
{
    int fd;
    do
        fd = open(path, O_WRONLY);
    while (fd == -1 && errno == EINTR);
    if (fd == -1)
        die("open %s", path);
    return fd;
}

static void say_gone(const char *name)
{
    char line[4200];
    snprintf(line, sizeof line, "teefifo: the reader of %s is gone\n", name);
    while (write(STDERR_FILENO, line, strlen(line)) == -1)
        if (errno != EINTR)
            return;
}

/* Writes all of it to one reader, unless that one is gone or goes. */
static void give(struct reader *reader, const char *bytes, size_t length)
{
    while (length > 0 && !reader->gone) {
        ssize_t written = write(reader->fd, bytes, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1 && errno == EPIPE) {
            reader->gone = true;
            say_gone(reader->name);
            return;
        }
        if (written == -1)
            die("write to %s", reader->name);
        bytes += written;
        length -= (size_t)written;
    }
}

/* Returns the number of bytes, 0 at the end. */
static size_t read_block(char *block)
{
    ssize_t got;
    do
        got = read(STDIN_FILENO, block, BLOCK);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        die("read");
    return (size_t)got;
}

static void copy(struct reader *output, struct reader *fifo)
{
    static char block[BLOCK];
    size_t length;
    while (!(output->gone && fifo->gone) && (length = read_block(block)) > 0) {
        give(output, block, length);
        give(fifo, block, length);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        usage("teefifo FIFO");
    check_that_it_is_a_fifo(argv[1]);
    /* A reader that goes shall be an error of one write, not our end. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal");
    struct reader output = {.fd = STDOUT_FILENO, .name = "standard output"};
    struct reader fifo = {.fd = open_fifo(argv[1]), .name = argv[1]};
    copy(&output, &fifo);
    if (output.gone || fifo.gone)
        return EXIT_READER_GONE;
    return EXIT_SUCCESS;
}
