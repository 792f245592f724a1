/*
 * nbopen.c - asks poll(2) before it reads: POLLIN there are bytes, POLLHUP no writer is left.
 *
 * A FIFO that never had a writer does not say POLLHUP, so the last word is read's. The type of the
 * file is looked at first, and the bytes come by readv in small pieces.
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void look_at_type(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == -1)
        die("lstat %s", path);
    errno = 0;
    if (!S_ISFIFO(status.st_mode))
        die("%s: not a FIFO", path);
}

static void print(const char *text)
{
    for (size_t done = 0; done < strlen(text);) {
        ssize_t written = write(STDOUT_FILENO, text + done, strlen(text) - done);
        if (written == -1 && errno != EINTR)
            die("write");
        done += written > 0 ? (size_t)written : 0;
    }
}

/* 1 with some bytes, 0 at the end, -1 when there is nothing now. */
static int take_some(int fd, size_t *count, uint32_t *crc)
{
    char halves[2][500];
    struct iovec parts[] = {
        {halves[0], sizeof halves[0]},
        {halves[1], sizeof halves[1]}
    };
    struct pollfd fifo = {.fd = fd, .events = POLLIN};
    while (poll(&fifo, 1, 0) == -1)
        if (errno != EINTR)
            die("poll");
    ssize_t got;
    while ((got = readv(fd, parts, 2)) == -1) {
        if (errno == EAGAIN)
            return -1;
        if (errno != EINTR)
            die("readv, a read");
    }
    *count += (size_t)got;
    *crc = crc32_update(*crc, halves, (size_t)got);
    return got > 0;
}

static void read_side(int fd)
{
    char line[64];
    size_t count = 0;
    uint32_t crc = 0;
    int state;
    while ((state = take_some(fd, &count, &crc)) == 1)
        continue;
    if (count > 0) {
        snprintf(line, sizeof line, "data %zu %08x\n", count, (unsigned)crc);
        print(line);
    }
    print(state == 0 ? "eof\n" : "again\n");
}

int main(int argc, char **argv)
{
    if (argc != 3 || strlen(argv[1]) != 1 || strchr("rw", *argv[1]) == NULL)
        usage("nbopen r|w PATH");
    int writes = *argv[1] == 'w';
    look_at_type(argv[2]);
    int fd = open(argv[2], (writes ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd == -1 && (errno != ENXIO || !writes))
        die("open %s", argv[2]);
    print(fd == -1 ? "no-reader\n" : "opened\n");
    if (!writes)
        read_side(fd);
    return 0;
}
