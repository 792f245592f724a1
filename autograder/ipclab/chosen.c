/*
 * chosen.c - which exercises a command is about. See chosen.h.
 */
#include "chosen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "state.h"

int choose_words(const struct command_help *help, struct selection *selection, char **words)
{
    if (*words == NULL)
        selection_add_all(selection);
    for (; *words != NULL; words++) {
        char *error;
        if (selection_add(selection, *words, &error) == 0)
            continue;
        usage_error(help, "%s", error);
        free(error);
        return -1;
    }
    return 0;
}

int choose_list(const struct command_help *help, struct selection *selection, const char *list)
{
    char *copy = kit_strdup(list), *rest = NULL;
    int result = 0;
    selection_clear(selection);
    for (char *word = strtok_r(copy, ",", &rest); word != NULL && result == 0;
         word = strtok_r(NULL, ",", &rest)) {
        char *words[] = {word, NULL};
        result = choose_words(help, selection, words);
    }
    free(copy);
    return result;
}

/* An exercise that was named and was not started, or NULL. */
static const struct exercise *named_but_missing(const struct selection *selection, const char *dir)
{
    for (size_t i = 0; i < selection->count; i++)
        if (selection->items[i].named && !was_started(dir, selection->items[i].exercise))
            return selection->items[i].exercise;
    return NULL;
}

int choose_started(const struct command_help *help, struct selection *selection, const char *dir)
{
    const struct exercise *missing = named_but_missing(selection, dir);
    size_t kept = 0, count = selection->count;

    if (missing != NULL) {
        fprintf(stderr,
                "ipclab %s: there is no folder %s/%s\n"
                "type: ipclab start %s   (or say where it is with --dir)\n",
                help->name, dir, missing->folder, missing->id);
        return -1;
    }
    const char *first = count > 0 ? selection->items[0].exercise->id : "1";
    for (size_t i = 0; i < count; i++)
        if (was_started(dir, selection->items[i].exercise))
            selection->items[kept++] = selection->items[i];
    selection->count = kept; /* the others have no list of checks to free: they were not named */
    if (kept > 0)
        return 0;
    fprintf(stderr,
            "ipclab %s: nothing to %s: none of the exercises is in %s\n"
            "type: ipclab start %s   (or say where the programs are with --dir)\n",
            help->name, help->name, dir, first);
    return -1;
}
