/*
 * oneway.c - another right answer: pipe2, readv and writev, waitid, SIGPIPE blocked, die last.
 *
 * The ends are close-on-exec although nothing is exec'ed, blocks lie in two pieces, and SIGPIPE is
 * blocked, not ignored (a blocked signal stays pending and harms nobody).
 */
#define _GNU_SOURCE /* pipe2 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char block[70000];

static ssize_t read_block(int fd, size_t size)
{
    struct iovec halves[2] = {
        {block,            size / 2       },
        {block + size / 2, size - size / 2}
    };

    for (;;) {
        ssize_t got = readv(fd, halves, 2);
        if (got >= 0 || errno != EINTR)
            return got;
    }
}

/* 0, or the errno of the write that failed. */
static int write_block(int fd, const char *bytes, size_t size)
{
    size_t done = 0;

    while (done < size) {
        size_t half = (size - done) / 2;
        char *rest = (char *)bytes + done;
        struct iovec halves[2] = {
            {rest,        half              },
            {rest + half, size - done - half}
        };
        ssize_t put = writev(fd, halves, 2);
        if (put >= 0)
            done += (size_t)put;
        else if (errno != EINTR)
            return errno;
    }
    return 0;
}

static void block_sigpipe(void)
{
    sigset_t set;

    if (sigemptyset(&set) == -1 || sigaddset(&set, SIGPIPE) == -1)
        die("sigaddset");
    if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
        die("sigprocmask");
}

static int child(int from, size_t size)
{
    unsigned long long total = 0;
    uint32_t crc = 0;
    char line[48];
    ssize_t got;
    int error = 0;

    while (error == 0 && (got = read_block(from, size)) != 0) {
        error = got == -1 ? errno : write_block(1, block, (size_t)got);
        if (error == 0) {
            total += (unsigned long long)got;
            crc = crc32_update(crc, block, (size_t)got);
        }
    }
    sprintf(line, "\n%llu %08" PRIx32 "\n", total, crc);
    if (error == 0)
        error = write_block(1, line, strlen(line));
    if (error == 0)
        return 0;
    errno = error;
    die("read or write in the child");
}

/* 0, or the errno of what failed. */
static int parent(int to, size_t size)
{
    ssize_t got;
    int error = 0;

    while (error == 0 && (got = read_block(0, size)) != 0)
        error = got == -1 ? errno : write_block(to, block, (size_t)got);
    return error;
}

static int reap(pid_t pid)
{
    siginfo_t info;

    while (waitid(P_PID, (id_t)pid, &info, WEXITED) == -1)
        if (errno != EINTR)
            die("waitid");
    return info.si_code == CLD_EXITED ? info.si_status : 1;
}

int main(int argc, char **argv)
{
    int size = 0, used = 0, ends[2];

    if (argc != 2 || strlen(argv[1]) > 5 || sscanf(argv[1], "%d%n", &size, &used) != 1 ||
        argv[1][used] != '\0' || size < 1 || size > 70000)
        usage("oneway N");
    block_sigpipe();
    if (pipe2(ends, O_CLOEXEC) == -1)
        die("pipe2");
    pid_t pid = fork();
    if (pid == -1)
        die("fork");
    if (pid == 0) {
        close(ends[1]);
        _exit(child(ends[0], (size_t)size));
    }
    close(ends[0]);
    int error = parent(ends[1], (size_t)size);
    close(ends[1]);
    int status = reap(pid);
    errno = error;
    if (error != 0)
        die("read standard input or write to the pipe");
    return status != 0;
}
