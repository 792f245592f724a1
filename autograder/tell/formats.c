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

/* The compiler's words stand at the first check; the others point there. One line alone is a
 * sentence of ours: why there was nothing to build. */
static char *why_not_built(const struct row *row)
{
    const char *log = row->exercise->build_log != NULL ? row->exercise->build_log : "";
    if (row->check != row->exercise->checks)
        return kit_format("Not built: see %s.", check_name(row->exercise->checks));
    char *printable = text_printable(log);
    size_t length = strlen(printable);
    if (length > 0 && printable[length - 1] == '\n')
        printable[length - 1] = '\0';
    if (length > 0 && strchr(printable, '\n') == NULL)
        return printable;
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

/* ---- What platforms have in common ---------------------------------------------------------- */

enum { MEGABYTE = 1000000 };

static const char kit_failed[] =
    "The kit failed on a part of this. That is no fault of what was handed in, which has no grade "
    "yet; please tell the staff of the course.";
static const char nothing_checked[] =
    "This machine let the kit check nothing, so there is no grade; please tell the staff of the "
    "course.";

/* Why nobody may be given points by these results; NULL: they are a grade. */
static const char *why_no_grade(const struct results *results)
{
    return results_are_broken(results) ? kit_failed
           : results->max_score <= 0   ? nothing_checked
                                       : NULL;
}

static double rounded(double points)
{
    return round(points * 1000) / 1000;
}

static void add_flag(cJSON *object, const char *key, bool flag)
{
    json_add(object, key, cJSON_CreateBool(flag));
}

static cJSON *append_object(cJSON *array)
{
    cJSON *object = json_object();
    json_append(array, object);
    return object;
}

/* A name for people: "1.3 pipeline: last stage sees end of file". Owned by the caller. */
static char *long_name(const struct row *row)
{
    char *label = exercise_label(row->exercise);
    char *name = kit_format("%s: %s", label, check_name(row->check));
    for (char *c = name; *c != '\0'; c++)
        *c = *c == '_' ? ' ' : *c;
    free(label);
    return name;
}

/* A line for each note on the submission, such as why it was refused. Owned by the caller. */
static char *notes_text(const struct results *results)
{
    struct text_buffer out = {0};
    text_add_bytes(&out, "", 0);
    for (size_t i = 0; i < results->n_notes; i++) {
        char *note = text_printable(results->notes[i]);
        text_add(&out, "%s\n", note);
        free(note);
    }
    return out.data;
}

/* Is there an exercise that could be built? */
static bool anything_built(const struct rows *rows)
{
    return rows->counts[CHECK_NOT_BUILT] < rows->n;
}

/* ---- Gradescope ----------------------------------------------------------------------------- */

/* Source: gradescope-autograders.readthedocs.io, "Autograder Specifications". A test of which
 * visibility is "hidden" hides the total, too, so what is hidden is only left unsaid
 * (course_hide()). A number is a string there. */
static void add_gradescope_test(cJSON *tests, const struct row *row, size_t most)
{
    const struct check_result *check = row->check;
    cJSON *test = append_object(tests), *tags = json_add_array(test, "tags");
    char *name = long_name(row), *text = said(row, most);

    json_add_string(test, "name", name);
    json_add_string(test, "number", row->exercise->id);
    json_append_string(tags, row->exercise->id);
    json_append_string(tags, kind_of(check));
    if (check->status != CHECK_SKIPPED) { /* else nothing was earned or lost */
        json_add_number(test, "score", rounded(check->score));
        json_add_number(test, "max_score", rounded(check->max_score));
        json_add_string(test, "status", check->status == CHECK_PASSED ? "passed" : "failed");
    }
    json_add_string(test, "output", text);
    json_add_string(test, "visibility", "visible");
    free(text);
    free(name);
}

static char *write_gradescope(const struct results *results, size_t most)
{
    if (why_no_grade(results) != NULL)
        return NULL; /* without a score it is refused, and the autograder counts as failed */
    struct rows rows = rows_of(results);
    cJSON *json = json_object(), *extra = json_object();
    char *notes = cut(notes_text(results), most);

    json_add_number(json, "score", rounded(results->score));
    json_add_number(json, "execution_time", rounded(rows.seconds));
    json_add_string(json, "output", notes);
    json_add_string(json, "output_format", "text");
    json_add_string(json, "test_output_format", "text");
    json_add_string(json, "test_name_format", "text");
    json_add_string(json, "visibility", "visible");
    json_add_string(json, "stdout_visibility", "hidden");
    cJSON *tests = json_add_array(json, "tests");
    for (size_t i = 0; i < rows.n; i++)
        add_gradescope_test(tests, &rows.items[i], most);
    json_add(json, "extra_data", extra);
    json_add_number(extra, "seed", (double)results->seed);
    json_add_number(extra, "max_score", rounded(results->max_score));
    free(notes);
    free(rows.items);
    return json_text(json);
}

/* ---- Autolab -------------------------------------------------------------------------------- */

/* Source: Autolab, app/helpers/assessment_autograde_core.rb. The last line of all output is taken
 * for JSON after every word with a colon behind it was put in quotation marks, also within a
 * string. So there is no colon in our strings. */
static char *without_colons(char *json)
{
    struct text_buffer out = {0};
    bool in_string = false;

    for (const char *c = json; *c != '\0'; c++) {
        if (*c == '\\' && c[1] != '\0') { /* only within strings */
            text_add_bytes(&out, c++, 2);
            continue;
        }
        in_string ^= *c == '"';
        if (*c == ':' && in_string)
            text_add(&out, "\\u003a");
        else
            text_add_bytes(&out, c, 1);
    }
    free(json);
    return out.data;
}

static void add_autolab_stage(cJSON *json, const char *label,
                              const struct exercise_result *exercise)
{
    cJSON *stage = json_object();
    for (size_t i = 0; i < exercise->n_checks; i++) {
        const struct check_result *check = &exercise->checks[i];
        cJSON *item = json_object();
        add_flag(item, "passed", check->status == CHECK_PASSED);
        if (check->status != CHECK_PASSED)
            json_add_string(item, "hint", kind_of(check));
        json_add(stage, check_name(check), item);
    }
    json_add(json, label, stage);
}

/* A problem that has no score of ours keeps what it has. */
static void add_autolab_exercise(cJSON *stages, cJSON *semantic, cJSON *scores,
                                 const struct exercise_result *exercise)
{
    char *label = exercise_label(exercise);
    json_append_string(stages, label);
    add_autolab_stage(semantic, label, exercise);
    if (exercise->status != CHECK_KIT_ERROR && exercise->max_score > 0)
        json_add_number(scores, label, rounded(exercise->score));
    free(label);
}

/* For people, as on a terminal. */
static char *report_text(const struct results *results)
{
    char *text = NULL;
    size_t length = 0;
    struct terminal terminal = {.stream = open_memstream(&text, &length), .width = 100};

    if (terminal.stream == NULL)
        kit_broken("no memory for a text");
    terminal_results(&terminal, results, NULL);
    if (fclose(terminal.stream) == EOF)
        kit_broken("no memory for a text");
    return text;
}

static char *write_autolab(const struct results *results, size_t most)
{
    enum { TEXTS = 30 }; /* of a check, in the whole report */
    cJSON *semantic = json_object(), *last = json_object(), *scores = json_object();
    char *notes = cut(notes_text(results), most), *report = cut(report_text(results), TEXTS * most);

    json_add_string(semantic, "_presentation", "semantic");
    cJSON *stages = json_add_array(semantic, "stages");
    json_add(last, "scores", scores);
    for (size_t l = 0; l < results->n_labs; l++)
        for (size_t e = 0; e < results->labs[l].n_exercises; e++)
            add_autolab_exercise(stages, semantic, scores, &results->labs[l].exercises[e]);
    bool graded = cJSON_GetArraySize(scores) > 0;
    char *first = without_colons(json_line(semantic)), *second = without_colons(json_line(last));
    char *text = graded ? kit_format("%s%s%s%s%s\n%s\n", notes, report,
                                     results_are_broken(results) ? kit_failed : "",
                                     results_are_broken(results) ? "\n" : "", first, second)
                        : NULL;
    free(first);
    free(second);
    free(notes);
    free(report);
    return text;
}

/* ---- GitHub Classroom ----------------------------------------------------------------------- */

/* Source: classroom-resources/autograding-grading-reporter, src/. It reads this from an environment
 * variable, in base 64; Linux bounds one by 128 KiB (MAX_ARG_STRLEN, execve(2)). */
enum { GITHUB_LIMIT = 90000 };

static const char *const github_status[CHECK_STATUSES] = {
    [CHECK_PASSED] = "pass",
    [CHECK_FAILED] = "fail",
    [CHECK_NOT_BUILT] = "error",
    [CHECK_KIT_ERROR] = "error",
};

static void add_github_test(cJSON *tests, const struct row *row, size_t most)
{
    const struct check_result *check = row->check;
    const struct finding *first = check->findings.count > 0 ? &check->findings.items[0] : NULL;
    char *name = long_name(row), *text = said(row, most);
    char *command = kit_format("ipclab check %s", check->id);
    cJSON *test = append_object(tests);

    json_add_string(test, "name", name);
    json_add_string(test, "status", github_status[check->status]);
    json_add_number(test, "score", rounded(check->score));
    json_add_string(test, "message", text);
    json_add_string(test, "test_code", check->reproduce != NULL ? check->reproduce : command);
    json_add_string(test, "filename",
                    first != NULL && first->place.file != NULL ? first->place.file : "");
    json_add_number(test, "line_no", first != NULL ? first->place.line : 0);
    json_add_number(test, "duration", round(check->seconds * 1000));
    free(command);
    free(text);
    free(name);
}

/* With max_score 0 no points are reported. */
static char *write_github(const struct results *results, size_t most)
{
    struct rows rows = rows_of(results);
    bool graded = why_no_grade(results) == NULL;
    bool passed = rows.counts[CHECK_FAILED] + rows.counts[CHECK_NOT_BUILT] == 0;
    cJSON *json = json_object();

    json_add_number(json, "version", 1);
    json_add_string(json, "status", !graded ? "error" : passed ? "pass" : "fail");
    json_add_number(json, "max_score", graded ? round(results->max_score) : 0);
    cJSON *tests = json_add_array(json, "tests");
    for (size_t i = 0; i < rows.n; i++)
        if (github_status[rows.items[i].check->status] != NULL) /* it knows no skipped ones */
            add_github_test(tests, &rows.items[i], most);
    free(rows.items);
    return json_text(json);
}

/* ---- PrairieLearn --------------------------------------------------------------------------- */

/* Source: PrairieLearn, docs/externalGrading.md, and elements/pl-external-grader-results: texts are
 * escaped there. Points stand on every test, or else on none. */
static void add_prairielearn_test(cJSON *tests, const struct row *row, size_t most)
{
    cJSON *test = append_object(tests);
    char *name = long_name(row), *text = said(row, most);
    bool skipped = row->check->status == CHECK_SKIPPED;

    json_add_string(test, "name", name);
    json_add_string(test, "description", row->exercise->title);
    json_add_number(test, "points", rounded(row->check->score));
    json_add_number(test, "max_points", skipped ? 0 : rounded(row->check->max_score));
    json_add_string(test, "message", row->check->status == CHECK_PASSED ? "" : kind_of(row->check));
    json_add_string(test, "output", text);
    free(text);
    free(name);
}

/* Not gradable: the attempt is not counted. */
static void add_format_errors(cJSON *json, const struct results *results, const struct rows *rows)
{
    cJSON *errors = json_add_array(json, "format_errors");
    bool refused = results->status == SUBMISSION_REFUSED && results->n_notes > 0;
    const char *why = refused ? results->notes[results->n_notes - 1] : why_no_grade(results);

    if (why != NULL)
        json_append_string(errors, why);
    for (size_t i = 0; why == NULL && i < rows->n; i++)
        if (rows->items[i].check == rows->items[i].exercise->checks) {
            char *label = exercise_label(rows->items[i].exercise);
            char *text = kit_format("%s could not be built.", label);
            json_append_string(errors, text);
            free(text);
            free(label);
        }
}

static char *write_prairielearn(const struct results *results, size_t most)
{
    struct rows rows = rows_of(results);
    bool gradable = why_no_grade(results) == NULL && anything_built(&rows);
    cJSON *json = json_object();
    char *notes = cut(notes_text(results), most);

    add_flag(json, "gradable", gradable);
    if (gradable)
        json_add_number(json, "score", fmin(1, results->score / results->max_score));
    else
        add_format_errors(json, results, &rows);
    json_add_string(json, "message", notes);
    cJSON *tests = json_add_array(json, "tests");
    for (size_t i = 0; i < rows.n; i++)
        add_prairielearn_test(tests, &rows.items[i], most);
    free(notes);
    free(rows.items);
    return json_text(json);
}

/* ---- Exercism ------------------------------------------------------------------------------- */

/* Source: exercism/docs, building/tooling/test-runners/interface.md, version 3. */
enum { EXERCISM_OUTPUT = 500 }; /* characters */

static const char *const exercism_status[CHECK_STATUSES] = {
    [CHECK_PASSED] = "pass",
    [CHECK_FAILED] = "fail",
    [CHECK_KIT_ERROR] = "error",
};

static char *exercism_output(const char *printed)
{
    static const char too_long[] = "\nOutput was truncated. Please limit to 500 chars.";
    char *text = text_printable(printed);
    size_t length = EXERCISM_OUTPUT - (sizeof too_long - 1);

    if (strlen(text) <= EXERCISM_OUTPUT)
        return text;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--; /* not within a character */
    char *shorter = kit_format("%.*s%s", (int)length, text, too_long);
    free(text);
    return shorter;
}

static void add_exercism_test(cJSON *tests, const struct row *row, size_t most)
{
    const struct check_result *check = row->check;
    cJSON *test = append_object(tests);
    char *name = long_name(row), *text = said(row, most);
    char *command = kit_format("ipclab check %s", check->id);
    char *output = check->actual != NULL ? exercism_output(check->actual) : NULL;

    json_add_string(test, "name", name);
    json_add_string(test, "status", exercism_status[check->status]);
    json_add_string(test, "message", check->status == CHECK_PASSED ? NULL : text);
    json_add_string(test, "output", output);
    json_add_string(test, "test_code", command);
    free(output);
    free(command);
    free(text);
    free(name);
}

/* The only thing that a learner is told when nothing ran. NULL: something did. */
static char *why_nothing_ran(const struct results *results, const struct rows *rows, size_t most)
{
    const char *why = why_no_grade(results);

    if (why != NULL)
        return kit_strdup(why);
    if (anything_built(rows))
        return NULL;
    return results->status == SUBMISSION_REFUSED ? cut(notes_text(results), most)
                                                 : said(&rows->items[0], most);
}

static char *write_exercism(const struct results *results, size_t most)
{
    struct rows rows = rows_of(results);
    char *why = why_nothing_ran(results, &rows, most);
    bool passed = rows.counts[CHECK_FAILED] + rows.counts[CHECK_NOT_BUILT] == 0;
    cJSON *json = json_object();

    json_add_number(json, "version", 3);
    json_add_string(json, "status", why != NULL ? "error" : passed ? "pass" : "fail");
    json_add_string(json, "message", why);
    cJSON *tests = json_add_array(json, "tests");
    for (size_t i = 0; i < rows.n; i++)
        if (exercism_status[rows.items[i].check->status] != NULL)
            add_exercism_test(tests, &rows.items[i], most);
    free(why);
    free(rows.items);
    return json_text(json);
}

/* ---- The table ------------------------------------------------------------------------------ */

enum { MOST_TEXT = 20000 };

static char *write_json(const struct results *results, size_t most)
{
    (void)most;
    return results_to_json(results);
}

static const struct format formats[] = {
    {"autolab",                            "Autolab: what its driver prints last", write_autolab, MEGABYTE},
    {"exercism",                       "Exercism: results.json, version 3", write_exercism, MEGABYTE},
    {"github",                                    "GitHub Classroom: a runner's result", write_github, GITHUB_LIMIT},
    {"gradescope","Gradescope: results.json", write_gradescope, MEGABYTE},
    {"json",                            "the results file itself", write_json, 0},
    {"junit",                             "JUnit XML", write_junit, 0},
    {"prairielearn",                        "PrairieLearn: results.json", write_prairielearn, MEGABYTE},
    {"tap",                                    "Test Anything Protocol, version 14", write_tap, 0},
    {0                               },
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
