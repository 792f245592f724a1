/*
 * pager.c - another right answer: posix_spawnp does what fork and exec do elsewhere.
 *
 * The file actions and attributes do what the child does elsewhere. When the program does not
 * exist, posix_spawnp says so to the parent, which writes the message itself.
 */
#define _GNU_SOURCE /* pipe2 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int put(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, bytes, size);
        if (done == -1 && errno == EINTR)
            continue;
        if (done == -1)
            return -1;
        bytes += done;
        size -= (size_t)done;
    }
    return 0;
}

static void heading(const char *name)
{
    if (put(1, "== ", 3) == -1 || put(1, name, strlen(name)) == -1 || put(1, " ==\n", 4) == -1)
        die("write");
}

/* The pager's pid, or -1 with errno. */
static pid_t spawn(const char *name, int input)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    pid_t pid = -1;
    char *argv[] = {(char *)name, NULL};

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0)
        die("posix_spawnattr_init");
    /* glibc clears close-on-exec when both numbers are equal */
    posix_spawn_file_actions_adddup2(&actions, input, 0);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    errno = posix_spawnp(&pid, name, &actions, &attributes, argv, environ);
    int error = errno;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    errno = error;
    return error == 0 ? pid : -1;
}

/* NULL, or the call that failed. */
static const char *feed(int file, int to)
{
    char buffer[3000];

    for (;;) {
        ssize_t got = read(file, buffer, sizeof buffer);
        if (got == 0)
            return NULL;
        if (got == -1 && errno != EINTR)
            return "read";
        if (got > 0 && put(to, buffer, (size_t)got) == -1)
            return errno == EPIPE ? NULL : "write";
    }
}

int main(int argc, char **argv)
{
    const char *asked = getenv("PAGER");
    const char *name = asked != NULL ? asked : "";
    int ends[2], status, error;

    if (argc != 2 || strlen(argv[1]) == 0)
        usage("pager FILE");
    if (*name == '\0')
        name = "cat";
    int file = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (file == -1)
        die("open %s", argv[1]);
    if (pipe2(ends, O_CLOEXEC) == -1)
        die("pipe2");
    heading(argv[1]);
    signal(SIGPIPE, SIG_IGN);
    pid_t pid = spawn(name, ends[0]);
    if (pid == -1) {
        fprintf(stderr, "pager: posix_spawn %s: %s\n", name, strerror(errno));
        return errno == ENOENT ? 127 : errno == EACCES ? 126 : 1;
    }
    close(ends[0]);
    const char *failed = feed(file, ends[1]);
    error = errno;
    close(ends[1]);
    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        continue;
    errno = error;
    if (failed != NULL)
        die("%s", failed);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
