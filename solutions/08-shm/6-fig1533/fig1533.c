/*
 * fig1533.c - parent and child add to the same long in turns, and each writes down what it sees.
 *
 *               mmap /dev/zero, mmap anonymous, or a segment
 *               ┌────────────┐
 *     parent ◄──┤    long    ├──► child           attached once, before fork; inherited
 *        │ ▲    └────────────┘      │ ▲
 *        │ └─── your_turn[PARENT] ◄─┘ │           two pipes; a byte says: it is your turn
 *        └───── your_turn[CHILD] ─────┘
 *
 * After the program of figure 15.33 in Stevens and Rago, with the questions that follow it there.
 *
 * Usage: fig1533 zero|anon|shm parent|child N: which memory, who begins, how many updates.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS: POSIX.1-2017 does not have it */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

/* ---- Memory: all three ways give zeros ------------------------------------------------------ */

/* The device is only needed until it is mapped. */
static void *map_zero_device(void)
{
    int fd = open("/dev/zero", O_RDWR);
    if (fd == -1)
        die("open /dev/zero");
    void *area = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (area == MAP_FAILED)
        die("mmap /dev/zero");
    if (close(fd) == -1)
        die("close /dev/zero");
    return area;
}

static void *map_anonymous(void)
{
    void *area =
        mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        die("mmap");
    return area;
}

/* Marked for removal as soon as it is attached: nobody else has to find it, since the child gets it
 * by fork. It goes with the last of the two. */
static void *attach_segment(void)
{
    int segment = shmget(IPC_PRIVATE, sizeof(long), IPC_CREAT | OWNER_ONLY);
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

/* your_turn[side]: the pipe at which this side waits. */
static int your_turn[SIDES][2];

static void make_turns(void)
{
    for (int side = PARENT; side < SIDES; side++)
        if (pipe(your_turn[side]) == -1)
            die("pipe");
}

/* Each side reads one pipe and writes the other. If the other side dies, read gives end of file. */
static void keep_my_ends(int me)
{
    if (close(your_turn[me][1]) == -1 || close(your_turn[1 - me][0]) == -1)
        die("close");
}

static void tell_other(int me)
{
    ssize_t written;

    do
        written = write(your_turn[1 - me][1], "", 1);
    while (written == -1 && errno == EINTR);
    if (written == -1)
        die("write to the %s", names[1 - me]);
}

static void wait_for_other(int me)
{
    char byte;
    ssize_t got;

    do
        got = read(your_turn[me][0], &byte, 1);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        die("read from the %s", names[1 - me]);
    if (got == 0) {
        errno = 0;
        die("the %s has gone", names[1 - me]);
    }
}

/* ---- Updates -------------------------------------------------------------------------------- */

/* As in the book: gives what was there. */
static long update(long *value)
{
    return (*value)++;
}

/* Past stdio: it has to be out before the other side is told. */
static void write_line(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, line, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write");
        line += written;
        length -= (size_t)written;
    }
}

static void make_update(int me, long i, long *area)
{
    char line[LINE_SIZE];
    long returned = update(area);

    if (returned != i) {
        errno = 0;
        die("%s: expected %ld, got %ld", names[me], i, returned);
    }
    int length = snprintf(line, sizeof line, "%s %ld %ld %ld\n", names[me], i, *area, returned);
    write_line(line, (size_t)length);
}

/* Every other update is mine. Whoever makes the last one has nobody left to tell. */
static void take_turns(int me, int first, long updates, long *area)
{
    for (long i = me == first ? 0 : 1; i < updates; i += 2) {
        if (i > 0)
            wait_for_other(me);
        make_update(me, i, area);
        if (i + 1 < updates)
            tell_other(me);
    }
}

/* ---- The child ------------------------------------------------------------------------------ */

/* Not yet waited for; -1: there is none. */
static pid_t child_to_reap = -1;

/* True: it has ended with status 0. */
static bool wait_for_child(void)
{
    int status;
    pid_t ended;

    do
        ended = waitpid(child_to_reap, &status, 0);
    while (ended == -1 && errno == EINTR);
    child_to_reap = -1;
    return ended != -1 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* On the ways out on which a call has failed. A child that waits for its turn sees end of file. */
static void send_child_home(void)
{
    if (child_to_reap == -1)
        return;
    close(your_turn[PARENT][0]);
    close(your_turn[CHILD][1]);
    wait_for_child();
}

static void start_child(int first, long updates, long *area)
{
    child_to_reap = fork();
    if (child_to_reap == -1)
        die("fork");
    if (child_to_reap == 0) {
        keep_my_ends(CHILD);
        take_turns(CHILD, first, updates, area);
        _exit(EXIT_SUCCESS);
    }
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
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal SIGPIPE");
    if (atexit(send_child_home) != 0)
        die("atexit");
    long *area = way->make();
    make_turns();
    start_child(first, updates, area);
    keep_my_ends(PARENT);
    take_turns(PARENT, first, updates, area);
    if (!wait_for_child()) {
        errno = 0;
        die("the child has not ended well");
    }
    return EXIT_SUCCESS;
}
