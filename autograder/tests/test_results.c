/*
 * test_results.c - results as structs, as JSON and on a terminal: tell/results.h, tell/terminal.h.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/results.h"
#include "../tell/terminal.h"
#include "tests.h"

static void add_hang(struct check_result *check)
{
    struct finding *finding = findings_add(&check->findings, FINDING_HANG);

    finding->misconception = kit_strdup("pipe-parent-keeps-write-end");
    finding->text = kit_strdup("The pipeline never ended.");
    finding->place = (struct place){kit_strdup("pipeline.c"), 35, NULL};
    struct finding_process *process = ARRAY_ADD(finding->processes, finding->n_processes);
    *process = (struct finding_process){.number = 1, .fd = -1};
    process->name = kit_strdup("pipeline");
    process->blocked_in = kit_strdup("wait4");
    process->place = (struct place){kit_strdup("pipeline.c"), 61, kit_strdup("main")};
    *ARRAY_ADD(process->waits_for, process->n_waits_for) = 3;
}

/* One lab, one exercise: a check that passed, one that hangs, one that hangs in the same way. */
static struct results make_results(void)
{
    struct results results = {
        .seed = 8812, .machine = {true, false, true}
    };

    results.submission = kit_strdup("alice");
    struct lab_result *lab = results_add_lab(&results, "1", "01-pipes", "Pipes");
    struct exercise_result *exercise =
        lab_result_add_exercise(lab, "1.3", "pipeline", "A pipeline");
    exercise_result_add_check(exercise, "1.3.first", 4);
    exercise_result_add_check(exercise, "1.3.second", 4);
    exercise_result_add_check(exercise, "1.3.third", 2);
    exercise->checks[0].status = CHECK_PASSED;
    exercise->checks[0].score = 4;
    for (int i = 1; i < 3; i++) {
        exercise->checks[i].status = CHECK_FAILED;
        exercise->checks[i].seconds = 0.03;
        exercise->checks[i].schedules = 200;
        exercise->checks[i].hint = kit_strdup("Who holds which end?");
        exercise->checks[i].reproduce =
            kit_format("ipclab check %s --seed 8812", exercise->checks[i].id);
        add_hang(&exercise->checks[i]);
    }
    results_sum(&results);
    return results;
}

static const cJSON *at(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    ck_assert_msg(item != NULL, "no \"%s\"", key);
    return item;
}

static const cJSON *first_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetArrayItem(at(json, key), 0);
    ck_assert_msg(item != NULL, "\"%s\" is empty", key);
    return item;
}

START_TEST(json_has_the_promised_schema)
{
    struct results results = make_results();
    char *text = results_to_json(&results);
    cJSON *json = cJSON_Parse(text);

    ck_assert_ptr_nonnull(json);
    ck_assert_int_eq(at(json, "schema")->valueint, 1);
    ck_assert_str_eq(at(json, "kit")->valuestring, "1.0");
    ck_assert_str_eq(at(json, "submission")->valuestring, "alice");
    ck_assert_int_eq(at(json, "seed")->valueint, 8812);
    ck_assert_int_eq(at(json, "max_score")->valueint, 10);
    ck_assert(cJSON_IsTrue(at(at(json, "machine"), "ptrace")));
    ck_assert(cJSON_IsFalse(at(at(json, "machine"), "namespaces")));
    const cJSON *exercise = first_of(first_of(json, "labs"), "exercises");
    ck_assert_str_eq(at(exercise, "status")->valuestring, "failed");
    ck_assert(cJSON_IsTrue(at(at(exercise, "build"), "ok")));
    ck_assert_str_eq(at(at(exercise, "build"), "log")->valuestring, "");
    const cJSON *check = cJSON_GetArrayItem(at(exercise, "checks"), 1);
    ck_assert_str_eq(at(check, "message")->valuestring, "");
    ck_assert(cJSON_IsNull(at(check, "expected")));
    const cJSON *finding = first_of(check, "findings");
    ck_assert_str_eq(at(finding, "kind")->valuestring, "hang");
    ck_assert_int_eq(at(finding, "line")->valueint, 35);
    const cJSON *process = first_of(finding, "processes");
    ck_assert_int_eq(at(process, "pid")->valueint, 1);
    ck_assert(cJSON_IsNull(at(process, "fd")));
    ck_assert_int_eq(first_of(process, "waits_for")->valueint, 3);
    ck_assert_str_eq(at(process, "function")->valuestring, "main");
    cJSON_Delete(json);
    free(text);
    results_clear(&results);
}
END_TEST

