/*
 * counter.c - several processes add to one counter, and no update gets lost.
 *
 * Counter and lock, a POSIX semaphore, lie in one anonymous mapping, which the children inherit.
 *
 * Usage: counter P N, with P from 1 to 16 and N from 1 to 1000000.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "counter.h"
#include "lab.h"

#include <errno.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CHILDREN = 16, MAX_ROUNDS = 1000000 };

struct shared {
    sem_t lock;
    long counter;
};

/* From 1 to limit; 0: it is no such number. */
static long read_number(const char *text, long limit)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number <= limit ? number : 0;
}

static struct shared *make_shared(void)
{
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die("mmap");
    if (sem_init(&shared->lock, 1, 1) == -1)
        die("sem_init");
    return shared;
}

static void take(sem_t *lock)
{
    int done;

    do
        done = sem_wait(lock);
    while (done == -1 && errno == EINTR);
    if (done == -1)
        die("sem_wait");
}

static void add_one(struct shared *shared)
{
    take(&shared->lock);
    long value = shared->counter;
    hook();
    shared->counter = value + 1;
    if (sem_post(&shared->lock) == -1)
        die("sem_post");
}

static _Noreturn void run_child(struct shared *shared, long rounds)
{
    while (rounds-- > 0)
        add_one(shared);
    _exit(EXIT_SUCCESS);
}

/* Until none is left. Returns whether all have ended well. */
static bool wait_for_children(void)
{
    bool well = true;

    for (;;) {
        int status;
        pid_t child = wait(&status);
        if (child == -1 && errno == EINTR)
            continue;
        if (child == -1 && errno != ECHILD)
            die("wait");
        if (child == -1)
            return well;
        well = well && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    }
}

static void start_children(long count, struct shared *shared, long rounds)
{
    for (long i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == -1) {
            int error = errno;
            wait_for_children(); /* those that have begun come to their end */
            errno = error;
            die("fork");
        }
        if (child == 0)
            run_child(shared, rounds);
    }
}

int main(int argc, char **argv)
{
    long children = argc == 3 ? read_number(argv[1], MAX_CHILDREN) : 0;
    long rounds = argc == 3 ? read_number(argv[2], MAX_ROUNDS) : 0;

    if (children == 0 || rounds == 0)
        usage(
            "counter P N   (P is the number of children, 1 to 16, and N that of updates by each)");
    struct shared *shared = make_shared();
    start_children(children, shared, rounds);
    if (!wait_for_children()) {
        errno = 0;
        die("a child has not ended well");
    }
    if (printf("%ld\n", shared->counter) < 0 || fflush(stdout) == EOF)
        die("write");
    return EXIT_SUCCESS;
}
