/*
 * uses.h - what a line of source may have accessed: the variables and members in its statement,
 * with their places in memory.
 */
#ifndef IPCLAB_USES_H
#define IPCLAB_USES_H

#include "places.h"

/*
 * Fills site->text and site->uses for code at pc, where the source can be read and is not younger
 * than the program; site->place is there, and is forgotten if the code is of no one line. sources:
 * see race_new().
 */
void uses_find(struct image *image, uint64_t pc, const char *sources, struct race_site *site);

#endif
