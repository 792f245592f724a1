/*
 * mqrecv.c - takes one message out of a queue and writes its type, its length and its bytes.
 *
 *     ══ queue KEY ══ ──► type │ text ──► "TYPE LENGTH\n" and the text
 *
 * The length is what msgrcv returns. Nothing in the text says where it ends.
 *
 * A message that is longer than MAX stays where it is. With -t its first MAX bytes are taken
 * instead, and the rest of it is thrown away by the kernel: no other msgrcv gives it.
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
    wish->flags = options > 0 ? MSG_NOERROR : 0;
    wish->key_text = arguments[0];
    return read_number(arguments[0], 1, UINT_MAX, &wish->key) &&
           read_number(arguments[1], LONG_MIN, LONG_MAX, &wish->type) &&
           read_number(arguments[2], 0, MAX_MAX, &wish->max);
}

static _Noreturn void leave_without_queue(const char *key)
{
    fprintf(stderr, "mqrecv: no queue %s: %s\n", key, strerror(errno));
    exit(EXIT_NO_QUEUE);
}

/* The queue of that key. It is not ours to make. */
static int find_queue(const struct wish *wish)
{
    int queue = msgget((key_t)wish->key, 0);

    if (queue == -1 && errno == ENOENT)
        leave_without_queue(wish->key_text);
    if (queue == -1)
        die("msgget %s", wish->key_text);
    return queue;
}

/* Waits for one that is wanted. Returns the length of its text. */
static size_t receive(int queue, const struct wish *wish, struct message *message)
{
    ssize_t length;

    do /* no SA_RESTART brings msgrcv back: signal(7) */
        length = msgrcv(queue, message, (size_t)wish->max, wish->type, wish->flags);
    while (length == -1 && errno == EINTR);
    if (length == -1 && errno == EIDRM) /* removed while we waited */
        leave_without_queue(wish->key_text);
    if (length == -1 && errno == E2BIG)
        die("msgrcv: the message is longer than %ld bytes, and stays in the queue", wish->max);
    if (length == -1)
        die("msgrcv");
    return (size_t)length;
}

static void write_all(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, size);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write to standard output");
        bytes += written;
        size -= (size_t)written;
    }
}

int main(int argc, char **argv)
{
    static struct message message;
    char heading[HEADING_SIZE];
    struct wish wish;

    if (!read_wish(argc, argv, &wish))
        usage("mqrecv [-t] KEY TYPE MAX   (KEY from 1 to 0xffffffff, MAX from 0 to 65536)");
    int queue = find_queue(&wish);
    size_t length = receive(queue, &wish, &message);
    snprintf(heading, sizeof heading, "%ld %zu\n", message.type, length);
    write_all(heading, strlen(heading));
    write_all(message.text, length);
    return EXIT_SUCCESS;
}
