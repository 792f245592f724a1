/*
 * formats.c - results in the formats of others. See formats.h.
 *
 * Where a limit or a trap of a platform is met, its source is named there.
 */
#include "formats.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "html.h"
#include "json.h"
#include "terminal.h"
#include "text.h"

/* ---- What all of them say ------------------------------------------------------------------- */

struct row {
    const struct exercise_result *exercise;
    const struct check_result *check;
};

struct rows {
    struct row *items;
    size_t n, counts[CHECK_STATUSES];
    double seconds;
};

static void add_rows(struct rows *rows, const struct exercise_result *exercise)
{
    for (size_t i = 0; i < exercise->n_checks; i++) {
        *ARRAY_ADD(rows->items, rows->n) = (struct row){exercise, &exercise->checks[i]};
        rows->counts[exercise->checks[i].status]++;
        rows->seconds += exercise->checks[i].seconds;
    }
}

static struct rows rows_of(const struct results *results)
{
    struct rows rows = {0};
    for (size_t l = 0; l < results->n_labs; l++)
        for (size_t e = 0; e < results->labs[l].n_exercises; e++)
            add_rows(&rows, &results->labs[l].exercises[e]);
    return rows;
}

/* "1.3 pipeline". Owned by the caller, like all texts here. */
static char *exercise_label(const struct exercise_result *exercise)
{
    return kit_format("%s %s", exercise->id, exercise->name);
}

/* "last_stage_sees_end_of_file" */
static const char *check_name(const struct check_result *check)
{
    const char *dot = strrchr(check->id, '.');
    return dot != NULL ? dot + 1 : check->id;
}

/* Not within a character. */
static char *cut(char *text, size_t most)
{
    size_t length = strlen(text);
    if (length <= most)
        return text;
    for (length = most; length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80;)
        length--;
    char *shorter =
        kit_format("%.*s... (%zu more bytes)", (int)length, text, strlen(text) - length);
    free(text);
    return shorter;
}

/* The compiler's words stand at the first check; the others point there. */
static char *why_not_built(const struct row *row)
{
    const char *log = row->exercise->build_log != NULL ? row->exercise->build_log : "";
    if (row->check != row->exercise->checks)
        return kit_format("Not built: see %s.", check_name(row->exercise->checks));
    char *printable = text_printable(log);
    char *said = kit_format("It could not be built, so no check ran:\n%s", printable);
    free(printable);
    return said;
}

/* What a check has to say; "" when it passed. */
static char *said(const struct row *row, size_t most)
{
    const struct check_result *check = row->check;
    char *text = check->status == CHECK_PASSED      ? kit_strdup("")
                 : check->status == CHECK_NOT_BUILT ? why_not_built(row)
                                                    : terminal_check_text(row->exercise, check);
    if (check->status == CHECK_FAILED && check->hint != NULL) {
        char *hint = text_printable(check->hint);
        char *both = kit_format("%s\nhint: %s", text, hint);
        free(hint);
        free(text);
        text = both;
    }
    return cut(text, most);
}

/* The name of what was found first; else of what became of the check. Static. */
static const char *kind_of(const struct check_result *check)
{
    const struct finding *first = check->findings.count > 0 ? &check->findings.items[0] : NULL;
    return first == NULL                  ? check_status_name(check->status)
           : first->misconception != NULL ? first->misconception
                                          : finding_kind_name(first->kind);
}

bool results_are_broken(const struct results *results)
{
    return results->status == SUBMISSION_KIT_ERROR || results_exit_status(results) == 3;
}

/* ---- JUnit ---------------------------------------------------------------------------------- */

/* There is no standard; this is what its readers have in common: testsuites, testsuite, testcase,
 * failure, error, skipped. */
static const char *const junit_elements[CHECK_STATUSES] = {
    [CHECK_FAILED] = "failure",
    [CHECK_SKIPPED] = "skipped",
    [CHECK_NOT_BUILT] = "error",
    [CHECK_KIT_ERROR] = "error",
};

/* In seconds; a comma that some locale may ask for would break it. */
static void add_seconds(struct text_buffer *out, double seconds)
{
    long long ms = llround(seconds * 1000);
    text_add(out, " time=\"%lld.%03lld\"", ms / 1000, ms % 1000);
}

static void add_attribute(struct text_buffer *out, const char *name, const char *value)
{
    text_add(out, " %s=\"", name);
    html_text(out, value);
    text_add(out, "\"");
}

static void add_counts(struct text_buffer *out, const struct rows *rows)
{
    text_add(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", rows->n,
             rows->counts[CHECK_FAILED],
             rows->counts[CHECK_NOT_BUILT] + rows->counts[CHECK_KIT_ERROR],
             rows->counts[CHECK_SKIPPED]);
    add_seconds(out, rows->seconds);
    text_add(out, ">\n");
}

