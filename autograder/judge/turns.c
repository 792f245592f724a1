/*
 * turns.c - who ran, up to which line, and then who. See turns.h.
 */
#include "turns.h"

#include <stdlib.h>
#include <string.h>

#include "../run/calls.h"
#include "../run/kit.h"
#include "../tell/text.h"

enum { MOST_SHOWN = 24 };

static bool same_turn(const struct turn *a, const struct turn *b)
{
    return a->process == b->process && a->ends == b->ends && a->place.line == b->place.line &&
           (a->place.file == NULL) == (b->place.file == NULL);
}

/* What a turn ended before, in a learner's words. */
static char *end_of(const struct turn *turn)
{
    if (turn->call == NULL)
        return kit_strdup("an access to shared memory");
    return kit_format("%s()", call_is(turn->call, "fork") ? "fork" : call_spoken(turn->call));
}

static void tell_turn(struct text_buffer *told, const struct record *record,
                      const struct turn *turn, size_t number, const char *indentation)
{
    int process = record->processes[turn->process].number;
    if (turn->ends) {
        text_add(told, "%s%2zu. process %d runs to its end\n", indentation, number, process);
        return;
    }
    char *end = end_of(turn);
    char *function = turn->place.function != NULL ? kit_format(" in %s()", turn->place.function)
                                                  : kit_strdup("");
    text_add(told, "%s%2zu. process %d runs up to %s:%d%s, before %s\n", indentation, number,
             process, turn->place.file, turn->place.line, function, end);
    free(function);
    free(end);
}

char *turns_told(const struct record *record, const char *indentation)
{
    struct text_buffer told = {0};
    size_t shown = 0;
    for (size_t i = 0; i < record->n_turns; i++) {
        const struct turn *turn = &record->turns[i];
        if ((turn->place.file == NULL && !turn->ends) ||
            (i > 0 && same_turn(turn, &record->turns[i - 1])))
            continue;
        if (shown++ == MOST_SHOWN) {
            text_add(&told, "%s... and %zu turns more\n", indentation, record->n_turns - i);
            break;
        }
        tell_turn(&told, record, turn, shown, indentation);
    }
    return told.data != NULL ? told.data : kit_strdup("");
}
