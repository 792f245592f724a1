/*
 * echoq.c - a client of echoqd: every line of standard input goes to the server, and what comes
 * back goes to standard output.
 *
 * Usage: echoq KEY, with KEY from 1 to 0xffffffff.
 */
#include "lab.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

enum { REQUEST = 1, TEXT_SIZE = 512 };

// TODO: What a request and a reply look like. What does the type come before?

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

/* ---- Standard input and output -------------------------------------------------------------- */

// TODO: Get the next line of standard input, or the next piece of a long one.

// TODO: Write all of a reply to standard output.

/* ---- The conversation ----------------------------------------------------------------------- */

// TODO: Ask, wait for the reply, print it; again for each line. Say goodbye.

int main(int argc, char **argv)
{
    unsigned long key = argc == 2 ? read_number(argv[1], UINT32_MAX) : 0;

    if (key == 0)
        usage("echoq KEY   (KEY from 1 to 0xffffffff)");
    // TODO: Find the server's queue, and talk to it.
    return EXIT_SUCCESS;
}
