/*
 * ftalk.c - two programs that know only a directory talk to each other, a line at a time.
 *
 *     ftalk a DIR  ──► DIR/ab ──►  ftalk b DIR
 *                  ◄── DIR/ba ◄──
 *
 * A FIFO carries one direction, so there are two. Whoever comes first makes them. Opening one waits
 * until somebody opens its other end; so both sides open ab first and ba second, each its own end:
 * when a opens ab to write, b is there or will be there to open ab to read. Once a has opened
 * both, so has b, and nobody needs the names any more: a removes them.
 *
 * Then a speaks and b listens, b speaks and a listens. Speaking is passing a line from standard
 * input into one FIFO, listening is passing a line from the other to standard output. When the one
 * whose turn it is has no more to say it ends; its descriptors close, and that is what the other
 * one hears.
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
    bool remove_at_exit; /* we made it, and it has not been opened by both sides */
};

static struct fifo ab, ba;

/* Where lines come from: a descriptor, and what has been read from it and not yet passed on. */
struct source {
    int fd;
    const char *name;
    char bytes[4096];
    size_t first, count;
};

/* Where lines go. */
struct sink {
    int fd;
    const char *name;
};

/* ---- The two FIFOs -------------------------------------------------------------------------- */

static void name_fifo(struct fifo *fifo, const char *folder, const char *name)
{
    int length = snprintf(fifo->path, sizeof fifo->path, "%s/%s", folder, name);

    if (length < 0 || (size_t)length >= sizeof fifo->path) {
        errno = ENAMETOOLONG;
        die("the name of %s in %s", name, folder);
    }
}

/* Makes it, or finds that the other side was quicker. A name that stands for something else is
 * refused now, before anybody waits: a file would take every line and never give an answer. */
static void make_fifo(struct fifo *fifo)
{
    struct stat status;

    if (mkfifo(fifo->path, S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) == 0) {
        fifo->remove_at_exit = true;
        return;
    }
    if (errno != EEXIST)
        die("mkfifo %s", fifo->path);
    if (stat(fifo->path, &status) == -1)
        die("stat %s", fifo->path);
    if (!S_ISFIFO(status.st_mode)) {
        errno = 0;
        die("%s is there and is not a FIFO", fifo->path);
    }
}

/* Waits until somebody has opened the other end. */
static int open_end(const struct fifo *fifo, int flags)
{
    int fd;

    do
        fd = open(fifo->path, flags);
    while (fd == -1 && errno == EINTR);
    if (fd == -1)
        die("open %s", fifo->path);
    return fd;
}

/* For the ways out on which a call has failed. */
static void remove_unused(void)
{
    if (ab.remove_at_exit)
        unlink(ab.path);
    if (ba.remove_at_exit)
        unlink(ba.path);
}

/* Only one side may do this: by the time that the other one comes to it, the names may belong to
 * the next two. */
static void remove_names(void)
{
    if (unlink(ab.path) == -1)
        die("unlink %s", ab.path);
    if (unlink(ba.path) == -1)
        die("unlink %s", ba.path);
}

/* ---- Lines ---------------------------------------------------------------------------------- */

/* False at the end of the input. */
static bool refill(struct source *source)
{
    ssize_t got;

    do
        got = read(source->fd, source->bytes, sizeof source->bytes);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        die("read %s", source->name);
    source->first = 0;
    source->count = (size_t)got;
    return got > 0;
}

static void write_all(const struct sink *sink, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(sink->fd, bytes, size);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write %s", sink->name);
        bytes += written;
        size -= (size_t)written;
    }
}

/* Passes one line on, however long it is, with its newline; a last line that has none gets one.
 * False: there was no more. */
static bool pass_line(struct source *from, const struct sink *to)
{
    bool begun = false;

    while (from->count > 0 || refill(from)) {
        const char *start = from->bytes + from->first;
        const char *newline = memchr(start, '\n', from->count);
        size_t length = newline != NULL ? (size_t)(newline - start) + 1 : from->count;
        write_all(to, start, length);
        from->first += length;
        from->count -= length;
        begun = true;
        if (newline != NULL)
            return true;
    }
    if (begun)
        write_all(to, "\n", 1);
    return begun;
}

static void converse(bool speaking, int listen_fd, int speak_fd)
{
    static struct source input = {.fd = STDIN_FILENO, .name = "standard input"};
    static struct source partner = {.name = "the other side"};
    const struct sink output = {STDOUT_FILENO, "standard output"};
    const struct sink to_partner = {speak_fd, "to the other side"};

    partner.fd = listen_fd;
    while (speaking ? pass_line(&input, &to_partner) : pass_line(&partner, &output))
        speaking = !speaking;
}

int main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[1], "a") != 0 && strcmp(argv[1], "b") != 0))
        usage("ftalk a|b DIR");
    bool is_a = argv[1][0] == 'a';
    name_fifo(&ab, argv[2], "ab");
    name_fifo(&ba, argv[2], "ba");

    /* If the other side is gone we want write to say so (EPIPE), not to be killed. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal SIGPIPE");
    if (atexit(remove_unused) != 0)
        die("atexit");
    umask(0); /* it would take from the mode that we ask for */
    make_fifo(&ab);
    make_fifo(&ba);
    int ab_end = open_end(&ab, is_a ? O_WRONLY : O_RDONLY);
    int ba_end = open_end(&ba, is_a ? O_RDONLY : O_WRONLY);
    ab.remove_at_exit = ba.remove_at_exit = false;
    if (is_a)
        remove_names();

    converse(is_a, is_a ? ba_end : ab_end, is_a ? ab_end : ba_end);
    return EXIT_SUCCESS;
}
