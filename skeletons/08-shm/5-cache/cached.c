/*
 * cached.c - the server of a cache in shared memory: makes it, waits, and removes it.
 *
 * It does nothing else: the clients find and change the entries themselves (cache.c). But somebody
 * has to be responsible for the objects. System V objects stay until they are removed, so this
 * is where they end: at SIGTERM or SIGINT, whatever the clients are doing at that moment.
 *
 * Usage: cached KEY M
 */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "table.h"

enum { MAX_ENTRIES = 1000, LARGEST_KEY = 0x7fffffff };

// TODO: union semun, if you use semctl; the identifiers of what you make

static _Noreturn void wrong_usage(void)
{
    usage("cached KEY M   (M is the number of entries, 1 to 1000)");
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

// TODO: make the objects; remove them, on whichever way it ends
// TODO: say that you are ready

int main(int argc, char **argv)
{
    if (argc != 3)
        wrong_usage();
    key_t key = (key_t)read_number(argv[1], LARGEST_KEY);
    uint32_t entries = (uint32_t)read_number(argv[2], MAX_ENTRIES);
    (void)key, (void)entries; // TODO: Make the table, and wait for a signal. When may it come?
    return EXIT_SUCCESS;
}
