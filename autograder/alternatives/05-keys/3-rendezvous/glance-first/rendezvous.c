/*
 * rendezvous.c - a glance without a lock first: if the header is there and complete, nobody needs
 * to wait. Only who does not find it so takes the lock and looks again.
 */
#include "rendezvous.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    key_t key;
    struct rv_header header;
};

/* 0: it is there, *id is set; ENOENT: there is none; EEXIST, EINVAL, ...: as rv_attach() says. */
static int look(const struct place *place, int *id)
{
    struct shmid_ds status;
    *id = shmget(place->key, 0, 0400);
    if (*id == -1)
        return errno;
    const struct rv_header *header = shmat(*id, NULL, SHM_RDONLY);
    if (header == (void *)-1)
        return errno;
    int answer = EEXIST;
    /* The magic number was written last, so it is read first. */
    uint64_t magic = header->magic;
    atomic_thread_fence(memory_order_acquire);
    if (shmctl(*id, IPC_STAT, &status) == -1)
        answer = errno;
    else if (status.shm_segsz >= RV_DATA && magic == RV_MAGIC &&
             header->inode == place->header.inode && header->device == place->header.device &&
             header->project == place->header.project)
        answer = header->bytes == place->header.bytes ? 0 : EINVAL;
    shmdt(header);
    return answer;
}

static int make(const struct place *place, int *id)
{
    *id = shmget(place->key, place->header.bytes + RV_DATA, 0600 | IPC_CREAT | IPC_EXCL);
    if (*id == -1)
        return errno;
    struct rv_header *header = shmat(*id, NULL, 0);
    if (header == (void *)-1) {
        int answer = errno;
        shmctl(*id, IPC_RMID, NULL);
        return answer;
    }
    struct rv_header unfinished = place->header;
    unfinished.magic = 0;
    *header = unfinished;
    atomic_thread_fence(memory_order_release);
    *(volatile uint64_t *)&header->magic = RV_MAGIC;
    shmdt(header);
    return 0;
}

static int make_or_look(const char *path, const struct place *place, int *id, int *created)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), answer = 0;
    if (fd == -1)
        return errno;
    while (flock(fd, LOCK_EX) == -1 && answer == 0)
        answer = errno == EINTR ? 0 : errno;
    if (answer == 0) {
        answer = look(place, id);
        *created = answer == ENOENT;
        if (answer == ENOENT)
            answer = make(place, id);
    }
    close(fd);
    return answer;
}

int rv_attach(const char *path, int proj, size_t n, int *created)
{
    struct stat file;
    int id = -1, answer = EINVAL;
    if (n > 0 && (unsigned char)proj != 0) {
        if (stat(path, &file) == -1)
            return -1;
        struct place place = {
            ftok(path, proj),
            {.magic = RV_MAGIC,
                          .bytes = n,
                          .device = file.st_dev,
                          .inode = file.st_ino,
                          .project = proj}
        };
        *created = 0;
        answer = look(&place, &id);
        if (answer == ENOENT || answer == EEXIST)
            answer = make_or_look(path, &place, &id, created);
    }
    if (answer == 0)
        return id;
    errno = answer;
    return -1;
}
