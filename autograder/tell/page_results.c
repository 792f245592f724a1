/*
 * page_results.c - verdicts and findings as HTML. See page_results.h.
 */
#include "page_results.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run/kit.h"
#include "html.h"
#include "terminal.h"

enum {
    SOURCE_MOST = 256 * 1024, /* bytes of a source file */
    LINES_AROUND = 3,
    LOG_MOST = 16 * 1024,  /* bytes of a compiler's words */
    TEXT_MOST = 64 * 1024, /* bytes of a message, which may quote a program */
    HINTS_MOST = 20
};

static const struct {
    const char *word, *sign, *class;
} statuses[CHECK_STATUSES] = {
    [CHECK_PASSED] = {"pass",             "\xe2\x9c\x93", "passed" },
    [CHECK_FAILED] = {"FAIL",             "\xe2\x9c\x97", "failed" },
    [CHECK_SKIPPED] = {"skipped",          "\xe2\x80\x93", "skipped"},
    [CHECK_NOT_BUILT] = {"not built",        "\xe2\x9c\x97", "failed" },
    [CHECK_KIT_ERROR] = {"fault of the kit", "!",            "kit"    },
};

/* ---- Sources -------------------------------------------------------------------------------- */

/* A student's folder may hold links and FIFOs: neither is followed nor waited for. */
static char *read_regular(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char *text = NULL;

    if (fd == -1)
        return NULL;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= SOURCE_MOST) {
        text = kit_alloc((size_t)status.st_size + 1);
        ssize_t n = read(fd, text, (size_t)status.st_size);
        if (n < 0) {
            free(text);
            text = NULL;
        }
    }
    close(fd);
    return text;
}

char *page_read_source(const char *const *folders, const char *file)
{
    char *text = NULL;

    if (folders == NULL || file == NULL || strchr(file, '/') != NULL)
        return NULL;
    for (; *folders != NULL && text == NULL; folders++) {
        char *path = kit_format("%s/%s", *folders, file);
        text = read_regular(path);
        free(path);
    }
    return text;
}

static void add_line(struct text_buffer *out, int number, const char *text, size_t length,
                     bool marked)
{
    char *line = kit_strndup(text, length);

    text_add(out, "<span class=\"%s\"><b>%4d%s</b> ", marked ? "line here" : "line", number,
             marked ? " \xe2\x96\xb6" : "  ");
    html_text(out, line);
    text_add(out, "</span>"); /* a block: no newline between lines */
    free(line);
}

static void add_lines_around(struct text_buffer *out, const char *source, int wanted)
{
    int number = 1;

    text_add(out, "<pre class=\"source\" tabindex=\"0\">");
    for (const char *line = source; *line != '\0' && number <= wanted + LINES_AROUND; number++) {
        size_t length = strcspn(line, "\n");
        if (number >= wanted - LINES_AROUND)
            add_line(out, number, line, length, number == wanted);
        line += length + (line[length] == '\n');
    }
    text_add(out, "</pre>\n");
}

/* "pipeline.c:35 in main", and the lines around it. */
static void add_place(struct text_buffer *out, const struct place *place,
                      const char *const *folders)
{
    if (place->file == NULL || place->line <= 0)
        return;
    text_add(out, "<p class=\"place\">Look at <code>");
    html_text(out, place->file);
    text_add(out, ":%d</code>", place->line);
    if (place->function != NULL) {
        text_add(out, " in <code>");
        html_text(out, place->function);
        text_add(out, "</code>");
    }
    text_add(out, "</p>\n");
    char *source = page_read_source(folders, place->file);
    if (source != NULL)
        add_lines_around(out, source, place->line);
    free(source);
}

/* ---- Findings ------------------------------------------------------------------------------- */

static void add_side(struct text_buffer *out, const char *name, const char *text, bool spaces,
                     long marked)
{
    text_add(out, "<div><h6>%s</h6><pre tabindex=\"0\">", name);
    if (text[0] == '\0' && marked < 0)
        text_add(out, "<i class=\"none\">(nothing)</i>");
    html_bytes(out, text, spaces, marked);
    text_add(out, "</pre></div>\n");
}

