/*
 * options.h - the options of a command, as one table that both --help and the parser read.
 */
#ifndef IPCLAB_OPTIONS_H
#define IPCLAB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_row {
    int key;              /* what options_next() returns; a letter is also the short option */
    const char *name;     /* "seed"; NULL: only the letter */
    const char *argument; /* "N"; NULL: it takes none */
    const char *help;
};

struct command_help {
    const char *name;     /* "check" */
    const char *synopsis; /* what follows the name, without options: "[LAB|EXERCISE...]" */
    const char *purpose;  /* one sentence */
    const struct option_row *options; /* ended by a row without key; NULL: none but --help */
    const char *notes;                /* more paragraphs for --help; NULL */
};

enum { OPTIONS_END = -1, OPTIONS_HELP = -2, OPTIONS_WRONG = -3 };

/* The key of the next option, with optarg set (getopt_long(3)); OPTIONS_END: argv[optind] is the
 * first of the other words; OPTIONS_HELP: --help was printed, return 0; OPTIONS_WRONG: what was
 * wrong and what to type was printed, return 2. */
int options_next(const struct command_help *help, int argc, char **argv);

/* "ipclab check: MESSAGE" and what to type for help, on stderr. Returns 2. */
int usage_error(const struct command_help *help, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* There is no such thing (what: "format") as that word; the nearest of the names is offered.
 * Returns 2. */
int usage_unknown(const struct command_help *help, const char *what, const char *word,
                  const char *const *names, size_t n);

/* Reads a whole number; false (with a message as usage_error) when it is none or out of range. */
bool options_number(const struct command_help *help, const char *option, const char *text,
                    uint64_t least, uint64_t most, uint64_t *number);

/* Writes what a command made to the file that an option named; "-" is standard output. 0, or -1
 * after saying why, as that command. */
int options_write(const char *command, const char *file, const char *text);

void print_help(const struct command_help *help);

/* From now on --help prints what a shell may offer after the word `previous` (complete.h). */
void options_help_for_shell(const char *previous);

#endif
