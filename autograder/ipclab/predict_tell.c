/*
 * predict_tell.c - predictions, as a person reads them. See predict_tell.h.
 */
#include "predict_tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/text.h"

void print_wrapped(const struct session *session, const char *text, int indent)
{
    char *wrapped = text_wrap(text, indent, session->terminal.width);
    printf("%s", wrapped);
    if (wrapped[0] != '\0' && wrapped[strlen(wrapped) - 1] != '\n')
        printf("\n");
    free(wrapped);
}

static const char *colour(const struct session *session, const char *code)
{
    return session->terminal.colour ? code : "";
}

void print_title(const struct session *session, const struct prediction *prediction)
{
    printf("%s%s  %s%s\n", colour(session, "\x1b[1m"), prediction->id, prediction->title,
           colour(session, "\x1b[0m"));
}

/* The word, and for a choice what it stands for. Owned by the caller. */
static char *in_full(const struct question *question, const char *word)
{
    for (size_t i = 0; i < question->n_choices; i++)
        if (strcmp(question->choices[i].word, word) == 0)
            return kit_strdup(question->choices[i].text);
    char *shown = text_visible(word, strlen(word), 80);
    return shown;
}

/* One side of the comparison. code: its colour. */
static void print_side(const struct session *session, const char *label, const char *full,
                       const char *verdict, const char *code)
{
    char *line = kit_format("    %s   %s%s", label, full, verdict);

    printf("%s", colour(session, code));
    print_wrapped(session, line, 0);
    printf("%s", colour(session, "\x1b[0m"));
    free(line);
}

static void print_outcome(const struct session *session, const struct task *task,
                          const struct question *question)
{
    const char *said = said_by(task, question);
    char *measured = measured_by(task, question);
    bool equal = agrees(task, question);

    print_wrapped(session, question->text, 2);
    char *full = said != NULL ? in_full(question, said) : kit_strdup("nothing yet");
    print_side(session, "you said", full, "", "");
    free(full);
    if (said != NULL && measured != NULL) {
        full = in_full(question, measured);
        print_side(session, "measured", full, equal ? "   (as you said)" : "   (not as you said)",
                   equal ? "\x1b[32m" : "\x1b[31m");
        free(full);
    }
    free(measured);
}

/* What the experiment prints beside the answers. */
static void print_other_facts(const struct task *task)
{
    for (size_t i = 0; i < task->facts.count; i++) {
        const struct fact *fact = &task->facts.items[i];
        if (question_find(task->prediction, fact->name) != NULL ||
            strcmp(fact->name, "skipped") == 0)
            continue;
        char *name = kit_strdup(fact->name);
        for (char *c = name; *c != '\0'; c++)
            *c = *c == '_' ? ' ' : *c;
        char *value = text_visible(fact->value, strlen(fact->value), 200);
        printf("    also seen: %s: %s\n", name, value);
        free(value);
        free(name);
    }
}

static void print_explanation(const struct session *session, const struct prediction *prediction)
{
    printf("\n");
    print_wrapped(session, prediction->why, 2);
    if (prediction->elsewhere != NULL) {
        printf("\n  %sElsewhere%s\n", colour(session, "\x1b[1m"), colour(session, "\x1b[0m"));
        print_wrapped(session, prediction->elsewhere, 2);
    }
    printf("\n  The experiment: ipclab predict %s --source   (drawn: --text)\n\n", prediction->id);
}

/* The explanation only to those who have said something to all of it. */
void print_result(const struct session *session, const struct task *task)
{
    const struct prediction *prediction = task->prediction;

    for (size_t i = 0; i < prediction->n; i++)
        print_outcome(session, task, &prediction->questions[i]);
    if (task->facts.skipped != NULL)
        printf("  not measured: %s\n", task->facts.skipped);
    if (answered(task) < prediction->n) {
        printf("  to answer the rest: ipclab predict %s\n\n", prediction->id);
        return;
    }
    print_other_facts(task);
    if (task->facts.picture != NULL)
        printf("\n%s", task->facts.picture);
    print_explanation(session, prediction);
}

void print_report(const struct session *session)
{
    struct sums sums = sums_of(session);

    for (size_t i = 0; i < session->count; i++) {
        const struct task *task = &session->tasks[i];
        print_title(session, task->prediction);
        if (task->done)
            print_result(session, task);
        else
            printf("  not answered\n\n");
    }
    printf("%zu predictions, %zu questions: %zu answered, %zu as measured\n", session->count,
           sums.questions, sums.answered, sums.agreed);
}

void print_overview(const struct session *session)
{
    const char *lab = "";

    for (size_t i = 0; i < session->count; i++) {
        const struct task *task = &session->tasks[i];
        const struct prediction *prediction = task->prediction;
        if (strcmp(lab, prediction->lab) != 0)
            printf("%s%s\n", i > 0 ? "\n" : "", prediction->lab);
        lab = prediction->lab;
        printf("  %-4s %-44s %zu of %zu answered\n", prediction->id, prediction->title,
               answered(task), prediction->n);
    }
    printf("\nto answer: ipclab predict LAB, or ipclab predict Pn\n");
}
