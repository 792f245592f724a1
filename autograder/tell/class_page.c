/*
 * class_page.c - the class on one page: how many reached how much, which exercises passed, what was
 * got wrong most. See class.h.
 *
 * It loads nothing and runs nothing; its policy forbids it. The drawings are inline SVG. Bars have
 * their numbers beside them, so that nothing is told by length or colour alone.
 */
#include "class.h"

#include <math.h>
#include <stdlib.h>

#include "catalogue.h"
#include "html.h"
#include "terminal.h"
#include "text.h"

enum { MOST_BARS = 12, BAR_HEIGHT = 22, CHART_WIDTH = 720, LABEL_WIDTH = 330, BIN_WIDTH = 64 };
enum { HISTOGRAM_HEIGHT = 180, HISTOGRAM_BASE = 150, HISTOGRAM_ROOM = 120 };

static const char style[] = "svg{max-width:100%;height:auto;display:block}\n"
                            "svg text{font:13px system-ui,sans-serif;fill:currentColor}\n"
                            ".bar{fill:#3b6ea8}.axis{stroke:currentColor;opacity:.5}\n"
                            "@media(prefers-color-scheme:dark){.bar{fill:#7fb0e8}}\n";

static void add_histogram(struct text_buffer *page, const struct class_book *class)
{
    unsigned most = 1;
    for (int i = 0; i < CLASS_BINS; i++)
        most = class->bins[i] > most ? class->bins[i] : most;
    text_add(page,
             "<h2>How many reached how much</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" "
             "aria-label=\"Submissions by tenths of the points\">\n",
             CHART_WIDTH, HISTOGRAM_HEIGHT);
    for (int i = 0; i < CLASS_BINS; i++) {
        int x = 20 + i * (BIN_WIDTH + 4), middle = x + BIN_WIDTH / 2;
        int height = (int)(class->bins[i] * (unsigned)HISTOGRAM_ROOM / most);
        text_add(page, "<rect class=\"bar\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", x,
                 HISTOGRAM_BASE - height, BIN_WIDTH, height);
        text_add(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%u</text>", middle,
                 HISTOGRAM_BASE - height - 5, class->bins[i]);
        text_add(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d-%d %%</text>\n", middle,
                 HISTOGRAM_BASE + 18, 10 * i, 10 * (i + 1));
    }
    text_add(page, "<line class=\"axis\" x1=\"16\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/></svg>\n",
             CHART_WIDTH - 16, HISTOGRAM_BASE, HISTOGRAM_BASE);
}

/* The title of a page of the catalogue beside its name, where there is one. */
static void add_label(struct text_buffer *page, const char *id, bool with_title)
{
    char *title = with_title ? catalogue_title(id) : NULL;
    html_text(page, title != NULL ? title : id);
    free(title);
}

static void add_bars(struct text_buffer *page, const char *heading,
                     const struct class_tallies *tallies, bool with_titles)
{
    size_t n = tallies->n < MOST_BARS ? tallies->n : MOST_BARS;
    text_add(page, "<h2>%s</h2>\n", heading);
    if (n == 0) {
        text_add(page, "<p>Nothing.</p>\n");
        return;
    }
    text_add(page, "<svg viewBox=\"0 0 %d %zu\" role=\"img\" aria-label=\"%s\">\n", CHART_WIDTH,
             n * BAR_HEIGHT, heading);
    for (size_t i = 0; i < n; i++) {
        const struct class_tally *tally = &tallies->items[i];
        int y = (int)i * BAR_HEIGHT;
        int width = (int)(tally->submissions * (unsigned)(CHART_WIDTH - LABEL_WIDTH - 50) /
                          tallies->items[0].submissions);
        text_add(page, "<text x=\"0\" y=\"%d\">", y + 15);
        html_text(page, tally->id);
        text_add(page, "<title>");
        add_label(page, tally->id, with_titles);
        text_add(page, "</title></text>");
        text_add(page, "<rect class=\"bar\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
                 LABEL_WIDTH, y + 3, width, BAR_HEIGHT - 7);
        text_add(page, "<text x=\"%d\" y=\"%d\">%u</text>\n", LABEL_WIDTH + width + 6, y + 15,
                 tally->submissions);
    }
    text_add(page, "</svg>\n");
}

static void add_exercises(struct text_buffer *page, const struct class_book *class)
{
    text_add(page, "<h2>Exercises</h2>\n<table><tr><th>exercise</th><th class=\"n\">all right</th>"
                   "<th class=\"n\">something wrong</th><th class=\"n\">not handed in</th></tr>\n");
    for (size_t i = 0; i < class->n_columns; i++) {
        const struct class_column *column = &class->columns[i];
        text_add(page, "<tr><td>");
        html_text(page, column->id);
        text_add(page, " ");
        html_text(page, column->name);
        text_add(
            page,
            "</td><td class=\"n\">%u</td><td class=\"n\">%u</td><td class=\"n\">%u</td></tr>\n",
            column->passed, column->failed, column->not_handed_in);
    }
    text_add(page, "</table>\n");
}

static void add_numbers(struct text_buffer *page, const struct class_book *class)
{
    unsigned refused = class_count(class, SUBMISSION_REFUSED);
    unsigned broken = class_count(class, SUBMISSION_KIT_ERROR), passed = 0;
    double max = 0;

    for (size_t i = 0; i < class->n_rows; i++) {
        max = fmax(max, class->rows[i].max);
        passed += !isnan(class->rows[i].total) && class_passed(class, &class->rows[i]);
    }
    text_add(page, "<p>%zu submissions; on average %s of %s points.", class->n_rows,
             points_text(round(class_mean(class) * 10) / 10), points_text(max));
    if (class->pass_percent > 0)
        text_add(page, " %u have passed (%s %% or more).", passed,
                 points_text(class->pass_percent));
    if (refused > 0)
        text_add(page, " %u could not be unpacked or held no exercise.", refused);
    if (broken > 0)
        text_add(page, " %u have no grade by the fault of the kit.", broken);
    text_add(page, "</p>\n");
}

char *class_page(const struct class_book *class)
{
    struct text_buffer page = {0};
    const char *title = class->title != NULL ? class->title : "The class";

    html_begin(&page, title, style);
    add_numbers(&page, class);
    add_histogram(&page, class);
    add_bars(&page, "What was got wrong most", &class->misconceptions, true);
    add_bars(&page, "Which checks failed most", &class->checks, false);
    add_exercises(&page, class);
    text_add(&page, "</body></html>\n");
    return page.data;
}
