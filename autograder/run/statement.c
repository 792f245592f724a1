/*
 * statement.c - a statement of C source, as a list of its words. See statement.h.
 */
#include "statement.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"

enum { MOST_BYTES = 4 * 1024 * 1024, MOST_LINES = 6 /* either way */, MOST_SHOWN = 80 };

/* ---- Reading ---------------------------------------------------------------------------------
 */

/* The file may be a stranger's: a FIFO, a link, or longer than any source is. */
static char *read_source(int folder, const char *path)
{
    struct stat status;
    int fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    char *text = NULL;
    size_t have = 0;
    ssize_t got = 1;

    if (fd == -1)
        return NULL;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= MOST_BYTES) {
        size_t size = (size_t)status.st_size;
        text = kit_alloc(size + 1);
        while (have < size && (got = read(fd, text + have, size - have)) > 0)
            have += (size_t)got;
        text[have] = '\0';
    }
    close(fd);
    return text;
}

/* Where line number `line` begins, or NULL. */
static char *find_line(char *text, int line)
{
    for (int i = 1; i < line && text != NULL; i++) {
        char *end = strchr(text, '\n');
        text = end != NULL ? end + 1 : NULL;
    }
    return text;
}

/* The last character of a line [from, to) that is neither blank nor a comment; '\0': none. */
static char last_of(const char *from, const char *to)
{
    char last = '\0';
    for (const char *at = from; at < to; at++) {
        if (at + 1 < to && at[0] == '/' && at[1] == '/')
            break;
        if (at + 1 < to && at[0] == '/' && at[1] == '*') {
            const char *end = at + 2;
            while (end + 1 < to && !(end[0] == '*' && end[1] == '/'))
                end++;
            at = end + 1;
        } else if (!isspace((unsigned char)*at)) {
            last = *at;
        }
    }
    return last;
}

/* Does what follows this line begin anew? */
static bool ends_there(const char *from, const char *to)
{
    char last = last_of(from, to);
    return last == '\0' || strchr(";{}:", last) != NULL ||
           (last == '/' && to - from >= 2); /* the end of a comment of several lines */
}

static bool is_directive(const char *from, const char *to)
{
    while (from < to && isspace((unsigned char)*from))
        from++;
    return from < to && *from == '#';
}

static const char *line_end(const char *from)
{
    return from + strcspn(from, "\n");
}

static const char *first_line(const char *text, const char *line)
{
    for (int i = 0; i < MOST_LINES && line > text; i++) {
        const char *before = line - 1;
        while (before > text && before[-1] != '\n')
            before--;
        if (ends_there(before, line - 1) || is_directive(before, line - 1))
            break;
        line = before;
    }
    return line;
}

static const char *last_end(const char *line)
{
    const char *end = line_end(line);
    for (int i = 0; i < MOST_LINES && *end == '\n' && !ends_there(line, end); i++) {
        line = end + 1;
        end = line_end(line);
    }
    return end;
}

/* One line of it, short, and nothing in it that a terminal would obey. */
static char *make_printable(const char *from, size_t length)
{
    while (length > 0 && isspace((unsigned char)*from)) {
        from++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)from[length - 1]))
        length--;
    char *line = kit_alloc(length + sizeof "...");
    size_t shown = length <= MOST_SHOWN ? length : MOST_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)from[i];
        line[i] = (char)(c == '\t' ? ' ' : c < 0x20 || c > 0x7e ? '?' : c);
    }
    if (shown < length)
        memcpy(line + shown, "...", sizeof "...");
    return line;
}

/* ---- Words ----------------------------------------------------------------------------------- */

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static size_t quoted_length(const char *at)
{
    size_t n = 1;
    while (at[n] != '\0' && at[n] != at[0])
        n += at[n] == '\\' && at[n + 1] != '\0' ? 2 : 1;
    return at[n] != '\0' ? n + 1 : n;
}

static size_t mark_length(const char *at)
{
    static const char *const marks[] = {
        "<<=", ">>=", "...", "->", "++", "--", "+=", "-=", "*=", "/=", "%=",
        "&=",  "|=",  "^=",  "==", "!=", "<=", ">=", "&&", "||", "<<", ">>"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strncmp(at, marks[i], strlen(marks[i])) == 0)
            return strlen(marks[i]);
    return 1;
}

/* Behind blanks and comments. */
static const char *skip_blank(const char *at)
{
    for (;;) {
        while (isspace((unsigned char)*at))
            at++;
        if (at[0] == '/' && at[1] == '/') {
            at = line_end(at);
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            at = end != NULL ? end + 2 : at + strlen(at);
        } else {
            return at;
        }
    }
}

static struct word word_at(const char *at)
{
    struct word word = {WORD_MARK, at, 1};

    if (isdigit((unsigned char)*at) || in_name(*at)) {
        word.kind = isdigit((unsigned char)*at) ? WORD_NUMBER : WORD_NAME;
        while (in_name(at[word.length]) || (word.kind == WORD_NUMBER && at[word.length] == '.'))
            word.length++;
    } else if (*at == '"' || *at == '\'') {
        word.kind = WORD_QUOTED;
        word.length = quoted_length(at);
    } else {
        word.length = mark_length(at);
    }
    return word;
}

static void split(struct statement *statement)
{
    for (const char *at = skip_blank(statement->text); *at != '\0'; at = skip_blank(at)) {
        struct word word = word_at(at);
        *ARRAY_ADD(statement->words, statement->n_words) = word;
        at += word.length;
    }
}

/* ---- All of it ------------------------------------------------------------------------------- */

bool statement_read(struct statement *statement, int folder, const char *path, int line)
{
    *statement = (struct statement){0};
    char *text = read_source(folder, path);
    char *at = text != NULL ? find_line(text, line) : NULL;

    if (at != NULL) {
        const char *from = first_line(text, at), *to = last_end(at);
        statement->line = make_printable(at, (size_t)(line_end(at) - at));
        statement->text = kit_strndup(from, (size_t)(to - from));
        split(statement);
    }
    free(text);
    return at != NULL;
}

void statement_free(struct statement *statement)
{
    free(statement->line);
    free(statement->text);
    free(statement->words);
}

bool statement_is(const struct statement *statement, size_t i, const char *text)
{
    return i < statement->n_words && statement->words[i].length == strlen(text) &&
           memcmp(statement->words[i].at, text, statement->words[i].length) == 0;
}

char *statement_quote(const struct statement *statement, size_t from, size_t to)
{
    const char *start = statement->words[from].at;
    const struct word *last = &statement->words[to - 1];
    return make_printable(start, (size_t)(last->at + last->length - start));
}
