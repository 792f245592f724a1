/*
 * shmlist.c - a list in shared memory, linked by offsets (APUE exercise 15.13).
 *
 *     0                                                                              size
 *     ├──────┬────────┬────────┬────────┬──────────────────────────────────────────────┤
 *     │ head │ item   │ item   │ item   │ never used                                   │
 *     └──┬───┴──▲──┬──┴────────┴──▲─────┴──────────────────────────────────────────────┘
 *        └──────┘  └──────────────┘
 *
 * What is shared is bytes. An address means something in one process only, and even there only
 * until the detach; the distance from the segment's beginning is the same for everybody. So all
 * that is stored are offsets, and 0 (where the head is) stands for "none".
 */
#include "shmlist.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

static const uint64_t magic = 0x74736c6d68732e31; /* whoever joins knows by it what this is */

/* At offset 0. */
struct head {
    uint64_t magic;
    uint64_t size;  /* of the segment for which the list was made */
    uint64_t first; /* offset of the foremost item */
    uint64_t spare; /* offset of the first one that was removed */
    uint64_t fresh; /* where the bytes begin that no item has ever used */
};

struct item {
    uint64_t next; /* offset */
    int32_t number;
    char text[SHMLIST_TEXT];
};

_Static_assert(sizeof(struct head) <= SHMLIST_HEAD, "the head is too long");
_Static_assert(sizeof(struct item) <= SHMLIST_ITEM, "an item is too long");

static struct head *head_of(const struct shmlist *list)
{
    return (struct head *)(void *)list->base;
}

/* From an offset to an address, here and now. NULL: none. */
static struct item *item_at(const struct shmlist *list, uint64_t offset)
{
    return offset != 0 ? (struct item *)(void *)(list->base + offset) : NULL;
}

static uint64_t offset_of(const struct shmlist *list, const struct item *item)
{
    return (uint64_t)((const char *)item - list->base);
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
    *head_of(list) = (struct head){.magic = magic, .size = size, .fresh = sizeof(struct head)};
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

/* Room for one more: of an item that was removed, or fresh. NULL with errno ENOSPC. */
static struct item *take_room(struct shmlist *list)
{
    struct head *head = head_of(list);
    struct item *item = item_at(list, head->spare);

    if (item != NULL) {
        head->spare = item->next;
        return item;
    }
    if (list->size - head->fresh < sizeof *item) {
        errno = ENOSPC;
        return NULL;
    }
    item = item_at(list, head->fresh);
    head->fresh += sizeof *item;
    return item;
}

int shmlist_push(struct shmlist *list, int number, const char *text)
{
    size_t length = strlen(text);

    if (length >= SHMLIST_TEXT) {
        errno = EINVAL;
        return -1;
    }
    struct item *item = take_room(list);
    if (item == NULL)
        return -1;
    item->number = number;
    memcpy(item->text, text, length + 1);
    item->next = head_of(list)->first;
    head_of(list)->first = offset_of(list, item);
    return 0;
}

/* Where the offset of the foremost item with that number is written; NULL with errno ENOENT. */
static uint64_t *link_to(const struct shmlist *list, int number)
{
    uint64_t *link = &head_of(list)->first;

    while (*link != 0 && item_at(list, *link)->number != number)
        link = &item_at(list, *link)->next;
    if (*link != 0)
        return link;
    errno = ENOENT;
    return NULL;
}

const char *shmlist_find(const struct shmlist *list, int number)
{
    const uint64_t *link = link_to(list, number);
    return link != NULL ? item_at(list, *link)->text : NULL;
}

int shmlist_remove(struct shmlist *list, int number)
{
    uint64_t *link = link_to(list, number);

    if (link == NULL)
        return -1;
    struct item *item = item_at(list, *link);
    *link = item->next;
    item->next = head_of(list)->spare;
    head_of(list)->spare = offset_of(list, item);
    return 0;
}

void shmlist_foreach(const struct shmlist *list,
                     void (*visit)(int number, const char *text, void *data), void *data)
{
    for (const struct item *item = item_at(list, head_of(list)->first); item != NULL;
         item = item_at(list, item->next))
        visit(item->number, item->text, data);
}
