/*
 * mqsend.c - with a buffer that grows as standard input comes; a thread sends.
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

struct message {
    long mtype;
    char mtext[];
};

struct order {
    int queue, error;
    struct message *message;
    size_t length;
};

static void *send_it(void *argument)
{
    struct order *order = argument;
    do
        order->error = msgsnd(order->queue, order->message, order->length, 0) == -1 ? errno : 0;
    while (order->error == EINTR);
    return NULL;
}

static struct message *resize(struct message *message, size_t room)
{
    struct message *larger = realloc(message, sizeof *larger + room);
    if (larger == NULL) {
        free(message);
        die("realloc");
    }
    return larger;
}

static struct message *read_message(size_t *length)
{
    size_t room = 100;
    struct message *message = resize(NULL, room);

    *length = 0;
    for (;;) {
        ssize_t got = read(STDIN_FILENO, message->mtext + *length, room - *length);
        if (got == 0)
            return message;
        if (got == -1 && errno != EINTR)
            die("read");
        *length += got > 0 ? (size_t)got : 0;
        if (*length == room)
            message = resize(message, room *= 2);
    }
}

static unsigned long number(const char *text, unsigned long most)
{
    unsigned long value = 0, base = strncmp(text, "0x", 2) == 0 ? 16 : 10;
    const char *digits = base == 16 ? text + 2 : text;
    static const char all[] = "0123456789abcdef";

    for (const char *at = digits; *at != '\0'; at++) {
        const char *digit = strchr(all, *at);
        unsigned long worth = digit != NULL ? (unsigned long)(digit - all) : 99;
        if (worth >= base || value > (ULONG_MAX - worth) / base)
            return 0;
        value = value * base + worth;
    }
    return value <= most ? value : 0;
}

int main(int argc, char **argv)
{
    unsigned long key = argc == 3 ? number(argv[1], UINT32_MAX) : 0;
    unsigned long type = argc == 3 ? number(argv[2], LONG_MAX) : 0;
    struct order order = {0};
    pthread_t thread;

    if (key == 0 || type == 0)
        usage("mqsend KEY TYPE");
    order.message = read_message(&order.length);
    order.message->mtype = (long)type;
    if (order.length > 8192) {
        errno = EMSGSIZE;
        die("standard input");
    }
    order.queue = msgget((key_t)key, 0);
    if (order.queue == -1 && errno != ENOENT)
        die("msgget");
    if (order.queue == -1)
        order.error = ENOENT;
    else if ((errno = pthread_create(&thread, NULL, send_it, &order)) != 0 ||
             (errno = pthread_join(thread, NULL)) != 0)
        die("thread");
    free(order.message);
    errno = order.error;
    if (errno == ENOENT || errno == EIDRM) {
        fprintf(stderr, "mqsend: %s\n", strerror(errno));
        return 4;
    }
    if (errno != 0)
        die("msgsnd");
    return 0;
}
