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
#include <string.h>
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

static char *make_block(key_t key, size_t size)
{
    int segment = shmget(key, size + sizeof(size_t), IPC_CREAT | IPC_EXCL | OWNER_ONLY);
    if (segment == -1)
        die("shmget %#lx", (unsigned long)key & 0xffffffff);
    segment_to_remove = segment;
    void *address = shmat(segment, NULL, 0);
    if (address == (void *)-1)
        die("shmat");
    return address;
}

/* The reader has attached it; there will be no other. */
static void mark_for_removal(void)
{
    if (shmctl(segment_to_remove, IPC_RMID, NULL) == -1)
        die("shmctl IPC_RMID");
    segment_to_remove = -1;
}

static size_t fill(char *block, size_t size)
{
    ssize_t got;

    do
        got = read(STDIN_FILENO, block, size);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        die("read");
    return (size_t)got;
}

static void send_all(int set, char *block, size_t size)
{
    size_t got;

    do {
        got = fill(block, size);
        memcpy(block + size, &got, sizeof got); /* it need not be aligned there */
        post(set, FILLED);
        wait_for(set, TAKEN);
    } while (got > 0);
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
    char *block = make_block(key, size);
    wait_for(set, TAKEN); /* for the reader to come */
    mark_for_removal();
    send_all(set, block, size);
    if (shmdt(block) == -1)
        die("shmdt");
    return EXIT_SUCCESS; /* the set goes on the way out */
}
