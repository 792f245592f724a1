/*
 * options.c - the options of a command. See options.h.
 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/terminal.h"
#include "../tell/text.h"

enum { MOST_OPTIONS = 24, KEY_HELP = 1000, KEY_COMPLETE };

static void print_wrapped(FILE *stream, const char *text, int indent)
{
    char *wrapped = text_wrap(text, indent, terminal_for(stream).width);
    fputs(wrapped, stream);
    free(wrapped);
}

static bool is_letter(int key)
{
    return key < 128 && isalpha(key);
}

static void print_option(const struct option_row *row)
{
    char *letter = is_letter(row->key) ? kit_format("-%c", row->key) : kit_strdup("");
    char *name = row->name != NULL ? kit_format("--%s", row->name) : kit_strdup("");
    char *left =
        kit_format("%s%s%s%s%s", letter, *letter != '\0' && *name != '\0' ? ", " : "", name,
                   row->argument != NULL ? " " : "", row->argument != NULL ? row->argument : "");
    char *wrapped = text_wrap(row->help, 22, terminal_for(stdout).width);

    printf("  %-19s %s", left, wrapped + 22);
    free(letter);
    free(name);
    free(left);
    free(wrapped);
}

static const char *word_before; /* NULL: help is for people */

void options_help_for_shell(const char *previous)
{
    word_before = previous;
}

/* Is it the name or the letter of that option? */
static bool is_option(const struct option_row *row, const char *word)
{
    bool long_name =
        row->name != NULL && strncmp(word, "--", 2) == 0 && strcmp(word + 2, row->name) == 0;
    return long_name ||
           (is_letter(row->key) && word[0] == '-' && word[1] == row->key && word[2] == '\0');
}

static void print_help_for_shell(const struct option_row *row)
{
    for (; row != NULL && row->key != 0; row++) {
        if (row->argument != NULL && is_option(row, word_before))
            printf("@value %s\n", row->argument);
        if (row->name != NULL)
            printf("--%s\t%s\n", row->name, row->help);
        else
            printf("-%c\t%s\n", row->key, row->help);
    }
    printf("--help\tHow it is used.\n");
}

void print_help(const struct command_help *help)
{
    static const struct option_row help_row = {KEY_HELP, "help", NULL, "This text."};
    const struct option_row *row = help->options;

    if (word_before != NULL) {
        print_help_for_shell(row);
        return;
    }
    printf("usage: ipclab %s%s%s%s\n\n", help->name, row != NULL ? " [OPTION...]" : "",
           help->synopsis[0] != '\0' ? " " : "", help->synopsis);
    print_wrapped(stdout, help->purpose, 0);
    printf("\n");
    for (; row != NULL && row->key != 0; row++)
        print_option(row);
    print_option(&help_row);
    if (help->notes != NULL) {
        printf("\n");
        print_wrapped(stdout, help->notes, 0);
    }
}

int usage_error(const struct command_help *help, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "ipclab %s: ", help->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\ntype: ipclab %s%s%s   (more: ipclab %s --help)\n", help->name,
            help->synopsis[0] != '\0' ? " " : "", help->synopsis, help->name);
    return 2;
}

/* Our table in the form that getopt_long wants. */
static void make_tables(const struct command_help *help, struct option *longs, char *shorts)
{
    int n = 0;

    *shorts++ = ':'; /* ':' is returned for a missing argument, and nothing is printed */
    for (const struct option_row *row = help->options;
         row != NULL && row->key != 0 && n < MOST_OPTIONS; row++) {
        int has_argument = row->argument != NULL ? required_argument : no_argument;
        if (row->name != NULL)
            longs[n++] = (struct option){row->name, has_argument, NULL, row->key};
        if (!is_letter(row->key))
            continue;
        *shorts++ = (char)row->key;
        if (row->argument != NULL)
            *shorts++ = ':';
    }
    longs[n++] = (struct option){"help", no_argument, NULL, KEY_HELP};
    longs[n] = (struct option){0};
    *shorts = '\0';
}

/* The word that getopt_long did not like. */
static const char *wrong_word(char **argv)
{
    static char letter[3] = "-?";

    if (optopt != 0 && is_letter(optopt)) {
        letter[1] = (char)optopt;
        return letter;
    }
    return optind > 0 ? argv[optind - 1] : "";
}

static int wrong_option(const struct command_help *help, const struct option *longs,
                        const char *word)
{
    const char *names[MOST_OPTIONS + 1];
    size_t n = 0;

    for (; longs[n].name != NULL; n++)
        names[n] = longs[n].name;
    const char *nearest = strncmp(word, "--", 2) == 0 ? text_nearest(word + 2, names, n) : NULL;
    char *shown = text_visible(word, strlen(word), 60);
    if (nearest != NULL)
        usage_error(help, "it has no option %s; did you mean --%s?", shown, nearest);
    else
        usage_error(help, "it has no option %s", shown);
    free(shown);
    return OPTIONS_WRONG;
}

int options_next(const struct command_help *help, int argc, char **argv)
{
    struct option longs[MOST_OPTIONS + 2];
    char shorts[2 * MOST_OPTIONS + 2];

    make_tables(help, longs, shorts);
    opterr = 0;
    int key = getopt_long(argc, argv, shorts, longs, NULL);
    if (key == KEY_HELP) {
        print_help(help);
        return OPTIONS_HELP;
    }
    if (key == ':') {
        usage_error(help, "%s needs a value after it", argv[optind - 1]);
        return OPTIONS_WRONG;
    }
    return key == '?' ? wrong_option(help, longs, wrong_word(argv)) : key;
}

int usage_unknown(const struct command_help *help, const char *what, const char *word,
                  const char *const *names, size_t n)
{
    const char *nearest = text_nearest(word, names, n);
    char *shown = text_visible(word, strlen(word), 40);

    usage_error(help, "there is no %s \"%s\"%s%s", what, shown,
                nearest != NULL ? "; did you mean: " : "", nearest != NULL ? nearest : "");
    free(shown);
    return 2;
}

bool options_number(const struct command_help *help, const char *option, const char *text,
                    uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;

    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 && value >= least &&
        value <= most) {
        *number = value;
        return true;
    }
    char *shown = text_visible(text, strlen(text), 40);
    usage_error(help, "%s takes a whole number from %llu to %llu, not \"%s\"", option,
                (unsigned long long)least, (unsigned long long)most, shown);
    free(shown);
    return false;
}

int options_write(const char *command, const char *file, const char *text)
{
    size_t length = strlen(text);

    if (strcmp(file, "-") == 0) {
        fputs(text, stdout);
        if (length == 0 || text[length - 1] != '\n')
            putchar('\n');
        return 0;
    }
    if (kit_write_file(file, text, length) == 0)
        return 0;
    fprintf(stderr, "ipclab %s: can't write %s: %s\n", command, file, strerror(errno));
    return -1;
}
