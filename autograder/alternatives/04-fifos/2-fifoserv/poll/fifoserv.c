/*
 * fifoserv.c - opens without waiting, waits in poll, reads many requests at a time, replies by
 * writev.
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct request {
    int32_t pid, length;
    char text[56];
};

static const char *name;

static _Noreturn void give_up(const char *call)
{
    int error = errno;
    unlink(name);
    errno = error;
    die("%s %s", call, name);
}

static void drop(int number)
{
    (void)number;
}

static void send_reply(int fd, struct iovec *pieces, int count)
{
    while (count > 0) {
        ssize_t written = writev(fd, pieces, count);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return;
        while (count > 0 && (size_t)written >= pieces->iov_len) {
            written -= (ssize_t)pieces->iov_len;
            pieces++;
            count--;
        }
        if (count > 0) {
            pieces->iov_base = (char *)pieces->iov_base + written;
            pieces->iov_len -= (size_t)written;
        }
    }
}

static void answer(int number, struct request *request)
{
    char *path = malloc(strlen(name) + 20), head[20];
    struct stat status;
    if (path == NULL)
        give_up("malloc");
    sprintf(path, "%s.%d", name, (int)request->pid);
    if (lstat(path, &status) == 0 && S_ISFIFO(status.st_mode)) {
        int fd;
        while ((fd = open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW)) == -1 && errno == EINTR)
            continue;
        for (int32_t i = 0; i < request->length / 2; i++) {
            char byte = request->text[i];
            request->text[i] = request->text[request->length - 1 - i];
            request->text[request->length - 1 - i] = byte;
        }
        struct iovec pieces[] = {
            {.iov_base = head,                    .iov_len = (size_t)sprintf(head, "%d ", number)},
            {.iov_base = request->text,                            .iov_len = (size_t)request->length                                                          },
            {.iov_base = "\n",.iov_len = 1}
        };
        if (fd != -1)
            send_reply(fd, pieces, 3);
        if (fd != -1)
            close(fd);
    }
    free(path);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    if (argc != 3 || *argv[2] < '0' || *argv[2] > '9')
        usage("fifoserv FIFO COUNT");
    long count = strtol(argv[2], &end, 10);
    if (*end != '\0' || count < 1 || count > 1000000)
        usage("fifoserv FIFO COUNT");
    name = argv[1];
    signal(SIGPIPE, drop);

    struct stat status;
    if (mkfifo(name, 0600) == -1) {
        if (errno != EEXIST)
            die("mkfifo %s", name);
        errno = 0;
        if (stat(name, &status) == -1 || !S_ISFIFO(status.st_mode))
            die("%s: no FIFO", name);
    }
    int in = open(name, O_RDONLY | O_NONBLOCK);
    if (in == -1)
        give_up("open");
    int keep;
    while ((keep = open(name, O_WRONLY)) == -1)
        if (errno != EINTR)
            give_up("open");

    static char block[64 * 50];
    size_t have = 0;
    for (long number = 0; number < count;) {
        struct pollfd wait = {.fd = in, .events = POLLIN};
        if (poll(&wait, 1, -1) == -1 && errno != EINTR)
            give_up("poll");
        ssize_t got = read(in, block + have, sizeof block - have);
        if (got == -1 && errno != EINTR && errno != EAGAIN)
            give_up("read");
        if (got > 0)
            have += (size_t)got;
        size_t used = 0;
        for (; have - used >= 64 && number < count; used += 64) {
            struct request request;
            memcpy(&request, block + used, sizeof request);
            number++;
            if (request.pid > 0 && request.length >= 0 && request.length <= 56)
                answer((int)number, &request);
        }
        memmove(block, block + used, have - used);
        have -= used;
    }
    close(in);
    close(keep);
    if (unlink(name) == -1)
        die("unlink %s", name);
    return 0;
}
