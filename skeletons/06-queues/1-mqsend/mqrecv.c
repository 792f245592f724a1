/*
 * mqrecv.c - takes one message out of a queue and writes its type, its length and its bytes.
 *
 *     ══ queue KEY ══ ──► type │ text ──► "TYPE LENGTH\n" and the text
 *
 * Usage: mqrecv [-t] KEY TYPE MAX
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

enum { MAX_MAX = 65536, HEADING_SIZE = 64, EXIT_NO_QUEUE = 4 };

/* What the command line asks for. */
struct wish {
    const char *key_text; /* as it was given */
    long key, type, max;
    int flags;
};

/* As msgrcv(2) gives it: the type first, and the text behind it. */
struct message {
    long type;
    char text[MAX_MAX];
};

/* A whole number between the two, as C writes it. */
static bool read_number(const char *text, long least, long most, long *number)
{
    char *end;

    errno = 0;
    *number = strtol(text, &end, 0);
    return end != text && *end == '\0' && errno == 0 && *number >= least && *number <= most;
}

/* A TYPE may begin with a minus sign, which getopt(3) would take for an option. */
static bool read_wish(int argc, char **argv, struct wish *wish)
{
    int options = argc > 1 && strcmp(argv[1], "-t") == 0 ? 1 : 0;
    char **arguments = argv + 1 + options;

    if (argc != 4 + options)
        return false;
    // TODO: which flag of msgrcv does -t stand for?
    wish->key_text = arguments[0];
    return read_number(arguments[0], 1, UINT_MAX, &wish->key) &&
           read_number(arguments[1], LONG_MIN, LONG_MAX, &wish->type) &&
           read_number(arguments[2], 0, MAX_MAX, &wish->max);
}

// TODO: Find the queue of that key. Which errno says that there is none?

// TODO: Take a message. How long is it, and what if it is longer than MAX?

// TODO: Write all bytes, whatever they are and however often you have to call write.

int main(int argc, char **argv)
{
    struct wish wish;

    if (!read_wish(argc, argv, &wish))
        usage("mqrecv [-t] KEY TYPE MAX   (KEY from 1 to 0xffffffff, MAX from 0 to 65536)");
    // TODO: find the queue, take a message, write its heading and its text
    return EXIT_SUCCESS;
}
