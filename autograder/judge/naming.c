/*
 * naming.c - which variable or member an access to shared memory was to. See naming.h.
 */
#include "naming.h"

#include <stdlib.h>
#include <string.h>

#include "../race/log.h"
#include "../run/kit.h"

/* More that is different at one line, or more elements to try: no name. */
enum { MOST_SEEN = 2000, MOST_TRIED = 2000 };

/* The accesses of one line, each kind of them once. */
struct line {
    const struct record *record;
    const struct race_site *site;
    const struct race_note **seen;
    size_t n_seen;
};

static bool is_access(const struct race_note *note)
{
    return note->kind == RACE_READ || note->kind == RACE_WRITE;
}

static bool at_same_line(const struct record *record, const struct race_note *a,
                         const struct race_note *b)
{
    if (a->site < 0 || a->mapping != b->mapping || !is_access(a))
        return false;
    const struct place *one = &record->sites[a->site].place;
    const struct place *other = &record->sites[b->site].place;
    return a->site == b->site || (one->file != NULL && other->file != NULL &&
                                  one->line == other->line && strcmp(one->file, other->file) == 0);
}

static bool is_new(const struct line *line, const struct race_note *note)
{
    for (size_t i = line->n_seen; i-- > 0;) {
        const struct race_note *seen = line->seen[i];
        if (seen->offset == note->offset && seen->size == note->size && seen->kind == note->kind &&
            seen->flags == note->flags)
            return false;
    }
    return true;
}

/* false: too many. */
static bool collect(struct line *line, const struct race_note *note)
{
    const struct record *record = line->record;
    for (size_t i = 0; i < record->n_notes; i++) {
        const struct race_note *other = &record->notes[i];
        if (!at_same_line(record, other, note) || !is_new(line, other))
            continue;
        if (line->n_seen == MOST_SEEN)
            return false;
        *ARRAY_ADD(line->seen, line->n_seen) = other;
    }
    return true;
}

/* An atomic operation of either kind may be noted as one alone. */
static bool fits_in_kind(const struct race_use *use, const struct race_note *note)
{
    if ((note->flags & RACE_ATOMIC) != 0)
        return true;
    return note->kind == RACE_WRITE ? use->writes : use->reads;
}

/* Is the note one of the use, if its pointer points to `base`? A copy of an array is one note. */
static bool fits(const struct race_use *use, uint64_t base, const struct race_note *note)
{
    uint64_t size = (uint64_t)note->size, from = base + use->offset;

    if (use->step == 0 || !fits_in_kind(use, note) || note->offset < from)
        return false;
    uint64_t within = note->offset - from;
    if (use->count > 0 &&
        (within >= use->step * use->count || size > use->step * use->count - within))
        return false;
    if (use->size == 0)
        return true;
    if (within % use->step != 0)
        return false;
    return size == use->size || (use->step == use->size && size % use->size == 0);
}

/* Could it be one of the use, wherever its pointer points to? */
static bool fits_anywhere(const struct race_use *use, const struct race_note *note)
{
    if (note->offset < use->offset)
        return false;
    return fits(use, note->offset - use->offset, note);
}

static bool explains(const struct race_site *site, const char *base, uint64_t at,
                     const struct race_note *note)
{
    for (size_t i = 0; i < site->n_uses; i++) {
        const struct race_use *use = &site->uses[i];
        if (strcmp(use->base, base) == 0 ? fits(use, at, note) : fits_anywhere(use, note))
            return true;
    }
    return false;
}

static bool all_explained(const struct line *line, const char *base, uint64_t at)
{
    for (size_t i = 0; i < line->n_seen; i++)
        if (!explains(line->site, base, at, line->seen[i]))
            return false;
    return true;
}

/* Is there a place for the pointer with which the note is one of the use, and all else is
 * explained? Tried are those with which it is the first element, the second, ... */
static bool is_possible(const struct line *line, const struct race_use *use,
                        const struct race_note *note)
{
    uint64_t elements = use->count > 0 ? use->count : MOST_TRIED;

    for (uint64_t i = 0; i < elements && i < MOST_TRIED; i++) {
        uint64_t distance = use->offset + i * use->step;
        if (distance > note->offset)
            return false;
        uint64_t base = note->offset - distance;
        if (fits(use, base, note) && all_explained(line, use->base, base))
            return true;
    }
    /* an element that lies too far from the start to have been tried may be it */
    return elements > MOST_TRIED && fits(use, 0, note) && all_explained(line, use->base, 0);
}

static const char *choose(const struct line *line, const struct race_note *note)
{
    const char *name = NULL;

    for (size_t i = 0; i < line->site->n_uses; i++) {
        const struct race_use *use = &line->site->uses[i];
        if ((name != NULL && strcmp(use->text, name) == 0) || !is_possible(line, use, note))
            continue;
        if (name != NULL)
            return NULL;
        name = use->text;
    }
    return name;
}

const char *naming_of(const struct record *record, const struct race_note *note)
{
    if (note->site < 0 || note->size <= 0 || !is_access(note))
        return NULL;
    struct line line = {.record = record, .site = &record->sites[note->site]};
    const char *name = NULL;
    if (line.site->n_uses > 0 && collect(&line, note))
        name = choose(&line, note);
    free(line.seen);
    return name;
}
