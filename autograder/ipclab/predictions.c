/*
 * predictions.c - the predictions. See predictions.h.
 */
#define _GNU_SOURCE /* strerrorname_np(3) */
#include "predictions.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../run/kit.h"
#include "../tell/text.h"
#include "kit_paths.h"

enum { LARGEST_ERRNO = 4095 };

/* ---- Reading a file ------------------------------------------------------------------------- */

struct reader {
    const char *path;
    int line;
    struct prediction *prediction;
    struct text_buffer text; /* of the section so far */
    bool in_choice;          /* the last line began a choice, or went on with one */
    char **target;           /* where the text belongs when the section ends */
};

static _Noreturn void malformed(const struct reader *reader, const char *what)
{
    errno = 0;
    kit_broken("%s, line %d: %s", reader->path, reader->line, what);
}

static struct question *last_question(const struct reader *reader)
{
    struct prediction *prediction = reader->prediction;
    return prediction->n > 0 ? &prediction->questions[prediction->n - 1] : NULL;
}

static void end_section(struct reader *reader)
{
    struct text_buffer *text = &reader->text;

    while (text->length > 0 && isspace((unsigned char)text->data[text->length - 1]))
        text->data[--text->length] = '\0';
    if (text->length > 0)
        *reader->target = text->data;
    else
        free(text->data);
    *text = (struct text_buffer){0};
    reader->in_choice = false;
}

/* "NAME: KIND" */
static void begin_question(struct reader *reader, const char *heading)
{
    static const char *const kinds[] = {"choice", "number", "errno"};
    const char *colon = strchr(heading, ':');
    struct prediction *prediction = reader->prediction;

    if (colon == NULL || colon == heading)
        malformed(reader, "a question begins \"## NAME: choice\", number or errno");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(colon + 1 + strspn(colon + 1, " "), kinds[i]) != 0)
            continue;
        struct question *question = ARRAY_ADD(prediction->questions, prediction->n);
        question->name = kit_strndup(heading, (size_t)(colon - heading));
        question->kind = (enum answer_kind)i;
        reader->target = &question->text;
        return;
    }
    malformed(reader, "the kind of an answer is choice, number or errno");
}

static void begin_section(struct reader *reader, const char *heading)
{
    end_section(reader);
    if (strcmp(heading, "Why") == 0)
        reader->target = &reader->prediction->why;
    else if (strcmp(heading, "Elsewhere") == 0)
        reader->target = &reader->prediction->elsewhere;
    else
        begin_question(reader, heading);
}

/* "word: what it means" */
static void begin_choice(struct reader *reader, const char *item)
{
    struct question *question = last_question(reader);
    const char *colon = strstr(item, ": ");

    if (colon == NULL)
        malformed(reader, "a choice is \"- WORD: what it means\"");
    struct choice *choice = ARRAY_ADD(question->choices, question->n_choices);
    choice->word = kit_strndup(item, (size_t)(colon - item));
    choice->text = kit_strdup(colon + 2);
    reader->in_choice = true;
}

static void continue_choice(const struct reader *reader, const char *line)
{
    const struct question *question = last_question(reader);
    struct choice *choice = &question->choices[question->n_choices - 1];
    char *longer = kit_format("%s %s", choice->text, line + strspn(line, " "));

    free(choice->text);
    choice->text = longer;
}

/* Lines of a paragraph are joined: they are broken again for the terminal. */
static void add_text(struct reader *reader, const char *line)
{
    struct text_buffer *text = &reader->text;

    if (line[0] == '\0') {
        reader->in_choice = false;
        if (text->length > 0 && text->data[text->length - 1] != '\n')
            text_add(text, "\n\n");
        return;
    }
    bool joins = text->length > 0 && text->data[text->length - 1] != '\n';
    text_add(text, "%s%s", joins ? " " : "", line);
}

