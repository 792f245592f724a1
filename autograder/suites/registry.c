/*
 * registry.c - which labs, exercises and checks exist, and what a learner's words mean. See
 * registry.h.
 */
#include "registry.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/text.h"

static struct lab **all_labs;
static size_t n_labs;
static bool sorted;

/* The last two parts of a path: ".../01-pipes/3-pipeline.c" -> "01-pipes" and "3-pipeline". */
static void split_path(const char *file, char **lab, char **base)
{
    const char *slash = strrchr(file, '/');
    const char *start = slash;

    if (slash == NULL)
        kit_broken("%s: no lab folder in the path of this suite", file);
    while (start > file && start[-1] != '/')
        start--;
    *lab = kit_strndup(start, (size_t)(slash - start));
    *base = kit_strndup(slash + 1, strcspn(slash + 1, "."));
}

/* "3-pipeline" -> 3, and *rest = "pipeline". 0 when it is not NUMBER-NAME. */
static int split_number(const char *word, const char **rest)
{
    char *end;
    long number = strtol(word, &end, 10);

    if (!isdigit((unsigned char)word[0]) || *end != '-' || end[1] == '\0' || number < 1 ||
        number > 999)
        return 0;
    *rest = end + 1;
    return (int)number;
}

static struct lab *find_or_add_lab(const char *name)
{
    const char *rest;
    int number = split_number(name, &rest);

    for (size_t i = 0; i < n_labs; i++)
        if (strcmp(all_labs[i]->name, name) == 0)
            return all_labs[i];
    if (number == 0)
        kit_broken("the folder of a lab is called NN-name, not \"%s\"", name);
    struct lab *lab = kit_alloc(sizeof *lab);
    lab->number = number;
    lab->id = kit_format("%d", number);
    lab->name = kit_strdup(name);
    lab->title = kit_strdup(rest);
    *ARRAY_ADD(all_labs, n_labs) = lab;
    sorted = false;
    return lab;
}

static struct exercise *find_or_add_exercise(const char *file)
{
    char *lab_name, *base;
    const char *name;

    split_path(file, &lab_name, &base);
    struct lab *lab = find_or_add_lab(lab_name);
    for (size_t i = 0; i < lab->n; i++)
        if (strcmp(strrchr(lab->exercises[i]->folder, '/') + 1, base) == 0) {
            free(lab_name);
            free(base);
            return lab->exercises[i];
        }
    int number = split_number(base, &name);
    if (number == 0)
        kit_broken("%s: the file of an exercise is called N-name.c", file);
    struct exercise *exercise = kit_alloc(sizeof *exercise);
    exercise->file = file;
    exercise->number = number;
    exercise->id = kit_format("%s.%d", lab->id, number);
    exercise->lab_name = lab->name;
    exercise->name = kit_strdup(name);
    exercise->title = exercise->name;
    exercise->folder = kit_format("%s/%s", lab_name, base);
    *ARRAY_ADD(lab->exercises, lab->n) = exercise;
    sorted = false;
    free(lab_name);
    free(base);
    return exercise;
}

void registry_add_lab(const char *file, const char *title)
{
    char *name, *base;

    split_path(file, &name, &base);
    struct lab *lab = find_or_add_lab(name);
    free((char *)lab->title);
    lab->title = kit_strdup(title);
    free(name);
    free(base);
}

void registry_add_exercise(const char *file, const char *title)
{
    find_or_add_exercise(file)->title = title;
}

void registry_add_check(const char *file, struct check *check)
{
    struct exercise *exercise = find_or_add_exercise(file);

    check->exercise = exercise;
    *ARRAY_ADD(exercise->checks, exercise->n_checks) = check;
    sorted = false;
}

static int by_lab_number(const void *a, const void *b)
{
    const struct lab *left = *(struct lab *const *)a, *right = *(struct lab *const *)b;
    return left->number != right->number ? left->number - right->number
                                         : strcmp(left->name, right->name);
}

