/*
 * fifoserv.c - a server with a well-known FIFO: every request gets a number and its text reversed.
 *
 *     client 17 ──┐                       ┌──► FIFO.17 ──► client 17
 *     client 23 ──┼──► FIFO ──► fifoserv ─┼──► FIFO.23 ──► client 23
 *     client 42 ──┘                       └──► FIFO.42 ──► client 42
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

// TODO: Make it, or take one that is there. Open it so that it never seems to be at its end.

/* ---- Requests ------------------------------------------------------------------------------- */

// TODO: Get the next whole request. What if a read has ended in the middle of one?

/* ---- Replies -------------------------------------------------------------------------------- */

// TODO: Put a reply together: the number, a space, the text reversed, a newline.

// TODO: Send a reply, or drop it. Which calls could wait for the client, and how do they not?

int main(int argc, char **argv)
{
    long count = argc == 3 ? read_number(argv[2], MAX_COUNT) : 0;

    if (count == 0)
        usage("fifoserv FIFO COUNT   (COUNT is the number of requests, 1 to 1000000)");
    // TODO: COUNT times: get a request, and if it is a good one, answer it.
    return EXIT_SUCCESS;
}
