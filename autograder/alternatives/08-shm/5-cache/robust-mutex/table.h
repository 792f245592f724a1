/*
 * table.h - what lies in shared memory, for the server that makes it and the clients that use it.
 *
 * There is one slot more than entries: `spare` is the one that is not in the cache. Who puts
 * something writes it there first. Nobody looks at the spare slot, so it does no harm if he is
 * killed in the middle. Then one store, that of the new `spare`, lets the new entry in and the old
 * one out. Before it there is the old table, after it the new one, and never anything in between.
 */
#ifndef TABLE_H
#define TABLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "cache.h"

struct entry {
    uint64_t used; /* the clock when it was used last; 0: there is nothing in it */
    uint32_t length;
    char name[CACHE_NAME];
    char value[CACHE_VALUE];
};

struct table {
    pthread_mutex_t lock; /* robust: who comes after a dead owner gets EOWNERDEAD */
    _Atomic int closed;   /* the server has ended */
    uint64_t clock;
    uint32_t slots; /* one more than entries */
    /* Atomic, so that no store of the compiler's moves past it. */
    _Atomic uint32_t spare;
    struct entry slot[];
};

#endif
