/*
 * mqrecv.c - a message is bytes that begin with a long. With -t it is received whole and cut here.
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
#include <sys/uio.h>
#include <unistd.h>

enum { MOST = 65536, NO_QUEUE = 4 };

static long number(const char *text, long least, long most)
{
    char *end = NULL;
    errno = 0;
    long value = text != NULL ? strtol(text, &end, 0) : 0;
    if (text == NULL || end == text || *end != '\0' || errno != 0 || value < least || value > most)
        usage("mqrecv [-t] KEY TYPE MAX");
    return value;
}

static void leave(const char *call)
{
    if (errno == ENOENT || errno == EIDRM) {
        perror(call);
        exit(NO_QUEUE);
    }
    die("%s", call);
}

static void write_both(struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t written = writev(STDOUT_FILENO, parts, count);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("writev");
        while (count > 0 && (size_t)written >= parts->iov_len) {
            written -= (ssize_t)parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + written;
            parts->iov_len -= (size_t)written;
        }
    }
}

int main(int argc, char **argv)
{
    static _Alignas(long) char message[sizeof(long) + MOST];
    char line[80];
    bool cut = false;
    ssize_t length;
    long type;

    /* The plus sign stops getopt at the first argument that is no option: KEY. */
    for (int option; (option = getopt(argc, argv, "+t")) != -1;)
        if (option == 't' && !cut)
            cut = true;
        else
            usage("mqrecv [-t] KEY TYPE MAX");
    char **words = argv + optind;
    if (argc - optind != 3)
        usage("mqrecv [-t] KEY TYPE MAX");
    key_t key = (key_t)number(words[0], 1, 0xffffffff);
    long selector = number(words[1], LONG_MIN, LONG_MAX), max = number(words[2], 0, MOST);

    int queue = msgget(key, 0400);
    if (queue == -1)
        leave("msgget");
    do
        length = msgrcv(queue, message, cut ? MOST : (size_t)max, selector, 0);
    while (length == -1 && errno == EINTR);
    if (length == -1)
        leave("msgrcv");
    if (length > max)
        length = max;
    memcpy(&type, message, sizeof type);
    int wide = snprintf(line, sizeof line, "%ld %zd\n", type, length);
    struct iovec parts[] = {
        {line,                   (size_t)wide  },
        {message + sizeof(long), (size_t)length}
    };
    write_both(parts, 2);
    return 0;
}
