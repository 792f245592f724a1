/*
 * pipeline.c - what a shell does with cmd1 | cmd2 | ... | cmdN.
 *
 *     0 ──► stage 1 ══ pipe ══► stage 2 ══ pipe ══► ... ══ pipe ══► stage N ──► 1
 *
 * This process makes all the pipes and is the parent of all the stages; it reads and writes none of
 * the data. It keeps at most one end between two forks, the read end that the next stage gets, so a
 * stage inherits three descriptors of pipes at most: its input, its output, and the read end for
 * the stage after it, which it closes. No stage ever sees a write end that is not its own.
 *
 * Usage: pipeline CMD [ARG...] [-- CMD [ARG...]]...   (1 to 12 commands)
 */
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_STAGES = 12,
    NO_END = -1,
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
};

struct pipeline {
    char **commands[MAX_STAGES]; /* the argv of each stage, NULL at its end; in main's own argv */
    size_t count;
    pid_t stages[MAX_STAGES];
    size_t started; /* how many of the stages have a process */
};

static _Noreturn void misused(void)
{
    usage("pipeline CMD [ARG...] [-- CMD [ARG...]]...   (1 to 12 commands)");
}

/* Cuts argv into commands: each "--" becomes the NULL that ends the command before it. */
static void split_commands(struct pipeline *line, char **argv)
{
    char **first = argv + 1;

    line->count = 0;
    for (char **word = first;; word++) {
        if (*word != NULL && strcmp(*word, "--") != 0)
            continue;
        bool last = *word == NULL;
        if (word == first || line->count == MAX_STAGES)
            misused();
        *word = NULL;
        line->commands[line->count++] = first;
        first = word + 1;
        if (last)
            return;
    }
}

/* Closing fails only for a descriptor that is not open, which would be a mistake of ours. */
static void close_end(int fd)
{
    if (close(fd) == -1)
        die("close descriptor %d", fd);
}

/* Gives an open file the number to. dup2 makes a copy, so the old number is closed: left open, it
 * would keep its end of the pipe alive in a program that knows nothing of it. */
static void move_descriptor(int from, int to)
{
    if (from == to)
        return;
    if (dup2(from, to) == -1)
        die("dup2");
    close_end(from);
}

/* A stage's whole life after fork. next_input: the read end of its own output pipe, or NO_END. */
static _Noreturn void run_stage(char **command, int input, int output, int next_input)
{
    /* While the stage held it, nobody could tell this stage that its reader is gone (SIGPIPE). */
    if (next_input != NO_END)
        close_end(next_input);
    move_descriptor(input, STDIN_FILENO);
    move_descriptor(output, STDOUT_FILENO);
    execvp(command[0], command);
    int status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    fprintf(stderr, "pipeline: exec %s: %s\n", command[0], strerror(errno));
    /* Not exit, and not return: the rest of this program is the parent's. */
    _exit(status);
}

/* Starts the next stage, which reads input, and closes that here. Returns what the stage after it
 * reads, or NO_END: after the last one, or when a call failed, which has then been said. */
static int start_stage(struct pipeline *line, int input)
{
    bool last = line->started + 1 == line->count;
    int ends[2] = {NO_END, STDOUT_FILENO};

    if (!last && pipe(ends) == -1) {
        perror("pipeline: pipe");
        return NO_END;
    }
    pid_t stage = fork();
    if (stage == 0)
        run_stage(line->commands[line->started], input, ends[1], ends[0]);
    if (stage == -1)
        perror("pipeline: fork");
    else
        line->stages[line->started++] = stage;
    /* Closed before the next fork, or every later stage would hold this write end too, and the
     * reader of this pipe would not see end of file before they have all ended. */
    if (!last)
        close_end(ends[1]);
    if (stage == -1 && !last) {
        close_end(ends[0]);
        return NO_END;
    }
    return ends[0];
}

/* False when not all could be started. Those that were are still to be waited for. */
static bool start_stages(struct pipeline *line)
{
    int input = STDIN_FILENO;

    for (size_t i = 0; i < line->count && input != NO_END; i++) {
        int next_input = start_stage(line, input);
        /* It is that stage's now. With a copy here, its writer would never get SIGPIPE. */
        if (input != STDIN_FILENO)
            close_end(input);
        input = next_input;
    }
    return line->started == line->count;
}

/* Reaps one stage. Its status, as a shell would say it. */
static int wait_for(pid_t stage)
{
    int status;

    while (waitpid(stage, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    return WIFSIGNALED(status) ? EXIT_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Reaps all stages, whichever order they end in. The status of the last. */
static int wait_for_stages(const struct pipeline *line)
{
    int status = EXIT_FAILURE;

    for (size_t i = 0; i < line->started; i++)
        status = wait_for(line->stages[i]);
    return status;
}

int main(int argc, char **argv)
{
    struct pipeline line = {.started = 0};

    if (argc < 2)
        misused();
    split_commands(&line, argv);
    bool complete = start_stages(&line);
    int status = wait_for_stages(&line);
    if (complete)
        return status;
    return EXIT_FAILURE;
}
