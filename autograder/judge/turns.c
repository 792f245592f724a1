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

/* Is it a line of the learner's, or an end? Others (a program's start, say) are nobody's news. */
static bool is_told(const struct turn *turn)
{
    return turn->place.file != NULL || turn->ends;
}

/* The next turn to tell, from there on: of several in a row by one process, the last. */
static const struct turn *next_turn(const struct record *record, size_t *from)
{
    const struct turn *next = NULL;
    for (; *from < record->n_turns; (*from)++) {
        const struct turn *turn = &record->turns[*from];
        if (!is_told(turn))
            continue;
        if (next != NULL && next->process != turn->process)
            break;
        next = turn;
    }
    return next;
}

/* The same process before the same line of the same function. */
static bool is_alike(const struct turn *a, const struct turn *b)
{
    return a != NULL && a->process == b->process && a->ends == b->ends && a->call == b->call &&
           a->place.line == b->place.line;
}

/* Two who have changed places in the same way: once more is told, more often is counted. */
static void tell_repeated(struct text_buffer *told, const struct record *record,
                          const struct turn *last, size_t again, size_t *shown,
                          const char *indentation)
{
    if (again == 1)
        tell_turn(told, record, last, ++*shown, indentation);
    else if (again > 1)
        text_add(told, "%s    (and so on in turns, %zu times)\n", indentation, again);
}

char *turns_told(const struct record *record, const char *indentation)
{
    struct text_buffer told = {0};
    const struct turn *turn, *last = NULL, *before = NULL;
    size_t at = 0, shown = 0, again = 0;
    while ((turn = next_turn(record, &at)) != NULL && shown < MOST_SHOWN) {
        bool repeats = is_alike(before, turn);
        if (!repeats) {
            tell_repeated(&told, record, last, again, &shown, indentation);
            tell_turn(&told, record, turn, ++shown, indentation);
        }
        again = repeats ? again + 1 : 0;
        before = last;
        last = turn;
    }
    tell_repeated(&told, record, last, again, &shown, indentation);
    if (turn != NULL)
        text_add(&told, "%s    (and so on)\n", indentation);
    return told.data != NULL ? told.data : kit_strdup("");
}
