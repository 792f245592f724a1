/*
 * ring.c - a bounded buffer in shared memory, for any number of producers and consumers.
 *
 *     put ──┐                ┌─────┬─────┬─────┬─────┬─────┐               ┌──► get
 *           ├─ lines ──►     │     │ two │ six │ ten │     │  ──► lines ───┤
 *     put ──┘                └─────┴──▲──┴─────┴─────┴──▲──┘               └──► get
 *                                    head              tail
 *
 * A monitor: a mutex, two conditions and a count, all of them in the segment. The count tells full
 * from empty; it is looked at again after each wait, since somebody else may have been faster.
 *
 * Usage: ring create KEY Q | ring put KEY | ring get KEY N | ring remove KEY
 */
#include "lab.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

enum { MAX_SLOTS = 1000, MAX_ITEMS = 1000000, LINE_SIZE = 64 };

/* In the segment. */
struct slot {
    unsigned length;
    char line[LINE_SIZE];
};

struct ring {
    pthread_mutex_t lock;
    pthread_cond_t has_room, has_items;
    unsigned count;
    unsigned slots;
    unsigned head; /* the next to be fetched */
    unsigned tail; /* the next to be filled */
    struct slot slot[];
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

/* For threads of any process that has the segment. */
static bool make_monitor(struct ring *ring)
{
    pthread_mutexattr_t for_lock;
    pthread_condattr_t for_conditions;

    return pthread_mutexattr_init(&for_lock) == 0 && pthread_condattr_init(&for_conditions) == 0 &&
           pthread_mutexattr_setpshared(&for_lock, PTHREAD_PROCESS_SHARED) == 0 &&
           pthread_condattr_setpshared(&for_conditions, PTHREAD_PROCESS_SHARED) == 0 &&
           pthread_mutex_init(&ring->lock, &for_lock) == 0 &&
           pthread_cond_init(&ring->has_room, &for_conditions) == 0 &&
           pthread_cond_init(&ring->has_items, &for_conditions) == 0;
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
    if (!make_monitor(ring)) {
        shmctl(segment, IPC_RMID, NULL);
        errno = ENOMEM;
        return -1;
    }
    return segment;
}

static void create(key_t key, unsigned slots)
{
    if (make_segment(key, slots) == -1)
        die("make the segment %#x", (unsigned)key);
}

static void remove_ring(key_t key)
{
    int segment = shmget(key, 0, 0);

    if (segment == -1 || shmctl(segment, IPC_RMID, NULL) == -1)
        die("remove the segment %#x", (unsigned)key);
}

/* ---- Using it ------------------------------------------------------------------------------- */

static struct ring *open_ring(key_t key)
{
    int segment = shmget(key, 0, 0); /* how long it is, who made it has decided */
    if (segment == -1)
        die("shmget %#x", (unsigned)key);
    struct ring *ring = attach(segment);
    if (ring == NULL)
        die("shmat");
    return ring;
}

/* What the functions of a mutex and a condition return, an errno. */
static void check(int error, const char *what)
{
    if (error == 0)
        return;
    errno = error;
    die("%s", what);
}

static void put_line(struct ring *ring, const char *line, unsigned length)
{
    check(pthread_mutex_lock(&ring->lock), "pthread_mutex_lock");
    while (ring->count == ring->slots)
        check(pthread_cond_wait(&ring->has_room, &ring->lock), "pthread_cond_wait");
    struct slot *slot = &ring->slot[ring->tail];
    memcpy(slot->line, line, length);
    slot->length = length;
    ring->tail = (ring->tail + 1) % ring->slots;
    ring->count++;
    check(pthread_cond_signal(&ring->has_items), "pthread_cond_signal");
    check(pthread_mutex_unlock(&ring->lock), "pthread_mutex_unlock");
}

/* Returns its length. */
static unsigned get_line(struct ring *ring, char line[LINE_SIZE])
{
    check(pthread_mutex_lock(&ring->lock), "pthread_mutex_lock");
    while (ring->count == 0)
        check(pthread_cond_wait(&ring->has_items, &ring->lock), "pthread_cond_wait");
    const struct slot *slot = &ring->slot[ring->head];
    unsigned length = slot->length;
    memcpy(line, slot->line, length);
    ring->head = (ring->head + 1) % ring->slots;
    ring->count--;
    check(pthread_cond_signal(&ring->has_room), "pthread_cond_signal");
    check(pthread_mutex_unlock(&ring->lock), "pthread_mutex_unlock");
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
    struct ring *ring = open_ring(key);
    char line[LINE_SIZE], number[32];
    unsigned length;

    for (unsigned long count = 1; read_line(line, &length); count++) {
        put_line(ring, line, length);
        write_all(number, (size_t)snprintf(number, sizeof number, "%lu\n", count));
    }
}

static void get(key_t key, unsigned long count)
{
    struct ring *ring = open_ring(key);
    char line[LINE_SIZE + 1];

    for (; count > 0; count--) {
        unsigned length = get_line(ring, line);
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
