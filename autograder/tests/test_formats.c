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
#include "../tell/text.h"
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

/* ---- Platforms ------------------------------------------------------------------------------ */

static const cJSON *at(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    ck_assert_msg(item != NULL, "no \"%s\"", key);
    return item;
}

static const char *string_at(const cJSON *json, const char *key)
{
    const cJSON *item = at(json, key);
    ck_assert_msg(cJSON_IsString(item), "\"%s\" is no string", key);
    return item->valuestring;
}

static double number_at(const cJSON *json, const char *key)
{
    const cJSON *item = at(json, key);
    ck_assert_msg(cJSON_IsNumber(item), "\"%s\" is no number", key);
    return item->valuedouble;
}

static const cJSON *test_at(const cJSON *json, int index)
{
    const cJSON *item = cJSON_GetArrayItem(at(json, "tests"), index);
    ck_assert_ptr_nonnull(item);
    return item;
}

static cJSON *parsed(const char *format, const struct results *results)
{
    char *text = written(format, results);
    ck_assert_ptr_nonnull(text);
    cJSON *json = cJSON_Parse(text);
    ck_assert_msg(json != NULL, "no JSON: %s", text);
    free(text);
    return json;
}

/* The one exercise alone that could not be built. */
static struct results make_unbuilt(void)
{
    struct results results = make_results();
    struct lab_result *lab = &results.labs[0];
    exercise_result_clear(&lab->exercises[0]);
    lab->exercises[0] = lab->exercises[1];
    lab->n_exercises = 1;
    results_sum(&results);
    return results;
}

START_TEST(gradescope_gets_numbers_as_strings_and_its_own_words)
{
    struct results results = make_results();
    cJSON *json = parsed("gradescope", &results);

    ck_assert_double_eq(number_at(json, "score"), 4);
    ck_assert_str_eq(string_at(json, "stdout_visibility"), "hidden");
    ck_assert_int_eq(cJSON_GetArraySize(at(json, "tests")), 5);
    ck_assert_str_eq(string_at(test_at(json, 0), "status"), "passed");
    ck_assert_str_eq(string_at(test_at(json, 0), "number"), "1.3");
    const cJSON *failed = test_at(json, 1);
    ck_assert_str_eq(string_at(failed, "status"), "failed");
    ck_assert_str_eq(string_at(failed, "name"), "1.3 pipeline: fails");
    ck_assert_double_eq(number_at(failed, "score"), 0);
    ck_assert_double_eq(number_at(failed, "max_score"), 4);
    ck_assert_ptr_nonnull(strstr(string_at(failed, "output"), "The pipeline never ended."));
    ck_assert_ptr_null(strchr(string_at(failed, "output"), '\x1b'));
    ck_assert_ptr_null(cJSON_GetObjectItem(test_at(json, 2), "status")); /* skipped */
    ck_assert_ptr_null(cJSON_GetObjectItem(test_at(json, 2), "max_score"));
    ck_assert_ptr_nonnull(strstr(string_at(test_at(json, 3), "output"), "could not be built"));
    cJSON_Delete(json);
    results_clear(&results);
}
END_TEST

/* As Autolab reads it: the last line, after each word with a colon behind it was quoted. */
static cJSON *as_autolab_reads(const char *line)
{
    struct text_buffer out = {0};
    size_t word = 0;

    for (const char *c = line; *c != '\0'; c++) {
        if (*c == ':' && word > 0) { /* put the quotation marks around the word before */
            char *last = kit_strdup(out.data + out.length - word);
            out.length -= word;
            text_add(&out, "\"%s\":", last);
            free(last);
        } else {
            text_add_bytes(&out, c, 1);
        }
        word = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", *c) != NULL
                   ? word + 1
                   : 0;
    }
    cJSON *json = cJSON_Parse(out.data);
    ck_assert_msg(json != NULL, "Autolab cannot read %s", out.data);
    free(out.data);
    return json;
}