/* Expected beside actual. output: they are what programs wrote, so each blank counts. */
static void add_comparison(struct text_buffer *out, const char *expected, const char *actual,
                           bool output)
{
    if (expected == NULL && actual == NULL)
        return;
    char *one = text_utf8(expected != NULL ? expected : "");
    char *other = text_utf8(actual != NULL ? actual : "");
    long difference = output ? html_first_difference(one, other) : -1;

    text_add(out, "<div class=\"compare\">\n");
    add_side(out, "expected", one, output, difference);
    add_side(out, "actual", other, output, difference);
    text_add(out, "</div>\n");
    free(one);
    free(other);
}

/* A paragraph of ours that may quote a program: its line breaks and leading blanks are kept, and
 * where columns matter each character has the same width. */
static void add_text(struct text_buffer *out, const char *class, const char *text)
{
    text_add(out, "<p class=\"%s%s\">", class, strstr(text, "\n  ") != NULL ? " mono" : "");
    html_text_cut(out, text, TEXT_MOST);
    text_add(out, "</p>\n");
}

static void add_finding(struct text_buffer *out, const struct finding *finding,
                        const char *const *folders)
{
    const char *kind = finding_kind_name(finding->kind);

    text_add(out, "<div class=\"finding\">\n<h5>%s", kind);
    if (finding->misconception != NULL) {
        text_add(out, ": ");
        html_text(out, finding->misconception);
    }
    text_add(out, "</h5>\n");
    if (finding->text != NULL)
        add_text(out, "words", finding->text);
    add_comparison(out, finding->expected, finding->actual, finding->kind == FINDING_WRONG_OUTPUT);
    add_place(out, &finding->place, folders);
    text_add(out, "<p class=\"more\">More: <code>ipclab explain ");
    html_text(out, finding->misconception != NULL ? finding->misconception : kind);
    text_add(out, "</code></p>\n</div>\n");
}

void page_add_findings(struct text_buffer *out, const struct findings *findings,
                       const char *const *folders)
{
    for (size_t i = 0; i < findings->count; i++)
        add_finding(out, &findings->items[i], folders);
}

/* ---- Hints ---------------------------------------------------------------------------------- */

/* Each hint lies in the one before: they can only be opened one by one. */
static void add_hints(struct text_buffer *out, const struct page *page,
                      const struct check_result *check)
{
    const char *hints[HINTS_MOST];
    int n = 0;

    if (page->hint != NULL) {
        while (n < HINTS_MOST && (hints[n] = page->hint(check->id, n)) != NULL)
            n++;
    } else if (check->hint != NULL && check->hint[0] != '\0') {
        hints[n++] = check->hint;
    }
    for (int i = 0; i < n; i++) {
        text_add(out, "<details class=\"hint\"><summary>Hint");
        if (n > 1)
            text_add(out, " %d of %d", i + 1, n);
        text_add(out, "</summary>\n");
        add_text(out, "words", hints[i]);
    }
    for (int i = 0; i < n; i++)
        text_add(out, "</details>\n");
}

/* ---- Checks --------------------------------------------------------------------------------- */

static bool is_bad(enum check_status status)
{
    return status != CHECK_PASSED && status != CHECK_SKIPPED;
}

/* Is the message already there, as the text of the first finding? */
static bool is_told(const struct check_result *check)
{
    return check->findings.count > 0 && check->findings.items[0].text != NULL &&
           strcmp(check->message, check->findings.items[0].text) == 0;
}

static void add_check_body(struct text_buffer *out, const struct page *page,
                           const struct check_result *check, const char *const *folders)
{
    if (check->message != NULL && check->message[0] != '\0' && !is_told(check))
        add_text(out, "words", check->message);
    page_add_findings(out, &check->findings, folders);
    if (check->findings.count == 0 || check->findings.items[0].expected == NULL)
        add_comparison(out, check->expected, check->actual,
                       check->findings.count > 0 &&
                           check->findings.items[0].kind == FINDING_WRONG_OUTPUT);
    if (check->status == CHECK_PASSED)
        text_add(out, "<p class=\"words\">Passed in %.2f seconds.</p>\n", check->seconds);
    if (check->reproduce != NULL) {
        text_add(out, "<p class=\"more\">Run it again: <code>");
        html_text(out, check->reproduce);
        text_add(out, "</code></p>\n");
    }
    if (check->status == CHECK_FAILED)
        add_hints(out, page, check);
}

