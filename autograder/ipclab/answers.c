/*
 * answers.c - what a learner answered, and what was measured then. See answers.h.
 */
#include "answers.h"

#include <errno.h>
#include <ini.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/text.h"
#include "kit_paths.h"
#include "state.h"

char *answers_path(const char *work, const char *lab)
{
    return kit_format("%s/%s/predictions.ini", work, lab);
}

void answers_clear(struct answers *answers)
{
    for (size_t i = 0; i < answers->count; i++) {
        free(answers->items[i].said);
        free(answers->items[i].measured);
    }
    free(answers->items);
    free(answers->last_section);
    *answers = (struct answers){0};
}

const struct answer *answers_find(const struct answers *answers, const struct question *question)
{
    for (size_t i = 0; i < answers->count; i++)
        if (answers->items[i].question == question)
            return &answers->items[i];
    return NULL;
}

/* ---- Reading -------------------------------------------------------------------------------- */

struct parse {
    const char *rest; /* of the text */
    int line;
    struct answers *answers;
    char *complaint; /* the first; NULL: none */
    int complaint_line;
};

static void complain(struct parse *parse, char *complaint)
{
    if (parse->complaint != NULL) {
        free(complaint);
        return;
    }
    parse->complaint = complaint;
    parse->complaint_line = parse->line;
}

/* For inih: as fgets(3). A line that is too long for it is left out, and told. */
static char *next_line(char *line, int size, void *stream)
{
    struct parse *parse = stream;
    size_t length = strcspn(parse->rest, "\n");
    bool fits = length + 2 <= (size_t)size;

    if (parse->rest[0] == '\0')
        return NULL;
    parse->line++;
    if (!fits)
        complain(parse, kit_strdup("this line is too long"));
    snprintf(line, (size_t)size, "%.*s\n", fits ? (int)length : 0, parse->rest);
    parse->rest += length + (parse->rest[length] == '\n');
    return line;
}

static struct answer *answer_to(struct answers *answers, const struct prediction *prediction,
                                const struct question *question)
{
    for (size_t i = 0; i < answers->count; i++)
        if (answers->items[i].question == question)
            return &answers->items[i];
    struct answer *answer = ARRAY_ADD(answers->items, answers->count);
    answer->prediction = prediction;
    answer->question = question;
    return answer;
}

static void take_said(struct parse *parse, struct answer *answer, const char *value)
{
    char *complaint = NULL, *said = answer_read(answer->question, value, &complaint);

    if (said == NULL)
        complain(parse, kit_format("\"%s\" is no answer to %s: %s", value, answer->question->name,
                                   complaint));
    else if (answer->said != NULL)
        complain(parse, kit_format("%s is answered twice; take one out", answer->question->name));
    else
        answer->said = kit_strdup(said);
    free(said);
    free(complaint);
}

/* "measured" or "agreed", which the kit has written. */
static void take_outcome(struct parse *parse, struct answer *answer, const char *what,
                         const char *value)
{
    if (strcmp(what, "measured") == 0) {
        free(answer->measured);
        answer->measured = kit_strdup(value);
    } else if (strcmp(what, "agreed") == 0 &&
               (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)) {
        answer->agreed = strcmp(value, "yes") == 0;
    } else {
        complain(parse, kit_strdup("after the dot comes measured, or agreed with yes or no"));
    }
}

static void take_pair(struct parse *parse, const struct prediction *prediction, const char *name,
                      const char *value)
{
    size_t length = strcspn(name, ".");
    char *asked = kit_strndup(name, length);
    const struct question *question = question_find(prediction, asked);

    if (question == NULL)
        complain(parse, kit_format("%s has no question \"%s\"", prediction->id, asked));
    else if (name[length] == '\0')
        take_said(parse, answer_to(parse->answers, prediction, question), value);
    else
        take_outcome(parse, answer_to(parse->answers, prediction, question), name + length + 1,
                     value);
    free(asked);
}

/* For inih: 1, or 0 when the line is wrong. */
static int take(void *user, const char *section, const char *name, const char *value)
{
    struct parse *parse = user;
    const struct prediction *prediction = prediction_find(section);
    bool first = parse->complaint == NULL;

    free(parse->answers->last_section);
    parse->answers->last_section = kit_strdup(section);
    if (section[0] == '\0')
        complain(parse, kit_strdup("before the answers comes a line like [P1]"));
    else if (prediction == NULL)
        complain(parse, kit_format("there is no prediction \"%s\"", section));
    else
        take_pair(parse, prediction, name, value);
    return !(first && parse->complaint != NULL);
}

