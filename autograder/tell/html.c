/*
 * html.c - text that anybody may have written, as a part of an HTML page. See html.h.
 */
#include "html.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"

/* Escapes n bytes of valid UTF-8. */
static void add_escaped(struct text_buffer *out, const char *text, size_t n)
{
    static const char *const entities[128] = {
        ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;", ['\''] = "&#39;"};
    size_t from = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 128 || entities[byte] == NULL)
            continue;
        text_add_bytes(out, text + from, i - from);
        text_add_bytes(out, entities[byte], strlen(entities[byte]));
        from = i + 1;
    }
    text_add_bytes(out, text + from, n - from);
}

void html_text(struct text_buffer *out, const char *text)
{
    char *printable = text_printable(text);
    char *clean = text_utf8(printable);

    add_escaped(out, clean, strlen(clean));
    free(clean);
    free(printable);
}

void html_begin(struct text_buffer *out, const char *title, const char *style)
{
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'unsafe-inline'\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    html_text(out, title);
    text_add(out,
             "</title>\n<style>\n:root{color-scheme:light dark}\n"
             "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;"
             "padding:0 1rem}\n"
             "table{border-collapse:collapse}"
             "th,td{padding:.15rem .9rem .15rem 0;text-align:left}\n"
             "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
             "%s</style></head><body>\n<h1>",
             style);
    html_text(out, title);
    text_add(out, "</h1>\n");
}

void html_text_cut(struct text_buffer *out, const char *text, size_t most)
{
    size_t length = strlen(text);
    char *cut = kit_strndup(text, length < most ? length : most);

    html_text(out, cut);
    if (length > most)
        text_add(out, "... (%zu more bytes)", length - most);
    free(cut);
}

/* Length of the escape, character or byte at the start of what text_visible() made. */
static size_t unit_length(const char *text)
{
    if (text[0] == '\\' && text[1] == 'x' && text[2] != '\0' && text[3] != '\0')
        return 4;
    if (text[0] == '\\' && text[1] != '\0')
        return 2;
    size_t length = 1;
    while (((unsigned char)text[length] & 0xc0) == 0x80)
        length++;
    return length;
}

long html_first_difference(const char *one, const char *other)
{
    size_t at = 0;

    while (one[at] != '\0' && other[at] != '\0') {
        size_t length = unit_length(one + at);
        if (strncmp(one + at, other + at, length) != 0)
            return (long)at;
        at += length;
    }
    return one[at] == other[at] ? -1 : (long)at;
}

/* One escape or character. Returns its length. */
static size_t add_unit(struct text_buffer *out, const char *text, bool spaces)
{
    size_t length = unit_length(text);

    if (text[0] == '\\') {
        text_add(out, "<i class=\"esc\">");
        add_escaped(out, text, length);
        text_add(out, "</i>%s", text[1] == 'n' && text[length] != '\0' ? "\n" : "");
    } else if (text[0] == ' ' && spaces) {
        text_add(out, "<i class=\"sp\">\xc2\xb7</i>");
    } else {
        add_escaped(out, text, length);
    }
    return length;
}

void html_bytes(struct text_buffer *out, const char *visible, bool spaces, long marked)
{
    char *clean = text_utf8(visible);
    size_t at = 0;

    while (clean[at] != '\0') {
        bool here = marked >= 0 && at == (size_t)marked;
        text_add(out, "%s", here ? "<mark>" : "");
        at += add_unit(out, clean + at, spaces);
        text_add(out, "%s", here ? "</mark>" : "");
    }
    if (marked >= 0 && at == (size_t)marked)
        text_add(out, "<mark class=\"end\">(ends here)</mark>");
    free(clean);
}

void html_json(struct text_buffer *out, const struct cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    size_t from = 0, i = 0;

    if (text == NULL)
        kit_broken("JSON for a page");
    for (; text[i] != '\0'; i++) {
        bool separator =
            strncmp(text + i, "\xe2\x80\xa8", 3) == 0 || strncmp(text + i, "\xe2\x80\xa9", 3) == 0;
        if (!separator && strchr("<>&", text[i]) == NULL)
            continue;
        text_add_bytes(out, text + from, i - from);
        if (separator)
            text_add(out, "\\u202%c", text[i + 2] == '\xa8' ? '8' : '9');
        else
            text_add(out, "\\u%04x", (unsigned)text[i]);
        i += separator ? 2 : 0;
        from = i + 1;
    }
    text_add_bytes(out, text + from, i - from);
    free(text);
}
