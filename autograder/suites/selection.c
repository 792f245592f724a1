/*
 * selection.c - what a learner's words mean: "1", "01-pipes", "1.3", "pipeline",
 * "work/01-pipes/3-pipeline/", "1.3.last_stage_sees_end_of_file". See registry.h.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/text.h"
#include "registry.h"

void selection_clear(struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++)
        free(selection->items[i].checks);
    free(selection->items);
    *selection = (struct selection){0};
}

/* Adds an exercise (check NULL: all of it), once. */
static struct selected *add(struct selection *selection, const struct exercise *exercise,
                            const struct check *check)
{
    struct selected *item = NULL;

    for (size_t i = 0; i < selection->count && item == NULL; i++)
        if (selection->items[i].exercise == exercise)
            item = &selection->items[i];
    if (item == NULL) {
        item = ARRAY_ADD(selection->items, selection->count);
        item->exercise = exercise;
    } else if (item->checks == NULL) {
        return item; /* all of it was asked for already */
    }
    if (check == NULL) {
        free(item->checks);
        item->checks = NULL;
        item->n_checks = 0;
        return item;
    }
    for (size_t i = 0; i < item->n_checks; i++)
        if (item->checks[i] == check)
            return item;
    *ARRAY_ADD(item->checks, item->n_checks) = check;
    return item;
}

static void add_lab(struct selection *selection, const struct lab *lab)
{
    for (size_t i = 0; i < lab->n; i++)
        add(selection, lab->exercises[i], NULL);
}

void selection_add_all(struct selection *selection)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);
    for (size_t i = 0; i < n; i++)
        add_lab(selection, labs[i]);
}

/* "01-pipes" -> "pipes": what follows the number. */
static const char *after_number(const char *name)
{
    const char *dash = strchr(name, '-');
    return dash != NULL ? dash + 1 : name;
}

static bool is_number(const char *word, int number)
{
    char *end;
    return isdigit((unsigned char)word[0]) && strtol(word, &end, 10) == number && *end == '\0';
}

static const struct lab *find_lab(const char *word)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);

    for (size_t i = 0; i < n; i++)
        if (is_number(word, labs[i]->number) || strcmp(word, labs[i]->name) == 0 ||
            strcmp(word, after_number(labs[i]->name)) == 0)
            return labs[i];
    return NULL;
}

static bool exercise_has_name(const struct exercise *exercise, const char *word)
{
    const char *base = strrchr(exercise->folder, '/') + 1;
    return strcmp(word, exercise->id) == 0 || strcmp(word, exercise->name) == 0 ||
           strcmp(word, exercise->folder) == 0 || strcmp(word, base) == 0;
}

/* How many exercises the word means; the first in *found, all in *names for a message. */
static size_t find_exercises(const char *word, const struct exercise **found,
                             struct text_buffer *names)
{
    size_t n, count = 0;
    const struct lab *const *labs = labs_all(&n);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < labs[i]->n; j++) {
            const struct exercise *exercise = labs[i]->exercises[j];
            if (!exercise_has_name(exercise, word))
                continue;
            if (count++ == 0)
                *found = exercise;
            text_add(names, "%s%s (%s)", count > 1 ? ", " : "", exercise->id, exercise->folder);
        }
    return count;
}

/* A path as a shell completes it: without the slashes at its end, and, when its last two parts are
 * LAB/EXERCISE or its last part is a lab, without what comes before. Owned by the caller. */
static char *shorten_path(const char *word)
{
    char *path = kit_strdup(word);
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
    char *last = strrchr(path, '/');
    if (last == NULL)
        return path;
    char *keep = last;
    while (keep > path && keep[-1] != '/')
        keep--;
    *last = '\0';
    bool in_lab = find_lab(keep) != NULL && strchr(keep, '-') != NULL;
    *last = '/';
    char *shorter = kit_strdup(in_lab ? keep : find_lab(last + 1) != NULL ? last + 1 : path);
    free(path);
    return shorter;
}

static char *describe_labs(void)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);
    struct text_buffer out = {0};

    text_add(&out, "%s",
             n == 0   ? "this kit has no labs"
             : n == 1 ? "the only lab is "
                      : "the labs are ");
    for (size_t i = 0; i < n; i++)
        text_add(&out, "%s%s (%s)", i > 0 ? ", " : "", labs[i]->id, labs[i]->name);
    return out.data;
}