START_TEST(autolab_reads_our_last_two_lines_and_no_others)
{
    struct results results = make_results();
    free(results.labs[0].exercises[1].name);
    results.labs[0].exercises[1].name = kit_strdup("odd:name: \" \\");
    char *text = written("autolab", &results);
    size_t length = strlen(text);

    ck_assert_int_eq(text[length - 1], '\n');
    text[length - 1] = '\0';
    char *last = strrchr(text, '\n');
    *last++ = '\0';
    char *semantic = strrchr(text, '\n') + 1;
    cJSON *json = as_autolab_reads(last), *stages = cJSON_Parse(semantic);
    ck_assert_double_eq(number_at(at(json, "scores"), "1.3 pipeline"), 4);
    ck_assert_double_eq(number_at(at(json, "scores"), "1.4 odd:name: \" \\"), 0);
    ck_assert_ptr_nonnull(stages);
    ck_assert_str_eq(string_at(stages, "_presentation"), "semantic");
    ck_assert_int_eq(cJSON_GetArraySize(at(stages, "stages")), 2);
    ck_assert(cJSON_IsTrue(at(at(at(stages, "1.3 pipeline"), "passes"), "passed")));
    ck_assert(cJSON_IsFalse(at(at(at(stages, "1.3 pipeline"), "fails"), "passed")));
    cJSON_Delete(json);
    cJSON_Delete(stages);
    free(text);
    results_clear(&results);
}
END_TEST

START_TEST(github_gets_a_row_a_check_within_its_limit)
{
    struct results results = make_results();
    for (int i = 0; i < 350; i++) {
        struct check_result *check =
            add_check(&results.labs[0].exercises[0], "many_more_with_long_names", CHECK_FAILED);
        free(check->message);
        check->message = kit_alloc(3001);
        memset(check->message, '#', 3000 - (size_t)i);
    }
    char *text = written("github", &results);
    ck_assert_uint_le(strlen(text), 90000);
    free(text);
    results_clear(&results);

    results = make_results();
    cJSON *json = parsed("github", &results);
    ck_assert_double_eq(number_at(json, "version"), 1);
    ck_assert_str_eq(string_at(json, "status"), "fail");
    ck_assert_double_eq(number_at(json, "max_score"), 16);
    ck_assert_int_eq(cJSON_GetArraySize(at(json, "tests")), 4); /* not the skipped one */
    ck_assert_str_eq(string_at(test_at(json, 1), "status"), "fail");
    ck_assert_str_eq(string_at(test_at(json, 1), "filename"), "pipeline.c");
    ck_assert_double_eq(number_at(test_at(json, 1), "line_no"), 35);
    ck_assert_double_eq(number_at(test_at(json, 1), "duration"), 250);
    ck_assert_str_eq(string_at(test_at(json, 2), "status"), "error");
    cJSON_Delete(json);
    results_clear(&results);
}
END_TEST

START_TEST(prairielearn_counts_no_attempt_that_does_not_compile)
{
    struct results results = make_results();
    cJSON *json = parsed("prairielearn", &results);

    ck_assert(cJSON_IsTrue(at(json, "gradable")));
    ck_assert_double_eq(number_at(json, "score"), 0.25);
    ck_assert_int_eq(cJSON_GetArraySize(at(json, "tests")), 5);
    for (int i = 0; i < 5; i++) { /* on every one, or else none is shown */
        number_at(test_at(json, i), "points");
        number_at(test_at(json, i), "max_points");
    }
    cJSON_Delete(json);
    results_clear(&results);

    results = make_unbuilt();
    json = parsed("prairielearn", &results);
    ck_assert(cJSON_IsFalse(at(json, "gradable")));
    ck_assert_ptr_null(cJSON_GetObjectItem(json, "score"));
    ck_assert_str_eq(cJSON_GetArrayItem(at(json, "format_errors"), 0)->valuestring,
                     "1.4 pager could not be built.");
    cJSON_Delete(json);

    results.status = SUBMISSION_REFUSED;
    *ARRAY_ADD(results.notes, results.n_notes) = kit_strdup("No file was found in it.");
    free(results.labs[0].exercises[0].build_log);
    results.labs[0].exercises[0].build_log = kit_strdup("No file was found in it.");
    json = parsed("prairielearn", &results);
    ck_assert_str_eq(cJSON_GetArrayItem(at(json, "format_errors"), 0)->valuestring,
                     "No file was found in it.");
    ck_assert_int_eq(cJSON_GetArraySize(at(json, "format_errors")), 1);
    ck_assert_str_eq(string_at(test_at(json, 0), "output"), "No file was found in it.");
    cJSON_Delete(json);
    results_clear(&results);
}
END_TEST

