/*
 * pager.c - shows a file through another program, as man(1) and git(1) do.
 *
 *     FILE ──► parent ══ pipe ══► $PAGER (0 is the pipe) ──► standard output
 *
 * The program that PAGER names (cat if it names none) knows nothing of pipes: it reads descriptor
 * 0. So between fork and exec the child moves the read end of the pipe to 0 and closes everything
 * else that it has from us. The parent feeds it and closes the write end, which is the pager's end
 * of file, then waits and leaves with the pager's status.
 *
 * The pager may stop before the end. The parent then gets EPIPE, which is no error here.
 *
 * Usage: pager FILE
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 16384,
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
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

/* Closing fails only for a descriptor that is not open, which would be a mistake of ours. */
static void close_end(int fd)
{
    if (close(fd) == -1)
        die("close descriptor %d", fd);
}

/* The file to show, closed on exec: the pager gets its content, not the file. */
static int open_file(const char *name)
{
    int file = open(name, O_RDONLY | O_CLOEXEC);

    if (file == -1)
        die("open %s", name);
    return file;
}

/* Straight to the kernel: what waits in a stdio buffer at fork is there twice afterwards. */
static void write_heading(const char *name)
{
    char line[PATH_MAX + 16]; /* open(2) has taken the name, so it is shorter than PATH_MAX */
    int length = snprintf(line, sizeof line, "== %s ==\n", name);

    if (!write_all(STDOUT_FILENO, line, (size_t)length))
        die("write standard output");
}

/* The child's whole life after fork. */
static _Noreturn void become_pager(const int ends[2])
{
    const char *pager = getenv("PAGER");

    if (pager == NULL || *pager == '\0')
        pager = "cat";
    /* A pager that could write into its own pipe would never see end of file. */
    close_end(ends[1]);
    /* When we were started without a descriptor 0, pipe(2) may have handed it out: then the read
     * end is where it belongs, and closing it would lose it. */
    if (ends[0] != STDIN_FILENO) {
        if (dup2(ends[0], STDIN_FILENO) == -1)
            die("dup2");
        /* dup2 makes a copy. The pager shall have one descriptor of the pipe, not two. */
        close_end(ends[0]);
    }
    execlp(pager, pager, (char *)NULL);
    int status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    fprintf(stderr, "pager: exec %s: %s\n", pager, strerror(errno));
    /* Not exit, and not return: the rest of this program is the parent's. */
    _exit(status);
}

/* The file into the pipe, until its end or until the pager wants no more. False when reading or
 * writing failed, which has then been said: the pager is still ours to wait for. */
static bool feed_pager(int file, int to_pager)
{
    char buffer[BUFFER_SIZE];
    ssize_t got;

    while ((got = read_some(file, buffer, sizeof buffer)) > 0) {
        if (!write_all(to_pager, buffer, (size_t)got)) {
            if (errno == EPIPE)
                return true;
            perror("pager: write pipe");
            return false;
        }
    }
    if (got == -1)
        perror("pager: read file");
    return got == 0;
}

/* Reaps the pager. Its status, as a shell would say it. */
static int wait_for(pid_t pager)
{
    int status;

    while (waitpid(pager, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    return WIFSIGNALED(status) ? EXIT_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("pager FILE");

    int ends[2];
    if (pipe(ends) == -1)
        die("pipe");
    int file = open_file(argv[1]);
    write_heading(argv[1]);
    pid_t pager = fork();
    if (pager == -1)
        die("fork");
    if (pager == 0)
        become_pager(ends);

    /* After the fork, since exec keeps ignored signals ignored: the pager shall be able to die of a
     * broken pipe of its own. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        perror("pager: signal SIGPIPE");
    /* While we held a read end, a pager that stopped early would leave us writing for ever. */
    close_end(ends[0]);
    bool fed = feed_pager(file, ends[1]);
    close_end(file);
    /* This is what the pager takes for end of file, so it must come before we wait. */
    close_end(ends[1]);
    int status = wait_for(pager);
    if (fed)
        return status;
    return EXIT_FAILURE;
}
