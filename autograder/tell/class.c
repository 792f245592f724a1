/*
 * class.c - a class as a whole. See class.h. Its page is in class_page.c.
 */
#include "class.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "terminal.h"
#include "text.h"

/* ---- Counting ------------------------------------------------------------------------------- */

/* At most once a submission. */
static void count(struct class_tallies *tallies, const char *id, size_t row)
{
    for (size_t i = 0; i < tallies->n; i++) {
        struct class_tally *tally = &tallies->items[i];
        if (strcmp(tally->id, id) != 0)
            continue;
        tally->submissions += tally->last != row;
        tally->last = row;
        return;
    }
    *ARRAY_ADD(tallies->items, tallies->n) = (struct class_tally){kit_strdup(id), 1, row};
}

static void count_mistakes(struct class_book *class, const struct exercise_result *exercise,
                           size_t row)
{
    for (size_t c = 0; c < exercise->n_checks; c++) {
        const struct check_result *check = &exercise->checks[c];
        if (check->status == CHECK_FAILED)
            count(&class->checks, check->id, row);
        for (size_t f = 0; f < check->findings.count; f++)
            if (check->status == CHECK_FAILED && check->findings.items[f].misconception != NULL)
                count(&class->misconceptions, check->findings.items[f].misconception, row);
    }
}

static void count_exercise(struct class_column *column, const struct exercise_result *exercise,
                           bool refused)
{
    const char *log = exercise->build_log != NULL ? exercise->build_log : "";

    if (exercise->status == CHECK_PASSED)
        column->passed++;
    else if (refused ||
             (exercise->status == CHECK_NOT_BUILT && strstr(log, RESULTS_NOT_HANDED_IN) != NULL))
        column->not_handed_in++;
    else if (exercise->status == CHECK_FAILED || exercise->status == CHECK_NOT_BUILT)
        column->failed++;
}

/* Fills in a cell and adds it to the sums. */
static void add_score(struct class_row *row, size_t cell, const struct class_column *column,
                      const struct exercise_result *exercise)
{
    row->scores[cell] = NAN;
    if (exercise == NULL || exercise->status == CHECK_KIT_ERROR) {
        row->total = NAN; /* what our fault cost is no zero */
        return;
    }
    if (exercise->max_score <= 0)
        return; /* all of it was skipped */
    double factor = column->points > 0 ? column->points / exercise->max_score : 1;
    row->scores[cell] = exercise->score * factor;
    row->total += exercise->score * factor;
    row->max += exercise->max_score * factor;
}

static void count_total(struct class_book *class, const struct class_row *row)
{
    if (isnan(row->total) || row->max <= 0)
        return;
    int bin = (int)(row->total / row->max * CLASS_BINS);
    class->bins[bin < 0 ? 0 : bin >= CLASS_BINS ? CLASS_BINS - 1 : bin]++;
}

void class_add(struct class_book *class, const struct results *results)
{
    size_t number = class->n_rows;
    struct class_row *row = ARRAY_ADD(class->rows, class->n_rows);

    row->name = kit_strdup(results->submission != NULL ? results->submission : "");
    row->status = results->status;
    row->scores = kit_alloc(class->n_columns * sizeof *row->scores);
    for (size_t i = 0; i < class->n_columns; i++) {
        struct class_column *column = &class->columns[i];
        const struct exercise_result *exercise = results_find_exercise(results, column->id);
        add_score(row, i, column, exercise);
        if (exercise == NULL)
            continue;
        count_exercise(column, exercise, results->status == SUBMISSION_REFUSED);
        count_mistakes(class, exercise, number);
    }
    count_total(class, row);
}

static int by_name(const void *a, const void *b)
{
    const struct class_row *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int by_count(const void *a, const void *b)
{
    const struct class_tally *x = a, *y = b;
    return x->submissions != y->submissions ? (x->submissions < y->submissions ? 1 : -1)
                                            : strcmp(x->id, y->id);
}

void class_close(struct class_book *class)
{
    struct class_tallies *const tallies[] = {&class->misconceptions, &class->checks};
    if (class->n_rows > 0)
        qsort(class->rows, class->n_rows, sizeof *class->rows, by_name);
    for (size_t i = 0; i < sizeof tallies / sizeof *tallies; i++)
        if (tallies[i]->n > 0)
            qsort(tallies[i]->items, tallies[i]->n, sizeof *tallies[i]->items, by_count);
}

void class_clear(struct class_book *class)
{
    struct class_tallies *const tallies[] = {&class->misconceptions, &class->checks};
    for (size_t i = 0; i < class->n_rows; i++) {
        free(class->rows[i].name);
        free(class->rows[i].scores);
    }
    free(class->rows);
    for (size_t i = 0; i < sizeof tallies / sizeof *tallies; i++) {
        for (size_t j = 0; j < tallies[i]->n; j++)
            free(tallies[i]->items[j].id);
        free(tallies[i]->items);
    }
    *class = (struct class_book){0};
}

/* ---- Asking --------------------------------------------------------------------------------- */

bool class_passed(const struct class_book *class, const struct class_row *row)
{
    /* A hair's breadth: 50 % of 7 points is not lost by the way doubles are rounded. */
    return row->max > 0 && row->total * 100 + 1e-6 >= class->pass_percent * row->max;
}

unsigned class_count(const struct class_book *class, enum submission_status status)
{
    unsigned n = 0;
    for (size_t i = 0; i < class->n_rows; i++)
        n += class->rows[i].status == status;
    return n;
}

double class_mean(const struct class_book *class)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < class->n_rows; i++) {
        if (isnan(class->rows[i].total))
            continue;
        sum += class->rows[i].total;
        n++;
    }
    return n > 0 ? sum / (double)n : 0;
}

