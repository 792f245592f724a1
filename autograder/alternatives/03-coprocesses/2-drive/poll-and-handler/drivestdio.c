/*
 * drivestdio.c - 3.2 with getc and putc, each question collected in a buffer of its FILE.
 */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GONE = 3 };

static int complain(const char *call)
{
    fprintf(stderr, "drivestdio: %s: %s\n", call, strerror(errno));
    return 1;
}

/* Copies one line, however long, and a newline behind it. 0, or -1: nothing came, 1: to cannot, 2:
 * the end came first. */
static int copy_line(FILE *from, FILE *to)
{
    int byte, last = EOF;

    while (last != '\n' && (byte = getc(from)) != EOF) {
        if (putc(byte, to) == EOF)
            return 1;
        last = byte;
    }
    if (last == EOF)
        return -1;
    bool whole = last == '\n';
    if (!whole && putc('\n', to) == EOF)
        return 1;
    return fflush(to) == EOF ? 1 : whole ? 0 : 2;
}

static int dialogue(FILE *to, FILE *from)
{
    int got;

    while ((got = copy_line(stdin, to)) != -1) {
        if (got == 1)
            return errno == EPIPE ? GONE : complain("write");
        got = copy_line(from, stdout);
        if (got == 1)
            return complain("write");
        if (got != 0)
            return ferror(from) ? complain("read") : GONE;
    }
    return ferror(stdin) ? complain("read") : 0;
}

static pid_t start(char *name, const int down[2], const int up[2])
{
    pid_t pid = fork();

    if (pid == 0) {
        dup2(down[0], 0);
        dup2(up[1], 1);
        for (int i = 0; i < 2; i++) {
            close(down[i]);
            close(up[i]);
        }
        execlp(name, name, (char *)NULL);
        _exit(errno == ENOENT ? 127 : 126);
    }
    return pid;
}

int main(int argc, char **argv)
{
    int down[2], up[2], status, end;

    if (argc != 2 || argv[1][0] == '\0')
        usage("drivestdio PROG");
    if (pipe(down) == -1 || pipe(up) == -1)
        die("pipe");
    FILE *to = fdopen(down[1], "w"), *from = fdopen(up[0], "r");
    if (to == NULL || from == NULL)
        die("fdopen");
    pid_t pid = start(argv[1], down, up);
    if (pid == -1)
        die("fork");
    signal(SIGPIPE, SIG_IGN);
    close(down[0]);
    close(up[1]);
    end = dialogue(to, from);
    fclose(to);
    while (end == 0 && copy_line(from, stdout) == 0)
        continue;
    fclose(from);
    if (waitpid(pid, &status, 0) == -1)
        die("waitpid");
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == 126)) {
        errno = WEXITSTATUS(status) == 127 ? ENOENT : EACCES;
        complain(argv[1]);
        return WEXITSTATUS(status);
    }
    if (end == GONE)
        fprintf(stderr, "the coprocess terminated\n");
    if (end != 0)
        return end;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
