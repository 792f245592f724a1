/*
 * mqsend.c - puts one message into a queue: all of standard input.
 *
 *     standard input ──► type │ text ──► ══ queue KEY ══
 *
 * Only the text counts: the third argument of msgsnd is its length, and the type in front of it is
 * not part of that. So a text may have any bytes, and may be empty.
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

static _Noreturn void leave_without_queue(const char *key)
{
    fprintf(stderr, "mqsend: no queue %s: %s\n", key, strerror(errno));
    exit(EXIT_NO_QUEUE);
}

/* The queue of that key. It is not ours to make. */
static int find_queue(const char *key)
{
    int queue = msgget((key_t)read_number(key, UINT_MAX), 0);

    if (queue == -1 && errno == ENOENT)
        leave_without_queue(key);
    if (queue == -1)
        die("msgget %s", key);
    return queue;
}

/* To the end of standard input. Returns its length, which is more than MAX_TEXT if it is too long.
 */
static size_t read_text(char *text)
{
    size_t length = 0;

    while (length <= MAX_TEXT) {
        ssize_t got = read(STDIN_FILENO, text + length, MAX_TEXT + 1 - length);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            die("read standard input");
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return length;
}

/* Waits for room. */
static void send_message(int queue, const struct message *message, size_t length, const char *key)
{
    int sent;

    do /* no SA_RESTART brings msgsnd back: signal(7) */
        sent = msgsnd(queue, message, length, 0);
    while (sent == -1 && errno == EINTR);
    if (sent == -1 && errno == EIDRM) /* removed while we waited */
        leave_without_queue(key);
    if (sent == -1)
        die("msgsnd %zu bytes", length);
}

int main(int argc, char **argv)
{
    static struct message message;

    if (argc != 3 || read_number(argv[1], UINT_MAX) == 0 || read_number(argv[2], LONG_MAX) == 0)
        usage("mqsend KEY TYPE   (KEY from 1 to 0xffffffff, TYPE from 1)");
    int queue = find_queue(argv[1]);
    message.type = (long)read_number(argv[2], LONG_MAX);
    size_t length = read_text(message.text);
    if (length > MAX_TEXT) {
        errno = 0;
        die("standard input has more than %d bytes, and a message no more", MAX_TEXT);
    }
    send_message(queue, &message, length, argv[1]);
    return EXIT_SUCCESS;
}