/* ---- Gradebook ------------------------------------------------------------------------------ */

/* In quotes, for a name may hold anything. A leading = + - @ is a formula to a spreadsheet: an
 * apostrophe before it takes that away. */
static void add_field(struct text_buffer *line, const char *text)
{
    char *shown = text_visible(text, strlen(text), 300);
    text_add(line, "\"%s", shown[0] != '\0' && strchr("=+-@", shown[0]) != NULL ? "'" : "");
    for (const char *at = shown; *at != '\0'; at++)
        text_add(line, *at == '"' ? "\"\"" : "%c", *at);
    text_add(line, "\"");
    free(shown);
}

/* Points with at most two decimals; nothing for what is not to be trusted. */
static void add_points(struct text_buffer *line, double points)
{
    text_add(line, ",%s", isnan(points) ? "" : points_text(round(points * 100) / 100));
}

static void add_row(struct text_buffer *csv, const struct class_book *class,
                    const struct class_row *row)
{
    add_field(csv, row->name);
    for (size_t i = 0; i < class->n_columns; i++)
        add_points(csv, row->scores[i]);
    add_points(csv, row->total);
    add_points(csv, row->max);
    text_add(csv, ",%s", submission_status_name(row->status));
    if (class->pass_percent > 0)
        text_add(csv, ",%s", isnan(row->total) ? "" : class_passed(class, row) ? "yes" : "no");
    text_add(csv, "\n");
}

char *class_gradebook(const struct class_book *class)
{
    struct text_buffer csv = {0};
    text_add(&csv, "submission");
    for (size_t i = 0; i < class->n_columns; i++)
        text_add(&csv, ",%s", class->columns[i].id);
    text_add(&csv, ",total,max,status%s\n", class->pass_percent > 0 ? ",passed" : "");
    for (size_t i = 0; i < class->n_rows; i++)
        add_row(&csv, class, &class->rows[i]);
    return csv.data;
}

/* ---- Summary -------------------------------------------------------------------------------- */

static void add_number(cJSON *object, const char *key, double number)
{
    if (cJSON_AddNumberToObject(object, key, number) == NULL)
        kit_broken("no memory for JSON");
}

static cJSON *append_object(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    if (object == NULL || !cJSON_AddItemToArray(array, object))
        kit_broken("no memory for JSON");
    return object;
}

static void add_exercises(cJSON *json, const struct class_book *class)
{
    cJSON *array = cJSON_AddArrayToObject(json, "exercises");
    for (size_t i = 0; i < class->n_columns; i++) {
        const struct class_column *column = &class->columns[i];
        cJSON *row = append_object(array);
        cJSON_AddStringToObject(row, "id", column->id);
        cJSON_AddStringToObject(row, "name", column->name);
        add_number(row, "passed", column->passed);
        add_number(row, "failed", column->failed);
        add_number(row, "not_handed_in", column->not_handed_in);
    }
}

static void add_tallies(cJSON *json, const char *key, const struct class_tallies *tallies)
{
    cJSON *array = cJSON_AddArrayToObject(json, key);
    for (size_t i = 0; i < tallies->n; i++) {
        cJSON *row = append_object(array);
        cJSON_AddStringToObject(row, "id", tallies->items[i].id);
        add_number(row, "submissions", tallies->items[i].submissions);
    }
}

char *class_summary(const struct class_book *class)
{
    cJSON *json = cJSON_CreateObject();
    unsigned passed = 0;
    double max = 0;

    for (size_t i = 0; i < class->n_rows; i++) {
        passed += !isnan(class->rows[i].total) && class_passed(class, &class->rows[i]);
        max = fmax(max, class->rows[i].max);
    }
    add_number(json, "schema", 1);
    cJSON_AddStringToObject(json, "kit", "1.0");
    if (class->title != NULL)
        cJSON_AddStringToObject(json, "title", class->title);
    add_number(json, "seed", (double)class->seed);
    add_number(json, "submissions", (double)class->n_rows);
    add_number(json, "graded", class_count(class, SUBMISSION_GRADED));
    add_number(json, "refused", class_count(class, SUBMISSION_REFUSED));
    add_number(json, "kit_errors", class_count(class, SUBMISSION_KIT_ERROR));
    add_number(json, "mean_score", class_mean(class));
    add_number(json, "max_score", max);
    if (class->pass_percent > 0) {
        add_number(json, "pass_percent", class->pass_percent);
        add_number(json, "passed", passed);
    }
    cJSON *bins = cJSON_AddArrayToObject(json, "tenths");
    for (size_t i = 0; i < CLASS_BINS; i++)
        cJSON_AddItemToArray(bins, cJSON_CreateNumber(class->bins[i]));
    add_exercises(json, class);
    add_tallies(json, "misconceptions", &class->misconceptions);
    add_tallies(json, "checks", &class->checks);
    char *text = cJSON_Print(json);
    cJSON_Delete(json);
    if (text == NULL)
        kit_broken("no memory for JSON");
    return text;
}
