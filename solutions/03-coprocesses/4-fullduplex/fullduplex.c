/*
 * fullduplex.c - talks to a coprocess through one socket pair instead of two pipes.
 *
 *     standard input ──► parent ◄══ socket pair ══► 0 and 1: PROG
 *     standard output ◄────┘
 *
 * A socket of a pair carries bytes in both directions, so PROG gets the same socket as its standard
 * input and its standard output. One descriptor for both directions also means that close(2) ends
 * both at once. To say "this was all" and still hear the answer there is shutdown(2): it ends one
 * direction, for all copies of the descriptor.
 *
 * A socket also tells more than a pipe: if PROG dies with bytes unread, what we get is no end of
 * file but ECONNRESET.
 *
 * Usage: fullduplex PROG
 *
 * After figure 15.18 of APUE, with a socket pair for its two pipes.
 */
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

enum {
    ROOM_AT_FIRST = 4096,
    EXIT_COPROCESS_GONE = 3,
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
};

/* PROG, and our end of the pair. */
struct coprocess {
    pid_t pid;
    int socket;
};

/* What was read and not yet taken: bytes[first] and the count - 1 after it. */
struct lines {
    int fd;
    char *bytes;
    size_t first, count, room;
};

enum ending { INPUT_ENDED, COPROCESS_GONE, FAILED };

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

/* ---- Lines ---- */

/* Room for one byte more at least, besides one for a newline. False with errno set. */
static bool make_room(struct lines *lines)
{
    memmove(lines->bytes, lines->bytes + lines->first, lines->count);
    lines->first = 0;
    if (lines->count + 1 < lines->room)
        return true;
    char *bytes = realloc(lines->bytes, 2 * lines->room);
    if (bytes == NULL)
        return false;
    lines->bytes = bytes;
    lines->room *= 2;
    return true;
}

/* The next line, with its newline if it has one: only the last may lack it. Its length; 0 at the
 * end; -1 with errno set. *line is valid until the next call, and one byte behind it is free. */
static ssize_t next_line(struct lines *lines, char **line)
{
    char *newline = NULL;
    size_t searched = 0;
    ssize_t got = 1;

    while (got > 0) {
        char *from = lines->bytes + lines->first;
        newline = memchr(from + searched, '\n', lines->count - searched);
        if (newline != NULL)
            break;
        searched = lines->count;
        if (!make_room(lines))
            return -1;
        got = read_some(lines->fd, lines->bytes + lines->count, lines->room - lines->count - 1);
        if (got == -1)
            return -1;
        lines->count += (size_t)got;
    }
    *line = lines->bytes + lines->first;
    size_t length = newline != NULL ? (size_t)(newline - *line) + 1 : lines->count;
    lines->first += length;
    lines->count -= length;
    return (ssize_t)length;
}

static struct lines lines_of(int fd)
{
    struct lines lines = {.fd = fd, .bytes = malloc(ROOM_AT_FIRST), .room = ROOM_AT_FIRST};

    if (lines.bytes == NULL)
        die("malloc");
    return lines;
}

/* ---- The coprocess ---- */

/* The child's whole life after fork. */
static _Noreturn void become(const char *prog, const int ends[2])
{
    close_end(ends[0]);
    if (dup2(ends[1], STDIN_FILENO) == -1 || dup2(ends[1], STDOUT_FILENO) == -1)
        die("dup2");
    /* If we were started without a descriptor 0 or 1, the socket may be there already. */
    if (ends[1] > STDOUT_FILENO)
        close_end(ends[1]);
    execlp(prog, prog, (char *)NULL);
    int status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    fprintf(stderr, "fullduplex: exec %s: %s\n", prog, strerror(errno));
    _exit(status);
}

static struct coprocess start(const char *prog)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1)
        die("socketpair");
    pid_t pid = fork();
    if (pid == -1)
        die("fork");
    if (pid == 0)
        become(prog, ends);
    /* While we held PROG's end ourselves, we would never see that PROG is gone. */
    close_end(ends[1]);
    return (struct coprocess){.pid = pid, .socket = ends[0]};
}

/* Reaps it. Its status, as a shell would say it. */
static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    return WIFSIGNALED(status) ? EXIT_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- The dialogue ---- */

/* PROG has closed its end: before all was read (reset), or before we wrote. */
static bool is_gone(int error)
{
    return error == ECONNRESET || error == EPIPE;
}

/* Says what failed. PROG is still ours to wait for, so this is no place to die. */
static enum ending failed(const char *what)
{
    fprintf(stderr, "fullduplex: %s: %s\n", what, strerror(errno));
    return FAILED;
}

static enum ending converse(const struct coprocess *prog, struct lines *input,
                            struct lines *answers)
{
    char *line, *answer;
    ssize_t length;

    while ((length = next_line(input, &line)) > 0) {
        /* PROG waits for the end of the line, so we must not keep it back. */
        if (line[length - 1] != '\n')
            line[length++] = '\n';
        if (!write_all(prog->socket, line, (size_t)length))
            return is_gone(errno) ? COPROCESS_GONE : failed("write socket");
        length = next_line(answers, &answer);
        if (length == -1)
            return is_gone(errno) ? COPROCESS_GONE : failed("read socket");
        if (length == 0 || answer[length - 1] != '\n')
            return COPROCESS_GONE;
        if (!write_all(STDOUT_FILENO, answer, (size_t)length))
            return failed("write standard output");
    }
    return length == 0 ? INPUT_ENDED : failed("read standard input");
}

/* What PROG still says when it has seen the end of its input. */
static enum ending pass_on_the_rest(struct lines *answers)
{
    char *line;
    ssize_t length;

    while ((length = next_line(answers, &line)) > 0)
        if (!write_all(STDOUT_FILENO, line, (size_t)length))
            return failed("write standard output");
    return length == 0 ? INPUT_ENDED : failed("read socket");
}

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("fullduplex PROG");

    struct lines input = lines_of(STDIN_FILENO), answers = lines_of(-1);
    struct coprocess prog = start(argv[1]);
    answers.fd = prog.socket;
    /* After the fork: PROG shall find the signal as we have found it. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        perror("fullduplex: signal SIGPIPE");
    enum ending ending = converse(&prog, &input, &answers);
    /* PROG's end of file, and only that: it may still answer. If PROG is gone, nobody needs it. */
    if (shutdown(prog.socket, SHUT_WR) == -1 && ending == INPUT_ENDED && errno != ENOTCONN)
        ending = failed("shutdown");
    if (ending == INPUT_ENDED)
        ending = pass_on_the_rest(&answers);
    close_end(prog.socket);
    int status = wait_for(prog.pid);
    free(input.bytes);
    free(answers.bytes);
    if (ending == INPUT_ENDED)
        return status;
    if (ending == FAILED)
        return EXIT_FAILURE;
    /* The child has said why. */
    if (status == EXIT_NOT_FOUND || status == EXIT_NOT_EXECUTABLE)
        return status;
    fprintf(stderr, "fullduplex: coprocess terminated\n");
    return EXIT_COPROCESS_GONE;
}
