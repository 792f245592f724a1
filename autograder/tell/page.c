/*
 * page.c - the page as a whole: head, results, runs, and its script. See page.h.
 */
#include "page.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "../run/kit.h"
#include "html.h"
#include "page_results.h"
#include "page_run.h"
#include "terminal.h"

/* page.css and page.js, each ended by a NUL (page_files.S). */
extern const char page_style[], page_script[];

enum { NONCE_BYTES = 16 };

/* Known to nobody before the page is written: what a program wrote cannot hold it. */
static void make_nonce(char nonce[2 * NONCE_BYTES + 1])
{
    unsigned char bytes[NONCE_BYTES];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        kit_broken("getrandom");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
}

static void add_head(struct text_buffer *out, const struct page *page, const char *nonce)
{
    text_add(out,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'nonce-%s'; script-src 'nonce-%s'; base-uri 'none'; "
             "form-action 'none'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
             nonce, nonce);
    html_text(out, page->title);
    text_add(out, "</title>\n<style nonce=\"%s\">\n", nonce);
    text_add_bytes(out, page_style, strlen(page_style));
    text_add(out, "</style>\n</head>\n");
}

static void add_top(struct text_buffer *out, const struct page *page)
{
    text_add(out, "<body>\n<header class=\"top\">\n<h1>");
    html_text(out, page->title);
    text_add(out, "</h1>\n");
    if (page->results != NULL)
        text_add(out,
                 "<p class=\"total\"><b>%s</b> of %s points <meter min=\"0\" max=\"%s\" "
                 "value=\"%s\"></meter></p>\n",
                 points_text(page->results->score), points_text(page->results->max_score),
                 points_text(page->results->max_score > 0 ? page->results->max_score : 1),
                 points_text(page->results->score));
    for (size_t i = 0; page->results != NULL && i < page->results->n_notes; i++) {
        text_add(out, "<p class=\"words\">");
        html_text(out, page->results->notes[i]);
        text_add(out, "</p>\n");
    }
    text_add(out, "<button type=\"button\" id=\"theme\" hidden>Light or dark</button>\n"
                  "</header>\n<main>\n");
    if (page->note != NULL) {
        text_add(out, "<p class=\"note\">");
        html_text(out, page->note);
        text_add(out, "</p>\n");
    }
}

static void add_runs_of(struct text_buffer *out, const struct page *page, const char *check_id)
{
    for (size_t i = 0; i < page->n_runs; i++)
        if (page->runs[i].check_id != NULL && strcmp(page->runs[i].check_id, check_id) == 0)
            page_add_run(out, &page->runs[i], i);
}

/* Runs that belong to no check: what `trace` looked at. */
static void add_other_runs(struct text_buffer *out, const struct page *page)
{
    for (size_t i = 0; i < page->n_runs; i++) {
        const struct page_run *run = &page->runs[i];
        if (run->check_id != NULL)
            continue;
        if (run->findings != NULL && run->findings->count > 0)
            page_add_findings(out, run->findings, run->folders);
        else
            text_add(out, "<p class=\"words\">Nothing was found to be wrong with it.</p>\n");
        page_add_run(out, run, i);
    }
}

char *page_html(const struct page *page)
{
    struct text_buffer out = {0};
    char nonce[2 * NONCE_BYTES + 1];

    make_nonce(nonce);
    add_head(&out, page, nonce);
    add_top(&out, page);
    if (page->results != NULL)
        page_add_results(&out, page, add_runs_of);
    add_other_runs(&out, page);
    text_add(&out, "</main>\n<script nonce=\"%s\">\n", nonce);
    text_add_bytes(&out, page_script, strlen(page_script));
    text_add(&out, "</script>\n</body>\n</html>\n");
    return out.data;
}
