/*
 * main.c - ipclab: a table of commands.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tell/text.h"
#include "commands.h"
#include "complete.h"
#include "options.h"

struct command {
    const char *name;
    const char *words; /* what follows the name, in short */
    const char *help;  /* one line; NULL: not for learners, and not listed */
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"list",       "",              "what there is, what is passed, what to do next", command_list      },
    {"start",      "WHAT...",       "copy an exercise to work/, to begin it",         command_start     },
    {"check",      "[WHAT...]",     "build and check what was begun",                 command_check     },
    {"watch",      "[WHAT...]",     "check again whenever a file is saved",           command_watch     },
    {"hint",       "[WHAT]",        "the next hint for what fails now",               command_hint      },
    {"show",       "[WHAT]",        "draw what happened in a check",                  command_show      },
    {"explain",    "NAME",          "a finding, a mistake or a check in depth",       command_explain   },
    {"predict",    "[LAB|Pn...]",   "say what an experiment will show, then run it",  command_predict   },
    {"trace",      "-- PROGRAM...", "watch any program and say what is wrong",        command_trace     },
    {"cc",         "ARG...",        "the compiler, with the kit's flags",             command_cc        },
    {"grade",      "SUBMISSION...", "grade a whole class",                            command_grade     },
    {"merge",      "DIR...",        "join the results of shards",                     command_merge     },
    {"report",     "FORMAT FILE",   "results in the format of a platform",            command_report    },
    {"similar",    "SUBMISSION...", "which submissions have passages alike",          command_similar   },
    {"kit",        "FILE.tar.gz",   "pack what students get",                         command_kit       },
    {"pack",       "PLATFORM FILE", "pack what a platform needs to grade",            command_pack      },
    {"doctor",     "",              "what this machine lets the kit do",              command_doctor    },
    {"--worker",   "",              NULL,                                             command_worker    },
    {"--try",      "",              NULL,                                             command_experiment},
    {"cell-bench", "",              NULL,                                             command_cell_bench},
};

enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void print_commands(FILE *stream)
{
    fprintf(stream, "usage: ipclab COMMAND ...\n\n"
                    "Exercises in Unix inter-process communication, checked at the level of the "
                    "kernel.\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (commands[i].help != NULL)
            fprintf(stream, "  %-8s %-14s %s\n", commands[i].name, commands[i].words,
                    commands[i].help);
    fprintf(stream,
            "\n"
            "WHAT is a lab (1 or 01-pipes), an exercise (1.3 or pipeline) or a check "
            "(1.3.name).\n"
            "More on each: ipclab COMMAND --help\n"
            "Exit status: 0 all passed or done, 1 some check failed, 2 wrong use or nothing "
            "to do,\n3 the kit itself failed.\n");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* --complete WORD...: what the shell may offer for the last of them (complete.h). */
static int complete(int argc, char **argv)
{
    const char *typed = argv[argc - 1], *previous = argc > 2 ? argv[argc - 2] : "";
    const struct command *command = argc > 2 ? find_command(argv[1]) : NULL;
    bool after_help = argc == 3 && strcmp(argv[1], "help") == 0;

    for (int i = 2; i < argc - 1; i++)
        if (strcmp(argv[i], "--") == 0) { /* a program and its words */
            printf("@files\n");
            return 0;
        }
    if (argc == 2 || after_help)
        for (size_t i = 0; i < N_COMMANDS; i++)
            if (commands[i].help != NULL)
                printf("%s\t%s\n", commands[i].name, commands[i].help);
    if (argc == 2)
        printf("help\thow a command is used\n--help\tthe commands\n--version\twhich kit this is\n");
    if (command == NULL || command->help == NULL)
        return 0;
    complete_words(command->words, typed);
    options_help_for_shell(previous);
    char *words[] = {argv[1], "--help", NULL};
    return command->run(2, words);
}

static int unknown_command(const char *word)
{
    const char *names[N_COMMANDS];
    size_t n = 0;

    for (size_t i = 0; i < N_COMMANDS; i++)
        if (commands[i].help != NULL)
            names[n++] = commands[i].name;
    const char *nearest = text_nearest(word, names, n);
    char *shown = text_visible(word, strlen(word), 60);
    fprintf(stderr, "ipclab: there is no command \"%s\"", shown);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean: ipclab %s", nearest);
    fprintf(stderr, "\ntype: ipclab --help\n");
    free(shown);
    return 2;
}

/* Output that did not arrive is a failure: a full disk must not look like a pass. */
static int finish(int status)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return status;
    perror("ipclab: writing to standard output");
    return 3;
}

int main(int argc, char **argv)
{
    static char *list[] = {"list", NULL};
    const char *word = argc > 1 ? argv[1] : "list";
    bool help = strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;

    if (argc <= 1)
        return finish(command_list(1, list));
    if (help && argc > 2 && find_command(argv[2]) != NULL) {
        char *words[] = {argv[2], "--help", NULL};
        return finish(find_command(argv[2])->run(2, words));
    }
    if (help && argc > 2)
        return unknown_command(argv[2]);
    if (help) {
        print_commands(stdout);
        return finish(0);
    }
    if (strcmp(word, "--complete") == 0)
        return finish(complete(argc - 1, argv + 1));
    if (strcmp(word, "--version") == 0) {
        printf("ipclab 1.0\n");
        return finish(0);
    }
    const struct command *command = find_command(word);
    return command != NULL ? finish(command->run(argc - 1, argv + 1)) : unknown_command(word);
}
