/*
 * test_registry.c - ids from paths, the order of labs, and what a learner's words mean:
 * suites/registry.h.
 */
#include <stdlib.h>
#include <string.h>

#include "../suites/registry.h"
#include "tests.h"

static struct check first = {.name = "copies_bytes", .points = 4, .hints = "a\0b\0", .line = 10};
static struct check second = {.name = "ends_at_once", .points = 3, .hints = "", .line = 20};
static struct check third = {.name = "copies_bytes", .points = 5, .hints = NULL, .line = 7};
static struct check fourth = {.name = "status_is_told", .points = 2, .hints = "c\0", .line = 9};

/* Out of order on purpose, and with different prefixes. */
static void fill(void)
{
    registry_clear();
    registry_add_check("/a/b/suites/02-popen/1-status.c", &fourth);
    registry_add_check("autograder/suites/01-pipes/10-last.c", &third);
    registry_add_check("autograder/suites/01-pipes/2-pager.c", &second);
    registry_add_check("autograder/suites/01-pipes/2-pager.c", &first);
    registry_add_lab("autograder/suites/01-pipes/lab.c", "Pipes");
    registry_add_exercise("autograder/suites/01-pipes/2-pager.c", "Through a pager");
    registry_add_exercise("/a/b/suites/02-popen/1-status.c", "What a command said");
}

START_TEST(ids_come_from_paths)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);

    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(labs[0]->id, "1");
    ck_assert_str_eq(labs[0]->name, "01-pipes");
    ck_assert_str_eq(labs[0]->title, "Pipes");
    ck_assert_str_eq(labs[1]->title, "popen"); /* no LAB yet: its name must do */
    ck_assert_str_eq(labs[0]->exercises[0]->id, "1.2");
    ck_assert_str_eq(labs[0]->exercises[0]->name, "pager");
    ck_assert_str_eq(labs[0]->exercises[0]->title, "Through a pager");
    ck_assert_str_eq(labs[0]->exercises[0]->folder, "01-pipes/2-pager");
    ck_assert_str_eq(labs[0]->exercises[0]->lab_name, "01-pipes");
    ck_assert_ptr_eq(exercise_lab(labs[1]->exercises[0]), labs[1]);
}
END_TEST

START_TEST(order_is_by_number_and_line)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);

    ck_assert_uint_eq(labs[0]->n, 2);
    ck_assert_str_eq(labs[0]->exercises[1]->id, "1.10"); /* after 1.2, not before it */
    ck_assert_ptr_eq(labs[0]->exercises[0]->checks[0], &first);
    ck_assert_ptr_eq(labs[0]->exercises[0]->checks[1], &second);
    ck_assert_ptr_eq(first.exercise, labs[0]->exercises[0]);
}
END_TEST

START_TEST(points_and_hints_are_counted)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);

    ck_assert_int_eq(exercise_points(labs[0]->exercises[0]), 7);
    ck_assert_int_eq(lab_points(labs[0]), 12);
    ck_assert_int_eq(check_hints(&first), 2);
    ck_assert_str_eq(check_hint(&first, 1), "b");
    ck_assert_ptr_null(check_hint(&first, 2));
    ck_assert_int_eq(check_hints(&second), 0);
    ck_assert_int_eq(check_hints(&third), 0);
}
END_TEST

START_TEST(checks_are_found_by_id)
{
    char *id = check_id(&first);

    ck_assert_str_eq(id, "1.2.copies_bytes");
    ck_assert_ptr_eq(registry_find_check(id), &first);
    ck_assert_ptr_eq(registry_find_check("1.10.copies_bytes"), &third);
    ck_assert_ptr_null(registry_find_check("1.3.copies_bytes"));
    ck_assert_ptr_null(registry_find_check("copies_bytes"));
    ck_assert_ptr_null(registry_find_check(""));
    free(id);
}
END_TEST

