/*
 * hung_pipeline.c - a shell's pipeline with one mistake, for `make demo`.
 *
 * Usage: hung_pipeline CMD [ARG...] [-- CMD [ARG...]]...
 *
 * It looks right, and everything is printed. But see what the parent does with the pipe after fork.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void fail(const char *call)
{
    perror(call);
    _exit(EXIT_FAILURE);
}

/* In the child: its input and output become 0 and 1, and then it is another program. */
static _Noreturn void run_command(char **command, int input, int output)
{
    if (input != STDIN_FILENO && (dup2(input, STDIN_FILENO) == -1 || close(input) == -1))
        fail("dup2 of the input");
    if (output != STDOUT_FILENO && (dup2(output, STDOUT_FILENO) == -1 || close(output) == -1))
        fail("dup2 of the output");
    if (command[0] != NULL)
        execvp(command[0], command);
    fail("exec");
}

/* The "--" that ends this command, replaced by the NULL that exec wants; NULL: it is the last. */
static char **cut_command(char **command)
{
    for (; *command != NULL; command++)
        if (strcmp(*command, "--") == 0) {
            *command = NULL;
            return command;
        }
    return NULL;
}

int main(int argc, char **argv)
{
    int input = STDIN_FILENO;
    pid_t child = -1;

    if (argc < 2)
        return 2;
    for (char **command = argv + 1, **end; command != NULL;
         command = end != NULL ? end + 1 : NULL) {
        int ends[2] = {STDIN_FILENO, STDOUT_FILENO};
        end = cut_command(command);
        if (end != NULL && pipe(ends) == -1)
            fail("pipe");
        child = fork();
        if (child == -1)
            fail("fork");
        if (child == 0)
            run_command(command, input, ends[1]);
        if (input != STDIN_FILENO && close(input) == -1)
            fail("close");
        input = ends[0]; /* the next command reads here; and ends[1]? */
    }

    int status, last_status = 0;
    for (pid_t ended; (ended = wait(&status)) > 0;)
        if (ended == child)
            last_status = status;
    return WIFEXITED(last_status) ? WEXITSTATUS(last_status) : 128 + WTERMSIG(last_status);
}