static int by_exercise_number(const void *a, const void *b)
{
    const struct exercise *left = *(struct exercise *const *)a;
    const struct exercise *right = *(struct exercise *const *)b;
    return left->number != right->number ? left->number - right->number
                                         : strcmp(left->name, right->name);
}

static int by_line(const void *a, const void *b)
{
    const struct check *left = *(struct check *const *)a, *right = *(struct check *const *)b;
    return left->line != right->line ? left->line - right->line : strcmp(left->name, right->name);
}

static void sort(void *items, size_t n, int (*compare)(const void *, const void *))
{
    if (n > 1)
        qsort(items, n, sizeof(void *), compare);
}

const struct lab *const *labs_all(size_t *n)
{
    if (!sorted) {
        sort(all_labs, n_labs, by_lab_number);
        for (size_t i = 0; i < n_labs; i++) {
            sort(all_labs[i]->exercises, all_labs[i]->n, by_exercise_number);
            for (size_t j = 0; j < all_labs[i]->n; j++)
                sort(all_labs[i]->exercises[j]->checks, all_labs[i]->exercises[j]->n_checks,
                     by_line);
        }
        sorted = true;
    }
    *n = n_labs;
    return (const struct lab *const *)all_labs;
}

static void free_exercise(struct exercise *exercise)
{
    free((char *)exercise->id);
    free((char *)exercise->name);
    free((char *)exercise->folder);
    free(exercise->checks);
    free(exercise);
}

void registry_clear(void)
{
    for (size_t i = 0; i < n_labs; i++) {
        for (size_t j = 0; j < all_labs[i]->n; j++)
            free_exercise(all_labs[i]->exercises[j]);
        free(all_labs[i]->exercises);
        free((char *)all_labs[i]->id);
        free((char *)all_labs[i]->name);
        free((char *)all_labs[i]->title);
        free(all_labs[i]);
    }
    free(all_labs);
    all_labs = NULL;
    n_labs = 0;
}

int exercise_points(const struct exercise *exercise)
{
    int points = 0;
    for (size_t i = 0; i < exercise->n_checks; i++)
        points += exercise->checks[i]->points;
    return points;
}

int lab_points(const struct lab *lab)
{
    int points = 0;
    for (size_t i = 0; i < lab->n; i++)
        points += exercise_points(lab->exercises[i]);
    return points;
}

const struct lab *exercise_lab(const struct exercise *exercise)
{
    for (size_t i = 0; i < n_labs; i++)
        if (all_labs[i]->name == exercise->lab_name)
            return all_labs[i];
    return NULL;
}

char *check_id(const struct check *check)
{
    return kit_format("%s.%s", check->exercise->id, check->name);
}

const char *check_hint(const struct check *check, int number)
{
    const char *hint = check->hints;

    if (hint == NULL)
        return NULL;
    for (; *hint != '\0' && number > 0; number--)
        hint += strlen(hint) + 1;
    return *hint != '\0' ? hint : NULL;
}

int check_hints(const struct check *check)
{
    int count = 0;
    while (check_hint(check, count) != NULL)
        count++;
    return count;
}

const struct exercise *registry_find_exercise(const char *id)
{
    for (size_t i = 0; i < n_labs; i++)
        for (size_t j = 0; j < all_labs[i]->n; j++)
            if (strcmp(all_labs[i]->exercises[j]->id, id) == 0)
                return all_labs[i]->exercises[j];
    return NULL;
}

static const struct check *find_check(const struct exercise *exercise, const char *name)
{
    for (size_t i = 0; i < exercise->n_checks; i++)
        if (strcmp(exercise->checks[i]->name, name) == 0)
            return exercise->checks[i];
    return NULL;
}

const struct check *registry_find_check(const char *id)
{
    const char *dot = strrchr(id, '.');

    if (dot == NULL)
        return NULL;
    char *exercise_id = kit_strndup(id, (size_t)(dot - id));
    const struct exercise *exercise = registry_find_exercise(exercise_id);
    free(exercise_id);
    return exercise != NULL ? find_check(exercise, dot + 1) : NULL;
}
