/*
 * shmlist.c - a list in shared memory, linked by offsets (APUE exercise 15.13).
 *
 */
#include "shmlist.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

// TODO: What is at the beginning of the segment, and what is an item? What can stand in it that
// means the same in every process?

// TODO: Functions that turn what is stored into an address, and back.

/* ---- The segment ---------------------------------------------------------------------------- */

int shmlist_init(struct shmlist *list, key_t key, size_t size)
{
    (void)list, (void)key, (void)size; // TODO: Make the segment, attach it, make an empty list.
    return -1;                         // TODO: What has to be given back if shmat fails?
}

int shmlist_attach(struct shmlist *list, key_t key)
{
    (void)list, (void)key; // TODO: How long is that segment? Is it a list at all?
    return -1;             // TODO
}

int shmlist_detach(struct shmlist *list)
{
    (void)list; // TODO
    return -1;  // TODO
}

/* ---- Items ---------------------------------------------------------------------------------- */

int shmlist_push(struct shmlist *list, int number, const char *text)
{
    (void)list, (void)number, (void)text; // TODO: Where is room for one more?
    return -1;                            // TODO
}

const char *shmlist_find(const struct shmlist *list, int number)
{
    (void)list, (void)number; // TODO
    return NULL;              // TODO
}

int shmlist_remove(struct shmlist *list, int number)
{
    (void)list, (void)number; // TODO: And what becomes of its room?
    return -1;                // TODO
}

void shmlist_foreach(const struct shmlist *list,
                     void (*visit)(int number, const char *text, void *data), void *data)
{
    (void)list, (void)visit, (void)data; // TODO
}
