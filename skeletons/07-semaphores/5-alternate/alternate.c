/*
 * alternate.c - two processes in strict turns, by three different means.
 *
 * Usage: alternate [-m sem|lock|posix] P|C N
 *
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST, SECOND, SIDES, MOST_ROUNDS = 100000 };

/* In memory that both processes have. */
struct shared {
    long value;
    bool failed;
    sem_t turns[SIDES];
};

static struct shared *shared;
static char beginner; /* 'P' or 'C' */
static int rounds;
// TODO: who is who? Three ways to wait for a turn and to pass it on, one for each word after -m

static _Noreturn void misused(void)
{
    usage("alternate [-m sem|lock|posix] P|C N   (N from 1 to 100000)");
}

static char parse_side(const char *text)
{
    if (strcmp(text, "P") != 0 && strcmp(text, "C") != 0)
        misused();
    return text[0];
}

static int parse_rounds(const char *text)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || number < 1 ||
        number > MOST_ROUNDS)
        misused();
    return (int)number;
}

// TODO: N turns: wait for it, add 1 to shared->value, write the line, pass the turn on
// TODO: what becomes of the other side if a call fails on this one?

int main(int argc, char **argv)
{
    if (argc != 3 && (argc != 5 || strcmp(argv[1], "-m") != 0))
        misused();
    // TODO: which means?
    beginner = parse_side(argv[argc - 2]);
    rounds = parse_rounds(argv[argc - 1]);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die("mmap");

    // TODO: get ready, fork, take turns in both processes, clear away
}
