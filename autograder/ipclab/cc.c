/*
 * cc.c - ipclab cc: the compiler with the kit's flags, for programs outside the labs.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../run/kit.h"
#include "commands.h"
#include "kit_paths.h"
#include "options.h"

static const struct command_help help = {
    .name = "cc",
    .synopsis = "[--race] ARG...",
    .purpose = "Runs the compiler ($CC, or cc) with the kit's flags before ARG..., and links what "
               "is in common/ unless ARG says not to link.",
    .notes = "--race builds for the race detector: run the program with ipclab trace --race.\n"
             "Examples: ipclab cc prog.c -o prog    ipclab cc --race prog.c -o prog",
};

/* With one of these the compiler does not link. */
static bool stops_before_linking(const char *word)
{
    static const char *const words[] = {
        "-c", "-S", "-E", "-M", "-MM", "-fsyntax-only", "--version", "-v", "-dumpmachine"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

struct command {
    const char **words;
    size_t count;
};

static void add(struct command *command, const char *word)
{
    *ARRAY_ADD(command->words, command->count) = word;
}

static void add_all(struct command *command, const char *const *words)
{
    for (; *words != NULL; words++)
        add(command, *words);
}

static const char **compiler_command(char **words, bool race)
{
    struct command command = {0};
    bool links = true;
    char *common = kit_path("common"), *race_folder = kit_race_folder();

    add(&command, kit_compiler());
    add_all(&command, kit_compiler_flags());
    if (race)
        add_all(&command, kit_race_flags_before());
    add(&command, kit_format("-I%s", common));
    for (; *words != NULL; words++) {
        add(&command, *words);
        links = links && !stops_before_linking(*words);
    }
    if (links) {
        add_all(&command, (const char *const *)kit_common_sources());
        add_all(&command, (const char *const[]){"-lpthread", "-lrt", "-lm", NULL});
    }
    if (links && race)
        add_all(&command, kit_race_flags_after(race_folder));
    add(&command, NULL);
    free(race_folder);
    free(common);
    return command.words;
}

int command_cc(int argc, char **argv)
{
    if (argc < 2)
        return usage_error(&help, "say what to compile, for example: ipclab cc prog.c -o prog");
    if (strcmp(argv[1], "--help") == 0) { /* by hand: every other option is the compiler's */
        print_help(&help);
        return 0;
    }
    bool race = strcmp(argv[1], "--race") == 0;
    if (race && argc < 3)
        return usage_error(&help, "say what to compile, for example: ipclab cc --race prog.c -o "
                                  "prog");
    const char **command = compiler_command(argv + 1 + race, race);
    fflush(stdout);
    execvp(command[0], (char *const *)command);
    fprintf(stderr,
            "ipclab cc: can't run the compiler \"%s\": %s\ntype: ipclab doctor   (it says "
            "what to install), or set CC\n",
            command[0], strerror(errno));
    return 2;
}
