/*
 * list.c - ipclab, ipclab list: what there is, what is passed so far, and the next thing to do.
 */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/terminal.h"
#include "../tell/text.h"
#include "answers.h"
#include "commands.h"
#include "options.h"
#include "state.h"

enum { OPTION_DIR = 256, OPTION_JSON, BAR_PLACES = 40 };

static const struct option_row options[] = {
    {OPTION_JSON, "json", NULL, "The same as JSON."},
    {OPTION_DIR,       "dir", "DIR", "Where the work is (default: work)."},
    {0          },
};

static const struct command_help help = {
    .name = "list",
    .synopsis = "",
    .purpose =
        "Lists labs and exercises with their points, what is passed so far, and the next thing "
        "to do.",
    .options = options,
};

static double score_of(const struct results *results, const struct check *check,
                       enum check_status *status)
{
    char *id = check_id(check);
    const struct exercise_result *exercise = results_find_exercise(results, check->exercise->id);
    const struct check_result *result =
        exercise != NULL ? exercise_result_find_check(exercise, id) : NULL;

    free(id);
    *status = result != NULL ? result->status : CHECK_STATUSES;
    return result != NULL && result->score <= check->points ? result->score : 0;
}

static double exercise_score(const struct results *results, const struct exercise *exercise)
{
    double score = 0;
    enum check_status status;

    for (size_t i = 0; i < exercise->n_checks; i++)
        score += score_of(results, exercise->checks[i], &status);
    return score;
}

static double lab_score(const struct results *results, const struct lab *lab)
{
    double score = 0;
    for (size_t i = 0; i < lab->n; i++)
        score += exercise_score(results, lab->exercises[i]);
    return score;
}

/* "not_started", "started", "passed", "failed", ... */
static const char *exercise_status(const char *work, const struct results *results,
                                   const struct exercise *exercise)
{
    const struct exercise_result *result = results_find_exercise(results, exercise->id);

    if (!was_started(work, exercise))
        return "not_started";
    if (result == NULL || result->n_checks == 0)
        return "started";
    if (result->status == CHECK_PASSED && result->n_checks < exercise->n_checks)
        return "started"; /* only some of its checks were run */
    return check_status_name(result->status);
}

static const char *in_words(const char *status)
{
    static const char *const words[][2] = {
        {"not_started", ""                },
        {"started",     "started"         },
        {"not_built",   "does not compile"},
        {"kit_error",   "the kit failed"  }
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], status) == 0)
            return words[i][1];
    return status;
}

static void print_predictions(const char *work, const struct lab *lab)
{
    struct answers_count count = answers_count(work, lab->name);

    if (count.predictions == 0)
        return;
    char *answered = kit_format("%zu/%zu", count.answered, count.predictions);
    printf("  %-5s %-12s %7s  %-16s  %zu as measured; ipclab predict %s\n", "P", "predictions",
           answered, "answered", count.agreed, lab->id);
    free(answered);
}

static void print_lab(const char *work, const struct results *results, const struct lab *lab)
{
    char *left = kit_format("%s  %s", lab->name, lab->title);
    char *right = kit_format("%s/%d points", points_text(lab_score(results, lab)), lab_points(lab));
    int gap = 79 - text_columns(left) - text_columns(right);

    printf("%s%*s%s\n", left, gap > 2 ? gap : 2, "", right);
    free(left);
    free(right);
    for (size_t i = 0; i < lab->n; i++) {
        const struct exercise *exercise = lab->exercises[i];
        char *points = kit_format("%s/%d", points_text(exercise_score(results, exercise)),
                                  exercise_points(exercise));
        printf("  %-5s %-12s %7s  %-16s  %s\n", exercise->id, exercise->name, points,
               in_words(exercise_status(work, results, exercise)), exercise->title);
        free(points);
    }
    print_predictions(work, lab);
    printf("\n");
}

static void print_list(const char *work, const struct results *results)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);
    double score = 0, whole = 0;

    for (size_t i = 0; i < n; i++) {
        print_lab(work, results, labs[i]);
        score += lab_score(results, labs[i]);
        whole += lab_points(labs[i]);
    }
    char *bar = progress_bar(score, whole, BAR_PLACES);
    char *next = next_step(work, results);
    printf("%s %s of %s points\nnext: %s\n", bar, points_text(score), points_text(whole), next);
    free(bar);
    free(next);
}

