/*
 * text.c - bytes that a program wrote, made fit to be shown. See text.h.
 */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"

enum {
    DIFF_BEFORE = 30, /* bytes shown before the first difference */
    DIFF_AFTER = 30,  /* and from it on */
};

void text_add_bytes(struct text_buffer *buffer, const char *bytes, size_t n)
{
    /* Doubling: room is a power of two not smaller than 64 and follows from the length alone. */
    size_t room = 64;
    while (room < buffer->length + 1)
        room *= 2;
    size_t need = room;
    while (need < buffer->length + n + 1)
        need *= 2;
    if (buffer->data == NULL || need != room)
        buffer->data = kit_realloc(buffer->data, need);
    if (n > 0)
        memcpy(buffer->data + buffer->length, bytes, n);
    buffer->length += n;
    buffer->data[buffer->length] = '\0';
}

void text_add(struct text_buffer *buffer, const char *format, ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = kit_alloc((size_t)(n > 0 ? n : 0) + 1);
    vsnprintf(text, (size_t)(n > 0 ? n : 0) + 1, format, again);
    va_end(again);
    text_add_bytes(buffer, text, strlen(text));
    free(text);
}

/* Decodes the sequence at the start of bytes. Returns its length, 0 when it is not valid UTF-8
 * (overlong forms, surrogates and values above U+10FFFF are not). Source: RFC 3629. */
static size_t utf8_sequence(const char *bytes, size_t n, uint32_t *value)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {
        {0x80, 0x00, 0      },
        {0xe0, 0xc0, 0x80   },
        {0xf0, 0xe0, 0x800  },
        {0xf8, 0xf0, 0x10000}
    };
    unsigned char first = (unsigned char)bytes[0];

    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
        if ((first & forms[form].mask) != forms[form].lead)
            continue;
        if (form >= n)
            return 0;
        uint32_t v = first & (unsigned char)~forms[form].mask;
        for (size_t i = 1; i <= form; i++) {
            if (((unsigned char)bytes[i] & 0xc0) != 0x80)
                return 0;
            v = (v << 6) | ((unsigned char)bytes[i] & 0x3f);
        }
        if (v < forms[form].least || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
            return 0;
        *value = v;
        return form + 1;
    }
    return 0;
}

/* Characters that would move the cursor, turn the direction of writing or not be seen at all. */
static bool is_invisible(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe007f) || (c & 0xfffe) == 0xfffe; /* noncharacters */
}

static void add_escape(struct text_buffer *out, const char *bytes, size_t n, size_t at)
{
    static const char names[256] = {['\n'] = 'n', ['\t'] = 't', ['\r'] = 'r', ['\a'] = 'a',
                                    ['\b'] = 'b', ['\f'] = 'f', ['\v'] = 'v', ['\\'] = '\\'};
    unsigned char byte = (unsigned char)bytes[at];
    bool digit_follows = at + 1 < n && bytes[at + 1] >= '0' && bytes[at + 1] <= '9';

    if (names[byte] != '\0')
        text_add(out, "\\%c", names[byte]);
    else if (byte == '\0' && !digit_follows)
        text_add(out, "\\0");
    else
        text_add(out, "\\x%02x", byte);
}

/* Adds the character at `at` and returns how many bytes it took. keep: bytes that stay. */
static size_t add_visible(struct text_buffer *out, const char *bytes, size_t n, size_t at,
                          const char *keep)
{
    uint32_t value = 0;
    size_t length = utf8_sequence(bytes + at, n - at, &value);
    bool kept = length == 1 && value != 0 && strchr(keep, (int)value) != NULL;

    if (length > 0 && (kept || (!is_invisible(value) && value != '\\'))) {
        text_add_bytes(out, bytes + at, length);
        return length;
    }
    if (length == 0)
        length = 1;
    for (size_t i = 0; i < length; i++)
        add_escape(out, bytes, n, at + i);
    return length;
}

char *text_visible(const char *bytes, size_t n, size_t most)
{
    struct text_buffer out = {0};
    size_t at = 0;

    text_add_bytes(&out, "", 0);
    while (at < n && at < most)
        at += add_visible(&out, bytes, n, at, "");
    if (at < n)
        text_add(&out, "... (%zu more byte%s)", n - at, n - at == 1 ? "" : "s");
    return out.data;
}

char *text_printable(const char *text)
{
    struct text_buffer out = {0};
    size_t n = strlen(text);

    text_add_bytes(&out, "", 0);
    for (size_t at = 0; at < n;)
        at += add_visible(&out, text, n, at, "\n\\");
    return out.data;
}

char *text_utf8(const char *text)
{
    struct text_buffer out = {0};
    size_t n = strlen(text);

    text_add_bytes(&out, "", 0);
    for (size_t at = 0; at < n;) {
        uint32_t value;
        size_t length = utf8_sequence(text + at, n - at, &value);
        if (length == 0)
            text_add_bytes(&out, "\xef\xbf\xbd", 3);
        else
            text_add_bytes(&out, text + at, length);
        at += length > 0 ? length : 1;
    }
    return out.data;
}