static void add_check_head(struct text_buffer *out, const struct check_result *check)
{
    const char *dot = strrchr(check->id, '.');

    text_add(out,
             "<summary><span class=\"badge\">%s %s</span> <span class=\"points\">%s/%s</span> ",
             statuses[check->status].sign, statuses[check->status].word, points_text(check->score),
             points_text(check->max_score));
    text_add(out, "<code>");
    html_text(out, dot != NULL ? dot + 1 : check->id);
    text_add(out, "</code>");
    if (check->findings.count > 0) {
        const struct finding *first = &check->findings.items[0];
        text_add(out, " <span class=\"why\">");
        html_text(out, first->misconception != NULL ? first->misconception
                                                    : finding_kind_name(first->kind));
        text_add(out, "</span>");
    }
    text_add(out, "</summary>\n");
}

/* ---- Exercises and labs --------------------------------------------------------------------- */

static void add_score(struct text_buffer *out, double score, double max_score)
{
    text_add(out, " <span class=\"score\">%s of %s points</span>", points_text(score),
             points_text(max_score));
}

static void add_title(struct text_buffer *out, int level, const char *id, const char *title)
{
    text_add(out, "<h%d>", level);
    html_text(out, id);
    text_add(out, " ");
    html_text(out, title != NULL ? title : "");
}

static void add_build_log(struct text_buffer *out, const char *log)
{
    text_add(out, "<p class=\"words\">It could not be built, so no check ran:</p>\n"
                  "<pre class=\"log\" tabindex=\"0\">");
    html_text_cut(out, log != NULL ? log : "", LOG_MOST);
    text_add(out, "</pre>\n");
}

static bool has_runs(const struct page *page, const struct check_result *check)
{
    for (size_t i = 0; i < page->n_runs; i++)
        if (page->runs[i].check_id != NULL && strcmp(page->runs[i].check_id, check->id) == 0)
            return true;
    return false;
}

static void add_exercise(struct text_buffer *out, const struct page *page,
                         const struct lab_result *lab, const struct exercise_result *exercise,
                         void (*add_runs)(struct text_buffer *, const struct page *, const char *))
{
    char *folder =
        page->source_folder != NULL ? page->source_folder(lab, exercise, page->context) : NULL;
    const char *folders[] = {folder, NULL};
    bool opened = page->n_runs > 0; /* open is what has a picture, or else the first that fails */

    text_add(out, "<section class=\"exercise\">\n");
    add_title(out, 3, exercise->id, exercise->title);
    add_score(out, exercise->score, exercise->max_score);
    text_add(out, "</h3>\n");
    if (!exercise->build_ok)
        add_build_log(out, exercise->build_log);
    for (size_t i = 0; i < exercise->n_checks; i++) {
        const struct check_result *check = &exercise->checks[i];
        bool open = has_runs(page, check) ||
                    (!opened && is_bad(check->status) && check->status != CHECK_NOT_BUILT);
        opened = opened || open;
        text_add(out, "<details class=\"check %s\" id=\"", statuses[check->status].class);
        html_text(out, check->id);
        text_add(out, "\"%s>", open ? " open" : "");
        add_check_head(out, check);
        text_add(out, "<div class=\"body\">\n");
        add_check_body(out, page, check, folders);
        add_runs(out, page, check->id);
        text_add(out, "</div></details>\n");
    }
    text_add(out, "</section>\n");
    free(folder);
}

void page_add_results(struct text_buffer *out, const struct page *page,
                      void (*add_runs)(struct text_buffer *out, const struct page *page,
                                       const char *check_id))
{
    for (size_t i = 0; i < page->results->n_labs; i++) {
        const struct lab_result *lab = &page->results->labs[i];
        text_add(out, "<section class=\"lab\">\n");
        add_title(out, 2, lab->id, lab->title);
        add_score(out, lab->score, lab->max_score);
        text_add(out, "</h2>\n");
        for (size_t j = 0; j < lab->n_exercises; j++)
            add_exercise(out, page, lab, &lab->exercises[j], add_runs);
        text_add(out, "</section>\n");
    }
}
