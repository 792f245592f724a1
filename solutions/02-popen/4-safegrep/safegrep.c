/*
 * safegrep.c - counts the lines of a file that match a pattern, whatever the two are called.
 *
 *     FILE ──► grep -c -e PATTERN ══ pipe ══► safegrep ──► standard output
 *
 * Pattern and file name come from somebody whom we do not trust. Two programs could take them for
 * something else than what they are. A shell would, if they stood in a command: so there is no
 * shell, and each is one element of an argument vector, or none. And grep would, if they looked
 * like options or like "-": so the pattern stands behind -e, and the name is not given to grep at
 * all. We open the file, and grep finds it as its standard input.
 *
 * grep may write a number even when it failed, so nothing is passed on before it has ended well.
 *
 * Usage: safegrep PATTERN FILE
 */
#define _GNU_SOURCE /* pipe2 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    COUNT_SIZE = 32,      /* a number, its newline and some room */
    GREP_NONE_FOUND = 1,  /* grep(1): 0 some line matched, 1 none, above: it failed */
    EXIT_NOT_FOUND = 127, /* as a shell says it */
};

/* read(2), tried again when a signal has interrupted it. */
static ssize_t read_some(int fd, char *buffer, size_t size)
{
    ssize_t got;

    do
        got = read(fd, buffer, size);
    while (got == -1 && errno == EINTR);
    return got;
}

/* Writes all of it, however little write(2) takes at a time. False with errno set. */
static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* In the child: fd becomes the standard descriptor `place`. Both of ours are closed on exec, and a
 * copy is not. One that is in its place already (we were started without it) has no copy. */
static void move_to(int fd, int place)
{
    if (fd == place ? fcntl(fd, F_SETFD, 0) == -1 : dup2(fd, place) == -1)
        die("put descriptor %d in place of %d", fd, place);
}

/* The child's whole life after fork. */
static _Noreturn void become_grep(const char *pattern, int file, int count)
{
    move_to(file, STDIN_FILENO);
    move_to(count, STDOUT_FILENO);
    execlp("grep", "grep", "-c", "-e", pattern, (char *)NULL);
    perror("safegrep: exec grep");
    _exit(EXIT_NOT_FOUND);
}

/* Everything that comes: a number and its newline. How many bytes they are; -1 with errno set. */
static ssize_t read_count(int fd, char *text, size_t size)
{
    size_t length = 0;
    ssize_t got;

    while ((got = read_some(fd, text + length, size - length)) > 0)
        length += (size_t)got;
    return got == -1 ? -1 : (ssize_t)length;
}

/* Reaps grep. Did it do its work? Otherwise it has said why, unless it was killed. */
static bool has_succeeded(pid_t grep)
{
    int status;

    while (waitpid(grep, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    if (WIFSIGNALED(status))
        fprintf(stderr, "safegrep: grep was killed by signal %d\n", WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) <= GREP_NONE_FOUND;
}

int main(int argc, char **argv)
{
    char count[COUNT_SIZE];
    int ends[2];

    if (argc != 3 || *argv[2] == '\0')
        usage("safegrep PATTERN FILE");
    int file = open(argv[2], O_RDONLY | O_CLOEXEC);
    if (file == -1)
        die("open %s", argv[2]);
    if (pipe2(ends, O_CLOEXEC) == -1)
        die("pipe");
    pid_t grep = fork();
    if (grep == -1)
        die("fork");
    if (grep == 0)
        become_grep(argv[1], file, ends[1]);

    /* While we hold a write end ourselves, there is no end of file. */
    if (close(ends[1]) == -1 || close(file) == -1)
        perror("safegrep: close");
    ssize_t length = read_count(ends[0], count, sizeof count);
    if (length == -1)
        perror("safegrep: read pipe");
    if (!has_succeeded(grep) || length == -1)
        return EXIT_FAILURE;
    if (!write_all(STDOUT_FILENO, count, (size_t)length))
        die("write standard output");
    return EXIT_SUCCESS;
}