/* cJSON's own helpers return NULL only when memory is out. */
static void *must(void *pointer)
{
    if (pointer == NULL)
        kit_broken("no memory for JSON");
    return pointer;
}

static void add_checks(cJSON *object, const struct results *results,
                       const struct exercise *exercise)
{
    cJSON *checks = must(cJSON_AddArrayToObject(object, "checks"));

    for (size_t i = 0; i < exercise->n_checks; i++) {
        const struct check *check = exercise->checks[i];
        enum check_status status;
        double score = score_of(results, check, &status);
        char *id = check_id(check);
        cJSON *item = must(cJSON_CreateObject());
        must(cJSON_AddStringToObject(item, "id", id));
        must(cJSON_AddStringToObject(
            item, "status", status != CHECK_STATUSES ? check_status_name(status) : "not_checked"));
        must(cJSON_AddNumberToObject(item, "score", score));
        must(cJSON_AddNumberToObject(item, "max_score", check->points));
        must(cJSON_AddNumberToObject(item, "hints", check_hints(check)));
        cJSON_AddItemToArray(checks, item);
        free(id);
    }
}

static cJSON *exercise_json(const char *work, const struct results *results,
                            const struct exercise *exercise)
{
    cJSON *object = must(cJSON_CreateObject());

    must(cJSON_AddStringToObject(object, "id", exercise->id));
    must(cJSON_AddStringToObject(object, "name", exercise->name));
    must(cJSON_AddStringToObject(object, "title", exercise->title));
    must(cJSON_AddStringToObject(object, "status", exercise_status(work, results, exercise)));
    must(cJSON_AddNumberToObject(object, "score", exercise_score(results, exercise)));
    must(cJSON_AddNumberToObject(object, "max_score", exercise_points(exercise)));
    add_checks(object, results, exercise);
    return object;
}

static void add_predictions(cJSON *lab, struct answers_count count)
{
    cJSON *object = must(cJSON_AddObjectToObject(lab, "predictions"));

    must(cJSON_AddNumberToObject(object, "count", (double)count.predictions));
    must(cJSON_AddNumberToObject(object, "answered", (double)count.answered));
    must(cJSON_AddNumberToObject(object, "agreed", (double)count.agreed));
}

static cJSON *lab_json(const char *work, const struct results *results, const struct lab *lab)
{
    cJSON *object = must(cJSON_CreateObject());

    must(cJSON_AddStringToObject(object, "id", lab->id));
    must(cJSON_AddStringToObject(object, "name", lab->name));
    must(cJSON_AddStringToObject(object, "title", lab->title));
    must(cJSON_AddNumberToObject(object, "score", lab_score(results, lab)));
    must(cJSON_AddNumberToObject(object, "max_score", lab_points(lab)));
    cJSON *exercises = must(cJSON_AddArrayToObject(object, "exercises"));
    for (size_t i = 0; i < lab->n; i++)
        cJSON_AddItemToArray(exercises, exercise_json(work, results, lab->exercises[i]));
    add_predictions(object, answers_count(work, lab->name));
    return object;
}

static void print_json(const char *work, const struct results *results)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);
    double score = 0, whole = 0;
    cJSON *object = must(cJSON_CreateObject());

    for (size_t i = 0; i < n; i++) {
        score += lab_score(results, labs[i]);
        whole += lab_points(labs[i]);
    }
    char *next = next_step(work, results);
    must(cJSON_AddNumberToObject(object, "schema", 1));
    must(cJSON_AddNumberToObject(object, "score", score));
    must(cJSON_AddNumberToObject(object, "max_score", whole));
    must(cJSON_AddStringToObject(object, "next", next));
    cJSON *array = must(cJSON_AddArrayToObject(object, "labs"));
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(array, lab_json(work, results, labs[i]));
    char *text = must(cJSON_Print(object));
    puts(text);
    free(text);
    free(next);
    cJSON_Delete(object);
}

int command_list(int argc, char **argv)
{
    const char *given = NULL;
    bool json = false;
    struct results results;

    for (int key; (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key == OPTIONS_HELP ? 0 : 2;
        json = json || key == OPTION_JSON;
        given = key == OPTION_DIR ? optarg : given;
    }
    if (optind < argc)
        return usage_error(&help, "it takes no words; did you mean: ipclab check %s", argv[optind]);
    char *work = work_folder(given);
    state_load(work, &results);
    if (json)
        print_json(work, &results);
    else
        print_list(work, &results);
    results_clear(&results);
    free(work);
    return 0;
}
