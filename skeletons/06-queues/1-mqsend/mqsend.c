/*
 * mqsend.c - puts one message into a queue: all of standard input.
 *
 *     standard input ──► type │ text ──► ══ queue KEY ══
 *
 * Usage: mqsend KEY TYPE < payload
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

enum { MAX_TEXT = 8192, EXIT_NO_QUEUE = 4 };

/* As msgsnd(2) wants it: the type first, and the text behind it. */
struct message {
    long type;
    char text[MAX_TEXT + 1]; /* the byte too many shows that there is more than fits */
};

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

// TODO: Find the queue of that key. Which errno says that there is none?

// TODO: Read standard input to its end. How do you notice that it is too long?

// TODO: Send it. What does the size measure, and which two failures are no failures here?

int main(int argc, char **argv)
{
    if (argc != 3 || read_number(argv[1], UINT_MAX) == 0 || read_number(argv[2], LONG_MAX) == 0)
        usage("mqsend KEY TYPE   (KEY from 1 to 0xffffffff, TYPE from 1)");
    // TODO: find the queue, read the text, send the message
    return EXIT_SUCCESS;
}
