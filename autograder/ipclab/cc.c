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
    .synopsis = "ARG...",
    .purpose = "Runs the compiler ($CC, or cc) with the kit's flags before ARG..., and links what "
               "is in common/ unless ARG says not to link.",
    .notes = "Example: ipclab cc prog.c -o prog",
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

static char **compiler_command(char **words)
{
    char **command = NULL;
    size_t n = 0;
    bool links = true;

    *ARRAY_ADD(command, n) = kit_strdup(kit_compiler());
    for (const char *const *flag = kit_compiler_flags(); *flag != NULL; flag++)
        *ARRAY_ADD(command, n) = kit_strdup(*flag);
    *ARRAY_ADD(command, n) = kit_path("common");
    char *include = kit_format("-I%s", command[n - 1]);
    free(command[n - 1]);
    command[n - 1] = include;
    for (; *words != NULL; words++) {
        *ARRAY_ADD(command, n) = *words;
        links = links && !stops_before_linking(*words);
    }
    if (links) {
        char **sources = kit_common_sources();
        for (char **source = sources; *source != NULL; source++)
            *ARRAY_ADD(command, n) = *source;
        free(sources);
        *ARRAY_ADD(command, n) = kit_strdup("-lpthread");
        *ARRAY_ADD(command, n) = kit_strdup("-lrt");
        *ARRAY_ADD(command, n) = kit_strdup("-lm");
    }
    *ARRAY_ADD(command, n) = NULL;
    return command;
}

int command_cc(int argc, char **argv)
{
    if (argc < 2)
        return usage_error(&help, "say what to compile, for example: ipclab cc prog.c -o prog");
    if (strcmp(argv[1], "--help") == 0) { /* by hand: every other option is the compiler's */
        print_help(&help);
        return 0;
    }
    if (strcmp(argv[1], "--race") == 0)
        return usage_error(&help,
                           "--race (the race detector) is not built into this version; leave "
                           "it out");
    char **command = compiler_command(argv + 1);
    fflush(stdout);
    execvp(command[0], command);
    fprintf(stderr,
            "ipclab cc: can't run the compiler \"%s\": %s\ntype: ipclab doctor   (it says "
            "what to install), or set CC\n",
            command[0], strerror(errno));
    return 2;
}
