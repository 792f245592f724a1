/*
 * terminal.c - results, as a person reads them. See terminal.h.
 */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../run/kit.h"
#include "text.h"

enum {
    WIDTH_USUAL = 80,
    WIDTH_LEAST = 40,
    WIDTH_MOST = 100,
    WIDTH_NONE = 100000, /* lines are broken by whoever shows them */
    INDENT_CHECK = 2,
    INDENT_TEXT = 8,
    BUILD_LOG_LINES = 40, /* of a compiler: the first errors are the ones to read */
    SHOWN_LENGTH = 400,   /* of expected and actual */
};

static const struct {
    const char *word, *colour;
} status_words[CHECK_STATUSES] = {
    [CHECK_PASSED] = {"pass", "\x1b[32m"  },
      [CHECK_FAILED] = {"FAIL", "\x1b[1;31m"},
    [CHECK_SKIPPED] = {"skip", "\x1b[33m"  },
      [CHECK_NOT_BUILT] = {"FAIL", "\x1b[1;31m"},
    [CHECK_KIT_ERROR] = {"KIT ", "\x1b[1;35m"},
};

int terminal_columns(FILE *stream, int otherwise)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    int width = otherwise;

    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    else if (columns != NULL && atoi(columns) > 0)
        width = atoi(columns);
    return width < WIDTH_LEAST ? WIDTH_LEAST : width;
}

/* A file or a pipe: nobody's lines overflow. */
static int width_of(FILE *stream)
{
    int width = terminal_columns(stream, WIDTH_MOST);
    return width > WIDTH_MOST ? WIDTH_MOST : width;
}

struct terminal terminal_for(FILE *stream)
{
    const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");
    bool wanted = no_colour == NULL || no_colour[0] == '\0';
    bool able = isatty(fileno(stream)) == 1 && kind != NULL && strcmp(kind, "dumb") != 0;

    return (struct terminal){.stream = stream, .colour = wanted && able, .width = width_of(stream)};
}

static const char *colour(const struct terminal *terminal, const char *code)
{
    return terminal->colour ? code : "";
}

const char *points_text(double points)
{
    static char ring[8][32];
    static unsigned next;
    char *text = ring[next++ % 8];

    snprintf(text, sizeof ring[0], "%.2f", points);
    char *end = text + strlen(text);
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        end[-1] = '\0';
    return text;
}

char *progress_bar(double part, double whole, int places)
{
    int full = whole > 0 ? (int)(part / whole * places) : 0;
    char *bar = kit_alloc((size_t)places + 3);

    if (full > places)
        full = places;
    if (full == 0 && part > 0)
        full = 1; /* something was done: it shows */
    bar[0] = '[';
    memset(bar + 1, '#', (size_t)full);
    memset(bar + 1 + full, '.', (size_t)(places - full));
    bar[places + 1] = ']';
    return bar;
}

/* A paragraph, wrapped, indented, without any byte that a terminal would act on. */
static void print_text(const struct terminal *terminal, const char *text, int indent)
{
    char *printable = text_printable(text);
    char *wrapped = text_wrap(printable, indent, terminal->width);

    fputs(wrapped, terminal->stream);
    free(wrapped);
    free(printable);
}

