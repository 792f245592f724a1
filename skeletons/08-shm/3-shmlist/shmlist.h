/*
 * shmlist.h - a list of short texts in a System V shared memory segment.
 *
 *     struct shmlist list;
 *     shmlist_init(&list, 0x1234, 4096);      one process makes the segment and an empty list in it
 *     shmlist_push(&list, 7, "seven");
 *
 *     struct shmlist same;
 *     shmlist_attach(&same, 0x1234);          another one, or the same once more, joins
 *     puts(shmlist_find(&same, 7));
 *
 * Each attach may lie at another address, and the list is the same in all of them. Nothing is
 * locked: the callers see to it that one of them changes the list while no other one uses it.
 *
 * Every int function returns 0, or -1 with errno; then nothing has changed and nothing is left
 * behind. None prints, and none ends the process.
 */
#ifndef SHMLIST_H
#define SHMLIST_H

#include <stddef.h>
#include <sys/types.h>

enum {
    SHMLIST_TEXT = 40, /* room for a text with its NUL */
    SHMLIST_HEAD = 64, /* of the segment's bytes, the list itself takes no more than these ... */
    SHMLIST_ITEM = 64  /* ... and each item no more than these */
};

/* One attach, as this process knows it. It lies in the memory of the process, not in the segment.
 */
struct shmlist {
    char *base;  /* where the segment begins here: shmat(2) has chosen it */
    size_t size; /* the segment's bytes */
};

/*
 * Makes a new segment with that key and that many bytes (mode 0600), attaches it, and makes an
 * empty list in it.
 *
 * errno: EEXIST there is one with that key; EINVAL the size is less than SHMLIST_HEAD; or as
 * shmget(2), shmat(2) set it.
 */
int shmlist_init(struct shmlist *list, key_t key, size_t size);

/*
 * Attaches the segment with that key, whatever its size.
 *
 * errno: ENOENT there is none; EINVAL what is in it is not such a list, or not the whole of one; or
 * as shmctl(2), shmat(2) set it.
 */
int shmlist_attach(struct shmlist *list, key_t key);

/* Detaches it. The segment and the list stay. errno: as shmdt(2) sets it. */
int shmlist_detach(struct shmlist *list);

/*
 * Adds an item at the front. There may be several with the same number.
 *
 * errno: EINVAL the text is too long (SHMLIST_TEXT); ENOSPC there is no room left in the segment.
 */
int shmlist_push(struct shmlist *list, int number, const char *text);

/*
 * Finds the foremost item with that number. Returns its text, which lies in the segment; it stays
 * valid until the item is removed or the list detached. NULL with errno ENOENT: there is none.
 */
const char *shmlist_find(const struct shmlist *list, int number);

/* Removes the foremost item with that number; its room can be used again. errno: ENOENT. */
int shmlist_remove(struct shmlist *list, int number);

/* Calls visit for each item from the front to the end. data is handed on to it. */
void shmlist_foreach(const struct shmlist *list,
                     void (*visit)(int number, const char *text, void *data), void *data);

#endif