START_TEST(what_is_written_can_be_read_back)
{
    struct results results = make_results(), again;
    char *text = results_to_json(&results);
    const char *error;

    ck_assert_int_eq(results_from_json(text, &again, &error), 0);
    char *text_again = results_to_json(&again);
    ck_assert_str_eq(text, text_again);
    free(text);
    free(text_again);
    results_clear(&results);
    results_clear(&again);
}
END_TEST

START_TEST(one_check_is_one_line)
{
    struct results results = make_results();
    struct check_result *check = &results.labs[0].exercises[0].checks[1], again;
    check->message = kit_strdup("two\nlines");
    char *line = check_result_to_json(check);

    ck_assert_ptr_null(strchr(line, '\n'));
    ck_assert_int_eq(check_result_from_json(line, &again), 0);
    ck_assert_str_eq(again.message, "two\nlines");
    ck_assert_int_eq(again.findings.items[0].processes[0].fd, -1);
    free(line);
    check_result_clear(&again);
    results_clear(&results);
}
END_TEST

START_TEST(any_byte_of_a_program_becomes_valid_json)
{
    struct check_result check = {.id = kit_strdup("1.1.x"), .status = CHECK_FAILED}, again;
    check.message = kit_strdup("\xff\x1b[2J\"\\ \xc3");
    char *line = check_result_to_json(&check);

    for (const char *c = line; *c != '\0'; c++)
        ck_assert_msg((unsigned char)*c >= 0x20, "a control character in JSON");
    ck_assert_ptr_null(memchr(line, 0xff, strlen(line)));
    ck_assert_int_eq(check_result_from_json(line, &again), 0);
    ck_assert_str_eq(again.message, "\xef\xbf\xbd\x1b[2J\"\\ \xef\xbf\xbd");
    free(line);
    check_result_clear(&check);
    check_result_clear(&again);
}
END_TEST

static const char *const broken[] = {
    "",
    "nonsense",
    "[]",
    "{}",
    "{\"schema\":2}",
    "{\"schema\":1,\"labs\":[{}]}",
    "{\"schema\":1,\"labs\":[{\"id\":\"1\",\"name\":\"x\",\"exercises\":[{\"id\":\"1.1\"}]}]}",
};

START_TEST(broken_files_are_refused)
{
    struct results results;
    const char *error;

    ck_assert_int_eq(results_from_json(broken[_i], &results, &error), -1);
    ck_assert_ptr_nonnull(error);
    ck_assert_uint_eq(results.n_labs, 0);
}
END_TEST

START_TEST(a_forged_line_is_no_result)
{
    struct check_result check;

    ck_assert_int_eq(check_result_from_json("PASS", &check), -1);
    ck_assert_int_eq(check_result_from_json("{\"status\":\"passed\"}", &check), -1);
    ck_assert_int_eq(check_result_from_json("{\"id\":\"1\",\"status\":\"perfect\"}", &check), -1);
    ck_assert_int_eq(
        check_result_from_json(
            "{\"id\":\"1\",\"status\":\"failed\",\"findings\":[{\"kind\":\"no\"}]}", &check),
        -1);
}
END_TEST

static const struct {
    enum check_status first, second;
    int exit_status;
} statuses[] = {
    {CHECK_PASSED,    CHECK_PASSED,    0},
    {CHECK_PASSED,    CHECK_FAILED,    1},
    {CHECK_SKIPPED,   CHECK_PASSED,    0},
    {CHECK_SKIPPED,   CHECK_SKIPPED,   2},
    {CHECK_NOT_BUILT, CHECK_PASSED,    1},
    {CHECK_FAILED,    CHECK_KIT_ERROR, 3},
};

START_TEST(the_worst_check_decides_the_exit_status)
{
    struct results results = make_results();
    struct exercise_result *exercise = &results.labs[0].exercises[0];

    exercise->checks[0].status = CHECK_SKIPPED;
    exercise->checks[1].status = statuses[_i].first;
    exercise->checks[2].status = statuses[_i].second;
    results_sum(&results);
    ck_assert_int_eq(results_exit_status(&results), statuses[_i].exit_status);
    results_clear(&results);
}
END_TEST

START_TEST(nothing_checked_is_nothing_done)
{
    struct results results = {0};
    ck_assert_int_eq(results_exit_status(&results), 2);
}
END_TEST

