/*
 * notes.c - remarks on a submission. See notes.h.
 */
#include "notes.h"

#include <stdarg.h>
#include <stdlib.h>

#include "../run/kit.h"

void notes_add(struct notes *notes, const char *format, ...)
{
    va_list args;

    if (notes->count >= MOST_NOTES) {
        notes->left_out++;
        return;
    }
    va_start(args, format);
    *ARRAY_ADD(notes->lines, notes->count) = kit_vformat(format, args);
    va_end(args);
}

void notes_close(struct notes *notes)
{
    if (notes->left_out > 0)
        *ARRAY_ADD(notes->lines, notes->count) =
            kit_format("%zu more remarks of this kind are left out.", notes->left_out);
    notes->left_out = 0;
}

void notes_clear(struct notes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        free(notes->lines[i]);
    free(notes->lines);
    *notes = (struct notes){0};
}
