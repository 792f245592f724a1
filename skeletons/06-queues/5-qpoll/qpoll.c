/*
 * qpoll.c - waits for messages of several queues and for lines of standard input, all at once.
 *
 *     queue 1 ══► helper ══ pipe ══╗
 *     queue 2 ══► helper ══ pipe ══╬══► poll ───► stdout
 *     queue 3 ══► helper ══ pipe ══╣
 *     stdin   ═════════════════════╝
 *
 * Usage: qpoll KEY ..., one to 16 of them, each from 1 to 0xffffffff.
 */
#include "lab.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_QUEUES = 16, TEXT_SIZE = 8192, LINE_SIZE = 4096, HEADLINE = 64 };

// TODO: What a helper passes on, and what you have to know of each helper.

/* A whole number from 1 to limit, as C writes it; 0: it is none. */
static unsigned long read_number(const char *text, unsigned long limit)
{
    char *end;

    if (*text < '0' || *text > '9')
        return 0;
    errno = 0;
    unsigned long number = strtoul(text, &end, 0);
    return *end == '\0' && errno == 0 && number <= limit ? number : 0;
}

// TODO: Write all of something; read again what a signal has interrupted.

/* ---- A helper ------------------------------------------------------------------------------- */

// TODO: Wait for a message of one queue and pass it on, again and again. When may it end?

/* ---- Starting and ending helpers ------------------------------------------------------------ */

// TODO: Start a helper. Which ends of which pipes does it not need?

// TODO: End all helpers and reap them.

/* ---- What comes ----------------------------------------------------------------------------- */

// TODO: Print what has come: a message, a line, the end of a queue.

// TODO: Wait for all sources at once.

int main(int argc, char **argv)
{
    int count = argc - 1; // TODO: the queues
    bool good = count >= 1 && count <= MAX_QUEUES;

    for (int i = 0; i < count && good; i++)
        good = read_number(argv[1 + i], UINT32_MAX) != 0;
    if (!good)
        usage("qpoll KEY ...   (one to 16 of them, each from 1 to 0xffffffff)");
    // TODO: Find the queues. Start the helpers. Print what comes until standard input ends.
    return EXIT_SUCCESS;
}
