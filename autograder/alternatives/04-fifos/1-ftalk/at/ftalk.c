/*
 * ftalk.c - with the directory as a descriptor, the mode set afterwards, poll before each read, and
 * a byte at a time.
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int folder;
static const char *made[2];

static _Noreturn void give_up(const char *call, const char *name)
{
    int error = errno;
    for (int i = 0; i < 2; i++)
        if (made[i] != NULL)
            unlinkat(folder, made[i], 0);
    errno = error;
    die("%s /%s", call, name);
}

static void make(int index, const char *name)
{
    struct stat status;
    if (mkfifoat(folder, name, 0) == 0) {
        made[index] = name;
        if (fchmodat(folder, name, 0660, 0) == -1)
            give_up("fchmodat", name);
        return;
    }
    if (errno != EEXIST)
        give_up("mkfifoat", name);
    if (fstatat(folder, name, &status, 0) == -1)
        give_up("fstatat", name);
    errno = ENOTSUP;
    if (!S_ISFIFO(status.st_mode))
        give_up("not a FIFO:", name);
}

static int open_end(const char *name, bool writing)
{
    for (;;) {
        int fd = openat(folder, name, (writing ? O_WRONLY : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
        if (fd != -1)
            return fd;
        if (errno != EINTR)
            give_up("openat", name);
    }
}

/* False at the end. */
static bool take(int fd, char *byte)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    for (;;) {
        if (poll(&ready, 1, -1) == -1) {
            if (errno != EINTR)
                die("poll");
            continue;
        }
        ssize_t got = read(fd, byte, 1);
        if (got != -1)
            return got == 1;
        if (errno != EINTR)
            die("read");
    }
}

static void put(int fd, const char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t written = write(fd, bytes + done, size - done);
        if (written == -1 && errno != EINTR)
            die("write");
        if (written > 0)
            done += (size_t)written;
    }
}

static bool pass(int from, int to)
{
    static char line[20000];
    size_t length = 0;
    bool any = false;
    while (length == 0 || line[length - 1] != '\n') {
        if (length == sizeof line) {
            put(to, line, length);
            length = 0;
        }
        if (!take(from, line + length)) {
            if (!any)
                return false;
            line[length] = '\n';
        }
        length++;
        any = true;
    }
    put(to, line, length);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 3 || strlen(argv[1]) != 1 || strchr("ab", *argv[1]) == NULL)
        usage("ftalk a|b DIR");
    bool is_a = *argv[1] == 'a';
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    if (sigprocmask(SIG_BLOCK, &broken_pipe, NULL) == -1)
        die("sigprocmask");
    folder = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder == -1)
        die("open %s", argv[2]);
    make(0, "ab");
    make(1, "ba");
    int ab = open_end("ab", is_a), ba = open_end("ba", !is_a);
    if (is_a && (unlinkat(folder, "ba", 0) == -1 || unlinkat(folder, "ab", 0) == -1))
        die("unlinkat");
    close(folder);

    int speak = is_a ? ab : ba, listen = is_a ? ba : ab;
    if (!is_a && !pass(listen, STDOUT_FILENO))
        return 0;
    while (pass(STDIN_FILENO, speak) && pass(listen, STDOUT_FILENO))
        continue;
    return 0;
}
