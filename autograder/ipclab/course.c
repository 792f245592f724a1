/*
 * course.c - reading course.ini. See course.h.
 *
 * The reader hands inih(3) a line at a time and counts, so each complaint has its line. inih would
 * take an indented line for more of the value before it, and cut a long one: the reader takes the
 * indentation away and refuses what is too long.
 */
#define _DEFAULT_SOURCE /* timegm(3) */
#include "course.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/text.h"

#define NEITHER "this is neither \"key = value\" nor \"[section]\""

enum { SHOWN_WORD = 60 };

struct reading {
    struct course *course;
    const char *name, *rest;
    int line, exclude_line, weight_line;
    char *exclude;
    char *error;
    char **seen; /* "section.key" */
    size_t n_seen;
};

/* ---- Complaints ----------------------------------------------------------------------------- */

/* Keeps the first; returns 0, which is "wrong" to inih. */
static int wrong_at(struct reading *reading, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int wrong_at(struct reading *reading, int line, const char *format, ...)
{
    va_list args;
    char text[1000];

    if (reading->error != NULL)
        return 0;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    reading->error = kit_format("%s:%d: %s", reading->name, line, text);
    return 0;
}
#define wrong(reading, ...) wrong_at(reading, (reading)->line, __VA_ARGS__)

/* Refuses a word: what it is not, which words there are, which is nearest. */
static int no_such(struct reading *reading, const char *what, const char *word,
                   const char *const *names, size_t n)
{
    struct text_buffer list = {0};
    const char *nearest = text_nearest(word, names, n);
    char *shown = text_visible(word, strlen(word), SHOWN_WORD);

    for (size_t i = 0; i < n; i++)
        text_add(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    wrong(reading, "%s \"%s\"%s%s%s; allowed: %s", what, shown,
          nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
          nearest != NULL ? "\"?" : "", list.data);
    free(shown);
    free(list.data);
    return 0;
}

/* ---- Values --------------------------------------------------------------------------------- */

static int take_number(struct reading *reading, const char *key, const char *value, double least,
                       double most, bool whole, double *number)
{
    char *end;
    errno = 0;
    double read = strtod(value, &end);
    if (isdigit((unsigned char)value[0]) && *end == '\0' && errno == 0 && read >= least &&
        read <= most && (!whole || read == (double)(unsigned long long)read)) {
        *number = read;
        return 1;
    }
    char *shown = text_visible(value, strlen(value), SHOWN_WORD);
    wrong(reading, "%s takes a %snumber from %.15g to %.15g, not \"%s\"", key,
          whole ? "whole " : "", least, most, shown);
    free(shown);
    return 0;
}

static int select_list(struct reading *reading, int line, const char *list,
                       struct selection *selection)
{
    char *copy = kit_strdup(list), *rest = NULL, *error;
    for (char *word = strtok_r(copy, ", \t", &rest); word != NULL && reading->error == NULL;
         word = strtok_r(NULL, ", \t", &rest))
        if (selection_add(selection, word, &error) == -1) {
            wrong_at(reading, line, "%s", error);
            free(error);
        }
    free(copy);
    return reading->error == NULL;
}

static int take_title(struct reading *reading, const char *key, const char *value)
{
    (void)key;
    if (value[0] != '\0')
        reading->course->title = text_utf8(value);
    return 1;
}

static int take_include(struct reading *reading, const char *key, const char *value)
{
    (void)key;
    return select_list(reading, reading->line, value, &reading->course->selection);
}

static int take_exclude(struct reading *reading, const char *key, const char *value)
{
    (void)key;
    reading->exclude = kit_strdup(value);
    reading->exclude_line = reading->line;
    return 1;
}

static int take_seed(struct reading *reading, const char *key, const char *value)
{
    double seed;
    if (!take_number(reading, key, value, 0, 9007199254740991.0, true, &seed))
        return 0;
    reading->course->seed = (uint64_t)seed;
    reading->course->seed_given = true;
    return 1;
}

static int take_pass(struct reading *reading, const char *key, const char *value)
{
    return take_number(reading, key, value, 0, 100, false, &reading->course->pass_percent);
}

static int take_hints(struct reading *reading, const char *key, const char *value)
{
    static const char *const names[] = {
        [HINTS_FIRST] = "first", [HINTS_NONE] = "none", [HINTS_ALL] = "all"};
    (void)key;
    for (int i = HINTS_FIRST; i <= HINTS_ALL; i++)
        if (strcmp(value, names[i]) == 0) {
            reading->course->hints = (enum hint_policy)i;
            return 1;
        }
    return no_such(reading, "hints cannot be", value, names, HINTS_ALL + 1);
}

static int take_limit(struct reading *reading, const char *key, const char *value, double most,
                      unsigned long *limit)
{
    double number;
    if (!take_number(reading, key, value, 0, most, true, &number))
        return 0;
    *limit = (unsigned long)number;
    return 1;
}

static int take_seconds(struct reading *reading, const char *key, const char *value)
{
    return take_limit(reading, key, value, 600, &reading->course->limits.seconds);
}

static int take_cpu_seconds(struct reading *reading, const char *key, const char *value)
{
    return take_limit(reading, key, value, 600, &reading->course->limits.cpu_seconds);
}

static int take_memory(struct reading *reading, const char *key, const char *value)
{
    return take_limit(reading, key, value, 65536, &reading->course->limits.memory_mb);
}

static int take_processes(struct reading *reading, const char *key, const char *value)
{
    return take_limit(reading, key, value, 4096, &reading->course->limits.processes);
}

static int take_output(struct reading *reading, const char *key, const char *value)
{
    return take_limit(reading, key, value, 1024, &reading->course->limits.output_mb);
}

/* The word of a lab or an exercise: its id, owned by the caller; NULL after a complaint. */
static char *lab_or_exercise(struct reading *reading, const char *word)
{
    struct selection selection = {0};
    char *id = NULL;

    if (select_list(reading, reading->line, word, &selection) && selection.count > 0) {
        const struct selected *first = &selection.items[0];
        if (first->checks != NULL)
            wrong(reading, "%s is a check; a weight is given to a lab or an exercise", word);
        else
            id = kit_strdup(first->named ? first->exercise->id : exercise_lab(first->exercise)->id);
    }
    selection_clear(&selection);
    return id;
}

static int take_weight(struct reading *reading, const char *key, const char *value)
{
    double points;
    if (!take_number(reading, key, value, 0.01, 1000000, false, &points))
        return 0;
    char *id = lab_or_exercise(reading, key);
    if (id == NULL)
        return 0;
    *ARRAY_ADD(reading->course->weights, reading->course->n_weights) =
        (struct course_weight){id, points};
    reading->weight_line = reading->line;
    return 1;
}

/* A day, as the second it begins (UTC); -1: it is none. */
static time_t day(const char *value)
{
    struct tm tm = {0}, again;
    int length = 0;
    if (sscanf(value, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &length) != 3 ||
        length != 10 || value[length] != '\0')
        return -1;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int month = tm.tm_mon, date = tm.tm_mday;
    time_t when = timegm(&tm);
    bool exists = gmtime_r(&when, &again) != NULL && again.tm_mon == month && again.tm_mday == date;
    return exists && when > 0 ? when : -1;
}

static int take_hidden(struct reading *reading, const char *key, const char *value)
{
    const struct check *check = registry_find_check(key);
    time_t until = strcmp(value, "never") == 0 ? 0 : day(value);

    if (check == NULL) {
        char *shown = text_visible(key, strlen(key), 2 * SHOWN_WORD);
        wrong(reading, "there is no check \"%s\"; `ipclab list --json` has the names", shown);
        free(shown);
        return 0;
    }
    if (until == -1)
        return wrong(reading, "%s takes never or a day such as 2027-01-31", key);
    *ARRAY_ADD(reading->course->hidden, reading->course->n_hidden) =
        (struct course_hidden){check, until};
    return 1;
}

/* ---- Sections and keys ---------------------------------------------------------------------- */

struct key {
    const char *section, *name; /* name NULL: any, it is an id */
    int (*take)(struct reading *reading, const char *key, const char *value);
};

static const struct key keys[] = {
    {"course",  "title",       take_title      },
    {"course",  "include",     take_include    },
    {"course",  "exclude",     take_exclude    },
    {"course",  "seed",        take_seed       },
    {"course",  "pass",        take_pass       },
    {"course",  "hints",       take_hints      },
    {"weights", NULL,          take_weight     },
    {"hidden",  NULL,          take_hidden     },
    {"limits",  "seconds",     take_seconds    },
    {"limits",  "cpu_seconds", take_cpu_seconds},
    {"limits",  "memory_mb",   take_memory     },
    {"limits",  "processes",   take_processes  },
    {"limits",  "output_mb",   take_output     },
};

enum { N_KEYS = sizeof keys / sizeof *keys };

static int refuse_key(struct reading *reading, const char *section, const char *name)
{
    const char *names[N_KEYS], *sections[N_KEYS];
    size_t n_names = 0, n_sections = 0;

    for (size_t i = 0; i < N_KEYS; i++) {
        if (i == 0 || strcmp(keys[i - 1].section, keys[i].section) != 0)
            sections[n_sections++] = keys[i].section;
        if (strcmp(keys[i].section, section) == 0)
            names[n_names++] = keys[i].name;
    }
    if (n_names == 0)
        return no_such(reading,
                       section[0] != '\0' ? "there is no section" : "no section begins before",
                       section[0] != '\0' ? section : name, sections, n_sections);
    char *what = kit_format("[%s] has no key", section);
    no_such(reading, what, name, names, n_names);
    free(what);
    return 0;
}

static bool was_seen(struct reading *reading, const char *section, const char *name)
{
    char *both = kit_format("%s.%s", section, name);
    for (size_t i = 0; i < reading->n_seen; i++)
        if (strcmp(reading->seen[i], both) == 0) {
            free(both);
            return true;
        }
    *ARRAY_ADD(reading->seen, reading->n_seen) = both;
    return false;
}

static int take_line(void *context, const char *section, const char *name, const char *value)
{
    struct reading *reading = context;

    if (reading->error != NULL)
        return 0;
    for (size_t i = 0; i < N_KEYS; i++) {
        if (strcmp(keys[i].section, section) != 0 ||
            (keys[i].name != NULL && strcmp(keys[i].name, name) != 0))
            continue;
        if (was_seen(reading, section, name))
            return wrong(reading, "\"%s\" is written twice in [%s]", name, section);
        return keys[i].take(reading, name, value);
    }
    return refuse_key(reading, section, name);
}

/* inih says nothing of a section without keys. */
static void look_at_section(struct reading *reading, const char *line)
{
    const char *end = strchr(line, ']');
    char *section = end != NULL ? kit_strndup(line + 1, (size_t)(end - line) - 1) : NULL;
    bool known = false;

    if (section == NULL)
        wrong(reading, NEITHER);
    for (size_t i = 0; i < N_KEYS && section != NULL && !known; i++)
        known = strcmp(keys[i].section, section) == 0;
    if (section != NULL && !known)
        refuse_key(reading, section, "");
    free(section);
}

/* Called by inih for each line, like fgets(3). */
static char *next_line(char *line, int room, void *stream)
{
    struct reading *reading = stream;
    if (reading->rest[0] == '\0' || reading->error != NULL)
        return NULL;
    size_t length = strcspn(reading->rest, "\n");
    const char *text = reading->rest + strspn(reading->rest, " \t");
    size_t blanks = (size_t)(text - reading->rest);

    reading->line++;
    reading->rest += length + (reading->rest[length] == '\n');
    size_t kept = length > blanks ? length - blanks : 0;
    if (kept + 3 > (size_t)room) {
        wrong(reading, "the line is too long: at most %d bytes", room - 3);
        return NULL;
    }
    memcpy(line, text, kept);
    line[kept] = '\n';
    line[kept + 1] = '\0';
    if (line[0] == '[')
        look_at_section(reading, line);
    return line;
}

/* ---- The whole ------------------------------------------------------------------------------ */

static bool is_in(const struct selection *selection, const struct exercise *exercise)
{
    for (size_t i = 0; i < selection->count; i++)
        if (selection->items[i].exercise == exercise)
            return true;
    return false;
}

static void exclude(struct reading *reading)
{
    struct selection out = {0}, *in = &reading->course->selection;
    size_t kept = 0;

    if (reading->exclude == NULL || reading->error != NULL ||
        !select_list(reading, reading->exclude_line, reading->exclude, &out) || out.count == 0)
        return;
    if (in->count == 0)
        selection_add_all(in);
    for (size_t i = 0; i < in->count; i++) {
        if (is_in(&out, in->items[i].exercise))
            free(in->items[i].checks);
        else
            in->items[kept++] = in->items[i];
    }
    in->count = kept;
    selection_clear(&out);
    if (kept == 0)
        wrong_at(reading, reading->exclude_line, "nothing is left to grade");
}

/* "1" and "1.3" are not both given a weight. */
static void compare_weights(struct reading *reading)
{
    const struct course *course = reading->course;
    for (size_t i = 0; i < course->n_weights; i++)
        for (size_t j = 0; j < course->n_weights; j++) {
            const char *lab = course->weights[i].id, *other = course->weights[j].id;
            size_t length = strlen(lab);
            if (i != j && strncmp(lab, other, length) == 0 &&
                (other[length] == '.' || other[length] == '\0'))
                wrong_at(reading, reading->weight_line, "%s and %s cannot both have a weight", lab,
                         other);
        }
}

int course_read(struct course *course, const char *name, const char *text, char **error)
{
    struct reading reading = {.course = course, .name = name, .rest = text};

    *course = (struct course){.text = kit_strdup(text), .seed = 1};
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        reading.rest += 3;
    int line = ini_parse_stream(next_line, &reading, take_line, &reading);
    if (line > 0)
        wrong_at(&reading, line, NEITHER);
    else if (line < 0)
        kit_broken("no memory for %s", name);
    exclude(&reading);
    compare_weights(&reading);
    for (size_t i = 0; i < reading.n_seen; i++)
        free(reading.seen[i]);
    free(reading.seen);
    free(reading.exclude);
    *error = reading.error;
    if (reading.error != NULL)
        course_clear(course);
    return reading.error != NULL ? -1 : 0;
}

int course_load(struct course *course, const char *file, char **error)
{
    char *text = file != NULL ? kit_read_file(file, NULL) : kit_strdup("");

    if (text == NULL) {
        *error = kit_format("cannot read %s: %s", file, strerror(errno));
        return -1;
    }
    int result = course_read(course, file, text, error);
    if (result == 0 && file == NULL) {
        free(course->text);
        course->text = NULL;
    }
    free(text);
    return result;
}

void course_clear(struct course *course)
{
    for (size_t i = 0; i < course->n_weights; i++)
        free((char *)course->weights[i].id);
    free(course->weights);
    free(course->hidden);
    free(course->text);
    free(course->title);
    selection_clear(&course->selection);
    *course = (struct course){0};
}

/* ---- What it means for results -------------------------------------------------------------- */

double course_points(const struct course *course, const struct exercise *exercise)
{
    const struct lab *lab = exercise_lab(exercise);
    double in_lab = 0;

    for (size_t i = 0; i < course->selection.count; i++)
        if (exercise_lab(course->selection.items[i].exercise) == lab)
            in_lab += exercise_points(course->selection.items[i].exercise);
    for (size_t i = 0; i < course->n_weights; i++) {
        const struct course_weight *weight = &course->weights[i];
        if (strcmp(weight->id, exercise->id) == 0)
            return weight->points;
        if (strcmp(weight->id, lab->id) == 0 && in_lab > 0)
            return weight->points * exercise_points(exercise) / in_lab;
    }
    return 0;
}

static void weigh(const struct course *course, struct exercise_result *result)
{
    const struct exercise *exercise = registry_find_exercise(result->id);
    double points = exercise != NULL ? course_points(course, exercise) : 0;
    double factor = points > 0 && result->max_score > 0 ? points / result->max_score : 1;

    for (size_t c = 0; c < result->n_checks; c++) {
        result->checks[c].score *= factor;
        result->checks[c].max_score *= factor;
    }
}

void course_weigh(const struct course *course, struct results *results)
{
    for (size_t l = 0; l < results->n_labs; l++)
        for (size_t e = 0; e < results->labs[l].n_exercises; e++)
            weigh(course, &results->labs[l].exercises[e]);
    results_sum(results);
}

static void set_hint(const struct course *course, struct check_result *result)
{
    const struct check *check = registry_find_check(result->id);
    struct text_buffer all = {0};

    if (result->hint == NULL || check == NULL || course->hints == HINTS_FIRST)
        return;
    for (int i = 0; course->hints == HINTS_ALL && i < check_hints(check); i++)
        text_add(&all, "%s%s", i > 0 ? "\n" : "", check_hint(check, i));
    free(result->hint);
    result->hint = all.data;
}

void course_set_hints(const struct course *course, struct results *results)
{
    for (size_t l = 0; l < results->n_labs; l++)
        for (size_t e = 0; e < results->labs[l].n_exercises; e++)
            for (size_t c = 0; c < results->labs[l].exercises[e].n_checks; c++)
                set_hint(course, &results->labs[l].exercises[e].checks[c]);
}

time_t course_hidden_until(const struct course *course, const char *wanted, time_t now)
{
    for (size_t i = 0; i < course->n_hidden; i++) {
        char *id = check_id(course->hidden[i].check);
        bool same = strcmp(id, wanted) == 0;
        free(id);
        if (same && (course->hidden[i].until == 0 || now < course->hidden[i].until))
            return course->hidden[i].until;
    }
    return -1;
}

static void replace(char **text, char *new_one)
{
    free(*text);
    *text = new_one;
}

bool course_reveals(const struct course *course, time_t then, time_t now)
{
    for (size_t i = 0; i < course->n_hidden; i++)
        if (course->hidden[i].until > then && course->hidden[i].until <= now)
            return true;
    return false;
}

/* Its name would tell what it looks at. */
static void hide_check(struct check_result *check, unsigned number, time_t until)
{
    char when[32] = "";
    struct tm tm;
    char *last = strrchr(check->id, '.');

    if (until > 0 && gmtime_r(&until, &tm) != NULL)
        strftime(when, sizeof when, " until %Y-%m-%d", &tm);
    replace(&check->message, kit_format("This check is hidden%s.", when));
    replace(&check->id, kit_format("%.*s.hidden_%u", (int)(last - check->id), check->id, number));
    replace(&check->expected, NULL);
    replace(&check->actual, NULL);
    replace(&check->reproduce, NULL);
    replace(&check->hint, NULL);
    findings_clear(&check->findings);
}

void course_hide(const struct course *course, struct results *results, time_t now)
{
    for (size_t l = 0; l < results->n_labs; l++)
        for (size_t e = 0; e < results->labs[l].n_exercises; e++) {
            struct exercise_result *exercise = &results->labs[l].exercises[e];
            unsigned number = 0;
            for (size_t c = 0; c < exercise->n_checks; c++) {
                time_t until = course_hidden_until(course, exercise->checks[c].id, now);
                if (until != -1)
                    hide_check(&exercise->checks[c], ++number, until);
            }
        }
}
