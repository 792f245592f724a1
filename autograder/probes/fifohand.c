/*
 * fifohand.c - the hand at the other end of a FIFO: does what it is told on standard input.
 *
 * One order a line; it reads the next when the last is done:
 *
 *     r PATH, w PATH   opens to read, to write, and waits for a partner as open(2) does
 *     R PATH, W PATH   the same with O_NONBLOCK in the open, which is cleared afterwards
 *     s N              writes the next N bytes of standard input (raw, after the newline)
 *     g N              reads exactly N bytes (less at the end of file): they go to standard output
 *     d                reads to the end of file: the same
 *     c R, c W         closes the end that it reads from, that it writes to
 *
 * It reads with one descriptor and writes with another. To standard error it writes each order that
 * is done, on a line of its own ("r", "g", ...). It ends at the end of standard input: with status
 * 0, and with 99 when a call fails (standard error says which).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_BROKEN = 99, LINE = 4200, BLOCK = 65536 };

static int ends[2] = {-1, -1}; /* to read from, to write to */

static _Noreturn void broken(const char *what)
{
    fprintf(stderr, "fifohand: %s: %s\n", what, strerror(errno));
    _exit(EXIT_BROKEN);
}

static void write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written == -1)
            broken("write");
        bytes += written;
        length -= (size_t)written;
    }
}

/* Reads once. Returns 0 at the end of file. */
static size_t read_some(int fd, char *bytes, size_t length)
{
    ssize_t got = read(fd, bytes, length);
    if (got == -1)
        broken("read");
    return (size_t)got;
}

/* A byte at a time: what follows the newline may be bytes for "s". Returns 0 at the end. */
static int next_order(char line[LINE])
{
    size_t length = 0;
    while (length < LINE - 1 && read_some(STDIN_FILENO, line + length, 1) == 1) {
        if (line[length] == '\n') {
            line[length] = '\0';
            return 1;
        }
        length++;
    }
    return 0;
}

/* Copies N bytes, less when the source ends. */
static void copy(int from, int to, size_t left)
{
    static char block[BLOCK];
    while (left > 0) {
        size_t got = read_some(from, block, left < BLOCK ? left : BLOCK);
        if (got == 0)
            return;
        write_all(to, block, got);
        left -= got;
    }
}

static void open_end(const char *path, int writes, int flags)
{
    int fd = open(path, (writes ? O_WRONLY : O_RDONLY) | flags);
    if (fd == -1)
        broken("open");
    if (flags != 0 && fcntl(fd, F_SETFL, 0) == -1)
        broken("fcntl");
    ends[writes] = fd;
}

static void close_end(int writes)
{
    if (close(ends[writes]) == -1)
        broken("close");
    ends[writes] = -1;
}

static void obey(const char *line)
{
    const char *rest = strlen(line) > 2 ? line + 2 : "";
    switch (line[0]) {
    case 'r':
    case 'w':
        open_end(rest, line[0] == 'w', 0);
        break;
    case 'R':
    case 'W':
        open_end(rest, line[0] == 'W', O_NONBLOCK);
        break;
    case 's':
        copy(STDIN_FILENO, ends[1], strtoul(rest, NULL, 10));
        break;
    case 'g':
        copy(ends[0], STDOUT_FILENO, strtoul(rest, NULL, 10));
        break;
    case 'd':
        copy(ends[0], STDOUT_FILENO, (size_t)-1);
        break;
    case 'c':
        close_end(*rest == 'W');
        break;
    default:
        errno = EINVAL;
        broken(line);
    }
}

int main(void)
{
    static char line[LINE];
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        broken("signal");
    while (next_order(line)) {
        obey(line);
        line[1] = '\n';
        write_all(STDERR_FILENO, line, 2);
    }
    return 0;
}
