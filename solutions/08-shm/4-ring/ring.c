/*
 * ring.c - a bounded buffer in shared memory, for any number of producers and consumers.
 *
 *     put ──┐                ┌─────┬─────┬─────┬─────┬─────┐               ┌──► get
 *           ├─ lines ──►     │     │ two │ six │ ten │     │  ──► lines ───┤
 *     put ──┘                └─────┴──▲──┴─────┴─────┴──▲──┘               └──► get
 *                                    head              tail
 *
 * head == tail says "empty" as well as "full", and so neither of them is asked. Three semaphores
 * know all that is to be known:
 *
 *     ROOM   slots in which there is nothing         a producer takes one, a consumer gives one
 *     ITEMS  slots in which there is something       a consumer takes one, a producer gives one
 *     LOCK   1: nobody moves head or tail            whoever moves one of them takes it for that
 * time
 *
 * ROOM and ITEMS are taken before LOCK, never while holding it: those who could give them need the
 * LOCK for that. An item is given to the others when it is all there, a slot when all of the item
 * has been fetched: semop(2) comes after the bytes, and orders them for everybody.
 *
 * LOCK is taken with SEM_UNDO, so that it does not stay with somebody who is killed. ROOM and ITEMS
 * are not: an item stays in the ring when its producer has ended.
 *
 * Usage: ring create KEY Q | ring put KEY | ring get KEY N | ring remove KEY
 */
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

enum { MAX_SLOTS = 1000, MAX_ITEMS = 1000000, LINE_SIZE = 64 };

enum { ROOM, ITEMS, LOCK, SEMAPHORES };

/* In the segment. */
struct slot {
    unsigned length;
    char line[LINE_SIZE];
};

struct ring {
    unsigned slots;
    unsigned head; /* the next to be fetched */
    unsigned tail; /* the next to be filled */
    struct slot slot[];
};

/* What this process knows of it. */
struct handle {
    struct ring *ring;
    int semaphores;
};

/* Has to be defined by the program that uses it: semctl(2). */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static _Noreturn void wrong_usage(void)
{
    usage("ring create KEY Q | ring put KEY | ring get KEY N | ring remove KEY"
          "   (Q from 1 to 1000, N from 1 to 1000000)");
}

/* A number as in C, 1 to limit. */
static unsigned long read_number(const char *text, unsigned long limit)
{
    char *end;

    if (*text < '0' || *text > '9')
        wrong_usage();
    errno = 0;
    unsigned long number = strtoul(text, &end, 0);
    if (*end != '\0' || errno != 0 || number < 1 || number > limit)
        wrong_usage();
    return number;
}

/* ---- Making and removing -------------------------------------------------------------------- */

static struct ring *attach(int segment)
{
    struct ring *ring = shmat(segment, NULL, 0);
    return ring != (void *)-1 ? ring : NULL;
}

/* The segment with an empty ring in it. -1: errno says why not, and there is none. */
static int make_segment(key_t key, unsigned slots)
{
    size_t size = offsetof(struct ring, slot) + slots * sizeof(struct slot);
    int segment = shmget(key, size, IPC_CREAT | IPC_EXCL | 0600);

    if (segment == -1)
        return -1;
    struct ring *ring = attach(segment);
    if (ring == NULL) {
        int error = errno;
        shmctl(segment, IPC_RMID, NULL);
        errno = error;
        return -1;
    }
    *ring = (struct ring){.slots = slots};
    return segment;
}

static int make_semaphores(key_t key, unsigned slots)
{
    unsigned short values[SEMAPHORES] = {[ROOM] = (unsigned short)slots, [ITEMS] = 0, [LOCK] = 1};
    int semaphores = semget(key, SEMAPHORES, IPC_CREAT | IPC_EXCL | 0600);

    if (semaphores == -1)
        return -1;
    if (semctl(semaphores, 0, SETALL, (union semun){.array = values}) == -1) {
        int error = errno;
        semctl(semaphores, 0, IPC_RMID);
        errno = error;
        return -1;
    }
    return semaphores;
}

static void create(key_t key, unsigned slots)
{
    int segment = make_segment(key, slots);
    if (segment == -1)
        die("make the segment %#x", (unsigned)key);
    if (make_semaphores(key, slots) != -1)
        return;
    int error = errno;
    shmctl(segment, IPC_RMID, NULL); /* half a ring is of no use to anybody */
    errno = error;
    die("make the semaphores %#x", (unsigned)key);
}

