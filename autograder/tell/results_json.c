/*
 * results_json.c - results and findings as JSON, and back. The schema stands in the manual
 * (ipclab(1), RESULTS FILE) and is number 1. See results.h.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "json.h"
#include "results.h"
#include "text.h"

enum { SCHEMA = 1 };

/* ---- Writing -------------------------------------------------------------------------------- */

/* null when it is not there. */
static void add_number_or_null(cJSON *object, const char *key, int number, bool there)
{
    json_add(object, key, there ? cJSON_CreateNumber(number) : cJSON_CreateNull());
}

static cJSON *process_to_json(const struct finding_process *process)
{
    cJSON *object = json_object();

    json_add_string(object, "name", process->name != NULL ? process->name : "");
    json_add_number(object, "pid", process->number);
    json_add_string(object, "blocked_in", process->blocked_in);
    add_number_or_null(object, "fd", process->fd, process->fd >= 0);
    cJSON *waits_for = json_add_array(object, "waits_for");
    for (size_t i = 0; i < process->n_waits_for; i++)
        json_append(waits_for, cJSON_CreateNumber(process->waits_for[i]));
    json_add_string(object, "file", process->place.file);
    add_number_or_null(object, "line", process->place.line, process->place.line > 0);
    json_add_string(object, "function", process->place.function);
    return object;
}

cJSON *finding_to_json(const struct finding *finding)
{
    cJSON *object = json_object();

    json_add_string(object, "kind", finding_kind_name(finding->kind));
    json_add_string(object, "misconception", finding->misconception);
    json_add_string(object, "text", finding->text != NULL ? finding->text : "");
    cJSON *processes = json_add_array(object, "processes");
    for (size_t i = 0; i < finding->n_processes; i++)
        json_append(processes, process_to_json(&finding->processes[i]));
    json_add_string(object, "file", finding->place.file);
    add_number_or_null(object, "line", finding->place.line, finding->place.line > 0);
    if (finding->place.function != NULL)
        json_add_string(object, "function", finding->place.function);
    if (finding->expected != NULL)
        json_add_string(object, "expected", finding->expected);
    if (finding->actual != NULL)
        json_add_string(object, "actual", finding->actual);
    return object;
}

cJSON *findings_to_json(const struct findings *findings)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < findings->count; i++)
        json_append(array, finding_to_json(&findings->items[i]));
    return array;
}

static cJSON *check_to_object(const struct check_result *check)
{
    cJSON *object = json_object();

    json_add_string(object, "id", check->id);
    json_add_string(object, "status", check_status_name(check->status));
    json_add_number(object, "score", check->score);
    json_add_number(object, "max_score", check->max_score);
    json_add_number(object, "seconds", round(check->seconds * 1000) / 1000);
    if (check->schedules > 0)
        json_add_number(object, "schedules", check->schedules);
    json_add_string(object, "message", check->message != NULL ? check->message : "");
    json_add_string(object, "expected", check->expected);
    json_add_string(object, "actual", check->actual);
    json_add(object, "findings", findings_to_json(&check->findings));
    json_add_string(object, "reproduce", check->reproduce);
    json_add_string(object, "hint", check->hint);
    return object;
}

static cJSON *exercise_to_object(const struct exercise_result *exercise)
{
    cJSON *object = json_object();

    json_add_string(object, "id", exercise->id);
    json_add_string(object, "name", exercise->name);
    json_add_string(object, "title", exercise->title);
    json_add_string(object, "status", check_status_name(exercise->status));
    json_add_number(object, "score", exercise->score);
    json_add_number(object, "max_score", exercise->max_score);
    cJSON *build = json_object();
    json_add(build, "ok", cJSON_CreateBool(exercise->build_ok));
    json_add_string(build, "log", exercise->build_log != NULL ? exercise->build_log : "");
    json_add(object, "build", build);
    cJSON *checks = json_add_array(object, "checks");
    for (size_t i = 0; i < exercise->n_checks; i++)
        json_append(checks, check_to_object(&exercise->checks[i]));
    return object;
}

static cJSON *lab_to_object(const struct lab_result *lab)
{
    cJSON *object = json_object();

    json_add_string(object, "id", lab->id);
    json_add_string(object, "name", lab->name);
    json_add_string(object, "title", lab->title);
    json_add_number(object, "score", lab->score);
    json_add_number(object, "max_score", lab->max_score);
    cJSON *exercises = json_add_array(object, "exercises");
    for (size_t i = 0; i < lab->n_exercises; i++)
        json_append(exercises, exercise_to_object(&lab->exercises[i]));
    return object;
}

char *check_result_to_json(const struct check_result *check)
{
    return json_line(check_to_object(check));
}

