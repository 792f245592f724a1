/*
 * keepopen.c - the signals come through a descriptor: one poll for bytes and for the end.
 *
 * The writing end is opened with O_NONBLOCK as well. At the end the reading one gets the flag
 * again, and is read until it has nothing more.
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *bytes, ssize_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, (size_t)length);
        if (written < 0 && errno != EINTR)
            die("write");
        if (written > 0) {
            bytes += written;
            length -= written;
        }
    }
}

/* False when there was nothing. */
static int pass_on(int fd)
{
    char some[777];
    ssize_t got = read(fd, some, sizeof some);
    if (got == -1 && errno == EAGAIN)
        return 0;
    if (got == -1 && errno != EINTR)
        die("read");
    put(some, got);
    return got != 0;
}

static void change_mode(int fd, int add, int take)
{
    int mode = fcntl(fd, F_GETFL);
    if (mode == -1 || fcntl(fd, F_SETFL, (mode | add) & ~take) == -1)
        die("fcntl");
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
        die("sigprocmask");
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd == -1)
        die("signalfd");
    return fd;
}

int main(int argc, char **argv)
{
    struct stat status;
    if (argc != 2)
        usage("keepopen PATH");
    int reader = open(argv[1], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (reader == -1)
        die("open %s", argv[1]);
    errno = 0;
    if (fstat(reader, &status) == -1 || !S_ISFIFO(status.st_mode))
        die("%s: is it a FIFO?", argv[1]);
    int writer = open(argv[1], O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (writer == -1)
        die("open %s once more", argv[1]);
    change_mode(reader, 0, O_NONBLOCK);
    int signals = open_signals();
    put("ready\n", 6);
    struct pollfd both[] = {
        {.fd = reader,  .events = POLLIN},
        {.fd = signals, .events = POLLIN}
    };
    for (;;) {
        if (poll(both, 2, -1) == -1) {
            if (errno == EINTR)
                continue;
            die("poll");
        }
        if (both[1].revents != 0)
            break;
        pass_on(reader);
    }
    change_mode(reader, O_NONBLOCK, 0);
    while (pass_on(reader))
        continue;
    return 0;
}
