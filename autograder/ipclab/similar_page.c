/*
 * similar_page.c - alike passages side by side, on one page. See similar_tell.h.
 *
 * First a table of the pairs, then a section for each. Lines that the skeleton has are pale: they
 * did not count.
 */
#include "similar_tell.h"

#include "../tell/html.h"

static const char style[] =
    "body{max-width:110rem}p,table.list{max-width:60rem}\n"
    ".pair{margin-top:3rem;border-top:2px solid}\n"
    ".sides{display:grid;grid-template-columns:1fr 1fr;gap:0 1.5rem}\n"
    ".sides>div{min-width:0}\n"
    "pre{font:13px/1.4 ui-monospace,monospace;overflow-x:auto;margin:.2rem 0 1rem;"
    "tab-size:4;padding:.4rem;border:1px solid #8888}\n"
    "pre i{opacity:.6;font-style:normal;user-select:none}pre s{opacity:.55;text-decoration:none}\n";

static void add_name(struct text_buffer *page, const struct similar *similar,
                     const struct alike_pair *pair, int side)
{
    html_text(page, similar->submissions->items[pair->submissions[side]].name);
}

static void add_row(struct text_buffer *page, const struct similar *similar, size_t number)
{
    const struct alike_pair *pair = &similar->alike->pairs[number];

    for (size_t i = 0; i < pair->n_exercises; i++) {
        const struct alike_exercise *exercise = &pair->exercises[i];
        text_add(page, "<tr><td class=\"n\"><a href=\"#pair-%zu\">%zu</a></td><td>", number + 1,
                 number + 1);
        add_name(page, similar, pair, 0);
        text_add(page, "</td><td>");
        add_name(page, similar, pair, 1);
        text_add(page,
                 "</td><td>%s %s</td><td class=\"n\">%u</td><td class=\"n\">%u %%</td><td "
                 "class=\"n\">%u %%</td></tr>\n",
                 exercise->exercise->id, exercise->exercise->name, exercise->tokens,
                 alike_percent(exercise, 0), alike_percent(exercise, 1));
    }
}

static void add_table(struct text_buffer *page, const struct similar *similar)
{
    text_add(page, "<table class=\"list\"><tr><th class=\"n\"></th><th>left</th><th>right</th>"
                   "<th>exercise</th><th class=\"n\">tokens alike</th><th class=\"n\">of the left"
                   "</th><th class=\"n\">of the right</th></tr>\n");
    for (size_t i = 0; i < similar_told(similar); i++)
        add_row(page, similar, i);
    text_add(page, "</table>\n");
}

static void add_side(struct text_buffer *page, const struct similar *similar,
                     const struct alike_pair *pair, int side, const struct alike_place *place)
{
    const struct alike_source *source = &similar->alike->sources[place->source];

    text_add(page, "<div><b>");
    add_name(page, similar, pair, side);
    text_add(page, "</b> ");
    html_text(page, source->name);
    text_add(page, ":%u-%u\n<pre>", place->first, place->last);
    for (unsigned line = place->first; line <= place->last && line <= source->n_lines; line++) {
        const char *mark = source->given[line - 1] ? "s" : "span";
        text_add(page, "<i>%4u </i><%s>", line, mark);
        html_text(page, source->lines[line - 1]);
        text_add(page, "</%s>\n", mark);
    }
    text_add(page, "</pre></div>\n");
}

static void add_exercise(struct text_buffer *page, const struct similar *similar,
                         const struct alike_pair *pair, const struct alike_exercise *exercise)
{
    text_add(page,
             "<h3>%s %s</h3>\n<p>%u tokens are alike: %u %% of the own part of the left one (%u), "
             "%u %% of the right one (%u).</p>\n",
             exercise->exercise->id, exercise->exercise->name, exercise->tokens,
             alike_percent(exercise, 0), exercise->own[0], alike_percent(exercise, 1),
             exercise->own[1]);
    for (size_t i = 0; i < exercise->n_passages; i++) {
        const struct alike_passage *passage = &exercise->passages[i];
        size_t others = alike_others(similar->alike, pair, passage);
        text_add(page, "<p>%u tokens", passage->tokens);
        if (others > 0)
            text_add(page, "; %zu other%s too", others,
                     others == 1 ? " has them," : "s have them,");
        text_add(page, "</p>\n<div class=\"sides\">\n");
        for (int side = 0; side < 2; side++)
            add_side(page, similar, pair, side, &passage->places[side]);
        text_add(page, "</div>\n");
    }
}

static void add_pair(struct text_buffer *page, const struct similar *similar, size_t number)
{
    const struct alike_pair *pair = &similar->alike->pairs[number];

    text_add(page, "<section class=\"pair\" id=\"pair-%zu\"><h2>%zu. ", number + 1, number + 1);
    add_name(page, similar, pair, 0);
    text_add(page, " | ");
    add_name(page, similar, pair, 1);
    text_add(page, "</h2>\n");
    for (size_t i = 0; i < pair->n_exercises; i++)
        add_exercise(page, similar, pair, &pair->exercises[i]);
    text_add(page, "</section>\n");
}

char *similar_page(const struct similar *similar)
{
    struct text_buffer page = {0};

    html_begin(&page, "Alike passages", style);
    text_add(&page,
             "<p><b>%s</b></p>\n<p>%zu submissions were compared; pairs with a passage alike: %zu. "
             "What is most alike stands first, by how much that is and how large a part of the "
             "own work. Left out is what the skeleton has (pale below). Names, numbers, layout, "
             "comments and the order of functions do not count.</p>\n",
             similar_caution, similar->n_compared, similar->alike->n_pairs);
    add_table(&page, similar);
    for (size_t i = 0; i < similar_told(similar); i++)
        add_pair(&page, similar, i);
    text_add(&page, "</body></html>\n");
    return page.data;
}
