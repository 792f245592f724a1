/*
 * state.c - what the kit remembers of a learner's work. See state.h.
 */
#include "state.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run/kit.h"
#include "kit_paths.h"

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

char *work_folder(const char *given)
{
    static const int most_levels = 16;
    char *prefix = kit_strdup("");

    if (given != NULL) {
        free(prefix);
        return kit_strdup(given);
    }
    for (int i = 0; i < most_levels; i++) {
        char *state = kit_format("%swork/.ipclab", prefix);
        bool found = is_folder(state);
        *strrchr(state, '/') = '\0';
        char *above = kit_format("../%s", prefix);
        free(prefix);
        prefix = above;
        if (found) {
            free(prefix);
            return state;
        }
        free(state);
    }
    free(prefix);
    return kit_strdup("work");
}

bool was_started(const char *work, const struct exercise *exercise)
{
    char *path = kit_format("%s/%s", work, exercise->folder);
    bool found = is_folder(path);
    free(path);
    return found;
}

int make_folders(const char *path)
{
    if (path[0] == '\0') {
        errno = ENOENT;
        return -1;
    }
    char *part = kit_strdup(path);
    int result = 0;

    for (char *slash = part + 1; result == 0; slash++) {
        if (*slash != '/' && *slash != '\0')
            continue;
        char end = *slash;
        *slash = '\0';
        if (mkdir(part, 0777) == -1 && (errno != EEXIST || !is_folder(part)))
            result = -1;
        *slash = end;
        if (end == '\0')
            break;
    }
    free(part);
    return result;
}

int state_make_folder(const char *work)
{
    char *path = kit_format("%s/.ipclab", work);
    int result = make_folders(path);
    int error = errno;
    free(path);
    errno = error;
    return result;
}

/* The kit's own trees hold no state: they are not somebody's work. */
bool state_is_kept(const char *work)
{
    static const char *const own[] = {"skeletons", "solutions"};
    char *path = realpath(work, NULL);
    bool found = false;

    for (size_t i = 0; i < sizeof own / sizeof *own && path != NULL; i++) {
        char *tree = kit_path("%s", own[i]);
        found = found || strcmp(tree, path) == 0;
        free(tree);
    }
    free(path);
    return !found;
}

static char *read_state(const char *work, const char *name)
{
    char *path = kit_format("%s/.ipclab/%s", work, name);
    char *text = kit_read_file(path, NULL);
    free(path);
    return text;
}

static void write_state(const char *work, const char *name, const char *text)
{
    char *path = kit_format("%s/.ipclab/%s", work, name);

    if (state_is_kept(work) &&
        (state_make_folder(work) == -1 || kit_write_file(path, text, strlen(text)) == -1))
        fprintf(stderr, "ipclab: note: %s can't be written (%s), so this is not remembered\n", path,
                strerror(errno));
    free(path);
}

void state_load(const char *work, struct results *results)
{
    const char *error;
    char *text = read_state(work, "results.json");

    *results = (struct results){0};
    if (text != NULL && results_from_json(text, results, &error) == -1)
        fprintf(stderr,
                "ipclab: note: the last results in %s/.ipclab can't be read (%s); "
                "check again to replace them\n",
                work, error);
    free(text);
}

/* A deep copy by way of JSON: the one form that is known to hold everything. */
static void copy_check(struct check_result *to, const struct check_result *from)
{
    char *json = check_result_to_json(from);
    check_result_clear(to);
    if (check_result_from_json(json, to) == -1)
        kit_broken("a result does not survive being stored: %s", json);
    free(json);
}

