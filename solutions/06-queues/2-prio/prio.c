/*
 * prio.c - empties a queue: first what is urgent, the lowest type first, then the rest as it came.
 *
 *     ══ 9 2 7 1 2 ══ ──► prio KEY 5 ──► 1, 2, 2, 9, 7
 *
 * The kernel chooses: msgrcv with a selector of -K gives the oldest message of the lowest type that
 * is at most K, and a selector of 0 the oldest of all. We ask it anew for each message, and write
 * that one before we take the next. So what comes in meanwhile has its place in the order, and what
 * we have not written yet is still in the queue, where it is safe from whatever happens to us.
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

/* The queue of that key. It is not ours to make. */
static int find_queue(const char *key)
{
    int queue = msgget((key_t)read_number(key, UINT_MAX), 0);

    if (queue == -1 && errno == ENOENT) {
        fprintf(stderr, "prio: no queue %s: %s\n", key, strerror(errno));
        exit(EXIT_NO_QUEUE);
    }
    if (queue == -1)
        die("msgget %s", key);
    return queue;
}

/* Takes a message, if there is one for that selector (msgop(2)). Does not wait. */
static bool take(int queue, long selector, struct message *message)
{
    ssize_t length = msgrcv(queue, &message->body, sizeof message->body.text, selector, IPC_NOWAIT);

    if (length == -1 && errno == ENOMSG)
        return false;
    if (length == -1)
        die("msgrcv with selector %ld", selector);
    message->length = (size_t)length;
    return true;
}

/* The one that is next at this moment. */
static bool take_next(int queue, long limit, struct message *message)
{
    return take(queue, -limit, message) || take(queue, 0, message);
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

/* "TYPE TEXT\n" */
static void write_message(const struct message *message)
{
    char heading[HEADING_SIZE];

    snprintf(heading, sizeof heading, "%ld ", message->body.type);
    write_all(heading, strlen(heading));
    write_all(message->body.text, message->length);
    write_all("\n", 1);
}

int main(int argc, char **argv)
{
    static struct message message;

    if (argc != 3 || read_number(argv[1], UINT_MAX) == 0 || read_number(argv[2], LONG_MAX) == 0)
        usage("prio KEY K   (KEY from 1 to 0xffffffff, K from 1)");
    int queue = find_queue(argv[1]);
    long limit = (long)read_number(argv[2], LONG_MAX);
    while (take_next(queue, limit, &message))
        write_message(&message);
    return EXIT_SUCCESS;
}
