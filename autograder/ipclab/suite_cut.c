/*
 * suite_cut.c - the source of a suite without some of its checks. See suite_cut.h.
 */
#include "suite_cut.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/text.h"

/* What stands at top level, with the comment above it and the blank lines below. */
struct item {
    const char *text;
    size_t length;
    char *name;    /* "f" of `static int f(void)`, "x" of CHECK(x, ...); NULL: none of interest */
    bool is_check; /* of that name */
    bool gone;
};

struct items {
    struct item *list;
    size_t n;
};

static size_t line_length(const char *text)
{
    size_t length = strcspn(text, "\n");
    return length + (text[length] == '\n');
}

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t")] == '\n';
}

/* Does a body begin on this line of top level? Also `} table[] = {`, after the members. */
static bool opens(const char *line)
{
    size_t length = strcspn(line, "\n");
    return !isspace((unsigned char)line[0]) && length > 0 && line[length - 1] == '{';
}

static const char *end_of_item(const char *text)
{
    bool in_body = false;

    while (*text != '\0') {
        bool ends = in_body ? text[0] == '}' && !opens(text) : is_blank(text);
        in_body = in_body || opens(text);
        text += line_length(text);
        if (ends)
            break;
    }
    while (*text != '\0' && is_blank(text))
        text += line_length(text);
    return text;
}

/* Past the comments above it. */
static const char *declaration(const char *text, const char *end)
{
    while (text < end && strncmp(text, "/*", 2) == 0) {
        const char *close = strstr(text, "*/");
        if (close == NULL || close >= end)
            return end;
        text = close + 2;
        text += strspn(text, " \t\n");
    }
    return text < end ? text : end;
}

/* Past the members of `static const struct { ... } table[] = {`. */
static const char *after_members(const char *text, const char *end)
{
    const char *close =
        opens(text) && strncmp(text, "static ", 7) == 0 ? strstr(text, "\n} ") : NULL;
    return close != NULL && close < end ? close + 1 : text;
}

/* The last identifier before one of the stops. */
static char *name_before(const char *text, const char *stops)
{
    const char *end = text + strcspn(text, stops);
    while (end > text && !isalnum((unsigned char)end[-1]) && end[-1] != '_')
        end--;
    const char *begin = end;
    while (begin > text && (isalnum((unsigned char)begin[-1]) || begin[-1] == '_'))
        begin--;
    return kit_strndup(begin, (size_t)(end - begin));
}

static struct item read_item(const char *text, const char *end)
{
    static const char check[] = "CHECK(";
    struct item item = {.text = text, .length = (size_t)(end - text)};
    const char *first = declaration(text, end);

    item.is_check = strncmp(first, check, strlen(check)) == 0;
    if (item.is_check)
        item.name = name_before(first + strlen(check), ",");
    else if (strncmp(first, "static ", 7) == 0)
        item.name = name_before(after_members(first, end), "([=;");
    return item;
}

static struct items split(const char *text)
{
    struct items items = {0};
    while (*text != '\0') {
        const char *end = end_of_item(text);
        *ARRAY_ADD(items.list, items.n) = read_item(text, end);
        text = end;
    }
    return items;
}

static size_t count_word(const char *text, size_t length, const char *word)
{
    size_t count = 0, n = strlen(word);
    for (size_t i = 0; i + n <= length; i++) {
        bool begins = i == 0 || (!isalnum((unsigned char)text[i - 1]) && text[i - 1] != '_');
        bool ends = i + n == length || (!isalnum((unsigned char)text[i + n]) && text[i + n] != '_');
        count += begins && ends && strncmp(text + i, word, n) == 0;
    }
    return count;
}

static size_t uses(const struct items *items, const char *word, bool in_what_is_gone)
{
    size_t count = 0;
    for (size_t i = 0; i < items->n; i++)
        if (items->list[i].gone == in_what_is_gone)
            count += count_word(items->list[i].text, items->list[i].length, word);
    return count;
}

static void cut_checks(struct items *items, const char *const *names, size_t n)
{
    for (size_t i = 0; i < items->n; i++)
        for (size_t j = 0; j < n; j++)
            if (items->list[i].is_check && strcmp(items->list[i].name, names[j]) == 0)
                items->list[i].gone = true;
}

/* A helper that what is gone has used, and nothing else does: again and again, for it used others.
 */
static void cut_helpers(struct items *items)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < items->n; i++) {
            struct item *item = &items->list[i];
            if (item->gone || item->is_check || item->name == NULL || item->name[0] == '\0' ||
                uses(items, item->name, true) == 0)
                continue;
            size_t own = count_word(item->text, item->length, item->name);
            if (uses(items, item->name, false) == own)
                more = item->gone = true;
        }
    }
}

char *suite_without(const char *text, const char *const *names, size_t n)
{
    struct items items = split(text);
    struct text_buffer kept = {0};

    cut_checks(&items, names, n);
    cut_helpers(&items);
    for (size_t i = 0; i < items.n; i++) {
        if (!items.list[i].gone)
            text_add_bytes(&kept, items.list[i].text, items.list[i].length);
        free(items.list[i].name);
    }
    free(items.list);
    return kept.data != NULL ? kept.data : kit_strdup("");
}