START_TEST(exercism_gets_at_most_500_characters_of_output)
{
    struct results results = make_results();
    struct check_result *failed = &results.labs[0].exercises[0].checks[1];
    free(failed->actual);
    failed->actual = kit_alloc(2001);
    for (int i = 0; i < 1000; i++)
        memcpy(failed->actual + 2 * (size_t)i, "\xc3\xbc", 2);
    cJSON *json = parsed("exercism", &results);

    ck_assert_double_eq(number_at(json, "version"), 3);
    ck_assert_str_eq(string_at(json, "status"), "fail");
    ck_assert(cJSON_IsNull(at(json, "message")));
    ck_assert_int_eq(cJSON_GetArraySize(at(json, "tests")), 2);
    ck_assert_uint_le(strlen(string_at(test_at(json, 1), "output")), 500);
    ck_assert_ptr_nonnull(strstr(string_at(test_at(json, 1), "output"), "truncated"));
    ck_assert_ptr_null(strstr(string_at(test_at(json, 1), "output"), "\xef\xbf\xbd"));
    cJSON_Delete(json);
    results_clear(&results);

    results = make_unbuilt();
    json = parsed("exercism", &results);
    ck_assert_str_eq(string_at(json, "status"), "error");
    ck_assert_ptr_nonnull(strstr(string_at(json, "message"), "could not be built"));
    ck_assert_int_eq(cJSON_GetArraySize(at(json, "tests")), 0);
    cJSON_Delete(json);
    results_clear(&results);
}
END_TEST

/* Our fault is nobody's zero. */
START_TEST(no_platform_gets_a_grade_that_the_kit_owes)
{
    struct results results = make_results();
    results.labs[0].exercises[0].checks[1].status = CHECK_KIT_ERROR;
    results_sum(&results);

    ck_assert_ptr_null(written("gradescope", &results));
    cJSON *json = parsed("github", &results);
    ck_assert_str_eq(string_at(json, "status"), "error");
    ck_assert_double_eq(number_at(json, "max_score"), 0);
    cJSON_Delete(json);
    json = parsed("prairielearn", &results);
    ck_assert(cJSON_IsFalse(at(json, "gradable")));
    cJSON_Delete(json);
    json = parsed("exercism", &results);
    ck_assert_str_eq(string_at(json, "status"), "error");
    cJSON_Delete(json);
    char *text = written("autolab", &results);
    ck_assert_ptr_nonnull(strstr(text, "\n{\"scores\":{\"1.4 pager\":0}}\n"));
    free(text);
    exercise_result_clear(&results.labs[0].exercises[1]);
    results.labs[0].n_exercises = 1;
    ck_assert_ptr_null(written("autolab", &results));
    results_clear(&results);
}
END_TEST

static Suite *make_formats_suite(void)
{
    Suite *suite = suite_create("formats");
    TCase *tests = tcase_create("formats");

    tcase_add_test(tests, junit_is_well_formed_whatever_was_printed);
    tcase_add_test(tests, tap_has_a_line_for_each_check_and_no_forged_one);
    tcase_add_test(tests, gradescope_gets_numbers_as_strings_and_its_own_words);
    tcase_add_test(tests, autolab_reads_our_last_two_lines_and_no_others);
    tcase_add_test(tests, github_gets_a_row_a_check_within_its_limit);
    tcase_add_test(tests, prairielearn_counts_no_attempt_that_does_not_compile);
    tcase_add_test(tests, exercism_gets_at_most_500_characters_of_output);
    tcase_add_test(tests, no_platform_gets_a_grade_that_the_kit_owes);
    suite_add_tcase(suite, tests);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_formats_suite);
}
