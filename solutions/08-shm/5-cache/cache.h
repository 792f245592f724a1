/*
 * cache.h - a cache in shared memory, as its clients use it.
 *
 *     struct cache *cache = cache_open(0x1234);        the key that `cached` was started with
 *     cache_put(cache, "apple", "red", 3);
 *     int length = cache_get(cache, "apple", buffer);  3
 *     cache_close(cache);
 *
 * There may be any number of clients at the same time, and each may be killed at any moment.
 *
 * The functions print nothing and never end the process. EIDRM (or EINVAL, of a call that has met
 * an identifier that is no longer one): the server has ended, and the cache is no more.
 */
#ifndef CACHE_H
#define CACHE_H

#include <stddef.h>
#include <sys/types.h>

enum {
    CACHE_NAME = 32,   /* room for a name with its NUL */
    CACHE_VALUE = 4096 /* bytes in a value, at most */
};

/* What a client has of it: defined in your cache.c. */
struct cache;

/*
 * Joins the cache with that key. Returns NULL with errno: ENOENT there is none; or as shmget(2),
 * shmat(2), semget(2), malloc(3) set it, and then nothing is left attached.
 */
struct cache *cache_open(key_t key);

/* Leaves it. What is in the cache stays there. 0, or -1 with errno. */
int cache_close(struct cache *cache);

/*
 * Puts a value under that name, in place of the one that was there; if there was none, and the
 * cache is full, in place of the entry that has not been used for the longest time. It is used by
 * this.
 *
 * name: 1 to CACHE_NAME - 1 bytes and a NUL. value: length bytes of any kind, 0 to CACHE_VALUE.
 * Returns 0, or -1 with errno: EINVAL the name or the value is too long or the name is empty;
 * EIDRM.
 */
int cache_put(struct cache *cache, const char *name, const void *value, size_t length);

/*
 * Gets the value of that name. The entry is used by this.
 *
 * value: room for CACHE_VALUE bytes. Returns the number of bytes, or -1 with errno: ENOENT there is
 * no such name (any more), EIDRM.
 */
int cache_get(struct cache *cache, const char *name, void *value);

#endif
