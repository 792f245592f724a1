/*
 * mypopen.c - popen and pclose with a table indexed by descriptor, vfork(2) and waitid(2).
 *
 * The table holds the child of each stream at the number of its descriptor, 0 where there is none,
 * as in APUE. The pipe's ends are moved above 2 at once, so that none of them is where another one
 * has to go. After vfork the child lives in our memory: it only closes, duplicates and execs.
 */
#define _GNU_SOURCE /* pipe2(2), vfork(2), W_EXITCODE() */
#include "mypopen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    pid_t child;
    FILE *file;
} * table;
static int table_size;

/* Makes room for that descriptor. */
static int grow(int fd)
{
    int size = fd + 16;
    if (fd < table_size)
        return 0;
    void *larger = realloc(table, (size_t)size * sizeof *table);
    if (larger == NULL)
        return -1;
    table = larger;
    memset(table + table_size, 0, (size_t)(size - table_size) * sizeof *table);
    table_size = size;
    return 0;
}

static int lift(int *fd)
{
    if (*fd > 2)
        return 0;
    int lifted = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
    if (lifted == -1)
        return -1;
    close(*fd);
    *fd = lifted;
    return 0;
}

static pid_t start(const char *command, int fd, int standard)
{
    pid_t child = vfork();
    if (child != 0)
        return child;
    if (dup2(fd, standard) != -1)
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static FILE *give_up(int first, int second)
{
    int error = errno;
    close(first);
    close(second);
    errno = error;
    return NULL;
}

FILE *my_popen(const char *command, const char *mode)
{
    int ends[2];
    if ((mode[0] != 'r' && mode[0] != 'w') || mode[1] != '\0') {
        errno = EINVAL;
        return NULL;
    }
    if (pipe2(ends, O_CLOEXEC) == -1)
        return NULL;
    if (lift(&ends[0]) == -1 || lift(&ends[1]) == -1)
        return give_up(ends[0], ends[1]);
    int ours = mode[0] == 'r' ? ends[0] : ends[1], theirs = mode[0] == 'r' ? ends[1] : ends[0];
    if (grow(ours) == -1)
        return give_up(ours, theirs);
    pid_t child = start(command, theirs, mode[0] == 'r');
    if (child == -1)
        return give_up(ours, theirs);
    close(theirs);
    FILE *file = fdopen(ours, mode);
    if (file == NULL) {
        give_up(ours, -1);
        while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
            continue;
        errno = ENOMEM;
        return NULL;
    }
    table[ours].child = child;
    table[ours].file = file;
    return file;
}

int my_pclose(FILE *file)
{
    int fd = fileno(file), failed = 0;
    siginfo_t info;
    if (fd < 0 || fd >= table_size || table[fd].file != file) {
        errno = EINVAL;
        return -1;
    }
    pid_t child = table[fd].child;
    table[fd].file = NULL;
    if (fclose(file) == EOF)
        failed = errno;
    while (waitid(P_PID, (id_t)child, &info, WEXITED) == -1)
        if (errno != EINTR)
            return -1;
    if (failed != 0) {
        errno = failed;
        return -1;
    }
    return info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0)
                                      : W_EXITCODE(0, info.si_status);
}
