/*
 * chance.c - bytes and chance for the checks. See exercise.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "chance.h"
#include "exercise.h"

/* ---- Bytes ---------------------------------------------------------------------------------- */

struct text text_bytes(const void *bytes, size_t length)
{
    struct text text = {kit_alloc(length + 1), length};
    if (length > 0)
        memcpy(text.bytes, bytes, length);
    return text;
}

struct text text_of(const char *string)
{
    return text_bytes(string, strlen(string));
}

struct text text_format(const char *format, ...)
{
    char *bytes = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        kit_broken("text_format");
    bytes = kit_alloc((size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(bytes, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return (struct text){bytes, (size_t)length};
}

struct text text_join(struct text first, struct text second)
{
    struct text both = {kit_alloc(first.length + second.length + 1), first.length + second.length};
    memcpy(both.bytes, first.bytes, first.length);
    memcpy(both.bytes + first.length, second.bytes, second.length);
    return both;
}

struct text text_slice(struct text text, size_t from, size_t to)
{
    to = to > text.length ? text.length : to;
    return from < to ? text_bytes(text.bytes + from, to - from) : text_of("");
}

/* A line with its newline. */
struct line {
    const char *start;
    size_t length;
};

static int compare_lines(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->start, y->start, shorter);
    return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

struct text text_sorted(struct text text)
{
    struct line *lines = NULL;
    size_t count = 0;
    for (size_t at = 0; at < text.length;) {
        const char *start = text.bytes + at;
        const char *end = memchr(start, '\n', text.length - at);
        size_t length = end != NULL ? (size_t)(end - start) + 1 : text.length - at;
        *ARRAY_ADD(lines, count) = (struct line){start, length};
        at += length;
    }
    if (count > 0)
        qsort(lines, count, sizeof *lines, compare_lines);
    struct text sorted = {kit_alloc(text.length + 1), 0};
    for (size_t i = 0; i < count; i++) {
        memcpy(sorted.bytes + sorted.length, lines[i].start, lines[i].length);
        sorted.length += lines[i].length;
    }
    free(lines);
    return sorted;
}

struct text text_xor(struct text text, unsigned char key)
{
    struct text changed = text_bytes(text.bytes, text.length);
    for (size_t i = 0; i < changed.length; i++)
        changed.bytes[i] = (char)((unsigned char)changed.bytes[i] ^ key);
    return changed;
}

struct text text_rotated(struct text text, unsigned char by)
{
    struct text changed = text_bytes(text.bytes, text.length);
    for (size_t i = 0; i < changed.length; i++)
        changed.bytes[i] = (char)((unsigned char)changed.bytes[i] + by);
    return changed;
}

size_t text_count(struct text text, struct text part)
{
    size_t count = 0;
    for (size_t at = 0; part.length > 0 && at + part.length <= text.length; at++)
        count += memcmp(text.bytes + at, part.bytes, part.length) == 0;
    return count;
}

bool text_equal(struct text a, struct text b)
{
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* ---- Chance --------------------------------------------------------------------------------- */

static uint64_t state;

void chance_seed(uint64_t seed)
{
    state = seed;
}

static uint64_t next(void)
{
    uint64_t x = state += 0x9e3779b97f4a7c15ULL; /* splitmix64, Steele et al. 2014 */
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

uint64_t random_below(uint64_t limit)
{
    return limit > 0 ? next() % limit : 0;
}

int random_between(int low, int high)
{
    return low + (int)random_below((uint64_t)(high - low) + 1);
}

struct text random_bytes(size_t length)
{
    struct text text = {kit_alloc(length + 1), length};
    for (size_t i = 0; i < length; i++)
        text.bytes[i] = (char)next();
    return text;
}

struct text random_lines(size_t count)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 ,.;-";
    struct text text = {kit_alloc(count * 64 + 1), 0};
    for (size_t i = 0; i < count; i++) {
        int length = random_between(1, 60);
        for (int k = 0; k < length; k++)
            text.bytes[text.length++] = letters[random_below(sizeof letters - 1)];
        text.bytes[text.length++] = '\n';
    }
    return text;
}

const char *random_word(void)
{
    char word[9] = "";
    for (int i = 0; i < 8; i++)
        word[i] = (char)('a' + random_below(26));
    return kit_strdup(word);
}

uint32_t crc32_of(struct text text)
{
    uint32_t crc = 0xffffffffU;
    for (size_t i = 0; i < text.length; i++) {
        crc ^= (unsigned char)text.bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320U : 0);
    }
    return ~crc;
}
