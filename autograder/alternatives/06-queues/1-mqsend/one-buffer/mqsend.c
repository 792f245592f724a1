/*
 * mqsend.c - a message is bytes that begin with a long: no struct, one buffer.
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

enum { LONGEST = 8192, NO_QUEUE = 4 };

static int number_is(const char *text, unsigned long most, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 0);
    return strpbrk(text, "-+ ") == NULL && end != text && *end == '\0' && errno == 0 &&
           *number >= 1 && *number <= most;
}

static void leave(const char *call)
{
    if (errno == ENOENT || errno == EIDRM) {
        perror(call);
        exit(NO_QUEUE);
    }
    die("%s", call);
}

int main(int argc, char **argv)
{
    static _Alignas(long) char message[sizeof(long) + 65536];
    unsigned long key, type;
    size_t length = 0;
    ssize_t got;

    if (argc != 3 || !number_is(argv[1], 0xffffffff, &key) || !number_is(argv[2], LONG_MAX, &type))
        usage("mqsend KEY TYPE");
    memcpy(message, &type, sizeof type);
    int queue = msgget((key_t)key, 0200);
    if (queue == -1)
        leave("msgget");
    /* To the end, whatever fits: what is too long is only counted. */
    do {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&input, 1, -1) == -1 && errno != EINTR)
            die("poll");
        size_t room = length <= LONGEST ? length : LONGEST + 1;
        got = read(STDIN_FILENO, message + sizeof(long) + room, 4096);
        if (got > 0)
            length += (size_t)got;
    } while (got > 0 || (got == -1 && errno == EINTR));
    if (got == -1)
        die("read");
    if (length > LONGEST) {
        fprintf(stderr, "mqsend: %zu bytes are too many\n", length);
        return 1;
    }
    while (msgsnd(queue, message, length, 0) == -1)
        if (errno != EINTR)
            leave("msgsnd");
    return 0;
}