static bool same_string(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Are they the same cause? The same words, or the same kind of thing at the same line. */
static bool same_finding(const struct finding *a, const struct finding *b)
{
    if (a->kind != b->kind || !same_string(a->misconception, b->misconception))
        return false;
    if (same_string(a->text, b->text))
        return true;
    return a->place.file != NULL && a->place.line > 0 && a->place.line == b->place.line &&
           same_string(a->place.file, b->place.file) && a->kind != FINDING_WRONG_OUTPUT &&
           a->kind != FINDING_WRONG_STATUS;
}

/* The first check before this one that has the same finding, or NULL. */
static const struct check_result *told_before(const struct exercise_result *exercise,
                                              const struct check_result *check,
                                              const struct finding *finding)
{
    for (const struct check_result *other = exercise->checks; other < check; other++)
        for (size_t i = 0; i < other->findings.count; i++)
            if (other->status != CHECK_PASSED && same_finding(&other->findings.items[i], finding))
                return other;
    return NULL;
}

/* "1.3.last_stage" -> "last_stage". */
static const char *short_name(const char *id)
{
    const char *dot = strrchr(id, '.');
    return dot != NULL ? dot + 1 : id;
}

/* Expected above actual, unless the text shows them already. */
static void print_comparison(const struct terminal *terminal, const char *expected,
                             const char *actual, int indent)
{
    const struct {
        const char *label, *text;
    } sides[] = {
        {"expected", expected},
        {"actual",   actual  }
    };

    for (size_t i = 0; i < 2; i++) {
        if (sides[i].text == NULL)
            continue;
        char *visible = text_printable(sides[i].text);
        size_t length = strlen(visible);
        char *cut = length > SHOWN_LENGTH ? kit_format("%.*s ...", SHOWN_LENGTH, visible) : visible;
        char *clean = text_utf8(cut); /* the cut may have hit the middle of a character */
        fprintf(terminal->stream, "%*s%-9s ", indent + 2, "", i == 0 ? "expected:" : "actual:");
        for (const char *c = clean; *c != '\0'; c++) {
            fputc(*c, terminal->stream);
            if (*c == '\n' && c[1] != '\0')
                fprintf(terminal->stream, "%*s", indent + 12, "");
        }
        if (length == 0 || clean[strlen(clean) - 1] != '\n')
            fputc('\n', terminal->stream);
        if (cut != visible)
            free(cut);
        free(visible);
        free(clean);
    }
}

static bool shows_comparison(const char *text)
{
    return text != NULL && strstr(text, "expected:") != NULL && strstr(text, "actual:") != NULL;
}

static void print_finding(const struct terminal *terminal, const struct finding *finding,
                          int indent)
{
    print_text(terminal, finding->text != NULL ? finding->text : finding_kind_name(finding->kind),
               indent);
    if (!shows_comparison(finding->text))
        print_comparison(terminal, finding->expected, finding->actual, indent);
}

void terminal_findings(const struct terminal *terminal, const struct findings *findings, int indent)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        fprintf(terminal->stream, "%*s%s%s%s%s%s\n", indent, "", colour(terminal, "\x1b[1;31m"),
                finding_kind_name(finding->kind), colour(terminal, "\x1b[0m"),
                finding->misconception != NULL ? ": " : "",
                finding->misconception != NULL ? finding->misconception : "");
        print_finding(terminal, finding, indent + 2);
    }
}

static void print_findings_of(const struct terminal *terminal,
                              const struct exercise_result *exercise,
                              const struct check_result *check)
{
    for (size_t i = 0; i < check->findings.count; i++) {
        const struct finding *finding = &check->findings.items[i];
        const struct check_result *before = told_before(exercise, check, finding);
        if (before == NULL) {
            print_finding(terminal, finding, INDENT_TEXT);
            continue;
        }
        char *line = kit_format("%s: the same cause as in %s", finding_kind_name(finding->kind),
                                short_name(before->id));
        print_text(terminal, line, INDENT_TEXT);
        free(line);
    }
}

/* What to type next: the same run again, an explanation, a hint. */
static void print_next_steps(const struct terminal *terminal, const struct check_result *check,
                             count_hints *count)
{
    FILE *out = terminal->stream;
    int hints = 0, shown = 0;

    if (check->reproduce != NULL)
        fprintf(out, "%*srun again: %s\n", INDENT_TEXT, "", check->reproduce);
    if (check->findings.count > 0) {
        const struct finding *first = &check->findings.items[0];
        fprintf(out, "%*smore: ipclab explain %s\n", INDENT_TEXT, "",
                first->misconception != NULL ? first->misconception
                                             : finding_kind_name(first->kind));
    }
    if (count != NULL) { /* it is a learner's own work: what was kept of it can be shown */
        if (check->reproduce != NULL)
            fprintf(out, "%*spicture: ipclab show %s\n", INDENT_TEXT, "", check->id);
        count(check->id, &hints, &shown);
    }
    if (shown < hints)
        fprintf(out, "%*shint %d of %d: ipclab hint %s\n", INDENT_TEXT, "", shown + 1, hints,
                check->id);
    else if (hints > 0)
        fprintf(out, "%*sall %d hints again: ipclab hint %s\n", INDENT_TEXT, "", hints, check->id);
}

/* The first check before this one of which the kit said the very same, or NULL. */
static const struct check_result *same_message_before(const struct exercise_result *exercise,
                                                      const struct check_result *check)
{
    for (const struct check_result *other = exercise->checks; other < check; other++)
        if (check->message != NULL && other->status == check->status &&
            other->findings.count == 0 && same_string(other->message, check->message))
            return other;
    return NULL;
}

