/*
 * ring.c - a bounded buffer in shared memory, for any number of producers and consumers.
 *
 * Usage: ring create KEY Q | ring put KEY | ring get KEY N | ring remove KEY
 */
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

enum { MAX_SLOTS = 1000, MAX_ITEMS = 1000000, LINE_SIZE = 64 };

// TODO: Which semaphores do you need, and what does each of them count?

/* In the segment. */
struct slot {
    unsigned length;
    char line[LINE_SIZE];
};

struct ring {
    unsigned slots;
    // TODO: what else must everybody know?
    struct slot slot[];
};

// TODO: union semun, if you use semctl

static _Noreturn void wrong_usage(void)
{
    usage("ring create KEY Q | ring put KEY | ring get KEY N | ring remove KEY"
          "   (Q from 1 to 1000, N from 1 to 1000000)");
}

/* A number as in C, 1 to limit. */
static unsigned long read_number(const char *text, unsigned long limit)
{
    char *end;

    if (*text < '0' || *text > '9')
        wrong_usage();
    errno = 0;
    unsigned long number = strtoul(text, &end, 0);
    if (*end != '\0' || errno != 0 || number < 1 || number > limit)
        wrong_usage();
    return number;
}

/* ---- Making and removing -------------------------------------------------------------------- */

// TODO: create: the segment, and all that one needs to wait; new ones only
// TODO: remove

/* ---- Using it ------------------------------------------------------------------------------- */

// TODO: put one line into the ring: what do you wait for, and in which order?
// TODO: get one line out of it

/* ---- Lines ---------------------------------------------------------------------------------- */

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write to standard output");
        bytes += written;
        length -= (size_t)written;
    }
}

/* The next line of standard input, without its newline. false: there is none. */
static bool read_line(char line[LINE_SIZE], unsigned *length)
{
    for (*length = 0; *length < LINE_SIZE;) {
        ssize_t got = read(STDIN_FILENO, &line[*length], 1);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            die("read standard input");
        if (got == 0)
            return *length > 0;
        if (line[*length] == '\n')
            return true;
        ++*length;
    }
    errno = 0;
    die("a line of more than %d bytes", LINE_SIZE - 1);
}

// TODO: put: every line of standard input
// TODO: get: as many as are wanted

int main(int argc, char **argv)
{
    enum { LARGEST_KEY = 0x7fffffff };

    if (argc < 3)
        wrong_usage();
    key_t key = (key_t)read_number(argv[2], LARGEST_KEY);
    if (strcmp(argv[1], "create") == 0 && argc == 4)
        read_number(argv[3], MAX_SLOTS); // TODO: create
    else if (strcmp(argv[1], "put") == 0 && argc == 3)
        (void)key, (void)read_line; // TODO: put
    else if (strcmp(argv[1], "get") == 0 && argc == 4)
        (void)read_number(argv[3], MAX_ITEMS), (void)write_all; // TODO: get
    else if (strcmp(argv[1], "remove") == 0 && argc == 3)
        return EXIT_FAILURE; // TODO: remove
    else
        wrong_usage();
    return EXIT_SUCCESS;
}