char *exercise_result_to_json(const struct exercise_result *exercise)
{
    return json_line(exercise_to_object(exercise));
}

/* What only a submission has. */
static void add_submission(cJSON *object, const struct results *results)
{
    char *digest = kit_format("%016llx", (unsigned long long)results->digest);
    json_add_string(object, "status", submission_status_name(results->status));
    cJSON *notes = json_add_array(object, "notes");
    for (size_t i = 0; i < results->n_notes; i++)
        json_append_string(notes, results->notes[i]);
    json_add_string(object, "digest", digest);
    free(digest);
}

char *results_to_json(const struct results *results)
{
    cJSON *object = json_object();

    json_add_number(object, "schema", SCHEMA);
    json_add_string(object, "kit", "1.0");
    json_add_string(object, "submission", results->submission);
    if (results->submission != NULL)
        add_submission(object, results);
    json_add_number(object, "seed", (double)results->seed);
    json_add_number(object, "score", results->score);
    json_add_number(object, "max_score", results->max_score);
    cJSON *machine = json_object();
    json_add(machine, "ptrace", cJSON_CreateBool(results->machine.ptrace));
    json_add(machine, "namespaces", cJSON_CreateBool(results->machine.namespaces));
    json_add(machine, "valgrind", cJSON_CreateBool(results->machine.valgrind));
    json_add(object, "machine", machine);
    cJSON *labs = json_add_array(object, "labs");
    for (size_t i = 0; i < results->n_labs; i++)
        json_append(labs, lab_to_object(&results->labs[i]));
    return json_text(object);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* A copy, or NULL when it is null, missing or no string. */
static char *get_string(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? kit_strdup(item->valuestring) : NULL;
}

static double get_number(const cJSON *object, const char *key, double otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) && isfinite(item->valuedouble) ? item->valuedouble : otherwise;
}

/* What does not fit an int is as good as missing. */
static int get_int(const cJSON *object, const char *key, int otherwise)
{
    double number = get_number(object, key, otherwise);
    return number >= -2147483647.0 && number <= 2147483647.0 ? (int)number : otherwise;
}

static bool get_bool(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static const cJSON *get_array(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static int get_status(const cJSON *object)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "status");
    return cJSON_IsString(item) ? check_status_from_name(item->valuestring) : -1;
}

static struct place get_place(const cJSON *object)
{
    return (struct place){
        .file = get_string(object, "file"),
        .line = get_int(object, "line", 0),
        .function = get_string(object, "function"),
    };
}

static void read_process(const cJSON *json, struct finding *finding)
{
    struct finding_process *process = ARRAY_ADD(finding->processes, finding->n_processes);
    const cJSON *item;

    process->number = get_int(json, "pid", 0);
    process->name = get_string(json, "name");
    process->blocked_in = get_string(json, "blocked_in");
    process->fd = get_int(json, "fd", -1);
    process->place = get_place(json);
    cJSON_ArrayForEach(item, get_array(json, "waits_for"))
    {
        if (cJSON_IsNumber(item))
            *ARRAY_ADD(process->waits_for, process->n_waits_for) = item->valueint;
    }
}

int finding_from_json(const cJSON *json, struct findings *findings)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "kind");
    int kind = cJSON_IsString(name) ? finding_kind_from_name(name->valuestring) : -1;
    const cJSON *item;

    if (kind == -1)
        return -1;
    struct finding *finding = findings_add(findings, (enum finding_kind)kind);
    finding->misconception = get_string(json, "misconception");
    finding->text = get_string(json, "text");
    finding->place = get_place(json);
    finding->expected = get_string(json, "expected");
    finding->actual = get_string(json, "actual");
    cJSON_ArrayForEach(item, get_array(json, "processes"))
    {
        if (cJSON_IsObject(item))
            read_process(item, finding);
    }
    return 0;
}

static int read_check(const cJSON *json, struct check_result *check)
{
    int status = get_status(json);
    const cJSON *item;

    *check = (struct check_result){0};
    check->id = get_string(json, "id");
    if (check->id == NULL || status == -1) {
        check_result_clear(check);
        return -1;
    }
    check->status = (enum check_status)status;
    check->score = get_number(json, "score", 0);
    check->max_score = get_number(json, "max_score", 0);
    check->seconds = get_number(json, "seconds", 0);
    check->schedules = (int)get_number(json, "schedules", 0);
    check->message = get_string(json, "message");
    if (check->message != NULL && check->message[0] == '\0') {
        free(check->message);
        check->message = NULL;
    }
    check->expected = get_string(json, "expected");
    check->actual = get_string(json, "actual");
    check->reproduce = get_string(json, "reproduce");
    check->hint = get_string(json, "hint");
    cJSON_ArrayForEach(item, get_array(json, "findings"))
    {
        if (finding_from_json(item, &check->findings) == -1) {
            check_result_clear(check);
            return -1;
        }
    }
    return 0;
}