static void remove_ring(key_t key)
{
    int segment = shmget(key, 0, 0), semaphores = semget(key, 0, 0);

    if (segment != -1 && shmctl(segment, IPC_RMID, NULL) == -1)
        die("remove the segment %#x", (unsigned)key);
    if (semaphores != -1 && semctl(semaphores, 0, IPC_RMID) == -1)
        die("remove the semaphores %#x", (unsigned)key);
    if (segment == -1 || semaphores == -1)
        die("find the ring %#x", (unsigned)key);
}

/* ---- Using it ------------------------------------------------------------------------------- */

static struct handle open_ring(key_t key)
{
    int segment = shmget(key, 0, 0); /* how long it is, who made it has decided */
    if (segment == -1)
        die("shmget %#x", (unsigned)key);
    struct handle handle = {.ring = attach(segment), .semaphores = semget(key, SEMAPHORES, 0)};
    if (handle.ring == NULL)
        die("shmat");
    if (handle.semaphores == -1)
        die("semget %#x", (unsigned)key);
    return handle;
}

static void change(const struct handle *handle, unsigned short semaphore, short by)
{
    struct sembuf operation = {
        .sem_num = semaphore, .sem_op = by, .sem_flg = semaphore == LOCK ? SEM_UNDO : 0};

    while (semop(handle->semaphores, &operation, 1) == -1)
        if (errno != EINTR)
            die("semop");
}

static void put_line(const struct handle *handle, const char *line, unsigned length)
{
    struct ring *ring = handle->ring;

    change(handle, ROOM, -1);
    change(handle, LOCK, -1);
    struct slot *slot = &ring->slot[ring->tail];
    memcpy(slot->line, line, length);
    slot->length = length;
    ring->tail = (ring->tail + 1) % ring->slots;
    change(handle, LOCK, 1);
    change(handle, ITEMS, 1);
}

/* Returns its length. */
static unsigned get_line(const struct handle *handle, char line[LINE_SIZE])
{
    struct ring *ring = handle->ring;

    change(handle, ITEMS, -1);
    change(handle, LOCK, -1);
    const struct slot *slot = &ring->slot[ring->head];
    unsigned length = slot->length;
    memcpy(line, slot->line, length);
    ring->head = (ring->head + 1) % ring->slots;
    change(handle, LOCK, 1);
    change(handle, ROOM, 1);
    return length;
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write to standard output");
        bytes += written;
        length -= (size_t)written;
    }
}

/* The next line of standard input, without its newline. false: there is none. */
static bool read_line(char line[LINE_SIZE], unsigned *length)
{
    for (*length = 0; *length < LINE_SIZE;) {
        ssize_t got = read(STDIN_FILENO, &line[*length], 1);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            die("read standard input");
        if (got == 0)
            return *length > 0;
        if (line[*length] == '\n')
            return true;
        ++*length;
    }
    errno = 0;
    die("a line of more than %d bytes", LINE_SIZE - 1);
}

static void put(key_t key)
{
    struct handle handle = open_ring(key);
    char line[LINE_SIZE], number[32];
    unsigned length;

    for (unsigned long count = 1; read_line(line, &length); count++) {
        put_line(&handle, line, length);
        write_all(number, (size_t)snprintf(number, sizeof number, "%lu\n", count));
    }
}

static void get(key_t key, unsigned long count)
{
    struct handle handle = open_ring(key);
    char line[LINE_SIZE + 1];

    for (; count > 0; count--) {
        unsigned length = get_line(&handle, line);
        line[length] = '\n';
        write_all(line, length + 1);
    }
}

int main(int argc, char **argv)
{
    enum { LARGEST_KEY = 0x7fffffff };

    if (argc < 3)
        wrong_usage();
    key_t key = (key_t)read_number(argv[2], LARGEST_KEY);
    if (strcmp(argv[1], "create") == 0 && argc == 4)
        create(key, (unsigned)read_number(argv[3], MAX_SLOTS));
    else if (strcmp(argv[1], "put") == 0 && argc == 3)
        put(key);
    else if (strcmp(argv[1], "get") == 0 && argc == 4)
        get(key, read_number(argv[3], MAX_ITEMS));
    else if (strcmp(argv[1], "remove") == 0 && argc == 3)
        remove_ring(key);
    else
        wrong_usage();
    return EXIT_SUCCESS;
}
