/*
 * dialogue.c - what the suites of 3.2 and 3.4 share. See dialogue.h.
 */
#include "dialogue.h"

#include <string.h>

struct text answer_to(const char *key, struct text line, size_t pad)
{
    uint32_t crc = crc32_of(text_join(text_of(key), line));
    struct text padding = text_bytes(memset(random_bytes(pad + 1).bytes, 'x', pad + 1), pad);
    return text_join(text_format("%08x", crc), text_join(padding, text_of("\n")));
}

struct text last_words(size_t size)
{
    struct text letters = random_bytes(size - 1);
    memset(letters.bytes, 'z', letters.length);
    return text_join(letters, text_of("\n"));
}

struct text with_newline(struct text line)
{
    return text_join(line, text_of("\n"));
}

struct given *orders(const char *key, const char *more)
{
    return given_env("COPROCESS", text_format("key=%s %s", key, more).bytes);
}

const char *doing(struct run *run)
{
    return record_of(run)->processes[0].ended_us >= 0 ? "had ended" : "slept and waited";
}
