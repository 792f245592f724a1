/*
 * naming.h - which variable or member an access to shared memory was to.
 */
#ifndef IPCLAB_NAMING_H
#define IPCLAB_NAMING_H

#include "../run/record.h"

/*
 * The expression of the source ("ring->head") that a note (RACE_READ or RACE_WRITE) stands for, or
 * NULL when that is not certain. Belongs to the record.
 *
 * Each use in the statement (struct race_use) that fits the note in kind, size and place says where
 * its pointer would have to point. It stays possible only if all that was seen of that line fits as
 * well. A name is given when one alone is left.
 */
const char *naming_of(const struct record *record, const struct race_note *note);

#endif
