/*
 * text.h - bytes that a program wrote, made fit to be shown.
 *
 * Whatever a learner's program writes can hold any byte. Nothing here lets a control character, an
 * escape sequence or a broken UTF-8 sequence reach a terminal or a results file.
 */
#ifndef IPCLAB_TEXT_H
#define IPCLAB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* One line: printable text as it is, everything else as a C escape (\n \t \0 \x1b, \\ for a
 * backslash). At most `most` bytes of the input are shown; when some are left out the text ends in
 * "... (N more bytes)". Owned by the caller. */
char *text_visible(const char *bytes, size_t n, size_t most);

/* Several lines: as text_visible(), but newlines stay newlines and backslashes stay as they are.
 * For messages, which are sentences of ours with parts of theirs. Owned by the caller. */
char *text_printable(const char *text);

/* The same text as valid UTF-8: each byte that is not part of a valid sequence becomes U+FFFD.
 * Control characters stay (JSON escapes them). Owned by the caller. */
char *text_utf8(const char *text);

/* Where two outputs first differ, and both sides there, one above the other, with a mark:
 *
 *     The first difference is at byte 12 (line 2, column 4).
 *       expected: ...one\ntwo\n
 *       actual:   ...one\ntoo\n
 *                          ^
 * "The outputs are equal." when they are. Owned by the caller. */
char *text_diff_first(const char *expected, size_t n_expected, const char *actual, size_t n_actual);

/* Writes text with its lines broken at spaces so that none is wider than `width` columns (a word
 * that is wider stays whole). Each line starts with `indent` spaces and keeps its own leading
 * spaces, which its continuation lines get as well, and two more. Owned by the caller. */
char *text_wrap(const char *text, int indent, int width);

/* Columns that a UTF-8 text takes on a terminal, taking every character as one. */
int text_columns(const char *text);

/* The name nearest to a mistyped word, or NULL when none is near. names: n strings. */
const char *text_nearest(const char *word, const char *const *names, size_t n);

/* A growing text. Start with {0}; .data is owned by the caller (NULL when nothing was added). */
struct text_buffer {
    char *data;
    size_t length;
};
void text_add(struct text_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text_buffer *buffer, const char *bytes, size_t n);

#endif
