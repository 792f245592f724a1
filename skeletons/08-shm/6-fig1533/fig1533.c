/*
 * fig1533.c - parent and child add to the same long in turns, and each writes down what it sees.
 *
 * After the program of figure 15.33 in Stevens and Rago, with the questions that follow it there.
 *
 * Usage: fig1533 zero|anon|shm parent|child N: which memory, who begins, how many updates.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS: POSIX.1-2017 does not have it */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_UPDATES = 100000, LINE_SIZE = 100, OWNER_ONLY = 0600 };
enum { PARENT, CHILD, SIDES };

static const char *const names[SIDES] = {[PARENT] = "parent", [CHILD] = "child"};

/* ---- Memory: all three ways give zeros ------------------------------------------------------ */

// TODO: three functions that make memory for a long, to be shared with a child

static const struct way {
    const char *name;
    void *(*make)(void);
} ways[] = {
    {"zero", NULL}, // TODO: the function
    {"anon", NULL}, // TODO
    {"shm",  NULL}, // TODO
};

/* ---- Turns ---------------------------------------------------------------------------------- */

// TODO: how does one side tell the other that it is its turn, and how does the other one wait?

/* ---- Updates -------------------------------------------------------------------------------- */

// TODO: make an update, and write its line
// TODO: every other update is mine

/* ---- The child ------------------------------------------------------------------------------ */

// TODO: start it; wait for it, whatever happens

/* ---- Arguments ------------------------------------------------------------------------------ */

static const struct way *find_way(const char *name)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i].name, name) == 0)
            return &ways[i];
    return NULL;
}

/* -1: neither. */
static int find_side(const char *name)
{
    for (int side = PARENT; side < SIDES; side++)
        if (strcmp(names[side], name) == 0)
            return side;
    return -1;
}

/* -1: it is no such number. */
static long read_updates(const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number <= MAX_UPDATES ? number : -1;
}

int main(int argc, char **argv)
{
    const struct way *way = argc == 4 ? find_way(argv[1]) : NULL;
    int first = argc == 4 ? find_side(argv[2]) : -1;
    long updates = argc == 4 ? read_updates(argv[3]) : -1;

    if (way == NULL || first == -1 || updates == -1)
        usage("fig1533 zero|anon|shm parent|child N   (N is the number of updates, 0 to 100000)");
    // TODO: make the memory, start the child, take turns, wait for the child
    return EXIT_SUCCESS;
}
