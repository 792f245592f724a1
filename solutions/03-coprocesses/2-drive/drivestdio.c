/*
 * drivestdio.c - talks to a coprocess through two pipes, with stdio.
 *
 *     standard input ──► parent ══ pipe ══► 0 PROG
 *                          │                  │
 *     standard output ◄────┘ ◄══ pipe ═══════ 1
 *
 * The same as drive.c, with a FILE around each end. getline(3) makes lines of what comes, however
 * it comes. But a FILE also keeps what is written to it: the question has to be flushed before we
 * wait for the answer, and the answer before we wait for the next line. PROG has the same problem,
 * and we cannot solve it from here.
 *
 * Usage: drivestdio PROG
 *
 * After exercise 15.5 of APUE.
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

enum {
    EXIT_COPROCESS_GONE = 3,
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
};

/* PROG, and our ends of the two pipes. */
struct coprocess {
    pid_t pid;
    FILE *to, *from;
};

enum ending { INPUT_ENDED, COPROCESS_GONE, FAILED };

/* Closing fails only for a descriptor that is not open, which would be a mistake of ours. */
static void close_end(int fd)
{
    if (close(fd) == -1)
        die("close descriptor %d", fd);
}

static void move_end(int from, int to)
{
    if (from == to)
        return;
    if (dup2(from, to) == -1)
        die("dup2");
    close_end(from);
}

/* The child's whole life after fork. */
static _Noreturn void become(const char *prog, const int questions[2], const int answers[2])
{
    close_end(questions[1]);
    close_end(answers[0]);
    move_end(questions[0], STDIN_FILENO);
    move_end(answers[1], STDOUT_FILENO);
    execlp(prog, prog, (char *)NULL);
    int status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    fprintf(stderr, "drivestdio: exec %s: %s\n", prog, strerror(errno));
    _exit(status);
}

/* The FILEs are made before the fork: if there is no memory for them, nothing has been started. */
static struct coprocess start(const char *prog)
{
    int questions[2], answers[2];

    if (pipe(questions) == -1 || pipe(answers) == -1)
        die("pipe");
    FILE *to = fdopen(questions[1], "w"), *from = fdopen(answers[0], "r");
    if (to == NULL || from == NULL)
        die("fdopen");
    pid_t pid = fork();
    if (pid == -1)
        die("fork");
    if (pid == 0)
        become(prog, questions, answers);
    close_end(questions[0]);
    /* While we could still write answers ourselves, we would never see that PROG is gone. */
    close_end(answers[1]);
    return (struct coprocess){.pid = pid, .to = to, .from = from};
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

/* Says what failed. PROG is still ours to wait for, so this is no place to die. */
static enum ending failed(const char *what)
{
    fprintf(stderr, "drivestdio: %s: %s\n", what, strerror(errno));
    return FAILED;
}

/* Writes the line, with a newline even if it had none, and lets it go at once. */
static bool put_line(FILE *file, const char *line, size_t length)
{
    bool whole = line[length - 1] == '\n';

    return fwrite(line, 1, length, file) == length && (whole || putc('\n', file) != EOF) &&
           fflush(file) != EOF;
}

static enum ending converse(const struct coprocess *prog, char **line, size_t *room)
{
    ssize_t length;

    while ((length = getline(line, room, stdin)) > 0) {
        if (!put_line(prog->to, *line, (size_t)length))
            return errno == EPIPE ? COPROCESS_GONE : failed("write pipe");
        length = getline(line, room, prog->from);
        if (length == -1 && ferror(prog->from))
            return failed("read pipe");
        if (length == -1 || (*line)[length - 1] != '\n')
            return COPROCESS_GONE;
        if (!put_line(stdout, *line, (size_t)length))
            return failed("write standard output");
    }
    return ferror(stdin) ? failed("read standard input") : INPUT_ENDED;
}

/* What PROG still says when it has seen the end of its input. */
static enum ending pass_on_the_rest(FILE *from)
{
    int byte;

    while ((byte = getc(from)) != EOF)
        if (putchar(byte) == EOF)
            return failed("write standard output");
    if (ferror(from))
        return failed("read pipe");
    return fflush(stdout) == EOF ? failed("write standard output") : INPUT_ENDED;
}

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("drivestdio PROG");

    char *line = NULL;
    size_t room = 0;
    struct coprocess prog = start(argv[1]);
    /* After the fork: PROG shall find the signal as we have found it. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        perror("drivestdio: signal SIGPIPE");
    enum ending ending = converse(&prog, &line, &room);
    /* PROG's end of file. If PROG is gone, what lies in the FILE cannot be written: no news. */
    if (fclose(prog.to) == EOF && ending == INPUT_ENDED)
        ending = failed("close pipe");
    if (ending == INPUT_ENDED)
        ending = pass_on_the_rest(prog.from);
    if (fclose(prog.from) == EOF)
        ending = failed("close pipe");
    int status = wait_for(prog.pid);
    free(line);
    if (ending == INPUT_ENDED)
        return status;
    if (ending == FAILED)
        return EXIT_FAILURE;
    /* The child has said why. */
    if (status == EXIT_NOT_FOUND || status == EXIT_NOT_EXECUTABLE)
        return status;
    fprintf(stderr, "drivestdio: coprocess terminated\n");
    return EXIT_COPROCESS_GONE;
}