int text_columns(const char *text)
{
    int columns = 0;
    for (; *text != '\0'; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

/* One side of a difference: a label and the bytes around the offset. Returns the column where the
 * byte at the offset stands. */
static int add_side(struct text_buffer *out, const char *label, const char *bytes, size_t n,
                    size_t offset)
{
    size_t from = offset > DIFF_BEFORE ? offset - DIFF_BEFORE : 0;
    size_t to = n - offset > DIFF_AFTER ? offset + DIFF_AFTER : n;
    struct text_buffer line = {0};

    /* Not in the middle of a character. */
    for (int i = 0; i < 3 && from > 0 && ((unsigned char)bytes[from] & 0xc0) == 0x80; i++)
        from--;
    text_add(&line, "  %-10s%s", label, from > 0 ? "..." : "");
    for (size_t at = from; at < offset;)
        at += add_visible(&line, bytes, offset, at, "");
    int column = text_columns(line.data);
    for (size_t at = offset; at < to;)
        at += add_visible(&line, bytes, n, at, "");
    if (to < n)
        text_add(&line, "... (%zu more byte%s)", n - to, n - to == 1 ? "" : "s");
    else
        text_add(&line, "%s", n == 0 ? "(nothing)" : n == offset ? "(it ends here)" : "");
    text_add(out, "%s\n", line.data);
    free(line.data);
    return column;
}

char *text_diff_first(const char *expected, size_t n_expected, const char *actual, size_t n_actual)
{
    size_t shorter = n_expected < n_actual ? n_expected : n_actual;
    size_t offset = 0, line = 1, line_start = 0;
    struct text_buffer out = {0};

    while (offset < shorter && expected[offset] == actual[offset]) {
        if (expected[offset] == '\n') {
            line++;
            line_start = offset + 1;
        }
        offset++;
    }
    if (offset == n_expected && offset == n_actual)
        return kit_strdup("The outputs are equal.");
    /* Back to the start of a character that differs in a later byte. */
    for (int i = 0; i < 3 && offset < shorter && offset > line_start &&
                    ((unsigned char)expected[offset] & 0xc0) == 0x80;
         i++)
        offset--;
    if (offset == n_actual)
        text_add(&out, "%s after %zu of %zu bytes (line %zu, column %zu).\n",
                 n_actual == 0 ? "There is no output: it ends" : "The output ends too early,",
                 n_actual, n_expected, line, offset - line_start + 1);
    else if (offset == n_expected)
        text_add(&out,
                 "The output goes on after its %zu expected bytes, with %zu more (line %zu, column "
                 "%zu).\n",
                 n_expected, n_actual - n_expected, line, offset - line_start + 1);
    else
        text_add(&out, "The first difference is at byte %zu (line %zu, column %zu).\n", offset + 1,
                 line, offset - line_start + 1);
    add_side(&out, "expected:", expected, n_expected, offset);
    int column = add_side(&out, "actual:", actual, n_actual, offset);
    text_add(&out, "%*s^", column, "");
    return out.data;
}

/* The end of the part of a line that fits: at its last space before `room` columns, or the end of
 * its first word. */
static size_t fitting_part(const char *line, size_t n, int room)
{
    size_t best = 0;
    int columns = 0;

    for (size_t i = 0; i < n; i++) {
        if (line[i] == ' ') {
            if (columns <= room)
                best = i;
            else
                return best > 0 ? best : i;
        }
        columns += ((unsigned char)line[i] & 0xc0) != 0x80;
    }
    return columns <= room || best == 0 ? n : best;
}

static void wrap_line(struct text_buffer *out, const char *line, size_t n, int indent, int width)
{
    int own = 0;
    while ((size_t)own < n && line[own] == ' ')
        own++;
    line += own;
    n -= (size_t)own;
    for (int further = 0; n > 0;) {
        int left = indent + own + further;
        size_t part = fitting_part(line, n, width - left > 20 ? width - left : 20);
        text_add(out, "%*s%.*s\n", left, "", (int)part, line);
        line += part;
        n -= part;
        while (n > 0 && *line == ' ') {
            line++;
            n--;
        }
        /* Sentences flow on where they began; only the lines of a list hang. */
        further = own > 0 ? 2 : 0;
    }
}

char *text_wrap(const char *text, int indent, int width)
{
    struct text_buffer out = {0};

    text_add_bytes(&out, "", 0);
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        if (n == 0)
            text_add(&out, "\n");
        else
            wrap_line(&out, text, n, indent, width);
        text += n + (text[n] == '\n');
    }
    return out.data;
}

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to insert, delete, replace or swap with a neighbour (optimal string alignment). */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), stride = m + 1;
    size_t *d = kit_alloc((n + 1) * stride * sizeof *d);

    for (size_t i = 0; i <= n; i++)
        for (size_t j = 0; j <= m; j++) {
            size_t *cell = &d[i * stride + j];
            if (i == 0 || j == 0) {
                *cell = i + j;
                continue;
            }
            *cell = min_of(min_of(cell[-(ptrdiff_t)stride], cell[-1]) + 1,
                           cell[-(ptrdiff_t)stride - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                *cell = min_of(*cell, d[(i - 2) * stride + j - 2] + 1);
        }
    size_t result = d[n * stride + m];
    free(d);
    return result;
}

const char *text_nearest(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t length = strlen(word);
    size_t least = length < 3 ? 2 : length / 3 + 2; /* farther than this is no help */

    if (length == 0 || length > 200)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        /* A word that was begun and not finished is nearer than its length says. */
        size_t d = strncmp(names[i], word, length) == 0 ? 1 : distance(word, names[i]);
        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    return best;
}
