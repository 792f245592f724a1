/*
 * test_course.c - the rules of a class (ipclab/course.h), and what they do to a gradebook
 * (tell/class.h).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../ipclab/course.h"
#include "../run/kit.h"
#include "../tell/class.h"
#include "tests.h"

static struct course course;

static void read_well(const char *text)
{
    char *error;
    course_read(&course, "course.ini", text, &error);
    ck_assert_ptr_null(error);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static const struct {
    const char *text, *error;
} wrong_cases[] = {
    {"[course]\nincluded = 1\n",                         "course.ini:2: [course] has no key \"included\""          },
    {"# a remark\n\n[cuorse]\n",                         "course.ini:3: there is no section \"cuorse\""            },
    {"seed = 1",                                         "course.ini:1: no section begins before \"seed\""         },
    {"[course]\nseed = 1\n  seed = 2\n",                 "course.ini:3: \"seed\" is written twice"                 },
    {"[course]\nseed = -1\n",                            "course.ini:2: seed takes a whole number"                 },
    {"[course]\nseed = 1.5\n",                           "course.ini:2: seed takes a whole number"                 },
    {"[course]\npass = 100.5\n",                         "course.ini:2: pass takes a number from 0 to 100"         },
    {"[course]\npass = nan\n",                           "course.ini:2: pass takes a number"                       },
    {"[course]\nhints = some\n",                         "course.ini:2: hints cannot be \"some\""                  },
    {"[course]\nwords\n",                                "course.ini:2: this is neither"                           },
    {"[course\nseed = 1\n",                              "course.ini:1: this is neither"                           },
    {"[course]\ninclude = 99\n",                         "course.ini:2: "                                          },
    {"[course]\nexclude = 1\ninclude = 1.1\n",           "course.ini:2: nothing is left to grade"                  },
    {"[weights]\n1 = 10\n1.1 = 5\n",                     "course.ini:3: 1 and 1.1 cannot both have a weight"       },
    {"[weights]\npipes = 10\n1 = 5\n",                   "course.ini:3: 1 and 1 cannot both have a weight"         },
    {"[weights]\n1.1 = 0\n",                             "course.ini:2: 1.1 takes a number from 0.01"              },
    {"[weights]\n1.1.every_byte_arrives = 3\n",          "course.ini:2: 1.1.every_byte_arrives is a check"         },
    {"[hidden]\n1.1.nothing = never\n",                  "course.ini:2: there is no check \"1.1.nothing\""         },
    {"[hidden]\n1.1.every_byte_arrives = 2027-02-30\n",
     "course.ini:2: 1.1.every_byte_arrives takes"                                                                  },
    {"[hidden]\n1.1.every_byte_arrives = 2027-02-03x\n",
     "course.ini:2: 1.1.every_byte_arrives takes"                                                                  },
    {"[limits]\nseconds = 601\n",                        "course.ini:2: seconds takes a whole number from 0 to 600"},
    {"[limits]\nmemory = 5\n",
     "course.ini:2: [limits] has no key \"memory\"; did you mean \"memory_mb\"?"                                   },
};

START_TEST(what_is_wrong_is_refused_with_its_line)
{
    char *error = NULL;

    ck_assert_int_eq(course_read(&course, "course.ini", wrong_cases[_i].text, &error), -1);
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strncmp(error, wrong_cases[_i].error, strlen(wrong_cases[_i].error)) == 0,
                  "wanted: %s...\ngot: %s", wrong_cases[_i].error, error);
    free(error);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_refused_not_cut)
{
    char line[600], *error;

    memset(line, 'x', sizeof line);
    memcpy(line, "[course]\ntitle = ", 17);
    line[sizeof line - 1] = '\0';
    ck_assert_int_eq(course_read(&course, "course.ini", line, &error), -1);
    ck_assert_ptr_nonnull(strstr(error, "course.ini:2: the line is too long"));
    free(error);
}
END_TEST

START_TEST(the_sample_says_the_defaults)
{
    char *sample = kit_read_file("autograder/course.ini", NULL), *error;

    ck_assert_ptr_nonnull(sample);
    ck_assert_int_eq(course_read(&course, "course.ini", sample, &error), 0);
    ck_assert_uint_eq(course.seed, 1);
    ck_assert_uint_eq(course.selection.count, 0);
    ck_assert_int_eq(course.hints, HINTS_FIRST);
    ck_assert(course.pass_percent <= 0);
    ck_assert_uint_eq(course.n_weights + course.n_hidden, 0);
    ck_assert_uint_eq(course.limits.seconds + course.limits.memory_mb, 0);
    course_clear(&course);
    free(sample);
}
END_TEST

START_TEST(everything_is_read)
{
    read_well("\xEF\xBB\xBF[course]\n  title = A = B ; remark\ninclude = 1, 2.1\nexclude = 1.2\r\n"
              "pass=50\nhints = all\nseed = 9007199254740991\n[limits]\nprocesses = 20\n");
    ck_assert_str_eq(course.title, "A = B");
    ck_assert_uint_eq(course.seed, 9007199254740991U);
    ck_assert_int_eq(course.hints, HINTS_ALL);
    ck_assert_uint_eq(course.limits.processes, 20);
    for (size_t i = 0; i < course.selection.count; i++)
        ck_assert_str_ne(course.selection.items[i].exercise->id, "1.2");
    ck_assert_str_eq(course.selection.items[course.selection.count - 1].exercise->id, "2.1");
    course_clear(&course);
}
END_TEST

/* ---- Meaning -------------------------------------------------------------------------------- */