static char *first_fault(const struct parse *parse, int wrong_line)
{
    if (parse->complaint != NULL && (wrong_line <= 0 || parse->complaint_line <= wrong_line))
        return text_printable(parse->complaint);
    return kit_strdup("it should be \"question = answer\", or [P1]");
}

int answers_load(const char *path, struct answers *answers, char **error)
{
    size_t length;
    char *text = kit_read_file(path, &length);
    struct parse parse = {text, 0, answers, NULL, 0};

    *answers = (struct answers){0};
    if (text == NULL && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (text == NULL || strlen(text) != length) {
        *error = kit_format("%s can't be read: %s", path,
                            text == NULL ? strerror(errno) : "it is no text file");
        free(text);
        return -1;
    }
    int wrong_line = ini_parse_stream(next_line, &parse, take, &parse);
    if (wrong_line < 0)
        kit_broken("inih has no memory");
    if (wrong_line > 0 || parse.complaint != NULL) {
        bool ours =
            parse.complaint != NULL && (wrong_line == 0 || parse.complaint_line <= wrong_line);
        char *fault = first_fault(&parse, wrong_line);
        *error =
            kit_format("%s, line %d: %s", path, ours ? parse.complaint_line : wrong_line, fault);
        free(fault);
    }
    bool good = wrong_line == 0 && parse.complaint == NULL;
    free(parse.complaint);
    free(text);
    return good ? 0 : -1;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static int make_folder_of(const char *path)
{
    char *copy = kit_strdup(path);
    int made = make_folders(dirname(copy));
    free(copy);
    return made;
}

/* The file with more lines at its end. */
static int append(const char *path, const char *last_section, const char *section,
                  const char *lines, char **error)
{
    char *old = kit_read_file(path, NULL);
    struct text_buffer text = {0};

    if (old == NULL)
        text_add(&text, "; Your predictions, and what came out. An answer once given stands.\n");
    else
        text_add(&text, "%s%s", old, old[0] == '\0' || old[strlen(old) - 1] == '\n' ? "" : "\n");
    if (last_section == NULL || strcmp(last_section, section) != 0)
        text_add(&text, "\n[%s]\n", section);
    text_add(&text, "%s", lines);
    int result = make_folder_of(path) == -1 ? -1 : kit_write_file(path, text.data, text.length);
    if (result == -1)
        *error = kit_format("%s can't be written: %s", path, strerror(errno));
    free(text.data);
    free(old);
    return result;
}

/* Reads the file again first: another terminal may have answered meanwhile. */
static int keep(const char *path, const struct prediction *prediction,
                const struct question *question, const char *lines, bool outcome, char **error)
{
    struct answers now = {0};
    int result = answers_load(path, &now, error);
    const struct answer *answer = answers_find(&now, question);
    bool there = answer != NULL && (outcome ? answer->measured : answer->said) != NULL;

    if (result == 0 && !there)
        result = append(path, now.last_section, prediction->id, lines, error);
    answers_clear(&now);
    return result;
}

int answers_keep(const char *path, const struct prediction *prediction,
                 const struct question *question, const char *said, char **error)
{
    char *line = kit_format("%s = %s\n", question->name, said);
    int result = keep(path, prediction, question, line, false, error);
    free(line);
    return result;
}

int answers_keep_measured(const char *path, const struct prediction *prediction,
                          const struct question *question, const char *measured, bool agreed,
                          char **error)
{
    char *lines = kit_format("%s.measured = %s\n%s.agreed = %s\n", question->name, measured,
                             question->name, agreed ? "yes" : "no");
    int result = keep(path, prediction, question, lines, true, error);
    free(lines);
    return result;
}

/* ---- Counting ------------------------------------------------------------------------------- */

static void count_one(const struct answers *answers, const struct prediction *prediction,
                      struct answers_count *count)
{
    size_t said = 0, agreed = 0;

    for (size_t i = 0; i < prediction->n; i++) {
        const struct answer *answer = answers_find(answers, &prediction->questions[i]);
        said += answer != NULL && answer->said != NULL;
        agreed += answer != NULL && answer->said != NULL && answer->agreed;
    }
    count->predictions++;
    count->answered += said == prediction->n;
    count->agreed += agreed == prediction->n;
}

struct answers_count answers_count(const char *work, const char *lab)
{
    struct answers_count count = {0};
    struct answers answers = {0};
    size_t n;
    const struct prediction *predictions = predictions_all(&n);
    char *path = answers_path(work, lab), *error = NULL;

    if (answers_load(path, &answers, &error) == -1)
        fprintf(stderr, "ipclab: note: %s\n", error);
    for (size_t i = 0; i < n; i++)
        if (strcmp(predictions[i].lab, lab) == 0)
            count_one(&answers, &predictions[i], &count);
    answers_clear(&answers);
    free(error);
    free(path);
    return count;
}
