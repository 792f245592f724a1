/*
 * mqrecv.c - with a buffer of just the size that was asked for.
 */
#include "lab.h"

#include <errno.h>
#include <inttypes.h>
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

static void put(const char *bytes, size_t count)
{
    for (size_t done = 0; done < count;) {
        ssize_t now = write(STDOUT_FILENO, bytes + done, count - done < 512 ? count - done : 512);
        if (now > 0)
            done += (size_t)now;
        else if (errno != EINTR)
            die("write");
    }
}

static intmax_t number(const char *text, intmax_t least, intmax_t most)
{
    char *end;
    errno = 0;
    intmax_t value = strtoimax(text, &end, 0);
    if (*text == '\0' || *end != '\0' || errno != 0 || value < least || value > most)
        usage("mqrecv [-t] KEY TYPE MAX");
    return value;
}

static _Noreturn void leave(const char *call, int error)
{
    if (error == ENOENT || error == EIDRM) {
        fprintf(stderr, "mqrecv: there is no such queue (%s)\n", call);
        exit(4);
    }
    errno = error;
    die("%s", call);
}

int main(int argc, char **argv)
{
    int cut = argc == 5 && strcmp(argv[1], "-t") == 0;
    char line[100];

    if (argc != 4 && !cut)
        usage("mqrecv [-t] KEY TYPE MAX");
    argv += cut;
    key_t key = (key_t)number(argv[1], 1, 4294967295);
    long type = (long)number(argv[2], INTMAX_MIN, INTMAX_MAX);
    size_t max = (size_t)number(argv[3], 0, 65536);

    struct message *message = malloc(sizeof *message + max);
    if (message == NULL)
        die("malloc");
    int queue = msgget(key, 0);
    if (queue == -1)
        leave("msgget", errno);
    for (;;) {
        ssize_t length = msgrcv(queue, message, max, type, cut ? MSG_NOERROR : 0);
        if (length >= 0) {
            put(line, (size_t)sprintf(line, "%ld %zd\n", message->mtype, length));
            put(message->mtext, (size_t)length);
            free(message);
            return 0;
        }
        if (errno != EINTR)
            leave("msgrcv", errno);
    }
}
