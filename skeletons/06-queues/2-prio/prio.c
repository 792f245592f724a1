/*
 * prio.c - empties a queue: first what is urgent, the lowest type first, then the rest as it came.
 *
 *     ══ 9 2 7 1 2 ══ ──► prio KEY 5 ──► 1, 2, 2, 9, 7
 *
 * Usage: prio KEY K
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

enum { MAX_TEXT = 8192, HEADING_SIZE = 32, EXIT_NO_QUEUE = 4 };

/* As msgrcv(2) gives it, and how long its text is. */
struct message {
    struct {
        long type;
        char text[MAX_TEXT];
    } body;
    size_t length;
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

// TODO: Take the message that is next at this moment, without waiting. Who chooses it, and how do
// you ask?

// TODO: Write a message, all of it, before you take another.

int main(int argc, char **argv)
{
    if (argc != 3 || read_number(argv[1], UINT_MAX) == 0 || read_number(argv[2], LONG_MAX) == 0)
        usage("prio KEY K   (KEY from 1 to 0xffffffff, K from 1)");
    // TODO: message by message, until the queue is empty
    return EXIT_SUCCESS;
}
