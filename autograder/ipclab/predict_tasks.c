/*
 * predict_tasks.c - what was said and measured. See predict_tasks.h.
 */
#include "predict_tasks.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "../run/kit.h"
#include "../tell/text.h"

const char *said_by(const struct task *task, const struct question *question)
{
    const struct answer *answer = answers_find(&task->answers, question);
    return answer != NULL ? answer->said : NULL;
}

size_t answered(const struct task *task)
{
    size_t count = 0;
    for (size_t i = 0; i < task->prediction->n; i++)
        count += said_by(task, &task->prediction->questions[i]) != NULL;
    return count;
}

char *measured_by(const struct task *task, const struct question *question)
{
    const char *value = task->done ? facts_find(&task->facts, question->name) : NULL;
    char *complaint = NULL;

    if (task->done && task->facts.skipped == NULL && value == NULL)
        kit_broken("the experiment %s says nothing of %s", task->prediction->name, question->name);
    if (value == NULL)
        return NULL;
    char *measured = answer_read(question, value, &complaint);
    free(complaint);
    return measured != NULL ? measured : kit_strdup(value);
}

bool agrees(const struct task *task, const struct question *question)
{
    const char *said = said_by(task, question);
    char *measured = measured_by(task, question);
    bool equal = said != NULL && measured != NULL && strcmp(said, measured) == 0;
    free(measured);
    return equal;
}

size_t agreed(const struct task *task)
{
    size_t count = 0;
    for (size_t i = 0; i < task->prediction->n; i++)
        count += agrees(task, &task->prediction->questions[i]);
    return count;
}

struct sums sums_of(const struct session *session)
{
    struct sums sums = {0};

    for (size_t i = 0; i < session->count; i++) {
        sums.questions += session->tasks[i].prediction->n;
        sums.answered += answered(&session->tasks[i]);
        sums.agreed += agreed(&session->tasks[i]);
    }
    return sums;
}

/* ---- Measuring ------------------------------------------------------------------------------ */

void tasks_measure(const struct session *session, struct task *tasks, size_t count)
{
    const struct prediction **list = NULL;
    struct facts *facts = kit_alloc((count + 1) * sizeof *facts);
    size_t n = 0, at = 0;

    for (size_t i = 0; i < count; i++)
        if (answered(&tasks[i]) > 0)
            *ARRAY_ADD(list, n) = tasks[i].prediction;
    experiments_run(list, n, session->draws ? &session->drawing : NULL, facts);
    for (size_t i = 0; i < count; i++)
        if (answered(&tasks[i]) > 0) {
            tasks[i].facts = facts[at++];
            tasks[i].done = true;
        }
    free(facts);
    free(list);
}

int keep_measured(const struct task *task)
{
    const struct prediction *prediction = task->prediction;
    int result = 0;

    for (size_t i = 0; i < prediction->n && result == 0; i++) {
        const struct question *question = &prediction->questions[i];
        char *measured = measured_by(task, question), *error = NULL;
        if (measured != NULL && said_by(task, question) != NULL)
            result = answers_keep_measured(task->path, prediction, question, measured,
                                           agrees(task, question), &error);
        if (result == -1)
            fprintf(stderr, "ipclab predict: %s\n", error);
        free(error);
        free(measured);
    }
    return result == 0 ? 0 : 3;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* cJSON's own helpers return NULL only when memory is out. */
static void *must(void *pointer)
{
    if (pointer == NULL)
        kit_broken("no memory for JSON");
    return pointer;
}

static void add_text_or_null(cJSON *object, const char *name, const char *text)
{
    char *clean = text != NULL ? text_utf8(text) : NULL;
    cJSON_AddItemToObject(object, name,
                          must(clean != NULL ? cJSON_CreateString(clean) : cJSON_CreateNull()));
    free(clean);
}

static cJSON *question_json(const struct task *task, const struct question *question)
{
    static const char *const kinds[] = {"choice", "number", "errno"};
    cJSON *object = must(cJSON_CreateObject());
    const char *said = said_by(task, question);
    char *measured = said != NULL ? measured_by(task, question) : NULL;

    must(cJSON_AddStringToObject(object, "name", question->name));
    must(cJSON_AddStringToObject(object, "kind", kinds[question->kind]));
    add_text_or_null(object, "said", said);
    add_text_or_null(object, "measured", measured);
    must(cJSON_AddBoolToObject(object, "agreed", agrees(task, question)));
    free(measured);
    return object;
}

static cJSON *task_json(const struct task *task)
{
    const struct prediction *prediction = task->prediction;
    cJSON *object = must(cJSON_CreateObject());

    must(cJSON_AddStringToObject(object, "id", prediction->id));
    must(cJSON_AddStringToObject(object, "lab", prediction->lab));
    must(cJSON_AddStringToObject(object, "title", prediction->title));
    add_text_or_null(object, "skipped", task->facts.skipped);
    cJSON *questions = must(cJSON_AddArrayToObject(object, "questions"));
    for (size_t i = 0; i < prediction->n; i++)
        cJSON_AddItemToArray(questions, question_json(task, &prediction->questions[i]));
    return object;
}

/* 0, or 3 with a message. */
int write_predictions_json(const struct session *session, const char *path)
{
    cJSON *object = must(cJSON_CreateObject());
    struct utsname machine;
    struct sums sums = sums_of(session);

    must(cJSON_AddNumberToObject(object, "schema", 1));
    must(cJSON_AddStringToObject(object, "kernel", uname(&machine) == 0 ? machine.release : ""));
    must(cJSON_AddNumberToObject(object, "questions", (double)sums.questions));
    must(cJSON_AddNumberToObject(object, "answered", (double)sums.answered));
    must(cJSON_AddNumberToObject(object, "agreed", (double)sums.agreed));
    cJSON *list = must(cJSON_AddArrayToObject(object, "predictions"));
    for (size_t i = 0; i < session->count; i++)
        cJSON_AddItemToArray(list, task_json(&session->tasks[i]));
    char *text = must(cJSON_Print(object));
    int result = 0;
    if (strcmp(path, "-") == 0)
        puts(text);
    else if ((result = kit_write_file(path, text, strlen(text))) == -1)
        fprintf(stderr, "ipclab predict: can't write %s: %s\n", path, strerror(errno));
    free(text);
    cJSON_Delete(object);
    return result == 0 ? 0 : 3;
}
