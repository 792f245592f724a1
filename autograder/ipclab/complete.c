/*
 * complete.c - what a shell may offer for the word that is being typed. See complete.h.
 */
#include "complete.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suites/registry.h"
#include "../tell/catalogue.h"
#include "../tell/formats.h"
#include "pack.h"
#include "predictions.h"

static void offer_checks(const struct exercise *exercise)
{
    for (size_t i = 0; i < exercise->n_checks; i++)
        printf("%s.%s\t%d points\n", exercise->id, exercise->checks[i]->name,
               exercise->checks[i]->points);
}

/* Digits are completed to ids, letters to names. */
static void offer_ids(const char *typed)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);
    bool names = isalpha((unsigned char)typed[0]) != 0;

    for (size_t i = 0; i < n; i++) {
        printf("%s\t%s\n", names ? strchr(labs[i]->name, '-') + 1 : labs[i]->id, labs[i]->title);
        for (size_t j = 0; j < labs[i]->n; j++) {
            const struct exercise *exercise = labs[i]->exercises[j];
            size_t length = strlen(exercise->id);
            printf("%s\t%s\n", names ? exercise->name : exercise->id, exercise->title);
            if (strncmp(typed, exercise->id, length) == 0 && typed[length] == '.')
                offer_checks(exercise);
        }
    }
}

/* Labs and predictions, but no exercises: what `ipclab predict` takes. */
static void offer_predictions(void)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);

    for (size_t i = 0; i < n; i++)
        printf("%s\t%s\n", labs[i]->id, labs[i]->title);
    const struct prediction *predictions = predictions_all(&n);
    for (size_t i = 0; i < n; i++)
        printf("%s\t%s\n", predictions[i].id, predictions[i].title);
}

static void offer_pages(void)
{
    size_t n;
    char **names = catalogue_names(&n);

    for (size_t i = 0; i < n; i++) {
        char *title = catalogue_title(names[i]);
        printf("%s\t%s\n", names[i], title != NULL ? title : "");
        free(title);
        free(names[i]);
    }
    free(names);
}

static void offer_formats(void)
{
    for (const struct format *format = formats_all(); format->name != NULL; format++)
        printf("%s\t%s\n", format->name, format->purpose);
}

static void offer_platforms(void)
{
    const char *purpose, *name;
    for (size_t i = 0; (name = pack_platform(i, &purpose)) != NULL; i++)
        printf("%s\t%s\n", name, purpose);
}

void complete_words(const char *called, const char *typed)
{
    bool page = strstr(called, "NAME") != NULL;
    bool id = page || strstr(called, "WHAT") != NULL || strstr(called, "LAB") != NULL ||
              strstr(called, "EXERCISE") != NULL;

    if (page)
        offer_pages();
    if (strstr(called, "FORMAT") != NULL)
        offer_formats();
    if (strstr(called, "PLATFORM") != NULL)
        offer_platforms();
    if (strstr(called, "Pn") != NULL)
        offer_predictions();
    else if (id)
        offer_ids(typed);
    else if (called[0] != '\0')
        printf("@files\n");
}
