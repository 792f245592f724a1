/*
 * rendezvous.c - a record lock on one byte of the file, far behind its end; and a new segment is
 * tried for first.
 */
#include "rendezvous.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FAR_AWAY = 0x40000000 };

static int enter(const char *path)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = FAR_AWAY, .l_len = 1};
    int fd = open(path, O_WRONLY);
    int result;
    if (fd < 0)
        return -1;
    do
        result = fcntl(fd, F_SETLKW, &whole);
    while (result != 0 && errno == EINTR);
    if (result == 0)
        return fd;
    close(fd);
    return -1;
}

/* The maker's part; the identifier, or -1. */
static int fill(int id, struct rv_header header)
{
    volatile struct rv_header *place = shmat(id, NULL, 0);
    if (place != (void *)-1) {
        uint64_t magic = header.magic;
        header.magic = 0;
        *place = header;
        place->magic = magic;
        shmdt((const void *)place);
        return id;
    }
    int why = errno;
    (void)shmctl(id, IPC_RMID, NULL);
    errno = why;
    return -1;
}

/* The finder's part: 0 if it is ours, or what is wrong with it. */
static int inspect(int id, const struct rv_header *ours)
{
    struct shmid_ds about;
    struct rv_header theirs;
    if (shmctl(id, IPC_STAT, &about) < 0)
        return errno;
    if (about.shm_segsz < sizeof theirs)
        return EEXIST;
    void *place = shmat(id, NULL, SHM_RDONLY);
    if (place == (void *)-1)
        return errno;
    memcpy(&theirs, place, sizeof theirs);
    shmdt(place);
    uint64_t bytes = theirs.bytes;
    theirs.bytes = ours->bytes;
    if (memcmp(&theirs, ours, sizeof theirs) != 0)
        return EEXIST;
    return bytes == ours->bytes ? 0 : EINVAL;
}

static int meet(key_t key, const struct rv_header *ours, int *created)
{
    int id = shmget(key, RV_DATA + ours->bytes, IPC_CREAT | IPC_EXCL | S_IRUSR | S_IWUSR);
    if (id >= 0) {
        *created = 1;
        return fill(id, *ours);
    }
    if (errno != EEXIST || (id = shmget(key, 1, 0)) < 0)
        return -1;
    int wrong = inspect(id, ours);
    *created = 0;
    if (wrong == 0)
        return id;
    errno = wrong;
    return -1;
}

int rv_attach(const char *path, int proj, size_t n, int *created)
{
    struct stat about;
    if (n < 1 || proj % 256 == 0) {
        errno = EINVAL;
        return -1;
    }
    key_t key = ftok(path, proj);
    if (key == -1 || stat(path, &about) != 0)
        return -1;
    struct rv_header ours = {RV_MAGIC, n, about.st_dev, about.st_ino, proj};
    int fd = enter(path);
    if (fd < 0)
        return -1;
    int id = meet(key, &ours, created), why = errno;
    close(fd); /* and the lock is gone */
    errno = why;
    return id;
}