static void merge_exercise(struct results *into, const struct lab_result *lab,
                           const struct exercise_result *exercise, bool skipped_untried)
{
    struct lab_result *to_lab = results_find_lab(into, lab->id);
    if (to_lab == NULL)
        to_lab = results_add_lab(into, lab->id, lab->name, lab->title);
    struct exercise_result *to = results_find_exercise(into, exercise->id);
    if (to == NULL)
        to = lab_result_add_exercise(to_lab, exercise->id, exercise->name,
                                     exercise->title != NULL ? exercise->title : exercise->name);
    to->build_ok = exercise->build_ok;
    free(to->build_log);
    to->build_log = kit_strdup(exercise->build_log != NULL ? exercise->build_log : "");
    for (size_t i = 0; i < exercise->n_checks; i++) {
        const struct check_result *check = &exercise->checks[i];
        if (skipped_untried && check->status == CHECK_SKIPPED)
            continue;
        struct check_result *known = exercise_result_find_check(to, check->id);
        if (known == NULL)
            known = exercise_result_add_check(to, check->id, check->max_score);
        copy_check(known, check);
    }
}

void state_store(const char *work, const struct results *results, bool skipped_untried)
{
    struct results all;

    state_load(work, &all);
    for (size_t i = 0; i < results->n_labs; i++)
        for (size_t j = 0; j < results->labs[i].n_exercises; j++)
            merge_exercise(&all, &results->labs[i], &results->labs[i].exercises[j],
                           skipped_untried);
    all.machine = results->machine;
    all.seed = results->seed;
    results_sum(&all);
    char *json = results_to_json(&all);
    write_state(work, "results.json", json);
    free(json);
    results_clear(&all);
}

/* The object {"1.3.name": 2, ...}; never NULL. */
static cJSON *load_hints(const char *work)
{
    char *text = read_state(work, "hints.json");
    cJSON *hints = text != NULL ? cJSON_Parse(text) : NULL;

    free(text);
    if (!cJSON_IsObject(hints)) {
        cJSON_Delete(hints);
        hints = cJSON_CreateObject();
    }
    if (hints == NULL)
        kit_broken("no memory for JSON");
    return hints;
}

int hints_shown(const char *work, const char *check_id)
{
    cJSON *hints = load_hints(work);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(hints, check_id);
    int shown = cJSON_IsNumber(item) && item->valueint > 0 ? item->valueint : 0;
    cJSON_Delete(hints);
    return shown;
}

void hints_set_shown(const char *work, const char *check_id, int shown)
{
    cJSON *hints = load_hints(work);

    cJSON_DeleteItemFromObjectCaseSensitive(hints, check_id);
    if (cJSON_AddNumberToObject(hints, check_id, shown) == NULL)
        kit_broken("no memory for JSON");
    char *text = cJSON_Print(hints);
    cJSON_Delete(hints);
    if (text == NULL)
        kit_broken("no memory for JSON");
    write_state(work, "hints.json", text);
    free(text);
}

/* How far an exercise is: the lower, the sooner it is the next thing to do. */
enum step { STEP_FIX, STEP_CHECK, STEP_START, STEP_NONE };

static enum step step_of(const char *work, const struct results *results,
                         const struct exercise *exercise)
{
    const struct exercise_result *result = results_find_exercise(results, exercise->id);

    if (!was_started(work, exercise))
        return STEP_START;
    if (result == NULL || result->n_checks < exercise->n_checks)
        return STEP_CHECK;
    return result->status == CHECK_PASSED || result->status == CHECK_SKIPPED ? STEP_NONE : STEP_FIX;
}

char *next_step(const char *work, const struct results *results)
{
    const struct exercise *next = NULL;
    enum step best = STEP_NONE;
    size_t n, n_exercises = 0;
    const struct lab *const *labs = labs_all(&n);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < labs[i]->n; j++, n_exercises++) {
            enum step step = step_of(work, results, labs[i]->exercises[j]);
            if (step < best) {
                best = step;
                next = labs[i]->exercises[j];
            }
        }
    switch (best) {
    case STEP_FIX:
        return kit_format("edit %s/%s, then: ipclab check %s   (stuck? ipclab hint %s)", work,
                          next->folder, next->id, next->id);
    case STEP_CHECK:
        return kit_format("edit %s/%s, then: ipclab check %s", work, next->folder, next->id);
    case STEP_START:
        return kit_format("ipclab start %s   (%s: %s)", next->id, next->name, next->title);
    case STEP_NONE:
        break;
    }
    return kit_strdup(n > 0 ? "nothing: every exercise is passed"
                            : "nothing: this kit has no labs");
}
