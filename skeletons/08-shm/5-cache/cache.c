/*
 * cache.c - the clients' side of a cache in shared memory.
 *
 *     client ──┐   LOCK   ┌───────┬───────┬───────┬───────┐
 *     client ──┼────◄►────┤ entry │ entry │ spare │ entry │        cached has made it, and waits
 *     client ──┘          └───────┴───────┴───────┴───────┘
 *
 */
#include "cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "table.h"

struct cache {
    int nothing_yet; // TODO: what does a client have to know?
};

/* ---- Joining and leaving -------------------------------------------------------------------- */

struct cache *cache_open(key_t key)
{
    (void)key;      // TODO: Find the objects. What has to be given back if shmat fails?
    errno = ENOSYS; // TODO
    return NULL;    // TODO
}

int cache_close(struct cache *cache)
{
    (void)cache; // TODO
    return -1;   // TODO
}

/* ---- The lock ------------------------------------------------------------------------------- */

// TODO: Take it, give it back. For what reasons may semop return -1? What if we are killed now?

/* ---- The table, with the lock taken --------------------------------------------------------- */

// TODO: Find an entry by its name; find the one that has not been used for the longest time.
// TODO: Put a new one in its place.

int cache_put(struct cache *cache, const char *name, const void *value, size_t length)
{
    (void)cache, (void)name, (void)value, (void)length; // TODO
    return -1;                                          // TODO
}

int cache_get(struct cache *cache, const char *name, void *value)
{
    (void)cache, (void)name, (void)value; // TODO
    return -1;                            // TODO
}
