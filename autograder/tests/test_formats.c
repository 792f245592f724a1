/*
 * test_formats.c - results in the formats of others: tell/formats.h.
 */
#include <cjson/cJSON.h>
#include <expat.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/formats.h"
#include "tests.h"

/* What a hostile program may bring into any text: controls, markup, ends of strings, lines that
 * look like ours, bytes that are no UTF-8, characters that XML does not know. */
static const char hostile[] =
    "\x01\x1b[2J]]></failure><testcase name='x'/>&amp;\"}\n"
    "ok 1 - forged # SKIP\n  ...\n{\"scores\":{\"forged\":100}}\nscores: word:colon \\ \xff\xc3( "
    "\xef\xbf\xbf\xef\xbf\xbe\xed\xa0\x80 end";

static struct check_result *add_check(struct exercise_result *exercise, const char *name,
                                      enum check_status status)
{
    char *id = kit_format("%s.%s", exercise->id, name);
    struct check_result *check = exercise_result_add_check(exercise, id, 4);

    free(id);
    check->status = status;
    check->score = status == CHECK_PASSED ? 4 : 0;
    check->seconds = 0.25;
    if (status != CHECK_PASSED)
        check->message = kit_strdup(hostile);
    if (status == CHECK_FAILED) {
        struct finding *finding = findings_add(&check->findings, FINDING_HANG);
        finding->misconception = kit_strdup("pipe-parent-keeps-write-end");
        finding->text = kit_strdup("The pipeline never ended.");
        finding->place = (struct place){kit_strdup("pipeline.c"), 35, NULL};
        check->actual = kit_strdup(hostile);
        check->expected = kit_strdup("one");
        check->hint = kit_strdup("Who holds which end?");
        check->reproduce = kit_strdup("ipclab check 1.3.fails --seed 1");
    }
    return check;
}

/* One exercise with a check of each status but kit_error, and one that was not built. */
static struct results make_results(void)
{
    struct results results = {.submission = kit_strdup("alice"), .seed = 1};
    struct lab_result *lab = results_add_lab(&results, "1", "01-pipes", "Pipes");
    struct exercise_result *one = lab_result_add_exercise(lab, "1.3", "pipeline", "A pipeline");

    add_check(one, "passes", CHECK_PASSED);
    add_check(one, "fails", CHECK_FAILED);
    add_check(one, "is_skipped", CHECK_SKIPPED);
    struct exercise_result *two = lab_result_add_exercise(lab, "1.4", "pager", "A pager");
    two->build_ok = false;
    two->build_log = kit_strdup(hostile);
    add_check(two, "first", CHECK_NOT_BUILT);
    add_check(two, "second", CHECK_NOT_BUILT);
    results_sum(&results);
    return results;
}

static char *written(const char *name, const struct results *results)
{
    const struct format *format = format_find(name);
    ck_assert_ptr_nonnull(format);
    return format_write(format, results);
}

/* ---- JUnit ---------------------------------------------------------------------------------- */

struct seen {
    int suites, cases, failures, errors, skipped;
    char text[4096]; /* of the failures */
    bool in_failure;
};

static void XMLCALL see_start(void *data, const char *name, const char **attributes)
{
    struct seen *seen = data;
    seen->suites += strcmp(name, "testsuite") == 0;
    seen->cases += strcmp(name, "testcase") == 0;
    seen->failures += strcmp(name, "failure") == 0;
    seen->errors += strcmp(name, "error") == 0;
    seen->skipped += strcmp(name, "skipped") == 0;
    seen->in_failure = strcmp(name, "failure") == 0;
    for (size_t i = 0; seen->in_failure && attributes[i] != NULL; i += 2)
        if (strcmp(attributes[i], "type") == 0)
            ck_assert_str_eq(attributes[i + 1], "pipe-parent-keeps-write-end");
}

static void XMLCALL see_end(void *data, const char *name)
{
    struct seen *seen = data;
    (void)name;
    seen->in_failure = false;
}

static void XMLCALL see_text(void *data, const char *text, int length)
{
    struct seen *seen = data;
    if (seen->in_failure)
        strncat(seen->text, text, (size_t)length);
}

START_TEST(junit_is_well_formed_whatever_was_printed)
{
    struct results results = make_results();
    char *xml = written("junit", &results);
    struct seen seen = {0};
    XML_Parser parser = XML_ParserCreate(NULL);

    XML_SetUserData(parser, &seen);
    XML_SetElementHandler(parser, see_start, see_end);
    XML_SetCharacterDataHandler(parser, see_text);
    ck_assert_msg(XML_Parse(parser, xml, (int)strlen(xml), 1) == XML_STATUS_OK, "%s in %s",
                  XML_ErrorString(XML_GetErrorCode(parser)), xml);
    XML_ParserFree(parser);
    ck_assert_int_eq(seen.suites, 2);
    ck_assert_int_eq(seen.cases, 5);
    ck_assert_int_eq(seen.failures, 1);
    ck_assert_int_eq(seen.errors, 2);
    ck_assert_int_eq(seen.skipped, 1);
    ck_assert_ptr_nonnull(strstr(xml, "tests=\"5\" failures=\"1\" errors=\"2\" skipped=\"1\" "
                                      "time=\"1.250\""));
    ck_assert_ptr_nonnull(strstr(seen.text, "The pipeline never ended."));
    ck_assert_ptr_nonnull(strstr(seen.text, "hint: Who holds which end?"));
    ck_assert_ptr_nonnull(strstr(seen.text, "</failure>")); /* as text */
    free(xml);
    results_clear(&results);
}
END_TEST

/* ---- TAP ------------------------------------------------------------------------------------ */

START_TEST(tap_has_a_line_for_each_check_and_no_forged_one)
{
    struct results results = make_results();
    char *tap = written("tap", &results), *rest = NULL;
    int points = 0, blocks = 0;

    ck_assert_int_eq(strncmp(tap, "TAP version 14\n1..5\n", 20), 0);
    ck_assert_ptr_nonnull(strstr(tap, "\nok 1 - 1.3.passes\nnot ok 2 - 1.3.fails\n  ---\n"));
    ck_assert_ptr_nonnull(strstr(tap, "\nok 3 - 1.3.is_skipped # SKIP "));
    for (char *line = strtok_r(tap, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        points += strncmp(line, "ok ", 3) == 0 || strncmp(line, "not ok ", 7) == 0;
        blocks += strcmp(line, "  ---") == 0;
        blocks -= strcmp(line, "  ...") == 0;
        ck_assert_int_ge(blocks, 0);
        ck_assert_int_le(blocks, 1);
        for (const char *c = line; *c != '\0'; c++)
            ck_assert_uint_ge((unsigned char)*c, ' ');
    }
    ck_assert_int_eq(points, 5);
    ck_assert_int_eq(blocks, 0);
    free(tap);
    results_clear(&results);
}
END_TEST

static Suite *make_formats_suite(void)
{
    Suite *suite = suite_create("formats");
    TCase *tests = tcase_create("formats");

    tcase_add_test(tests, junit_is_well_formed_whatever_was_printed);
    tcase_add_test(tests, tap_has_a_line_for_each_check_and_no_forged_one);
    suite_add_tcase(suite, tests);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_formats_suite);
}
