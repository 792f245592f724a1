/*
 * pipeline.c - what a shell does with cmd1 | cmd2 | ... | cmdN.
 *
 *     0 ──► stage 1 ══ pipe ══► stage 2 ══ pipe ══► ... ══ pipe ══► stage N ──► 1
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

// TODO: A function for a stage, after fork: 0 and 1 where they belong, nothing else, then exec.

// TODO: A function that starts a stage. Which ends must be gone before the next stage is started?

// TODO: A function that waits for the stages. Whose status counts?

int main(int argc, char **argv)
{
    struct pipeline line = {.started = 0};

    if (argc < 2)
        misused();
    split_commands(&line, argv);
    // TODO: Start all the stages, then wait for all of them.
    return EXIT_FAILURE;
}
