/*
 * oneway.c - the first pipe: a parent sends, its child receives.
 *
 *     standard input ──► parent ══ pipe ══► child ──► standard output
 *
 * The parent passes standard input on in blocks of at most N bytes, each as soon as it has it. The
 * child writes what comes out of the pipe to standard output and, at end of file, how many bytes
 * there were and their CRC-32. End of file comes when the last write end is closed: the child
 * closes its copy at once, the parent closes its own when there is no more input. Only then may the
 * parent wait for the child.
 *
 * Usage: oneway N, with N from 1 to 70000.
 */
#include "lab.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_BLOCK = 70000 };

/* N from the command line; leaves with the usage line when it is none. */
static size_t parse_block_size(const char *text)
{
    char *end;
    long size = strtol(text, &end, 10);

    if (end == text || *end != '\0' || size < 1 || size > MAX_BLOCK)
        usage("oneway N   (N is the size of a block, 1 to 70000)");
    return (size_t)size;
}

/* read(2), tried again when a signal has interrupted it. */
static ssize_t read_some(int fd, char *buffer, size_t size)
{
    ssize_t got;

    do
        got = read(fd, buffer, size);
    while (got == -1 && errno == EINTR);
    return got;
}

/* Writes all of it, however little write(2) takes at a time. False with errno set. */
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

/* Closing fails only for a descriptor that is not open, which would be a mistake of ours. */
static void close_end(int fd)
{
    if (close(fd) == -1)
        die("close descriptor %d", fd);
}

static void write_summary(uint64_t bytes, uint32_t crc)
{
    char line[64];
    int length = snprintf(line, sizeof line, "\n%" PRIu64 " %08" PRIx32 "\n", bytes, crc);

    if (!write_all(STDOUT_FILENO, line, (size_t)length))
        die("write standard output");
}

/* The child's whole life. It ends by _exit: stdio buffers and exit handlers are the parent's. */
static _Noreturn void receive(int from_parent, char *block, size_t block_size)
{
    uint64_t bytes = 0;
    uint32_t crc = 0;
    ssize_t got;

    while ((got = read_some(from_parent, block, block_size)) > 0) {
        if (!write_all(STDOUT_FILENO, block, (size_t)got))
            die("write standard output");
        bytes += (uint64_t)got;
        crc = crc32_update(crc, block, (size_t)got);
    }
    if (got == -1)
        die("read pipe");
    write_summary(bytes, crc);
    _exit(EXIT_SUCCESS);
}

/* Standard input into the pipe, to its end. False when that failed, which has then been said: this
 * is no place to die, the child is still ours to wait for. */
static bool send_input(int to_child, char *block, size_t block_size)
{
    ssize_t got;

    while ((got = read_some(STDIN_FILENO, block, block_size)) > 0) {
        if (!write_all(to_child, block, (size_t)got)) {
            perror("oneway: write pipe");
            return false;
        }
    }
    if (got == -1)
        perror("oneway: read standard input");
    return got == 0;
}

/* Reaps the child. True if it did all it had to. */
static bool child_succeeded(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        usage("oneway N   (N is the size of a block, 1 to 70000)");
    size_t block_size = parse_block_size(argv[1]);
    char *block = malloc(block_size);
    if (block == NULL)
        die("malloc %zu bytes", block_size);

    /* If a reader is gone we want write to say so (EPIPE), not to be killed before we can wait. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal SIGPIPE");
    int ends[2];
    if (pipe(ends) == -1)
        die("pipe");
    pid_t child = fork();
    if (child == -1)
        die("fork");
    if (child == 0) {
        /* While the child itself could still write, its read would never see end of file. */
        close_end(ends[1]);
        receive(ends[0], block, block_size);
    }

    /* Only the child reads. A copy here would keep the pipe alive when the child is dead. */
    close_end(ends[0]);
    bool sent = send_input(ends[1], block, block_size);
    /* This is what the child takes for end of file, so it must come before we wait. */
    close_end(ends[1]);
    bool received = child_succeeded(child);
    free(block);
    if (sent && received)
        return EXIT_SUCCESS;
    return EXIT_FAILURE;
}
