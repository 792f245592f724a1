/*
 * test_html.c - what anybody wrote as a part of a page: tell/html.h, tell/page.h.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "../tell/html.h"
#include "../tell/page.h"
#include "tests.h"

static const struct {
    const char *text, *html;
} text_cases[] = {
    {"",                      ""                                             },
    {"plain\ntwo lines",      "plain\ntwo lines"                             },
    {"<script>\"&'</script>", "&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;"},
    {"\x1b[31m\x07",          "\\x1b[31m\\a"                                 },
    {"\xe2\x80\xae",          "\\xe2\\x80\\xae"                              },
    {"\xff<",                 "\\xff&lt;"                                    },
};

START_TEST(text_is_escaped)
{
    struct text_buffer out = {0};
    text_add_bytes(&out, "", 0);
    html_text(&out, text_cases[_i].text);
    ck_assert_str_eq(out.data, text_cases[_i].html);
    free(out.data);
}
END_TEST

START_TEST(a_long_text_is_cut_and_that_is_said)
{
    struct text_buffer out = {0};
    html_text_cut(&out, "abcdefgh", 3);
    ck_assert_str_eq(out.data, "abc... (5 more bytes)");
    free(out.data);
}
END_TEST

static const struct {
    const char *one, *other;
    long at;
} difference_cases[] = {
    {"same",     "same",     -1},
    {"",         "",         -1},
    {"abc",      "abd",      2 },
    {"abc",      "ab",       2 },
    {"",         "x",        0 },
    {"a\\nb",    "a\\tb",    1 }, /* the escape, not its second character */
    {"\\x1b",    "\\x1c",    0 },
    {"\\\\n",    "\\\\t",    2 }, /* a backslash, then a letter */
    {"\xc3\xbc", "\xc3\x9f", 0 }, /* the character, not its second byte */
};

START_TEST(the_first_difference_is_at_a_whole_character)
{
    ck_assert_int_eq(html_first_difference(difference_cases[_i].one, difference_cases[_i].other),
                     difference_cases[_i].at);
    ck_assert_int_eq(html_first_difference(difference_cases[_i].other, difference_cases[_i].one),
                     difference_cases[_i].at);
}
END_TEST

START_TEST(invisible_bytes_are_visible)
{
    struct text_buffer out = {0};
    html_bytes(&out, "a b\\n\\0<", true, 0);
    ck_assert_str_eq(out.data,
                     "<mark>a</mark><i class=\"sp\">\xc2\xb7</i>b<i class=\"esc\">\\n</i>\n"
                     "<i class=\"esc\">\\0</i>&lt;");
    free(out.data);
    out = (struct text_buffer){0};
    html_bytes(&out, "ab", false, 2);
    ck_assert_str_eq(out.data, "ab<mark class=\"end\">(ends here)</mark>");
    free(out.data);
}
END_TEST

START_TEST(json_cannot_end_its_script)
{
    struct text_buffer out = {0};
    cJSON *json = cJSON_CreateString("</script><!--&\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa");
    html_json(&out, json);
    ck_assert_str_eq(out.data,
                     "\"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028\\u2029\xe2\x80\xaa\"");
    cJSON *back = cJSON_Parse(out.data);
    ck_assert_str_eq(back->valuestring, json->valuestring);
    cJSON_Delete(back);
    cJSON_Delete(json);
    free(out.data);
}
END_TEST

static const char *two_hints(const char *check_id, int number)
{
    static const char *const hints[] = {"first <hint>", "second hint"};
    ck_assert_str_eq(check_id, "1.1.a");
    return number < 2 ? hints[number] : NULL;
}

/* Results with one check that fails, of which everything is hostile. */
static void make_results(struct results *results)
{
    struct lab_result *lab = results_add_lab(results, "1", "01-pipes", "Pipes");
    struct exercise_result *exercise = lab_result_add_exercise(lab, "1.1", "one", "One <way>");
    struct check_result *check = exercise_result_add_check(exercise, "1.1.a", 2);

    exercise->build_ok = true;
    check->status = CHECK_FAILED;
    check->message = strdup("</p><script>alert(1)</script>");
    check->expected = strdup("\"><img>");
    check->actual = strdup("");
    check->findings = (struct findings){0};
    findings_add(&check->findings, FINDING_WRONG_OUTPUT)->text = strdup("<b>");
    results_sum(results);
}

START_TEST(a_page_of_results_escapes_all_and_nests_its_hints)
{
    struct results results = {0};
    make_results(&results);
    char *html =
        page_html(&(struct page){.title = "</title><b>", .results = &results, .hint = two_hints});
    const char *first = strstr(html, "first &lt;hint&gt;"), *second = strstr(html, "second hint");

    ck_assert_ptr_nonnull(strstr(html, "<title>&lt;/title&gt;&lt;b&gt;</title>"));
    ck_assert_ptr_null(strstr(html, "<script>alert"));
    ck_assert_ptr_null(strstr(html, "<img>"));
    ck_assert_ptr_null(strstr(html, "<b>&lt;b&gt;"));
    ck_assert_ptr_nonnull(strstr(html, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    ck_assert_ptr_nonnull(strstr(html, "default-src 'none'"));
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    const char *closed = strstr(first, "</details>");
    ck_assert_msg(second > first && second < closed, "the second hint lies inside the first");
    free(html);
    results_clear(&results);
}
END_TEST

static Suite *make_html_suite(void)
{
    Suite *suite = suite_create("html");
    TCase *tests = tcase_create("html");

    tcase_add_loop_test(tests, text_is_escaped, 0, sizeof text_cases / sizeof *text_cases);
    tcase_add_test(tests, a_long_text_is_cut_and_that_is_said);
    tcase_add_loop_test(tests, the_first_difference_is_at_a_whole_character, 0,
                        sizeof difference_cases / sizeof *difference_cases);
    tcase_add_test(tests, invisible_bytes_are_visible);
    tcase_add_test(tests, json_cannot_end_its_script);
    tcase_add_test(tests, a_page_of_results_escapes_all_and_nests_its_hints);
    suite_add_tcase(suite, tests);
    return suite;
}

__attribute__((constructor)) static void register_html_suite(void)
{
    register_suite(make_html_suite);
}
