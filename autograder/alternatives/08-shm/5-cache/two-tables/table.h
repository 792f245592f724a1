/*
 * table.h - what lies in shared memory, for the server that makes it and the clients that use it.
 *
 * The table is there twice, and `current` says which one is valid. Who changes something copies the
 * valid one into the other one, changes that, and then `current`: one store.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdatomic.h>

#include "cache.h"

struct entry {
    long used; /* 0: nothing is in it */
    int length;
    char name[CACHE_NAME];
    char value[CACHE_VALUE];
};

struct tables {
    long clock;
    int entries;
    _Atomic int current;  /* 0 or 1 */
    struct entry entry[]; /* twice as many as entries */
};

#endif