static void take_line(struct reader *reader, const char *line)
{
    const struct question *question = last_question(reader);
    bool asks = question != NULL && reader->target == &question->text;

    if (strncmp(line, "## ", 3) == 0)
        begin_section(reader, line + 3);
    else if (strcmp(line, "Needs: another user") == 0)
        reader->prediction->another_user = true;
    else if (asks && question->kind == ANSWER_CHOICE && strncmp(line, "- ", 2) == 0)
        begin_choice(reader, line + 2);
    else if (reader->in_choice && line[0] == ' ')
        continue_choice(reader, line);
    else
        add_text(reader, line);
}

/* "# P7 — Title" */
static void take_title(struct reader *reader, const char *line)
{
    static const char dash[] = " \xe2\x80\x94 ";
    struct prediction *prediction = reader->prediction;
    const char *title = strstr(line, dash);
    char *wanted = kit_format("# %s%s", prediction->id, dash);

    if (title == NULL || strncmp(line, wanted, strlen(wanted)) != 0)
        malformed(reader, "it begins \"# P7 \xe2\x80\x94 TITLE\", with the number of its name");
    prediction->title = kit_strdup(title + strlen(dash));
    free(wanted);
}

static void look_whether_whole(const struct reader *reader)
{
    const struct prediction *prediction = reader->prediction;

    if (prediction->n == 0 || prediction->why == NULL)
        malformed(reader, "it has no question, or no \"## Why\"");
    for (size_t i = 0; i < prediction->n; i++) {
        const struct question *question = &prediction->questions[i];
        if (question->text == NULL)
            malformed(reader, "a question has no text");
        if (question->kind == ANSWER_CHOICE && question->n_choices < 2)
            malformed(reader, "a question has fewer than two choices");
    }
}

static void read_prediction(const char *path, struct prediction *prediction)
{
    struct reader reader = {path, 0, prediction, {0}, false, &prediction->intro};
    char *text = kit_read_file(path, NULL), *rest = text;

    if (text == NULL)
        kit_broken("reading %s", path);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (reader.line++ == 0)
            take_title(&reader, line);
        else
            take_line(&reader, line);
    }
    end_section(&reader);
    look_whether_whole(&reader);
    free(text);
}

/* ---- All of them ---------------------------------------------------------------------------- */

static struct prediction *all;
static size_t n_all;

/* .../labs/01-pipes/predictions/P7-closed-ends.md */
static void add_prediction(const char *path)
{
    struct prediction *prediction = ARRAY_ADD(all, n_all);
    const char *file = strrchr(path, '/') + 1, *lab = file - strlen("/predictions/");

    while (lab > path && lab[-1] != '/')
        lab--;
    prediction->lab = kit_strndup(lab, strcspn(lab, "/"));
    prediction->name = kit_strndup(file, strlen(file) - strlen(".md"));
    prediction->id = kit_strndup(file, strcspn(file, "-."));
    prediction->number = atoi(prediction->id + 1);
    read_prediction(path, prediction);
}

static int compare(const void *a, const void *b)
{
    const struct prediction *one = a, *other = b;
    int by_lab = strcmp(one->lab, other->lab);
    return by_lab != 0 ? by_lab : one->number - other->number;
}

const struct prediction *predictions_all(size_t *n)
{
    static bool read;

    if (!read) {
        char *pattern = kit_path("labs/[0-9]*/predictions/P[0-9]*.md");
        glob_t found = {0};
        if (glob(pattern, 0, NULL, &found) == 0)
            for (size_t i = 0; i < found.gl_pathc; i++)
                add_prediction(found.gl_pathv[i]);
        globfree(&found);
        free(pattern);
        if (n_all > 0)
            qsort(all, n_all, sizeof *all, compare);
        read = true;
    }
    *n = n_all;
    return all;
}

const struct prediction *prediction_find(const char *id)
{
    size_t n;
    const struct prediction *predictions = predictions_all(&n);

    for (size_t i = 0; i < n; i++)
        if (strcasecmp(predictions[i].id, id) == 0)
            return &predictions[i];
    return NULL;
}

const struct question *question_find(const struct prediction *prediction, const char *name)
{
    for (size_t i = 0; i < prediction->n; i++)
        if (strcasecmp(prediction->questions[i].name, name) == 0)
            return &prediction->questions[i];
    return NULL;
}

