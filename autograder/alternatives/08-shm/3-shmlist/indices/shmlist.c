/*
 * shmlist.c - a list in shared memory, linked by the indices of its items.
 *
 * The segment is an array of items behind a head. A link is the index of an item, from 1; 0 is
 * none. All items that are not in the list are in a second list, that of the free ones.
 */
#include "shmlist.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

static const uint64_t magic = 0x74736c6d68732e31; /* whoever joins knows by it what this is */

struct item {
    uint32_t next; /* index */
    int32_t number;
    char text[SHMLIST_TEXT];
};

/* At the beginning. */
struct head {
    uint64_t magic;
    uint64_t size; /* of the segment */
    uint32_t first, free;
};

_Static_assert(sizeof(struct head) <= SHMLIST_HEAD, "the head is too long");
_Static_assert(sizeof(struct item) <= SHMLIST_ITEM, "an item is too long");

static struct head *head_of(const struct shmlist *list)
{
    return (struct head *)(void *)list->base;
}

static struct item *item_at(const struct shmlist *list, uint32_t index)
{
    return (struct item *)(void *)(head_of(list) + 1) + (index - 1);
}

/* ---- The segment ---------------------------------------------------------------------------- */

static int attach(struct shmlist *list, int id, size_t size)
{
    void *base = shmat(id, NULL, 0);

    if (base == (void *)-1)
        return -1;
    list->base = base;
    list->size = size;
    return 0;
}

int shmlist_init(struct shmlist *list, key_t key, size_t size)
{
    if (size < SHMLIST_HEAD) {
        errno = EINVAL;
        return -1;
    }
    int id = shmget(key, size, IPC_CREAT | IPC_EXCL | 0600);
    if (id == -1)
        return -1;
    if (attach(list, id, size) == -1) {
        int error = errno;
        shmctl(id, IPC_RMID, NULL); /* we have made it, and nobody else knows of it */
        errno = error;
        return -1;
    }
    struct head *head = head_of(list);
    *head = (struct head){.magic = magic, .size = size};
    for (uint32_t i = (uint32_t)((size - sizeof *head) / sizeof(struct item)); i > 0; i--) {
        item_at(list, i)->next = head->free;
        head->free = i;
    }
    return 0;
}

int shmlist_attach(struct shmlist *list, key_t key)
{
    struct shmid_ds status;
    int id = shmget(key, 0, 0); /* any size will do */

    /* How long it is only the kernel knows for certain: what is written in it may be anybody's. */
    if (id == -1 || shmctl(id, IPC_STAT, &status) == -1)
        return -1;
    if (status.shm_segsz < sizeof(struct head)) {
        errno = EINVAL;
        return -1;
    }
    if (attach(list, id, status.shm_segsz) == -1)
        return -1;
    if (head_of(list)->magic != magic || head_of(list)->size != list->size) {
        shmdt(list->base);
        errno = EINVAL;
        return -1;
    }
    return 0;
}

int shmlist_detach(struct shmlist *list)
{
    return shmdt(list->base);
}

/* ---- Items ---------------------------------------------------------------------------------- */

int shmlist_push(struct shmlist *list, int number, const char *text)
{
    struct head *head = head_of(list);
    uint32_t index = head->free;

    if (strlen(text) >= SHMLIST_TEXT || index == 0) {
        errno = index == 0 && strlen(text) < SHMLIST_TEXT ? ENOSPC : EINVAL;
        return -1;
    }
    struct item *item = item_at(list, index);
    head->free = item->next;
    item->number = number;
    strcpy(item->text, text);
    item->next = head->first;
    head->first = index;
    return 0;
}

/* The link that leads to the foremost item with that number, or the last one, which is 0. */
static uint32_t *link_to(const struct shmlist *list, int number)
{
    uint32_t *link = &head_of(list)->first;

    while (*link != 0 && item_at(list, *link)->number != number)
        link = &item_at(list, *link)->next;
    if (*link == 0)
        errno = ENOENT;
    return link;
}

const char *shmlist_find(const struct shmlist *list, int number)
{
    uint32_t index = *link_to(list, number);
    return index != 0 ? item_at(list, index)->text : NULL;
}

int shmlist_remove(struct shmlist *list, int number)
{
    uint32_t *link = link_to(list, number), index = *link;

    if (index == 0)
        return -1;
    *link = item_at(list, index)->next;
    item_at(list, index)->next = head_of(list)->free;
    head_of(list)->free = index;
    return 0;
}

void shmlist_foreach(const struct shmlist *list,
                     void (*visit)(int number, const char *text, void *data), void *data)
{
    for (uint32_t i = head_of(list)->first; i != 0; i = item_at(list, i)->next)
        visit(item_at(list, i)->number, item_at(list, i)->text, data);
}
