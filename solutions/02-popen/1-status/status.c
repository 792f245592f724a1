/*
 * status.c - runs a command and says how it ended.
 *
 *     sh -c CMD ══ pipe ══► status ──► standard output
 *
 * popen starts a shell, never CMD itself. So it cannot know whether CMD exists: the shell looks for
 * it, says on its standard error that it is not there, and exits with 127. And what pclose returns
 * is how the shell ended, in the form that waitpid gives: neither an exit status nor a signal yet,
 * but a number that holds one or the other.
 *
 * Usage: status CMD
 */
#include "lab.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum {
    BUFFER_SIZE = 4096,
    EXIT_NOT_FOUND = 127, /* by which a shell says that there is no such command */
};

/* Out of our buffer before the command starts: what it writes to standard error, or straight to a
 * terminal, does not pass through us and would come first. */
static void write_heading(const char *command)
{
    if (printf("$ %s\n", command) < 0 || fflush(stdout) == EOF)
        die("write standard output");
}

/* Everything that the command writes. False when standard output does not take it, with errno set:
 * the shell is still ours to wait for. */
static bool pass_on(FILE *output)
{
    char buffer[BUFFER_SIZE];
    size_t got;

    while ((got = fread(buffer, 1, sizeof buffer, output)) > 0)
        if (fwrite(buffer, 1, got, stdout) != got)
            return false;
    return !ferror(output) && fflush(stdout) != EOF;
}

/* status: as pclose(3) returned it, which is not -1 here. */
static void write_ending(int status)
{
    if (WIFSIGNALED(status))
        printf("signal:%d\n", WTERMSIG(status));
    else if (WEXITSTATUS(status) == EXIT_NOT_FOUND)
        printf("notfound\n");
    else
        printf("exit:%d\n", WEXITSTATUS(status));
    if (fflush(stdout) == EOF)
        die("write standard output");
}

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("status CMD");

    write_heading(argv[1]);
    FILE *output = popen(argv[1], "r");
    if (output == NULL)
        die("popen");
    bool passed_on = pass_on(output);
    if (!passed_on)
        perror("status: pass on the output");
    /* Closes our end, so that a command which still writes is told to stop; then waits. */
    int status = pclose(output);
    if (status == -1)
        die("pclose");
    if (!passed_on)
        return EXIT_FAILURE;
    write_ending(status);
    return EXIT_SUCCESS;
}
