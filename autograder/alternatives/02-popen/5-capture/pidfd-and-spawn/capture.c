/*
 * capture.c - with posix_spawn(3) and one poll for both ends: that of the pipe and that of the
 * command, as a pidfd tells it.
 *
 * Usage: capture SECS COMMAND [ARG...]
 */
#define _GNU_SOURCE /* pipe2(2), syscall(2) for pidfd_open(2) */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const size_t limit = (size_t)1 << 20;

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Digits, perhaps a point and more digits. In microseconds; 0: no such thing. */
static int64_t parse(const char *word)
{
    int64_t us = 0, unit = 1000000;
    bool point = false, digit = false;
    for (; *word != '\0'; word++) {
        if (*word == '.' && !point) {
            point = true;
            continue;
        }
        if (*word < '0' || *word > '9' || us > INT64_C(86400) * 1000000)
            return 0;
        digit = true;
        if (!point)
            us = us * 10 + (*word - '0') * unit;
        else if (unit > 1)
            us += (*word - '0') * (unit /= 10);
    }
    return digit && us <= INT64_C(86400) * 1000000 ? us : 0;
}

static int spawn(pid_t *child, char **command, int out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t how;
    sigset_t usual;

    sigemptyset(&usual);
    sigaddset(&usual, SIGCHLD);
    posix_spawn_file_actions_init(&actions);
    int error = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setsigdefault(&how, &usual);
    if (error == 0)
        error = posix_spawnp(child, *command, &actions, &how, command, environ);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

struct kept {
    char *bytes;
    size_t count, all;
};

/* 1: more may come; 0: the end; -1: it failed. */
static int take(int fd, struct kept *kept)
{
    char block[5000];
    ssize_t got = read(fd, block, sizeof block);
    if (got == -1)
        return errno == EINTR || errno == EAGAIN ? 1 : -1;
    size_t more = (size_t)got < limit - kept->count ? (size_t)got : limit - kept->count;
    if (more > 0) {
        kept->bytes = realloc(kept->bytes, kept->count + more);
        if (kept->bytes == NULL)
            die("realloc");
        memcpy(kept->bytes + kept->count, block, more);
    }
    kept->count += more;
    kept->all += (size_t)got;
    return got > 0;
}

/* 1: both have ended; 0: the time is up; -1: it failed. */
static int watch(int fd, int command, int64_t deadline, struct kept *kept)
{
    struct pollfd ends[] = {
        {.fd = fd,      .events = POLLIN},
        {.fd = command, .events = POLLIN}
    };
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        int64_t left = deadline - clock_us();
        int ready = poll(ends, 2, left > 0 ? (int)(left / 1000 + 1) : 0);
        if (ready == 0)
            return 0;
        if (ready == -1 && errno == EINTR)
            continue;
        if (ready == -1)
            return -1;
        if (ends[1].revents != 0)
            ends[1].fd = -1;
        int more = ends[0].revents != 0 ? take(fd, kept) : 1;
        if (more == -1)
            return -1;
        if (more == 0)
            ends[0].fd = -1;
    }
    return 1;
}

static void put(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t n = write(fd, bytes, count < 4000 ? count : 4000);
        if (n == -1 && errno != EINTR)
            die("write");
        if (n > 0) {
            bytes += n;
            count -= (size_t)n;
        }
    }
}

int main(int argc, char **argv)
{
    int64_t us = argc > 2 ? parse(argv[1]) : 0, deadline = clock_us() + us;
    struct kept kept = {0};
    char line[100], end[30];
    int ends[2], status;
    pid_t child;

    if (us == 0)
        usage("capture SECS COMMAND [ARG...]");
    signal(SIGCHLD, SIG_DFL);
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
        die("pipe2");
    fcntl(ends[1], F_SETFL, 0);
    errno = spawn(&child, argv + 2, ends[1]);
    if (errno == EAGAIN || errno == ENOMEM)
        die("posix_spawnp");
    if (errno != 0) {
        fprintf(stderr, "capture: %s: %s\n", argv[2], strerror(errno));
        return errno == ENOENT ? 127 : 126;
    }
    close(ends[1]);
    int command = (int)syscall(SYS_pidfd_open, child, 0);
    int result = command == -1 ? -1 : watch(ends[0], command, deadline, &kept);
    int error = errno;
    if (result != 1)
        kill(-child, SIGKILL);
    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    errno = error;
    if (result == -1)
        die("pidfd_open, poll or read");
    put(STDOUT_FILENO, kept.bytes, kept.count);
    free(kept.bytes);
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    if (result == 0)
        strcpy(end, "timeout");
    else
        snprintf(end, sizeof end, "%s %d", WIFSIGNALED(status) ? "signal" : "exit", number);
    int length = kept.all > limit
                     ? snprintf(line, sizeof line, "capture: %zu of %zu bytes, %s\n", kept.count,
                                kept.all, end)
                     : snprintf(line, sizeof line, "capture: %zu bytes, %s\n", kept.count, end);
    put(STDERR_FILENO, line, (size_t)length);
    return result == 0 ? 124 : WIFSIGNALED(status) ? 128 + number : number;
}
