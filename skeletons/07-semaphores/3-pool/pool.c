/*
 * pool.c - K commands, at most N of them at the same time: a counting semaphore.
 *
 * Usage: pool N K CMD [ARG]...
 *
 */
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 1000, SOME_FAILED = 3 };

/* What was asked for on the command line. */
static int places, wanted;

/* The fourth argument of semctl(2): on Linux the program defines it. */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static int parse_number(const char *text)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || number < 1 || number > MOST)
        usage("pool N K CMD [ARG]...   (N and K from 1 to 1000)");
    return (int)number;
}

// TODO: make the semaphore; which value stands for N free places?
// TODO: a worker takes a place; who gives it back, when your code is gone and CMD is there?
// TODO: wait for all workers; what is still there when you are done, or when a call has failed?

int main(int argc, char **argv)
{
    if (argc < 4)
        usage("pool N K CMD [ARG]...");
    places = parse_number(argv[1]);
    wanted = parse_number(argv[2]);
    // TODO: run CMD, which is argv[3], "wanted" times, at most "places" at the same time
}