/* Places for the widest "4/4" of an exercise. */
static int points_width(const struct exercise_result *exercise)
{
    int widest = 0;

    for (size_t i = 0; i < exercise->n_checks; i++) {
        int width = (int)(strlen(points_text(exercise->checks[i].score)) + 1 +
                          strlen(points_text(exercise->checks[i].max_score)));
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* What was found, in words, with expected and actual where something was compared. */
static void print_message(const struct terminal *terminal, const struct check_result *check,
                          const struct check_result *before)
{
    const struct finding *first = check->findings.count > 0 ? &check->findings.items[0] : NULL;

    if (before != NULL) {
        char *line = kit_format("the same as in %s", short_name(before->id));
        print_text(terminal, line, INDENT_TEXT);
        free(line);
        return;
    }
    if (check->message != NULL && (first == NULL || !same_string(check->message, first->text)))
        print_text(terminal, check->message, INDENT_TEXT);
    bool shown = shows_comparison(check->message) ||
                 (first != NULL && (shows_comparison(first->text) || first->expected != NULL));
    if (!shown)
        print_comparison(terminal, check->expected, check->actual, INDENT_TEXT);
}

/* The first check before this one in which all of this one's findings were told; NULL: some are
 * new. */
static const struct check_result *all_told_before(const struct exercise_result *exercise,
                                                  const struct check_result *check)
{
    const struct check_result *first = NULL;

    for (size_t i = 0; i < check->findings.count; i++) {
        const struct check_result *before = told_before(exercise, check, &check->findings.items[i]);
        if (before == NULL)
            return NULL;
        first = first == NULL || before < first ? before : first;
    }
    return first;
}

/* What was found, and what to do next. */
static void print_check_body(const struct terminal *terminal,
                             const struct exercise_result *exercise,
                             const struct check_result *check, count_hints *count)
{
    const struct check_result *told = all_told_before(exercise, check);
    if (told != NULL) { /* one line is enough: what to do next stands where it was told */
        char *line = kit_format("the same cause as in %s", short_name(told->id));
        print_text(terminal, line, INDENT_TEXT);
        free(line);
        return;
    }
    print_findings_of(terminal, exercise, check);
    print_message(terminal, check, same_message_before(exercise, check));
    if (check->status == CHECK_FAILED)
        print_next_steps(terminal, check, count);
}

/* As on a terminal, but at the left edge. */
char *terminal_check_text(const struct exercise_result *exercise, const struct check_result *check)
{
    char *text = NULL;
    size_t length = 0;
    struct terminal terminal = {.stream = open_memstream(&text, &length), .width = WIDTH_NONE};
    struct text_buffer out = {0};

    if (terminal.stream == NULL)
        kit_broken("no memory for a text");
    print_check_body(&terminal, exercise, check, NULL);
    if (fclose(terminal.stream) == EOF)
        kit_broken("no memory for a text");
    text_add_bytes(&out, "", 0);
    for (const char *line = text; *line != '\0';) {
        size_t blanks = strspn(line, " "), end = strcspn(line, "\n");
        size_t off = blanks < INDENT_TEXT ? blanks : INDENT_TEXT;
        bool more = line[end] == '\n' && line[end + 1] != '\0';
        text_add_bytes(&out, line + off, end - off + more);
        line += end + (line[end] == '\n');
    }
    free(text);
    return out.data;
}

static void print_check(const struct terminal *terminal, const struct exercise_result *exercise,
                        const struct check_result *check, count_hints *count)
{
    char *points = kit_format("%s/%s", points_text(check->score), points_text(check->max_score));
    char *schedules = check->schedules > 0 ? kit_format("  (%d schedule%s)", check->schedules,
                                                        check->schedules == 1 ? "" : "s")
                                           : kit_strdup("");

    fprintf(terminal->stream, "%*s%s%s%s  %-*s  %s%s\n", INDENT_CHECK, "",
            colour(terminal, status_words[check->status].colour), status_words[check->status].word,
            colour(terminal, "\x1b[0m"), points_width(exercise), points, short_name(check->id),
            schedules);
    free(points);
    free(schedules);
    if (check->status != CHECK_PASSED && check->status != CHECK_NOT_BUILT)
        print_check_body(terminal, exercise, check, count);
}

/* The compiler's words, at most BUILD_LOG_LINES of them. */
static void print_build_log(const struct terminal *terminal, const char *log)
{
    char *printable = text_printable(log);
    const char *line = printable;

    print_text(terminal, "It could not be built, so no check ran:", INDENT_TEXT);
    for (int i = 0; i < BUILD_LOG_LINES && *line != '\0'; i++) {
        size_t length = strcspn(line, "\n");
        fprintf(terminal->stream, "%*s%.*s\n", INDENT_TEXT + 2, "", (int)length, line);
        line += length + (line[length] == '\n');
    }
    if (*line != '\0')
        print_text(terminal, "... (the rest is left out: the first errors are the ones to read)",
                   INDENT_TEXT + 2);
    free(printable);
}

/* "1.3 pipeline" at the left, "6/14 points" at the right. */
static void print_header(const struct terminal *terminal, const struct exercise_result *exercise)
{
    char *left = kit_format("%s %s", exercise->id, exercise->name);
    char *right =
        kit_format("%s/%s points", points_text(exercise->score), points_text(exercise->max_score));
    int room = (terminal->width < WIDTH_USUAL ? terminal->width : WIDTH_USUAL) - 1;
    int gap = room - text_columns(left) - text_columns(right);

    fprintf(terminal->stream, "%s%s%s%*s%s\n", colour(terminal, "\x1b[1m"), left,
            colour(terminal, "\x1b[0m"), gap > 2 ? gap : 2, "", right);
    free(left);
    free(right);
}

static void print_head(const struct terminal *terminal, const struct exercise_result *exercise)
{
    print_header(terminal, exercise);
    if (!exercise->build_ok)
        print_build_log(terminal, exercise->build_log != NULL ? exercise->build_log : "");
}

static bool wants_attention(const struct check_result *check)
{
    return check->status != CHECK_PASSED && check->status != CHECK_SKIPPED;
}

void terminal_exercise_failing_first(const struct terminal *terminal,
                                     const struct exercise_result *exercise, const char *from,
                                     count_hints *count)
{
    size_t n = exercise->n_checks, first = 0;

    for (size_t i = 0; i < n && from != NULL; i++)
        if (strcmp(exercise->checks[i].id, from) == 0)
            first = i;
    print_head(terminal, exercise);
    for (size_t i = 0; i < n; i++)
        if (wants_attention(&exercise->checks[(first + i) % n]))
            print_check(terminal, exercise, &exercise->checks[(first + i) % n], count);
    for (size_t i = 0; i < n; i++)
        if (!wants_attention(&exercise->checks[i]))
            print_check(terminal, exercise, &exercise->checks[i], count);
}

void terminal_exercise(const struct terminal *terminal, const struct exercise_result *exercise,
                       count_hints *count)
{
    print_head(terminal, exercise);
    for (size_t i = 0; i < exercise->n_checks; i++)
        print_check(terminal, exercise, &exercise->checks[i], count);
}

void terminal_total(const struct terminal *terminal, const struct results *results)
{
    static const char *const words[CHECK_STATUSES] = {
        [CHECK_PASSED] = "passed",
        [CHECK_FAILED] = "failed",
        [CHECK_SKIPPED] = "skipped",
        [CHECK_NOT_BUILT] = "not built",
        [CHECK_KIT_ERROR] = "stopped by a fault of the kit (not counted against you)",
    };
    int counts[CHECK_STATUSES] = {0};
    bool first = true;

    for (size_t i = 0; i < results->n_labs; i++)
        for (size_t j = 0; j < results->labs[i].n_exercises; j++)
            for (size_t k = 0; k < results->labs[i].exercises[j].n_checks; k++)
                counts[results->labs[i].exercises[j].checks[k].status]++;
    fprintf(terminal->stream, "total: %s of %s points", points_text(results->score),
            points_text(results->max_score));
    for (int i = 0; i < CHECK_STATUSES; i++) {
        if (counts[i] == 0)
            continue;
        fprintf(terminal->stream, "%s%d %s", first ? "; checks: " : ", ", counts[i], words[i]);
        first = false;
    }
    fputc('\n', terminal->stream);
}

void terminal_results(const struct terminal *terminal, const struct results *results,
                      count_hints *count)
{
    for (size_t i = 0; i < results->n_labs; i++)
        for (size_t j = 0; j < results->labs[i].n_exercises; j++) {
            terminal_exercise(terminal, &results->labs[i].exercises[j], count);
            fputc('\n', terminal->stream);
        }
    terminal_total(terminal, results);
}
