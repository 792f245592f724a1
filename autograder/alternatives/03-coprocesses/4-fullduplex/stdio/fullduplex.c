/*
 * fullduplex.c - 3.4 with two FILEs on one socket (the second on a copy of the descriptor).
 * Reads and writes through stdio would not bear EINTR, so both go by cookies that try again.
 */
#define _GNU_SOURCE /* fopencookie(3) */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static ssize_t cookie_read(void *cookie, char *buffer, size_t size)
{
    ssize_t got;
    do
        got = read(*(int *)cookie, buffer, size);
    while (got == -1 && errno == EINTR);
    return got;
}

static ssize_t cookie_write(void *cookie, const char *buffer, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t written = write(*(int *)cookie, buffer + done, size - done);
        if (written == -1 && errno != EINTR)
            return 0;
        done += written > 0 ? (size_t)written : 0;
    }
    return (ssize_t)size;
}

static FILE *open_cookie(int *fd, const char *mode)
{
    cookie_io_functions_t functions = {.read = cookie_read, .write = cookie_write};
    FILE *file = fopencookie(fd, mode, functions);
    if (file == NULL)
        die("fopencookie");
    return file;
}

static int complain(const char *call)
{
    fprintf(stderr, "fullduplex: %s: %s\n", call, strerror(errno));
    return 1;
}

static int gone_or(const char *call)
{
    return errno == EPIPE || errno == ECONNRESET ? 3 : complain(call);
}

static bool say(FILE *file, const char *line, ssize_t length)
{
    if (fwrite(line, 1, (size_t)length, file) != (size_t)length)
        return false;
    if (line[length - 1] != '\n' && putc('\n', file) == EOF)
        return false;
    return fflush(file) == 0;
}

static int dialogue(FILE *in, FILE *out, FILE *to, FILE *from)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int end = 0;

    while (end == 0 && (length = getline(&line, &room, in)) > 0) {
        if (!say(to, line, length))
            end = gone_or("write");
        else if ((length = getline(&line, &room, from)) == -1)
            end = ferror(from) ? gone_or("read") : 3;
        else if (line[length - 1] != '\n')
            end = 3;
        else if (!say(out, line, length))
            end = complain("write");
    }
    if (end == 0 && ferror(in))
        end = complain("read");
    free(line);
    return end;
}

int main(int argc, char **argv)
{
    int pair[2], status, standard[] = {0, 1}, byte;

    if (argc != 2 || argv[1][0] == '\0')
        usage("fullduplex PROG");
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
        die("socketpair");
    FILE *in = open_cookie(&standard[0], "r"), *out = open_cookie(&standard[1], "w");
    FILE *to = open_cookie(&pair[0], "w"), *from = open_cookie(&pair[0], "r");
    pid_t pid = fork();
    if (pid == -1)
        die("fork");
    if (pid == 0) {
        close(pair[0]);
        dup2(pair[1], 0);
        dup2(pair[1], 1);
        close(pair[1]);
        execlp(argv[1], argv[1], (char *)NULL);
        int error = errno;
        complain(argv[1]);
        _exit(error == ENOENT ? 127 : 126);
    }
    close(pair[1]);
    sigset_t pipes;
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    sigprocmask(SIG_BLOCK, &pipes, NULL); /* write says EPIPE then, too */
    int end = dialogue(in, out, to, from);
    shutdown(pair[0], SHUT_WR);
    while (end == 0 && (byte = getc(from)) != EOF)
        putc(byte, out);
    if (end == 0 && fflush(out) == EOF)
        end = complain("write");
    close(pair[0]);
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) >= 126)
        return WEXITSTATUS(status);
    if (end == 3)
        fprintf(stderr, "fullduplex: coprocess terminated\n");
    return end != 0 ? end : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
