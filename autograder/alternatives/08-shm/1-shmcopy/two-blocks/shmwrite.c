/*
 * shmwrite.c - standard input goes through a block of shared memory to shmread.
 *
 * It makes the semaphores and the segment, in this order: a reader looks for the segment first, and
 * if that is there, all is ready. When the reader has come, nobody else needs to find the segment,
 * and it is marked for removal: it goes when the last of the two has detached it, however they end.
 * The set has no such mark. It goes when the reader has said that it has seen the end.
 *
 * Usage: shmwrite KEY SIZE, with SIZE from 1 to 1048576.
 */
#include "lab.h"
#include "shmcopy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

enum { MAX_SIZE = 1 << 20, OWNER_ONLY = 0600 };

/* Ours, and still there: to be removed at exit. -1: none. */
static int set_to_remove = -1;
static int segment_to_remove = -1;

/* On the ways out on which a call has failed, too. The set may be gone: the reader has failed. */
static void remove_objects(void)
{
    if (set_to_remove != -1)
        semctl(set_to_remove, 0, IPC_RMID);
    if (segment_to_remove != -1)
        shmctl(segment_to_remove, IPC_RMID, NULL);
}

/* From 1 to MAX_SIZE; 0: it is no such number. */
static size_t read_size(const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    unsigned long number = strtoul(text, &end, 10);
    return *end == '\0' && number <= MAX_SIZE ? number : 0;
}

/* semctl(2): the caller has to define it. */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

/* IPC_EXCL: what has this key already, is somebody else's. */
static int make_semaphores(key_t key)
{
    unsigned short values[SEMAPHORES] = {[TAKEN] = 0, [FILLED] = 0};
    int set = semget(key, SEMAPHORES, IPC_CREAT | IPC_EXCL | OWNER_ONLY);

    if (set == -1)
        die("semget %#lx", (unsigned long)key & 0xffffffff);
    set_to_remove = set;
    if (semctl(set, 0, SETALL, (union semun){.array = values}) == -1)
        die("semctl SETALL");
    return set;
}

static struct blocks *make_blocks(key_t key, size_t size)
{
    size_t half = (size + 1) / BLOCKS;
    int segment =
        shmget(key, sizeof(struct blocks) + BLOCKS * half, IPC_CREAT | IPC_EXCL | OWNER_ONLY);
    if (segment == -1)
        die("shmget %#lx", (unsigned long)key & 0xffffffff);
    segment_to_remove = segment;
    struct blocks *blocks = shmat(segment, NULL, 0);
    if (blocks == (void *)-1)
        die("shmat");
    blocks->size = half;
    return blocks;
}

/* The reader has attached it; there will be no other. */
static void mark_for_removal(void)
{
    if (shmctl(segment_to_remove, IPC_RMID, NULL) == -1)
        die("shmctl IPC_RMID");
    segment_to_remove = -1;
}

/* What one read gives goes into a block: there is no waiting until it is full. */
static size_t fill(char *bytes, size_t size)
{
    ssize_t got;

    do
        got = read(STDIN_FILENO, bytes, size);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        die("read");
    return (size_t)got;
}

/* One block is ours, when we come here. */
static void send_all(int set, struct blocks *blocks)
{
    size_t size = blocks->size, got;

    for (unsigned next = 0;; next = 1 - next) {
        got = blocks->length[next] = fill(blocks->bytes + next * size, size);
        post(set, FILLED, 1);
        wait_for(set, TAKEN); /* for the other one */
        if (got == 0)
            break;
    }
    wait_for(set, TAKEN); /* the reader has seen the end */
}

int main(int argc, char **argv)
{
    key_t key = argc == 3 ? read_key(argv[1]) : 0;
    size_t size = argc == 3 ? read_size(argv[2]) : 0;

    if (key == 0 || size == 0)
        usage("shmwrite KEY SIZE   (SIZE is that of the block, 1 to 1048576)");
    if (atexit(remove_objects) != 0)
        die("atexit");
    int set = make_semaphores(key);
    struct blocks *blocks = make_blocks(key, size);
    wait_for(set, TAKEN); /* for the reader to come */
    mark_for_removal();
    send_all(set, blocks);
    if (shmdt(blocks) == -1)
        die("shmdt");
    return EXIT_SUCCESS; /* the set goes on the way out */
}
