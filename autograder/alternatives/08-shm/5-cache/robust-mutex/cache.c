/*
 * cache.c - the clients' side of a cache in shared memory.
 *
 * The lock is a robust mutex in the segment. Its next owner learns that the last one has died, and
 * need not repair anything for that: see table.h.
 */
#include "cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "table.h"

struct cache {
    struct table *table;
};

/* ---- Joining and leaving -------------------------------------------------------------------- */

struct cache *cache_open(key_t key)
{
    int segment = shmget(key, 0, 0);
    struct cache *cache;

    if (segment == -1 || (cache = malloc(sizeof *cache)) == NULL)
        return NULL;
    void *table = shmat(segment, NULL, 0);
    if (table == (void *)-1) {
        int error = errno;
        free(cache);
        errno = error;
        return NULL;
    }
    *cache = (struct cache){.table = table};
    return cache;
}

int cache_close(struct cache *cache)
{
    int result = shmdt(cache->table);
    free(cache);
    return result;
}

/* ---- The lock ------------------------------------------------------------------------------- */

static int unlock(struct cache *cache)
{
    errno = pthread_mutex_unlock(&cache->table->lock);
    return errno == 0 ? 0 : -1;
}

static int lock(struct cache *cache)
{
    int error = pthread_mutex_lock(&cache->table->lock);

    if (error == EOWNERDEAD)
        error = pthread_mutex_consistent(&cache->table->lock);
    if (error == 0 && cache->table->closed) {
        unlock(cache);
        error = EIDRM;
    }
    errno = error;
    return error == 0 ? 0 : -1;
}

/* ---- The table, with the lock taken --------------------------------------------------------- */

/* NULL: there is none of that name. */
static struct entry *find(struct table *table, const char *name)
{
    for (uint32_t i = 0; i < table->slots; i++) {
        struct entry *entry = &table->slot[i];
        if (i != table->spare && entry->used != 0 && strcmp(entry->name, name) == 0)
            return entry;
    }
    return NULL;
}

/* One in which there is nothing counts as used before all others. */
static struct entry *find_oldest(struct table *table)
{
    struct entry *oldest = NULL;

    for (uint32_t i = 0; i < table->slots; i++)
        if (i != table->spare && (oldest == NULL || table->slot[i].used < oldest->used))
            oldest = &table->slot[i];
    return oldest;
}

/* The entry that is there in place of the old one, all at once. */
static void replace(struct table *table, const struct entry *old, const char *name,
                    const void *value, size_t length)
{
    struct entry *entry = &table->slot[table->spare];

    strcpy(entry->name, name);
    if (length > 0) /* value may be NULL then */
        memcpy(entry->value, value, length);
    entry->length = (uint32_t)length;
    entry->used = ++table->clock;
    table->spare = (uint32_t)(old - table->slot);
}

int cache_put(struct cache *cache, const char *name, const void *value, size_t length)
{
    struct table *table = cache->table;

    if (name[0] == '\0' || strlen(name) >= CACHE_NAME || length > CACHE_VALUE) {
        errno = EINVAL;
        return -1;
    }
    if (lock(cache) == -1)
        return -1;
    struct entry *old = find(table, name);
    replace(table, old != NULL ? old : find_oldest(table), name, value, length);
    return unlock(cache);
}

int cache_get(struct cache *cache, const char *name, void *value)
{
    struct table *table = cache->table;
    int length = -1;

    if (lock(cache) == -1)
        return -1;
    struct entry *entry = find(table, name);
    if (entry != NULL) {
        length = (int)entry->length;
        memcpy(value, entry->value, entry->length);
        entry->used = ++table->clock;
    }
    if (unlock(cache) == -1)
        return -1;
    if (length == -1)
        errno = ENOENT;
    return length;
}