START_TEST(a_check_without_an_answer_is_no_pass)
{
    struct exercise_result exercise = {0};

    exercise_result_add_check(&exercise, "1.1.x", 4);
    exercise_result_sum(&exercise);
    ck_assert_int_eq(exercise.status, CHECK_KIT_ERROR);
    exercise_result_clear(&exercise);
}
END_TEST

static void two_hints(const char *check_id, int *hints, int *shown)
{
    (void)check_id;
    *hints = 2;
    *shown = 1;
}

/* What the terminal would be told. Owned by the caller. */
static char *report(const struct results *results)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    struct terminal terminal = {.stream = stream, .colour = false, .width = 80};

    ck_assert_ptr_nonnull(stream);
    terminal_results(&terminal, results, two_hints);
    ck_assert_int_eq(fclose(stream), 0);
    return text;
}

START_TEST(the_report_reads_like_a_teaching_assistant)
{
    struct results results = make_results();
    char *text = report(&results);

    ck_assert_str_eq(text, "1.3 pipeline                                                        "
                           "4/10 points\n"
                           "  pass  4/4  first\n"
                           "  FAIL  0/4  second  (200 schedules)\n"
                           "        The pipeline never ended.\n"
                           "        run again: ipclab check 1.3.second --seed 8812\n"
                           "        more: ipclab explain pipe-parent-keeps-write-end\n"
                           "        picture: ipclab show 1.3.second\n"
                           "        hint 2 of 2: ipclab hint 1.3.second\n"
                           "  FAIL  0/2  third  (200 schedules)\n"
                           "        the same cause as in second\n"
                           "\n"
                           "total: 4 of 10 points; checks: 1 passed, 2 failed\n");
    free(text);
    results_clear(&results);
}
END_TEST

START_TEST(no_escape_of_a_program_reaches_the_terminal)
{
    struct results results = make_results();
    struct exercise_result *exercise = &results.labs[0].exercises[0];

    exercise->build_ok = false;
    exercise->build_log = kit_strdup("x.c:1: \x1b]0;owned\a\x9b");
    exercise->checks[1].message = kit_strdup("\x1b[2Jgone");
    exercise->checks[1].expected = kit_strdup("\x1b[3m");
    exercise->checks[1].actual = kit_strdup("\r\b\x7f");
    char *text = report(&results);
    for (const char *c = text; *c != '\0'; c++)
        ck_assert_msg(*c == '\n' || ((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f),
                      "byte %#x", (unsigned char)*c);
    ck_assert_ptr_nonnull(strstr(text, "It could not be built"));
    free(text);
    results_clear(&results);
}
END_TEST

START_TEST(points_and_bars_are_short)
{
    ck_assert_str_eq(points_text(6), "6");
    ck_assert_str_eq(points_text(2.5), "2.5");
    ck_assert_str_eq(points_text(100), "100");
    ck_assert_str_eq(points_text(0), "0");
    static const struct {
        double part, whole;
        const char *bar;
    } bars[] = {
        {0,  10,  "[....]"},
        {5,  10,  "[##..]"},
        {10, 10,  "[####]"},
        {1,  100, "[#...]"},
        {0,  0,   "[....]"}
    };
    for (size_t i = 0; i < sizeof bars / sizeof *bars; i++) {
        char *bar = progress_bar(bars[i].part, bars[i].whole, 4);
        ck_assert_str_eq(bar, bars[i].bar);
        free(bar);
    }
}
END_TEST

static Suite *make_results_suite(void)
{
    Suite *suite = suite_create("results");
    TCase *tests = tcase_create("results");

    tcase_add_test(tests, json_has_the_promised_schema);
    tcase_add_test(tests, what_is_written_can_be_read_back);
    tcase_add_test(tests, one_check_is_one_line);
    tcase_add_test(tests, any_byte_of_a_program_becomes_valid_json);
    tcase_add_loop_test(tests, broken_files_are_refused, 0, sizeof broken / sizeof *broken);
    tcase_add_test(tests, a_forged_line_is_no_result);
    tcase_add_loop_test(tests, the_worst_check_decides_the_exit_status, 0,
                        sizeof statuses / sizeof *statuses);
    tcase_add_test(tests, nothing_checked_is_nothing_done);
    tcase_add_test(tests, a_check_without_an_answer_is_no_pass);
    tcase_add_test(tests, the_report_reads_like_a_teaching_assistant);
    tcase_add_test(tests, no_escape_of_a_program_reaches_the_terminal);
    tcase_add_test(tests, points_and_bars_are_short);
    suite_add_tcase(suite, tests);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_results_suite);
}
