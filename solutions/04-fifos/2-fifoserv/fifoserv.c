/*
 * fifoserv.c - a server with a well-known FIFO: every request gets a number and its text reversed.
 *
 *     client 17 ──┐                       ┌──► FIFO.17 ──► client 17
 *     client 23 ──┼──► FIFO ──► fifoserv ─┼──► FIFO.23 ──► client 23
 *     client 42 ──┘                       └──► FIFO.42 ──► client 42
 *
 * All clients write into one FIFO. Their requests are 64 bytes each and go in by one write, so they
 * come out whole, one after the other; a read may still end in the middle of one. The server holds
 * a write end of its own FIFO, which it never uses: between two clients there is thus always a
 * writer, and read waits instead of giving end of file.
 *
 * It trusts no client. A reply goes out without waiting, for the open (nobody may be there to
 * read) and for the write (it may be full): else one client could stop the service for all.
 *
 * Usage: fifoserv FIFO COUNT, with COUNT from 1 to 1000000.
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_COUNT = 1000000, TEXT_SIZE = 56, REPLY_SIZE = 16 + TEXT_SIZE };

/* As clients send it: 64 bytes, in the byte order of this machine. */
struct request {
    int32_t pid;    /* the reply goes to FIFO.pid */
    int32_t length; /* of the text */
    char text[TEXT_SIZE];
};

/* Removed at exit; NULL: there is nothing (more) to remove. */
static const char *fifo_to_remove;

/* A number in decimal digits, 1 to limit; 0: it is none. */
static long read_number(const char *text, long limit)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number <= limit ? number : 0;
}

/* ---- The FIFO of the server ----------------------------------------------------------------- */

/* On the ways out on which a call has failed, too. */
static void remove_fifo(void)
{
    if (fifo_to_remove != NULL)
        unlink(fifo_to_remove);
}

/* Makes it, or takes one that is there: it may be left from a server that was killed. */
static void make_fifo(const char *path)
{
    struct stat status;

    if (mkfifo(path, S_IRUSR | S_IWUSR) == -1) {
        if (errno != EEXIST)
            die("mkfifo %s", path);
        if (stat(path, &status) == -1)
            die("stat %s", path);
        errno = 0;
        if (!S_ISFIFO(status.st_mode))
            die("%s is there and is not a FIFO", path);
    }
    fifo_to_remove = path;
}

/* open(2), tried again when a signal has interrupted it. */
static int open_again(const char *path, int flags)
{
    int fd;

    do
        fd = open(path, flags);
    while (fd == -1 && errno == EINTR);
    return fd;
}

/* Waits for the first client. */
static int open_requests(const char *path)
{
    int requests = open_again(path, O_RDONLY);
    if (requests == -1)
        die("open %s to read", path);
    /* Never written to and never closed: as long as it is there, read never gives end of file. */
    if (open_again(path, O_WRONLY) == -1)
        die("open %s to write", path);
    return requests;
}

/* ---- Requests ------------------------------------------------------------------------------- */

/* Waits for the next whole one: a read may give less than was written at once. */
static void read_request(int requests, struct request *request)
{
    size_t have = 0;

    while (have < sizeof *request) {
        ssize_t got = read(requests, (char *)request + have, sizeof *request - have);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            die("read request");
        if (got == 0)
            die("read request: end of file, although we hold a write end");
        have += (size_t)got;
    }
}

static bool is_good(const struct request *request)
{
    return request->pid >= 1 && request->length >= 0 && request->length <= TEXT_SIZE;
}

/* ---- Replies -------------------------------------------------------------------------------- */

/* "NUMBER TEXT-REVERSED\n". Returns its length. */
static size_t make_reply(char *reply, long number, const struct request *request)
{
    size_t length = (size_t)snprintf(reply, REPLY_SIZE, "%ld ", number);

    for (int32_t i = request->length; i > 0; i--)
        reply[length++] = request->text[i - 1];
    reply[length++] = '\n';
    return length;
}

/* Without waiting. -1 with errno: nobody reads it, it is full, it is no FIFO. */
static int open_reply(const char *path)
{
    struct stat status;
    int fd = open_again(path, O_WRONLY | O_NONBLOCK);

    if (fd == -1)
        return -1;
    if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode))
        return fd;
    close(fd);
    errno = EINVAL; /* a file: our reply would end up in it */
    return -1;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* A reply that cannot be delivered is its client's loss. */
static void answer(const char *fifo, long number, const struct request *request)
{
    char path[PATH_MAX], reply[REPLY_SIZE];
    size_t length = make_reply(reply, number, request);

    snprintf(path, sizeof path, "%s.%ld", fifo, (long)request->pid);
    int fd = open_reply(path);
    if (fd == -1 || !write_all(fd, reply, length))
        fprintf(stderr, "fifoserv: request %ld: no reply: %s: %s\n", number, path, strerror(errno));
    if (fd != -1)
        close(fd);
}

int main(int argc, char **argv)
{
    long count = argc == 3 ? read_number(argv[2], MAX_COUNT) : 0;
    struct request request;

    if (count == 0)
        usage("fifoserv FIFO COUNT   (COUNT is the number of requests, 1 to 1000000)");
    /* A client that dies before its reply must not take the server with it. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal SIGPIPE");
    if (atexit(remove_fifo) != 0)
        die("atexit");
    make_fifo(argv[1]);
    int requests = open_requests(argv[1]);
    for (long number = 1; number <= count; number++) {
        read_request(requests, &request);
        if (is_good(&request))
            answer(argv[1], number, &request);
    }
    return EXIT_SUCCESS;
}
