/*
 * shmlist.c - a list in shared memory, linked by distances.
 *
 * A link holds how far it is from itself to what it leads to: the same wherever the segment lies. A
 * distance of 0, to itself, is "none". Removed items are in a second list.
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
    int64_t first;  /* distance to the foremost item */
    int64_t spare;  /* distance to the first one that was removed */
    uint64_t fresh; /* where the bytes begin that no item has ever used */
};

struct item {
    int64_t next; /* distance */
    int32_t number;
    char text[SHMLIST_TEXT];
};

_Static_assert(sizeof(struct head) <= SHMLIST_HEAD, "the head is too long");
_Static_assert(sizeof(struct item) <= SHMLIST_ITEM, "an item is too long");

static struct head *head_of(const struct shmlist *list)
{
    return (struct head *)(void *)list->base;
}

static struct item *follow(int64_t *link)
{
    return *link != 0 ? (struct item *)(void *)((char *)link + *link) : NULL;
}

static void set_link(int64_t *link, const struct item *item)
{
    *link = item != NULL ? (const char *)item - (const char *)link : 0;
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
    struct item *item = follow(&head->spare);

    if (item != NULL) {
        set_link(&head->spare, follow(&item->next));
        return item;
    }
    if (list->size - head->fresh < sizeof *item) {
        errno = ENOSPC;
        return NULL;
    }
    item = (struct item *)(void *)(list->base + head->fresh);
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
    set_link(&item->next, follow(&head_of(list)->first));
    set_link(&head_of(list)->first, item);
    return 0;
}

/* Where the distance of the foremost item with that number is written; NULL with errno ENOENT. */
static int64_t *link_to(const struct shmlist *list, int number)
{
    int64_t *link = &head_of(list)->first;

    while (*link != 0 && follow(link)->number != number)
        link = &follow(link)->next;
    if (*link != 0)
        return link;
    errno = ENOENT;
    return NULL;
}

const char *shmlist_find(const struct shmlist *list, int number)
{
    int64_t *link = link_to(list, number);
    return link != NULL ? follow(link)->text : NULL;
}

int shmlist_remove(struct shmlist *list, int number)
{
    int64_t *link = link_to(list, number);

    if (link == NULL)
        return -1;
    struct item *item = follow(link);
    set_link(link, follow(&item->next));
    set_link(&item->next, follow(&head_of(list)->spare));
    set_link(&head_of(list)->spare, item);
    return 0;
}

void shmlist_foreach(const struct shmlist *list,
                     void (*visit)(int number, const char *text, void *data), void *data)
{
    for (struct item *item = follow(&head_of(list)->first); item != NULL;
         item = follow(&item->next))
        visit(item->number, item->text, data);
}