/* A word, and how many exercises and single checks it selects; the id of the first. */
static const struct {
    const char *word;
    size_t exercises, checks;
    const char *id;
} words[] = {
    {"1",                           2, 0, "1.2" },
    {"01",                          2, 0, "1.2" },
    {"01-pipes",                    2, 0, "1.2" },
    {"pipes",                       2, 0, "1.2" },
    {"work/01-pipes/",              2, 0, "1.2" },
    {"1.10",                        1, 0, "1.10"},
    {"pager",                       1, 0, "1.2" },
    {"2-pager",                     1, 0, "1.2" },
    {"01-pipes/2-pager",            1, 0, "1.2" },
    {"/x/y/work/01-pipes/2-pager/", 1, 0, "1.2" },
    {"1.2.copies_bytes",            1, 1, "1.2" },
    {"pager.ends_at_once",          1, 1, "1.2" },
    {"2.1.status_is_told",          1, 1, "2.1" },
};

START_TEST(words_select)
{
    struct selection selection = {0};
    char *error;

    ck_assert_int_eq(selection_add(&selection, words[_i].word, &error), 0);
    ck_assert_ptr_null(error);
    ck_assert_uint_eq(selection.count, words[_i].exercises);
    ck_assert_uint_eq(selection.items[0].n_checks, words[_i].checks);
    ck_assert_str_eq(selection.items[0].exercise->id, words[_i].id);
    selection_clear(&selection);
}
END_TEST

static const struct {
    const char *word, *says;
} wrong[] = {
    {"3",                               "the labs are 1 (01-pipes), 2 (02-popen)"  },
    {"1.7",                             "lab 1 has 1.2 pager, 1.10 last"           },
    {"1.2.copies",                      "did you mean 1.2.copies_bytes?"           },
    {"1.2.nothing_like_it_at_all_here", "its checks are copies_bytes, ends_at_once"},
    {"pagre",                           "did you mean pager?"                      },
    {"",                                "there is no lab or exercise \"\""         },
    {".",                               "there is no lab or exercise"              },
    {"/",                               "there is no lab or exercise"              },
    {"\x1b[2J",                         "\\x1b[2J"                                 },
};

START_TEST(wrong_words_are_explained)
{
    struct selection selection = {0};
    char *error;

    ck_assert_int_eq(selection_add(&selection, wrong[_i].word, &error), -1);
    ck_assert_msg(strstr(error, wrong[_i].says) != NULL, "\"%s\" lacks \"%s\"", error,
                  wrong[_i].says);
    ck_assert_uint_eq(selection.count, 0);
    free(error);
    selection_clear(&selection);
}
END_TEST

START_TEST(nothing_is_selected_twice)
{
    struct selection selection = {0};
    char *error;

    ck_assert_int_eq(selection_add(&selection, "1.2.copies_bytes", &error), 0);
    ck_assert_int_eq(selection_add(&selection, "1.2.copies_bytes", &error), 0);
    ck_assert_uint_eq(selection.items[0].n_checks, 1);
    ck_assert_int_eq(selection_add(&selection, "1.2.ends_at_once", &error), 0);
    ck_assert_uint_eq(selection.items[0].n_checks, 2);
    ck_assert_int_eq(selection_add(&selection, "1", &error), 0); /* now all of it */
    ck_assert_uint_eq(selection.count, 2);
    ck_assert_ptr_null(selection.items[0].checks);
    ck_assert_int_eq(selection_add(&selection, "1.2.ends_at_once", &error), 0);
    ck_assert_ptr_null(selection.items[0].checks);
    selection_clear(&selection);
}
END_TEST

START_TEST(ambiguous_names_are_refused)
{
    struct selection selection = {0};
    char *error;

    registry_add_exercise("suites/02-popen/2-pager.c", "Another pager");
    ck_assert_int_eq(selection_add(&selection, "pager", &error), -1);
    ck_assert_ptr_nonnull(strstr(error, "1.2 (01-pipes/2-pager), 2.2 (02-popen/2-pager)"));
    free(error);
}
END_TEST

static Suite *make_registry_suite(void)
{
    Suite *suite = suite_create("registry");
    TCase *tests = tcase_create("registry");

    tcase_add_checked_fixture(tests, fill, registry_clear);
    tcase_add_test(tests, ids_come_from_paths);
    tcase_add_test(tests, order_is_by_number_and_line);
    tcase_add_test(tests, points_and_hints_are_counted);
    tcase_add_test(tests, checks_are_found_by_id);
    tcase_add_loop_test(tests, words_select, 0, sizeof words / sizeof *words);
    tcase_add_loop_test(tests, wrong_words_are_explained, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tests, nothing_is_selected_twice);
    tcase_add_test(tests, ambiguous_names_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_registry_suite);
}
