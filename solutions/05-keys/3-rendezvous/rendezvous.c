/*
 * rendezvous.c - whoever comes first makes the segment, the others find it. See rendezvous.h.
 *
 * shmget with IPC_CREAT and IPC_EXCL decides who makes it, and that would be all if there were
 * nothing to do afterwards. But between shmget and the last word of the header there is a segment
 * without one, and somebody who comes just then can not tell it from a stranger's. So all of it,
 * looking, making and filling in, is one step to others: who does it holds a lock on the file.
 *
 * Why that lock: every caller knows the file, and the kernel lets go of the lock when its holder
 * dies. flock(2) belongs to the open file description, so threads of one process exclude each other
 * too, and the caller's own record locks on the file survive our close(2).
 */
#include "rendezvous.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(int error)
{
    errno = error;
    return -1;
}

/* close(2) and its kin, on the way out of a failure, shall not change why. */
static int close_keeping_errno(int fd)
{
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Waits until nobody else is at it. close(2) lets go of the lock. */
static int open_and_lock(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd == -1)
        return -1;
    while (flock(fd, LOCK_EX) == -1)
        if (errno != EINTR)
            return close_keeping_errno(fd);
    return fd;
}

/* A new segment with this header. It is removed again if it cannot be filled in. */
static int make_segment(key_t key, const struct rv_header *header)
{
    int id = shmget(key, RV_DATA + header->bytes, IPC_CREAT | IPC_EXCL | 0600);
    if (id == -1)
        return -1;
    struct rv_header *there = shmat(id, NULL, 0);
    if (there == (void *)-1) {
        int error = errno;
        shmctl(id, IPC_RMID, NULL);
        return fail(error);
    }
    there->bytes = header->bytes;
    there->device = header->device;
    there->inode = header->inode;
    there->project = header->project;
    there->magic = RV_MAGIC;
    shmdt(there);
    return id;
}

static int read_header(int id, struct rv_header *header)
{
    const struct rv_header *there = shmat(id, NULL, SHM_RDONLY);
    if (there == (void *)-1)
        return -1;
    *header = *there;
    return shmdt(there);
}

static bool is_same_place(const struct rv_header *a, const struct rv_header *b)
{
    return a->magic == b->magic && a->device == b->device && a->inode == b->inode &&
           a->project == b->project;
}

/* Is what we have found what we have been looking for? 0, or -1 with errno. */
static int check_segment(int id, const struct rv_header *wanted)
{
    struct shmid_ds state;
    struct rv_header header;
    if (shmctl(id, IPC_STAT, &state) == -1)
        return -1;
    if (state.shm_segsz < RV_DATA)
        return fail(EEXIST);
    if (read_header(id, &header) == -1)
        return -1;
    if (!is_same_place(&header, wanted) || state.shm_segsz - RV_DATA != header.bytes)
        return fail(EEXIST);
    return header.bytes == wanted->bytes ? 0 : fail(EINVAL);
}

/* Size 0: we take what there is, and look at it ourselves. */
static int find_or_make(key_t key, const struct rv_header *wanted, int *created)
{
    int id = shmget(key, 0, 0);
    if (id == -1 && errno != ENOENT)
        return -1;
    *created = id == -1;
    if (*created)
        return make_segment(key, wanted);
    return check_segment(id, wanted) == -1 ? -1 : id;
}

int rv_attach(const char *path, int proj, size_t n, int *created)
{
    struct stat file;
    if (n == 0 || n > SIZE_MAX - RV_DATA || (proj & 0xff) == 0)
        return fail(EINVAL);
    int fd = open_and_lock(path);
    if (fd == -1)
        return -1;
    errno = 0; /* a key may have all bits set */
    key_t key = ftok(path, proj);
    if ((key == (key_t)-1 && errno != 0) || fstat(fd, &file) == -1)
        return close_keeping_errno(fd);

    struct rv_header wanted = {
        .magic = RV_MAGIC,
        .bytes = n,
        .device = file.st_dev,
        .inode = file.st_ino,
        .project = proj,
    };
    int id = find_or_make(key, &wanted, created);
    close_keeping_errno(fd);
    return id;
}
