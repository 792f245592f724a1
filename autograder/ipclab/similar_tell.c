/*
 * similar_tell.c - which submissions are alike, for a terminal and as JSON. See similar_tell.h.
 */
#include "similar_tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/json.h"
#include "../tell/terminal.h"
#include "../tell/text.h"

enum { SHOWN_NAME = 60, SHOWN_PASSAGES = 4, SCHEMA = 1 };

const char similar_caution[] =
    "This is no verdict. Small tasks have few good answers, and some passages come from a book, a "
    "lecture or the manual. Read both before you say anything to anybody.";

size_t similar_told(const struct similar *similar)
{
    return similar->alike->n_pairs < similar->most ? similar->alike->n_pairs : similar->most;
}

/* ---- For a terminal ------------------------------------------------------------------------- */

static char *shown_name(const char *name)
{
    return text_visible(name, strlen(name), SHOWN_NAME);
}

/* "pipeline.c:46-94"; owned by the caller. */
static char *place_text(const struct similar *similar, const struct alike_place *place)
{
    char *name = shown_name(similar->alike->sources[place->source].name);
    char *text = kit_format("%s:%u-%u", name, place->first, place->last);
    free(name);
    return text;
}

static void print_passage(const struct similar *similar, const struct alike_pair *pair,
                          const struct alike_passage *passage)
{
    char *left = place_text(similar, &passage->places[0]);
    char *right = place_text(similar, &passage->places[1]);
    size_t others = alike_others(similar->alike, pair, passage);

    printf("         %-24s | %-24s %4u tokens", left, right, passage->tokens);
    if (others > 0)
        printf(", as in %zu more", others);
    printf("\n");
    free(left);
    free(right);
}

static void print_exercise(const struct similar *similar, const struct alike_pair *pair,
                           const struct alike_exercise *exercise)
{
    printf("      %s %s: %u tokens alike, %u %% of the left one, %u %% of the right one\n",
           exercise->exercise->id, exercise->exercise->name, exercise->tokens,
           alike_percent(exercise, 0), alike_percent(exercise, 1));
    for (size_t i = 0; i < exercise->n_passages && i < SHOWN_PASSAGES; i++)
        print_passage(similar, pair, &exercise->passages[i]);
    if (exercise->n_passages > SHOWN_PASSAGES)
        printf("         and %zu shorter passages\n", exercise->n_passages - SHOWN_PASSAGES);
}

static void print_pair(const struct similar *similar, size_t number)
{
    const struct alike_pair *pair = &similar->alike->pairs[number];
    char *left = shown_name(similar->submissions->items[pair->submissions[0]].name);
    char *right = shown_name(similar->submissions->items[pair->submissions[1]].name);

    printf("\n%4zu. %s | %s\n", number + 1, left, right);
    for (size_t i = 0; i < pair->n_exercises; i++)
        print_exercise(similar, pair, &pair->exercises[i]);
    free(left);
    free(right);
}

void similar_print(const struct similar *similar)
{
    size_t n = similar->n_compared, told = similar_told(similar);
    char *wrapped = text_wrap(similar_caution, 0, terminal_for(stdout).width);

    printf(
        "%zu submissions compared. Of %zu pairs %zu %s a passage alike that the skeleton does not "
        "have.\n%s",
        n, n * (n - 1) / 2, similar->alike->n_pairs, similar->alike->n_pairs == 1 ? "has" : "have",
        wrapped);
    for (size_t i = 0; i < told; i++)
        print_pair(similar, i);
    if (told < similar->alike->n_pairs)
        printf("\n%zu more %s less alike; --pairs %zu tells all.\n", similar->alike->n_pairs - told,
               similar->alike->n_pairs - told == 1 ? "is" : "are", similar->alike->n_pairs);
    free(wrapped);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void add_place(struct cJSON *passage, const struct similar *similar, const char *key,
                      const struct alike_place *place)
{
    struct cJSON *json = json_object();

    json_add(passage, key, json);
    json_add_string(json, "file", similar->alike->sources[place->source].name);
    json_add_number(json, "first_line", place->first);
    json_add_number(json, "last_line", place->last);
}

static struct cJSON *exercise_to_json(const struct similar *similar, const struct alike_pair *pair,
                                      const struct alike_exercise *exercise)
{
    struct cJSON *json = json_object();

    json_add_string(json, "id", exercise->exercise->id);
    json_add_number(json, "alike_tokens", exercise->tokens);
    json_add_number(json, "left_tokens", exercise->own[0]);
    json_add_number(json, "right_tokens", exercise->own[1]);
    json_add_number(json, "left_percent", alike_percent(exercise, 0));
    json_add_number(json, "right_percent", alike_percent(exercise, 1));
    struct cJSON *passages = json_add_array(json, "passages");
    for (size_t i = 0; i < exercise->n_passages; i++) {
        const struct alike_passage *passage = &exercise->passages[i];
        struct cJSON *one = json_object();
        json_add_number(one, "tokens", passage->tokens);
        json_add_number(one, "others", (double)alike_others(similar->alike, pair, passage));
        add_place(one, similar, "left", &passage->places[0]);
        add_place(one, similar, "right", &passage->places[1]);
        json_append(passages, one);
    }
    return json;
}

static struct cJSON *pair_to_json(const struct similar *similar, const struct alike_pair *pair)
{
    struct cJSON *json = json_object();

    json_add_string(json, "left", similar->submissions->items[pair->submissions[0]].name);
    json_add_string(json, "right", similar->submissions->items[pair->submissions[1]].name);
    struct cJSON *exercises = json_add_array(json, "exercises");
    for (size_t i = 0; i < pair->n_exercises; i++)
        json_append(exercises, exercise_to_json(similar, pair, &pair->exercises[i]));
    return json;
}

char *similar_json(const struct similar *similar)
{
    struct cJSON *json = json_object();

    json_add_number(json, "schema", SCHEMA);
    json_add_string(json, "note", similar_caution);
    json_add_number(json, "submissions", (double)similar->n_compared);
    json_add_number(json, "pairs_alike", (double)similar->alike->n_pairs);
    struct cJSON *pairs = json_add_array(json, "pairs");
    for (size_t i = 0; i < similar_told(similar); i++)
        json_append(pairs, pair_to_json(similar, &similar->alike->pairs[i]));
    return json_text(json);
}