START_TEST(a_lab_s_weight_is_shared_by_its_exercises)
{
    double sum = 0;

    read_well("[course]\ninclude = 1, 2.1\n[weights]\n1 = 50\n2.1 = 7\n");
    for (size_t i = 0; i + 1 < course.selection.count; i++)
        sum += course_points(&course, course.selection.items[i].exercise);
    ck_assert_double_eq_tol(sum, 50, 1e-9);
    ck_assert_double_eq_tol(course_points(&course, registry_find_exercise("2.1")), 7, 1e-9);
    course_clear(&course);
}
END_TEST

static const time_t day_before = 1801267200, day_after = 1801440000; /* around 2027-01-31 */

START_TEST(results_are_weighed_as_the_gradebook_is)
{
    struct results results = {0};
    char *error;
    ck_assert_int_eq(course_read(&course, "x", "[weights]\n1.1 = 20\n", &error), 0);
    struct lab_result *lab = results_add_lab(&results, "1", "01-pipes", "Pipes");
    struct exercise_result *one = lab_result_add_exercise(lab, "1.1", "oneway", "");
    exercise_result_add_check(one, "1.1.a", 2)->status = CHECK_FAILED;
    exercise_result_add_check(one, "1.1.b", 6)->status = CHECK_PASSED;
    exercise_result_add_check(one, "1.1.c", 8)->status = CHECK_SKIPPED; /* counts in no sum */
    one->checks[1].score = 6;
    struct exercise_result *two = lab_result_add_exercise(lab, "1.2", "pager", "");
    exercise_result_add_check(two, "1.2.a", 5)->status = CHECK_FAILED;
    results_sum(&results);

    course_weigh(&course, &results);
    ck_assert_double_eq_tol(results.score, 15, 1e-9);
    ck_assert_double_eq_tol(results.max_score, 25, 1e-9);
    ck_assert_double_eq_tol(results_find_exercise(&results, "1.1")->max_score, 20, 1e-9);
    results_clear(&results);
    course_clear(&course);
}
END_TEST

START_TEST(a_check_is_hidden_until_its_day)
{
    read_well(
        "[hidden]\n1.1.every_byte_arrives = 2027-01-31\n1.1.child_sees_end_of_file = never\n");
    ck_assert_int_ne(course_hidden_until(&course, "1.1.every_byte_arrives", day_before), -1);
    ck_assert_int_eq(course_hidden_until(&course, "1.1.every_byte_arrives", day_after), -1);
    ck_assert_int_eq(course_hidden_until(&course, "1.1.child_sees_end_of_file", day_after), 0);
    ck_assert_int_eq(course_hidden_until(&course, "1.1.takes_1_to_70000", day_before), -1);
    ck_assert(course_reveals(&course, day_before, day_after));
    ck_assert(!course_reveals(&course, day_after, day_after + 1));
    course_clear(&course);
}
END_TEST

static struct results results_of(const char *name, enum check_status status, double score)
{
    struct results results = {.submission = kit_strdup(name)};
    struct lab_result *lab = results_add_lab(&results, "1", "01-pipes", "Pipes");
    struct exercise_result *exercise = lab_result_add_exercise(lab, "1.1", "oneway", "One");
    struct check_result *check = exercise_result_add_check(exercise, "1.1.every_byte_arrives", 4);
    check->status = status;
    check->score = score;
    check->message = kit_strdup("a secret");
    check->hint = kit_strdup("a secret hint");
    check->reproduce = kit_strdup("a secret command");
    struct finding *finding = ARRAY_ADD(check->findings.items, check->findings.count);
    finding->misconception = kit_strdup("swap-pipe-ends");
    finding->text = kit_strdup("a secret finding");
    results_sum(&results);
    return results;
}