/* ---- What a person typed -------------------------------------------------------------------- */

/* Without blanks; "|" is "+". Owned by the caller. */
static char *squeeze(const char *typed)
{
    char *word = kit_strdup(typed), *to = word;

    for (const char *from = typed; *from != '\0'; from++)
        if (!isspace((unsigned char)*from))
            *to++ = *from == '|' ? '+' : *from;
    *to = '\0';
    return word;
}

/* "b", "B)" or "b.": the second choice; -1: it is no letter of a choice. */
static int by_letter(const struct question *question, const char *word)
{
    int place = tolower((unsigned char)word[0]) - 'a';
    bool alone = word[0] != '\0' &&
                 (word[1] == '\0' || strcmp(word + 1, ")") == 0 || strcmp(word + 1, ".") == 0);
    return alone && place >= 0 && (size_t)place < question->n_choices ? place : -1;
}

static char *read_choice(const struct question *question, const char *word, char **complaint)
{
    int place = by_letter(question, word);

    if (place >= 0)
        return kit_strdup(question->choices[place].word);
    for (size_t i = 0; i < question->n_choices; i++)
        if (strcasecmp(question->choices[i].word, word) == 0)
            return kit_strdup(question->choices[i].word);
    struct text_buffer words = {0};
    for (size_t i = 0; i < question->n_choices; i++)
        text_add(&words, "%s%s",
                 i == 0                        ? ""
                 : i + 1 < question->n_choices ? ", "
                                               : " or ",
                 question->choices[i].word);
    *complaint = kit_format("the answer is a letter from a to %c, or one of these words: %s",
                            (char)('a' + question->n_choices - 1), words.data);
    free(words.data);
    return NULL;
}

/* Digits with a sign; commas, dots below or apostrophes between them; K or KiB: times 1024. */
static char *read_number(const char *word, char **complaint)
{
    char digits[24];
    size_t n = 0;
    const char *at = word;
    long long factor = 1;

    if (*at == '+' || *at == '-')
        digits[n++] = *at++;
    for (; *at != '\0' && n + 1 < sizeof digits && strchr("0123456789,_'", *at) != NULL; at++)
        if (isdigit((unsigned char)*at))
            digits[n++] = *at;
    digits[n] = '\0';
    if (strcasecmp(at, "k") == 0 || strcasecmp(at, "kib") == 0)
        factor = 1024, at += strlen(at);
    if (*at != '\0' || n == 0 || !isdigit((unsigned char)digits[n - 1]) || n > 12) {
        *complaint = kit_strdup("the answer is a whole number, for example 42 or -1");
        return NULL;
    }
    return kit_format("%lld", strtoll(digits, NULL, 10) * factor);
}

static char *read_errno(const char *word, char **complaint)
{
    static const char *const other_names[][2] = {
        {"EWOULDBLOCK", "EAGAIN"    },
        {"ENOTSUP",     "EOPNOTSUPP"},
        {"NO",          "none"      },
        {"NOERROR",     "none"      },
        {"WORKS",       "none"      },
        {"ITWORKS",     "none"      },
        {"NONE",        "none"      },
        {"0",           "none"      },
    };

    for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++)
        if (strcasecmp(word, other_names[i][0]) == 0)
            return kit_strdup(other_names[i][1]);
    for (int error = 1; error <= LARGEST_ERRNO; error++)
        if (strerrorname_np(error) != NULL && strcasecmp(word, strerrorname_np(error)) == 0)
            return kit_strdup(strerrorname_np(error));
    *complaint = kit_strdup("the answer is the name of an error, for example EINVAL or EPIPE (they "
                            "are listed in errno(3)), or none");
    return NULL;
}

char *answer_read(const struct question *question, const char *typed, char **complaint)
{
    char *word = squeeze(typed);
    char *answer = question->kind == ANSWER_CHOICE   ? read_choice(question, word, complaint)
                   : question->kind == ANSWER_NUMBER ? read_number(word, complaint)
                                                     : read_errno(word, complaint);
    free(word);
    return answer;
}
