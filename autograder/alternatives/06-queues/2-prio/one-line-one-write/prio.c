/*
 * prio.c - looks how many messages there are, and puts each line together for one write.
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

static struct {
    long type;
    char text[8192];
} message;

static unsigned long number(const char *text, unsigned long most)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 0);
    if (strchr(text, '-') != NULL || *text == '\0' || *end != '\0' || errno != 0 || value == 0 ||
        value > most)
        usage("prio KEY K");
    return value;
}

static unsigned long count_messages(int queue)
{
    struct msqid_ds state;
    if (msgctl(queue, IPC_STAT, &state) == -1)
        die("msgctl");
    return state.msg_qnum;
}

static void write_line(size_t length)
{
    static char line[8192 + 40];
    size_t size = (size_t)sprintf(line, "%ld ", message.type);

    memcpy(line + size, message.text, length);
    size += length;
    line[size++] = '\n';
    for (char *at = line; size > 0;) {
        ssize_t written = write(STDOUT_FILENO, at, size);
        if (written == -1 && errno != EINTR)
            die("write");
        at += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        usage("prio KEY K");
    key_t key = (key_t)number(argv[1], UINT32_MAX);
    long limit = (long)number(argv[2], LONG_MAX);
    int queue = msgget(key, 0400);

    if (queue == -1 && errno == ENOENT) {
        perror("prio: msgget");
        return 4;
    }
    if (queue == -1)
        die("msgget");
    while (count_messages(queue) > 0) {
        ssize_t length = msgrcv(queue, &message, sizeof message.text, -limit, IPC_NOWAIT);
        if (length == -1 && errno == ENOMSG)
            length = msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT);
        if (length == -1 && errno != ENOMSG) /* somebody else may have taken it */
            die("msgrcv");
        if (length >= 0)
            write_line((size_t)length);
    }
    return 0;
}
