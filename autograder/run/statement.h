/*
 * statement.h - a statement of C source, as a list of its words.
 */
#ifndef IPCLAB_STATEMENT_H
#define IPCLAB_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

enum word_kind { WORD_NAME, WORD_NUMBER, WORD_QUOTED, WORD_MARK };

struct word {
    enum word_kind kind;
    const char *at; /* within statement.text */
    size_t length;
};

struct statement {
    char *line; /* the line that was asked for, trimmed and printable */
    char *text; /* the lines of the whole statement */
    struct word *words;
    size_t n_words;
};

/*
 * The statement around a line of a file, as far as lines tell: from behind the last line before it
 * that ends in ; { or } to the first that does. false: there is no such regular file or line.
 * Free with statement_free(), either way.
 */
bool statement_read(struct statement *statement, int folder, const char *path, int line);
void statement_free(struct statement *statement);

/* Is word number i that text? Outside of the statement: false. */
bool statement_is(const struct statement *statement, size_t i, const char *text);

/* The words [from, to) as they are written, in one line; owned by the caller. */
char *statement_quote(const struct statement *statement, size_t from, size_t to);

#endif
