/*
 * catalogue.h - the pages that explain: one for each kind of finding and each misconception, in
 * autograder/explain/NAME.md under the kit's root. Dropping a page in registers it.
 *
 * A page starts with "# NAME — title". A page of a misconception may end with a line
 * "Met in: 1.1 1.3", the exercises that are made to catch it.
 */
#ifndef IPCLAB_CATALOGUE_H
#define IPCLAB_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

/* The text of a page, or NULL when there is none of that name. Owned by the caller. */
char *catalogue_page(const char *name);
/* What stands after "— " in its first line; NULL when there is no such page. Owned by the caller.
 */
char *catalogue_title(const char *name);
/* All names, sorted. The array and each name are owned by the caller. */
char **catalogue_names(size_t *n);
/* Does the page's "Met in:" line name this exercise ("1.3")? */
bool catalogue_met_in(const char *page, const char *exercise_id);
/* Is it a name that a page may have: small letters, digits and dashes? */
bool catalogue_is_name(const char *word);

#endif
