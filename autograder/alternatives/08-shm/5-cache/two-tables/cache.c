/*
 * cache.c - the clients' side of a cache in shared memory.
 *
 * A lock that comes free when its owner dies, by SEM_UNDO, and a table that nobody changes in
 * place.
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
    struct tables *tables;
    int set;
};

struct cache *cache_open(key_t key)
{
    struct cache *cache = calloc(1, sizeof *cache);
    int segment = cache != NULL ? shmget(key, 0, 0) : -1;

    if (cache == NULL)
        return NULL;
    cache->set = semget(key, 1, 0);
    if (segment != -1 && cache->set != -1) {
        cache->tables = shmat(segment, NULL, 0);
        if (cache->tables != (void *)-1)
            return cache;
    }
    int error = errno;
    free(cache);
    errno = error;
    return NULL;
}

int cache_close(struct cache *cache)
{
    int result = shmdt(cache->tables);
    free(cache);
    return result;
}

static int add_to_lock(const struct cache *cache, short by)
{
    struct sembuf operation = {0, by, SEM_UNDO};
    while (semop(cache->set, &operation, 1) == -1)
        if (errno != EINTR)
            return -1;
    return 0;
}

static struct entry *table_of(struct tables *tables, int which)
{
    return &tables->entry[which * tables->entries];
}

/* Its index, or -1. */
static int find(struct tables *tables, const char *name)
{
    struct entry *table = table_of(tables, tables->current);
    for (int i = 0; i < tables->entries; i++)
        if (table[i].used != 0 && strcmp(table[i].name, name) == 0)
            return i;
    return -1;
}

static int find_oldest(struct tables *tables)
{
    struct entry *table = table_of(tables, tables->current);
    int oldest = 0;
    for (int i = 1; i < tables->entries; i++)
        if (table[i].used < table[oldest].used)
            oldest = i;
    return oldest;
}

int cache_put(struct cache *cache, const char *name, const void *value, size_t length)
{
    struct tables *tables = cache->tables;

    if (*name == '\0' || strlen(name) > CACHE_NAME - 1 || length > CACHE_VALUE) {
        errno = EINVAL;
        return -1;
    }
    if (add_to_lock(cache, -1) == -1)
        return -1;
    int other = 1 - tables->current, at = find(tables, name);
    if (at == -1)
        at = find_oldest(tables);
    struct entry *table = table_of(tables, other);
    memcpy(table, table_of(tables, tables->current), (size_t)tables->entries * sizeof *table);
    table[at].used = ++tables->clock;
    table[at].length = (int)length;
    strcpy(table[at].name, name);
    memcpy(table[at].value, value, length);
    tables->current = other;
    return add_to_lock(cache, 1);
}

int cache_get(struct cache *cache, const char *name, void *value)
{
    struct tables *tables = cache->tables;
    int length = -1;

    if (add_to_lock(cache, -1) == -1)
        return -1;
    int at = find(tables, name);
    if (at != -1) {
        struct entry *entry = &table_of(tables, tables->current)[at];
        length = entry->length;
        memcpy(value, entry->value, (size_t)length);
        entry->used = ++tables->clock;
    }
    if (add_to_lock(cache, 1) == -1)
        return -1;
    if (at == -1)
        errno = ENOENT;
    return length;
}
