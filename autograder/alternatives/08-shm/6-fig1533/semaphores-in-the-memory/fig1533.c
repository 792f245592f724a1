/*
 * fig1533.c - parent and child add to the same long in turns, and each writes down what it sees.
 *
 * Beside the long lie two POSIX semaphores, one for each side: it waits for its own, and posts the
 * other one's. A side that fails says so beside them, before it lets the other one go on.
 *
 * After the program of figure 15.33 in Stevens and Rago, with the questions that follow it there.
 *
 * Usage: fig1533 zero|anon|shm parent|child N: which memory, who begins, how many updates.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS: POSIX.1-2017 does not have it */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_UPDATES = 100000, LINE_SIZE = 100, OWNER_ONLY = 0600 };
enum { PARENT, CHILD, SIDES };

static const char *const names[SIDES] = {[PARENT] = "parent", [CHILD] = "child"};

struct shared {
    long value;
    sem_t your_turn[SIDES];
    bool given_up;
};

/* ---- Memory: all three ways give zeros ------------------------------------------------------ */

/* The device is only needed until it is mapped. */
static void *map_zero_device(void)
{
    int fd = open("/dev/zero", O_RDWR);
    if (fd == -1)
        die("open /dev/zero");
    void *area = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (area == MAP_FAILED)
        die("mmap /dev/zero");
    if (close(fd) == -1)
        die("close /dev/zero");
    return area;
}

static void *map_anonymous(void)
{
    void *area = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        die("mmap");
    return area;
}

/* Marked for removal as soon as it is attached: nobody else has to find it, since the child gets it
 * by fork. It goes with the last of the two. */
static void *attach_segment(void)
{
    int segment = shmget(IPC_PRIVATE, sizeof(struct shared), IPC_CREAT | OWNER_ONLY);
    if (segment == -1)
        die("shmget");
    void *area = shmat(segment, NULL, 0);
    int error = errno;
    if (shmctl(segment, IPC_RMID, NULL) == -1)
        die("shmctl IPC_RMID");
    errno = error;
    if (area == (void *)-1)
        die("shmat");
    return area;
}

static const struct way {
    const char *name;
    void *(*make)(void);
} ways[] = {
    {"zero", map_zero_device},
    {"anon", map_anonymous  },
    {"shm",  attach_segment },
};

/* ---- Turns ---------------------------------------------------------------------------------- */

static void make_turns(struct shared *shared)
{
    for (int side = PARENT; side < SIDES; side++)
        if (sem_init(&shared->your_turn[side], 1, 0) == -1)
            die("sem_init");
}

static void tell_other(struct shared *shared, int me)
{
    if (sem_post(&shared->your_turn[1 - me]) == -1)
        die("sem_post");
}

/* False: the other one has given up. */
static bool wait_for_other(struct shared *shared, int me)
{
    while (sem_wait(&shared->your_turn[me]) == -1)
        if (errno != EINTR)
            die("sem_wait");
    return !shared->given_up;
}

/* ---- Updates -------------------------------------------------------------------------------- */

/* As in the book: gives what was there. */
static long update(long *value)
{
    return (*value)++;
}

/* False: it could not be written. */
static bool write_line(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, line, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return false;
        line += written;
        length -= (size_t)written;
    }
    return true;
}

/* False: it has failed, and has said so. */
static bool make_update(int me, long i, struct shared *shared)
{
    char line[LINE_SIZE];
    long returned = update(&shared->value);

    if (returned != i) {
        fprintf(stderr, "%s: expected %ld, got %ld\n", names[me], i, returned);
        return false;
    }
    int length =
        snprintf(line, sizeof line, "%s %ld %ld %ld\n", names[me], i, shared->value, returned);
    if (write_line(line, (size_t)length))
        return true;
    fprintf(stderr, "%s: write: %s\n", names[me], strerror(errno));
    return false;
}

/* The exit status. */
static int take_turns(struct shared *shared, int me, int first, long updates)
{
    for (long i = me == first ? 0 : 1; i < updates; i += 2) {
        if (i > 0 && !wait_for_other(shared, me))
            return EXIT_FAILURE;
        if (!make_update(me, i, shared)) {
            shared->given_up = true;
            tell_other(shared, me);
            return EXIT_FAILURE;
        }
        if (i + 1 < updates)
            tell_other(shared, me);
    }
    return EXIT_SUCCESS;
}

/* ---- Arguments ------------------------------------------------------------------------------ */

static const struct way *find_way(const char *name)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i].name, name) == 0)
            return &ways[i];
    return NULL;
}

/* -1: neither. */
static int find_side(const char *name)
{
    for (int side = PARENT; side < SIDES; side++)
        if (strcmp(names[side], name) == 0)
            return side;
    return -1;
}

/* -1: it is no such number. */
static long read_updates(const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number <= MAX_UPDATES ? number : -1;
}

int main(int argc, char **argv)
{
    const struct way *way = argc == 4 ? find_way(argv[1]) : NULL;
    int first = argc == 4 ? find_side(argv[2]) : -1;
    long updates = argc == 4 ? read_updates(argv[3]) : -1;

    if (way == NULL || first == -1 || updates == -1)
        usage("fig1533 zero|anon|shm parent|child N   (N is the number of updates, 0 to 100000)");
    struct shared *shared = way->make();
    make_turns(shared);
    pid_t child = fork();
    if (child == -1)
        die("fork");
    if (child == 0)
        _exit(take_turns(shared, CHILD, first, updates));
    int result = take_turns(shared, PARENT, first, updates), status;
    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS ? result : EXIT_FAILURE;
}