static int read_exercise(const cJSON *json, struct exercise_result *exercise)
{
    int status = get_status(json);
    const cJSON *build = cJSON_GetObjectItemCaseSensitive(json, "build");
    const cJSON *item;

    *exercise = (struct exercise_result){0};
    exercise->id = get_string(json, "id");
    exercise->name = get_string(json, "name");
    exercise->title = get_string(json, "title");
    bool good = exercise->id != NULL && exercise->name != NULL && status != -1;
    exercise->status = good ? (enum check_status)status : CHECK_KIT_ERROR;
    exercise->score = get_number(json, "score", 0);
    exercise->max_score = get_number(json, "max_score", 0);
    exercise->build_ok = get_bool(build, "ok");
    exercise->build_log = get_string(build, "log");
    cJSON_ArrayForEach(item, get_array(json, "checks"))
    {
        if (good)
            good = read_check(item, ARRAY_ADD(exercise->checks, exercise->n_checks)) == 0;
    }
    if (!good)
        exercise_result_clear(exercise);
    return good ? 0 : -1;
}

static int read_lab(const cJSON *json, struct lab_result *lab)
{
    const cJSON *item;

    lab->id = get_string(json, "id");
    lab->name = get_string(json, "name");
    lab->title = get_string(json, "title");
    lab->score = get_number(json, "score", 0);
    lab->max_score = get_number(json, "max_score", 0);
    cJSON_ArrayForEach(item, get_array(json, "exercises"))
    {
        if (read_exercise(item, ARRAY_ADD(lab->exercises, lab->n_exercises)) == -1)
            return -1;
    }
    return lab->id != NULL && lab->name != NULL ? 0 : -1;
}

int check_result_from_json(const char *json, struct check_result *check)
{
    cJSON *object = cJSON_Parse(json);
    int result = object != NULL ? read_check(object, check) : -1;

    if (object == NULL)
        *check = (struct check_result){0};
    cJSON_Delete(object);
    return result;
}

int exercise_result_from_json(const char *json, struct exercise_result *exercise)
{
    cJSON *object = cJSON_Parse(json);
    int result = object != NULL ? read_exercise(object, exercise) : -1;

    if (object == NULL)
        *exercise = (struct exercise_result){0};
    cJSON_Delete(object);
    return result;
}

static void read_submission(const cJSON *object, struct results *results)
{
    char *status = get_string(object, "status"), *digest = get_string(object, "digest");
    const cJSON *item;

    for (int i = SUBMISSION_GRADED; status != NULL && i <= SUBMISSION_KIT_ERROR; i++)
        if (strcmp(status, submission_status_name((enum submission_status)i)) == 0)
            results->status = (enum submission_status)i;
    cJSON_ArrayForEach(item, get_array(object, "notes"))
    {
        if (cJSON_IsString(item))
            *ARRAY_ADD(results->notes, results->n_notes) = kit_strdup(item->valuestring);
    }
    results->digest = digest != NULL ? strtoull(digest, NULL, 16) : 0;
    free(status);
    free(digest);
}

/* Returns NULL, or what is wrong. */
static const char *read_results(const cJSON *object, struct results *results)
{
    const cJSON *machine = cJSON_GetObjectItemCaseSensitive(object, "machine");
    const cJSON *item;

    if (!cJSON_IsObject(object))
        return "it is not JSON";
    if (get_int(object, "schema", 0) != SCHEMA)
        return "its schema is not 1";
    double seed = get_number(object, "seed", 0);
    results->seed = seed >= 0 && seed < 9007199254740992.0 ? (uint64_t)seed : 0;
    results->submission = get_string(object, "submission");
    read_submission(object, results);
    results->score = get_number(object, "score", 0);
    results->max_score = get_number(object, "max_score", 0);
    results->machine.ptrace = get_bool(machine, "ptrace");
    results->machine.namespaces = get_bool(machine, "namespaces");
    results->machine.valgrind = get_bool(machine, "valgrind");
    cJSON_ArrayForEach(item, get_array(object, "labs"))
    {
        if (read_lab(item, ARRAY_ADD(results->labs, results->n_labs)) == -1)
            return "a lab in it lacks something";
    }
    return NULL;
}

int results_from_json(const char *json, struct results *results, const char **error)
{
    cJSON *object = cJSON_Parse(json);

    *results = (struct results){0};
    *error = read_results(object, results);
    cJSON_Delete(object);
    if (*error != NULL)
        results_clear(results);
    return *error != NULL ? -1 : 0;
}
