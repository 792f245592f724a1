/*
 * keepopen.c - two threads open at the same time, each the other's partner; no O_NONBLOCK at all.
 *
 * The thread that has opened to write then waits for the signals, and says the end with a byte in a
 * pipe. The other one waits in select for that byte and for the FIFO.
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path;
static int farewell[2];
static sigset_t ending;

static int open_patiently(int direction)
{
    int fd;
    while ((fd = open(path, direction)) == -1 && errno == EINTR)
        continue;
    if (fd == -1)
        die("open %s", path);
    return fd;
}

static void put_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write");
        bytes += written;
        length -= (size_t)written;
    }
}

static void *be_writer(void *unused)
{
    int signal;
    (void)unused;
    open_patiently(O_WRONLY);
    if (sigwait(&ending, &signal) != 0)
        die("sigwait");
    put_all(farewell[1], "x", 1);
    return NULL;
}

/* 1: there is something in the FIFO; 0: there is not, and the end has come. */
static int bytes_wait(int fd)
{
    for (;;) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(fd, &set);
        FD_SET(farewell[0], &set);
        int ready = select((fd > farewell[0] ? fd : farewell[0]) + 1, &set, NULL, NULL, NULL);
        if (ready == -1 && errno != EINTR)
            die("select");
        if (ready > 0)
            return FD_ISSET(fd, &set);
    }
}

int main(int argc, char **argv)
{
    pthread_t writer;
    struct stat status;
    char bytes[5000];
    if (argc != 2)
        usage("keepopen PATH");
    path = argv[1];
    if (stat(path, &status) == -1)
        die("stat %s", path);
    errno = 0;
    if (!S_ISFIFO(status.st_mode))
        die("%s is no FIFO", path);
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    if (pipe(farewell) == -1 || pthread_sigmask(SIG_BLOCK, &ending, NULL) != 0 ||
        pthread_create(&writer, NULL, be_writer, NULL) != 0)
        die("make a second thread");
    int fd = open_patiently(O_RDONLY);
    put_all(STDOUT_FILENO, "ready\n", strlen("ready\n"));
    while (bytes_wait(fd)) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got == -1 && errno != EINTR)
            die("read");
        if (got > 0)
            put_all(STDOUT_FILENO, bytes, (size_t)got);
    }
    if (pthread_join(writer, NULL) != 0)
        die("pthread_join");
    return EXIT_SUCCESS;
}