START_TEST(what_is_hidden_leaves_only_its_verdict)
{
    struct results results = results_of("ann", CHECK_FAILED, 0);

    read_well("[hidden]\n1.1.every_byte_arrives = never\n");
    course_hide(&course, &results, day_before);
    char *json = results_to_json(&results);
    ck_assert_ptr_null(strstr(json, "secret"));
    ck_assert_ptr_null(strstr(json, "every_byte_arrives"));
    ck_assert_ptr_null(strstr(json, "swap-pipe-ends"));
    ck_assert_ptr_nonnull(strstr(json, "\"1.1.hidden_1\""));
    ck_assert_ptr_nonnull(strstr(json, "\"failed\""));
    free(json);
    results_clear(&results);
    course_clear(&course);
}
END_TEST

/* ---- The gradebook -------------------------------------------------------------------------- */

static struct class_column column;
static struct class_book book;

static void begin_book(double points, double pass_percent)
{
    column = (struct class_column){.id = "1.1", .name = "oneway", .points = points};
    book = (struct class_book){.columns = &column, .n_columns = 1, .pass_percent = pass_percent};
}

static void add(const char *name, enum check_status status, double score)
{
    struct results results = results_of(name, status, score);
    if (status == CHECK_KIT_ERROR)
        results.status = SUBMISSION_KIT_ERROR;
    class_add(&book, &results);
    results_clear(&results);
}

START_TEST(a_gradebook_has_weights_a_pass_mark_and_no_formulas)
{
    begin_book(10, 50);
    add("zoe", CHECK_PASSED, 4);
    add("=1+1", CHECK_FAILED, 0);
    add("half, \"quoted\"", CHECK_FAILED, 2);
    class_close(&book);
    char *csv = class_gradebook(&book);
    ck_assert_str_eq(csv, "submission,1.1,total,max,status,passed\n"
                          "\"'=1+1\",0,0,10,graded,no\n"
                          "\"half, \"\"quoted\"\"\",5,5,10,graded,yes\n"
                          "\"zoe\",10,10,10,graded,yes\n");
    free(csv);
    class_clear(&book);
}
END_TEST

START_TEST(our_fault_is_an_empty_cell_and_in_no_mean)
{
    begin_book(0, 0);
    add("ann", CHECK_PASSED, 4);
    add("bob", CHECK_KIT_ERROR, 0);
    class_close(&book);
    char *csv = class_gradebook(&book);
    ck_assert_ptr_nonnull(strstr(csv, "\"bob\",,,"));
    ck_assert_double_eq_tol(class_mean(&book), 4, 1e-9);
    ck_assert_uint_eq(class_count(&book, SUBMISSION_KIT_ERROR), 1);
    ck_assert_uint_eq(book.bins[CLASS_BINS - 1], 1);
    ck_assert_uint_eq(book.bins[0], 0);
    free(csv);
    class_clear(&book);
}
END_TEST

START_TEST(a_misconception_counts_once_a_submission_and_only_where_it_cost)
{
    begin_book(0, 0);
    add("ann", CHECK_FAILED, 0);
    add("bob", CHECK_FAILED, 0);
    add("eve", CHECK_PASSED, 4);
    class_close(&book);
    ck_assert_uint_eq(book.misconceptions.n, 1);
    ck_assert_uint_eq(book.misconceptions.items[0].submissions, 2);
    ck_assert_str_eq(book.checks.items[0].id, "1.1.every_byte_arrives");
    ck_assert_uint_eq(column.passed, 1);
    ck_assert_uint_eq(column.failed, 2);
    class_clear(&book);
}
END_TEST

static Suite *make_course_suite(void)
{
    Suite *suite = suite_create("course");
    TCase *tests = tcase_create("course");

    tcase_add_loop_test(tests, what_is_wrong_is_refused_with_its_line, 0,
                        sizeof wrong_cases / sizeof *wrong_cases);
    tcase_add_test(tests, a_line_that_is_too_long_is_refused_not_cut);
    tcase_add_test(tests, the_sample_says_the_defaults);
    tcase_add_test(tests, everything_is_read);
    tcase_add_test(tests, a_lab_s_weight_is_shared_by_its_exercises);
    tcase_add_test(tests, results_are_weighed_as_the_gradebook_is);
    tcase_add_test(tests, a_check_is_hidden_until_its_day);
    tcase_add_test(tests, what_is_hidden_leaves_only_its_verdict);
    tcase_add_test(tests, a_gradebook_has_weights_a_pass_mark_and_no_formulas);
    tcase_add_test(tests, our_fault_is_an_empty_cell_and_in_no_mean);
    tcase_add_test(tests, a_misconception_counts_once_a_submission_and_only_where_it_cost);
    suite_add_tcase(suite, tests);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_course_suite);
}