static void add_junit_case(struct text_buffer *out, const struct row *row, size_t most)
{
    const char *element = junit_elements[row->check->status];
    char *label = exercise_label(row->exercise), *text = said(row, most);

    text_add(out, "    <testcase");
    add_attribute(out, "classname", label);
    add_attribute(out, "name", check_name(row->check));
    add_seconds(out, row->check->seconds);
    if (element == NULL) {
        text_add(out, "/>\n");
    } else {
        text_add(out, ">\n      <%s", element);
        if (row->check->status != CHECK_SKIPPED)
            add_attribute(out, "type", kind_of(row->check));
        char *first = kit_strndup(text, strcspn(text, "\n"));
        add_attribute(out, "message", first);
        text_add(out, ">");
        html_text(out, text);
        text_add(out, "</%s>\n    </testcase>\n", element);
        free(first);
    }
    free(label);
    free(text);
}

static void add_junit_suite(struct text_buffer *out, const struct exercise_result *exercise,
                            size_t most)
{
    struct rows rows = {0};
    char *label = exercise_label(exercise);

    add_rows(&rows, exercise);
    text_add(out, "  <testsuite");
    add_attribute(out, "name", label);
    add_counts(out, &rows);
    for (size_t i = 0; i < rows.n; i++)
        add_junit_case(out, &rows.items[i], most);
    text_add(out, "  </testsuite>\n");
    free(label);
    free(rows.items);
}

static char *write_junit(const struct results *results, size_t most)
{
    struct text_buffer out = {0};
    struct rows rows = rows_of(results);

    text_add(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ipclab\"");
    add_counts(&out, &rows);
    for (size_t l = 0; l < results->n_labs; l++)
        for (size_t e = 0; e < results->labs[l].n_exercises; e++)
            add_junit_suite(&out, &results->labs[l].exercises[e], most);
    text_add(&out, "</testsuites>\n");
    free(rows.items);
    return out.data;
}

/* ---- TAP ------------------------------------------------------------------------------------ */

/* Source: the TAP 14 specification: a description ends at a #, which a backslash makes harmless. */
static void add_tap_text(struct text_buffer *out, const char *text)
{
    for (; *text != '\0' && *text != '\n'; text++) {
        if (*text == '\\' || *text == '#')
            text_add(out, "\\");
        text_add_bytes(out, text, 1);
    }
}

/* A string of JSON is one of YAML, too, and stays on its line. */
static void add_yaml(struct text_buffer *out, const char *key, const char *text)
{
    cJSON *holder = cJSON_CreateArray();
    json_append_string(holder, text);
    char *line = json_line(holder);
    text_add(out, "  %s: %.*s\n", key, (int)strlen(line) - 2, line + 1); /* without [ and ] */
    free(line);
}

static void add_tap_diagnostics(struct text_buffer *out, const struct row *row, const char *text)
{
    char *points =
        kit_format("%s/%s", points_text(row->check->score), points_text(row->check->max_score));
    text_add(out, "  ---\n");
    add_yaml(out, "message", text);
    add_yaml(out, "severity", row->check->status == CHECK_FAILED ? "fail" : "error");
    add_yaml(out, "kind", kind_of(row->check));
    add_yaml(out, "points", points);
    text_add(out, "  ...\n");
    free(points);
}

static char *write_tap(const struct results *results, size_t most)
{
    struct text_buffer out = {0};
    struct rows rows = rows_of(results);

    text_add(&out, "TAP version 14\n1..%zu\n", rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct check_result *check = rows.items[i].check;
        bool skipped = check->status == CHECK_SKIPPED;
        char *text = said(&rows.items[i], most);
        text_add(&out, "%s %zu - ", check->status == CHECK_PASSED || skipped ? "ok" : "not ok",
                 i + 1);
        add_tap_text(&out, check->id);
        text_add(&out, skipped ? " # SKIP " : "");
        if (skipped)
            add_tap_text(&out, text);
        text_add(&out, "\n");
        if (!skipped && check->status != CHECK_PASSED)
            add_tap_diagnostics(&out, &rows.items[i], text);
        free(text);
    }
    free(rows.items);
    return out.data;
}

/* ---- The table ------------------------------------------------------------------------------ */

enum { MOST_TEXT = 20000 };

static char *write_json(const struct results *results, size_t most)
{
    (void)most;
    return results_to_json(results);
}

static const struct format formats[] = {
    {"json",       "the results file itself", write_json, 0},
    {"junit",  "JUnit XML", write_junit, 0},
    {"tap",            "Test Anything Protocol, version 14", write_tap, 0},
    {0},
};

const struct format *formats_all(void)
{
    return formats;
}

const struct format *format_find(const char *name)
{
    for (const struct format *format = formats; format->name != NULL; format++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}

char *format_write(const struct format *format, const struct results *results)
{
    char *text = format->write(results, MOST_TEXT);
    for (size_t most = MOST_TEXT / 4;
         text != NULL && format->limit > 0 && most > 0 && strlen(text) > format->limit; most /= 4) {
        free(text);
        text = format->write(results, most);
    }
    return text;
}