static char *describe_exercises(const struct lab *lab)
{
    struct text_buffer out = {0};

    text_add(&out, "lab %s has ", lab->id);
    for (size_t i = 0; i < lab->n; i++)
        text_add(&out, "%s%s %s", i > 0 ? ", " : "", lab->exercises[i]->id,
                 lab->exercises[i]->name);
    if (lab->n == 0)
        text_add(&out, "no exercises");
    return out.data;
}

static char *describe_checks(const struct exercise *exercise)
{
    struct text_buffer out = {0};

    text_add(&out, "its checks are ");
    for (size_t i = 0; i < exercise->n_checks; i++)
        text_add(&out, "%s%s", i > 0 ? ", " : "", exercise->checks[i]->name);
    return out.data;
}

static const char *nearest_check(const struct exercise *exercise, const char *word)
{
    const char **names = kit_alloc(exercise->n_checks * sizeof *names);
    for (size_t i = 0; i < exercise->n_checks; i++)
        names[i] = exercise->checks[i]->name;
    const char *nearest = text_nearest(word, names, exercise->n_checks);
    free(names);
    return nearest;
}

/* "EXERCISE.check" where EXERCISE is right but the check is not, or is. */
static int add_check(struct selection *selection, const struct exercise *exercise, const char *word,
                     char **error)
{
    for (size_t i = 0; i < exercise->n_checks; i++)
        if (strcmp(exercise->checks[i]->name, word) == 0) {
            add(selection, exercise, exercise->checks[i])->named = 1;
            return 0;
        }
    const char *nearest = nearest_check(exercise, word);
    char *checks = describe_checks(exercise);
    char *shown = text_visible(word, strlen(word), 80);
    *error = nearest != NULL
                 ? kit_format("%s has no check \"%s\"; did you mean %s.%s?", exercise->id, shown,
                              exercise->id, nearest)
                 : kit_format("%s has no check \"%s\"; %s", exercise->id, shown, checks);
    free(shown);
    free(checks);
    return -1;
}

/* The nearest name of a lab or exercise, or NULL. */
static const char *nearest_name(const char *word)
{
    size_t n, count = 0;
    const struct lab *const *labs = labs_all(&n);
    const char **names = NULL;

    for (size_t i = 0; i < n; i++) {
        *ARRAY_ADD(names, count) = labs[i]->name;
        for (size_t j = 0; j < labs[i]->n; j++)
            *ARRAY_ADD(names, count) = labs[i]->exercises[j]->name;
    }
    const char *nearest = text_nearest(word, names, count);
    free(names);
    return nearest;
}

static char *explain_unknown(const char *word)
{
    char *lab_word = kit_strndup(word, strcspn(word, "./"));
    const struct lab *lab = find_lab(lab_word);
    const char *nearest =
        lab == NULL && !isdigit((unsigned char)word[0]) ? nearest_name(word) : NULL;
    char *labs = describe_labs();
    char *exercises = lab != NULL ? describe_exercises(lab) : NULL;
    char *shown = text_visible(word, strlen(word), 80);
    char *error;

    if (lab != NULL)
        error = kit_format("there is no exercise \"%s\"; %s", shown, exercises);
    else if (nearest != NULL)
        error = kit_format("there is no lab or exercise \"%s\"; did you mean %s?", shown, nearest);
    else
        error = kit_format("there is no lab or exercise \"%s\"; %s", shown, labs);
    free(lab_word);
    free(labs);
    free(exercises);
    free(shown);
    return error;
}

/* EXERCISE, EXERCISE.check or neither. The name of an exercise holds no dot, its id holds one. */
static int add_exercise_or_check(struct selection *selection, const char *word, char **error)
{
    for (const char *end = word + strlen(word); end > word; end--) {
        if (*end != '\0' && *end != '.')
            continue;
        const struct exercise *exercise = NULL;
        struct text_buffer names = {0};
        char *front = kit_strndup(word, (size_t)(end - word));
        size_t count = find_exercises(front, &exercise, &names);
        free(front);
        if (count > 1)
            *error = kit_format("\"%s\" could mean %s; say which", word, names.data);
        free(names.data);
        if (count > 1)
            return -1;
        if (count == 1 && *end == '.')
            return add_check(selection, exercise, end + 1, error);
        if (count == 1) {
            add(selection, exercise, NULL)->named = 1;
            return 0;
        }
    }
    *error = explain_unknown(word);
    return -1;
}

int selection_add(struct selection *selection, const char *word, char **error)
{
    char *name = shorten_path(word);
    const struct lab *lab = find_lab(name);
    int result = 0;

    *error = NULL;
    if (lab != NULL)
        add_lab(selection, lab);
    else
        result = add_exercise_or_check(selection, name, error);
    free(name);
    return result;
}
