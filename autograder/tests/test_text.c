/*
 * test_text.c - bytes made fit to be shown: tell/text.h.
 */
#include <stdlib.h>
#include <string.h>

#include "../tell/text.h"
#include "tests.h"

/* The argument is freed. */
static void check_text(char *actual, const char *expected)
{
    ck_assert_str_eq(actual, expected);
    free(actual);
}

static const struct {
    const char *bytes;
    size_t n;
    const char *shown;
} visible_cases[] = {
    {"",                   0,  ""                  },
    {"plain",              5,  "plain"             },
    {"a\nb\tc\r",          6,  "a\\nb\\tc\\r"      },
    {"\0",                 1,  "\\0"               },
    {"\0"
     "7",             2,  "\\x007"            },
    {"\x1b[31m",           5,  "\\x1b[31m"         },
    {"back\\slash",        10, "back\\\\slash"     },
    {"gr\xc3\xbc\xc3\x9f", 6,  "gr\xc3\xbc\xc3\x9f"},
    {"\xc3",               1,  "\\xc3"             }, /* cut off */
    {"\xff\xfe",           2,  "\\xff\\xfe"        }, /* never valid */
    {"\xc0\xaf",           2,  "\\xc0\\xaf"        }, /* overlong '/' */
    {"\xed\xa0\x80",       3,  "\\xed\\xa0\\x80"   }, /* surrogate */
    {"\xc2\x9b"
     "31m",           5,  "\\xc2\\x9b31m"     }, /* CSI as one C1 character */
    {"\xe2\x80\xae",       3,  "\\xe2\\x80\\xae"   }, /* turns the writing direction */
    {"\x7f",               1,  "\\x7f"             },
};

START_TEST(invisible_bytes_become_escapes)
{
    check_text(text_visible(visible_cases[_i].bytes, visible_cases[_i].n, 100),
               visible_cases[_i].shown);
}
END_TEST

START_TEST(long_runs_are_cut)
{
    check_text(text_visible("0123456789", 10, 4), "0123... (6 more bytes)");
    check_text(text_visible("01234", 5, 4), "0123... (1 more byte)");
    check_text(text_visible("0123", 4, 4), "0123");
}
END_TEST

START_TEST(messages_keep_newlines_but_no_escape_sequence)
{
    check_text(text_printable("a\nb\x1b]0;title\a\\n"), "a\nb\\x1b]0;title\\a\\n");
}
END_TEST

START_TEST(every_byte_becomes_valid_utf8)
{
    check_text(text_utf8("ok \xff\xc3\xbc\xc3"), "ok \xef\xbf\xbd\xc3\xbc\xef\xbf\xbd");
}
END_TEST

START_TEST(first_difference_is_shown_with_both_sides)
{
    check_text(text_diff_first("one\ntwo\n", 8, "one\ntoo\n", 8),
               "The first difference is at byte 6 (line 2, column 2).\n"
               "  expected: one\\ntwo\\n\n"
               "  actual:   one\\ntoo\\n\n"
               "                  ^");
}
END_TEST

START_TEST(missing_and_surplus_output_are_named)
{
    check_text(text_diff_first("abc", 3, "ab", 2),
               "The output ends too early, after 2 of 3 bytes (line 1, column 3).\n"
               "  expected: abc\n"
               "  actual:   ab(it ends here)\n"
               "              ^");
    check_text(text_diff_first("abc", 3, "", 0),
               "There is no output: it ends after 0 of 3 bytes (line 1, column 1).\n"
               "  expected: abc\n"
               "  actual:   (nothing)\n"
               "            ^");
    check_text(text_diff_first("a", 1, "abc", 3),
               "The output goes on after its 1 expected bytes, with 2 more (line 1, column 2).\n"
               "  expected: a(it ends here)\n"
               "  actual:   abc\n"
               "             ^");
    check_text(text_diff_first("a", 1, "a", 1), "The outputs are equal.");
}
END_TEST

START_TEST(difference_in_long_output_is_cut_on_both_sides)
{
    enum { SIZE = 5000, WHERE = 4000 };
    char a[SIZE], b[SIZE];

    memset(a, 'x', SIZE);
    memset(b, 'x', SIZE);
    b[WHERE] = '\0';
    char *diff = text_diff_first(a, SIZE, b, SIZE);
    ck_assert_ptr_nonnull(strstr(diff, "byte 4001 (line 1, column 4001)"));
    ck_assert_ptr_nonnull(strstr(diff, "...xxx"));
    ck_assert_ptr_nonnull(strstr(diff, "xxx\\0xxx"));
    ck_assert_ptr_nonnull(strstr(diff, "(970 more bytes)"));
    ck_assert_uint_lt(strlen(diff), 400);
    free(diff);
}
END_TEST

START_TEST(difference_inside_a_character_shows_the_whole_character)
{
    char *diff = text_diff_first("\xc3\xbc", 2, "\xc3\x9f", 2);
    ck_assert_ptr_nonnull(strstr(diff, "expected: \xc3\xbc"));
    ck_assert_ptr_nonnull(strstr(diff, "actual:   \xc3\x9f"));
    free(diff);
}
END_TEST

START_TEST(paragraphs_are_wrapped_and_lists_hang)
{
    check_text(text_wrap("one two three four five six seven", 2, 30),
               "  one two three four five six\n  seven\n");
    check_text(text_wrap("  one two three four five six seven", 0, 24),
               "  one two three four\n    five six seven\n");
    check_text(text_wrap("a\n\nb\n", 1, 80), " a\n\n b\n");
    check_text(text_wrap("averyveryveryveryverylongword end", 0, 20),
               "averyveryveryveryverylongword\nend\n");
    check_text(text_wrap("", 4, 80), "");
}
END_TEST

START_TEST(mistyped_words_find_the_nearest_name)
{
    static const char *const names[] = {"check", "explain", "start", "list"};

    ck_assert_str_eq(text_nearest("chek", names, 4), "check");
    ck_assert_str_eq(text_nearest("strat", names, 4), "start");
    ck_assert_str_eq(text_nearest("exp", names, 4), "explain");
    ck_assert_ptr_null(text_nearest("zzzzz", names, 4));
    ck_assert_ptr_null(text_nearest("", names, 4));
}
END_TEST

START_TEST(buffers_grow)
{
    struct text_buffer buffer = {0};

    for (int i = 0; i < 1000; i++)
        text_add(&buffer, "%d,", i);
    ck_assert_uint_eq(buffer.length, strlen(buffer.data));
    ck_assert_ptr_nonnull(strstr(buffer.data, ",999,"));
    free(buffer.data);
}
END_TEST

static Suite *make_text_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");

    tcase_add_loop_test(tests, invisible_bytes_become_escapes, 0,
                        sizeof visible_cases / sizeof *visible_cases);
    tcase_add_test(tests, long_runs_are_cut);
    tcase_add_test(tests, messages_keep_newlines_but_no_escape_sequence);
    tcase_add_test(tests, every_byte_becomes_valid_utf8);
    tcase_add_test(tests, first_difference_is_shown_with_both_sides);
    tcase_add_test(tests, missing_and_surplus_output_are_named);
    tcase_add_test(tests, difference_in_long_output_is_cut_on_both_sides);
    tcase_add_test(tests, difference_inside_a_character_shows_the_whole_character);
    tcase_add_test(tests, paragraphs_are_wrapped_and_lists_hang);
    tcase_add_test(tests, mistyped_words_find_the_nearest_name);
    tcase_add_test(tests, buffers_grow);
    suite_add_tcase(suite, tests);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_text_suite);
}
