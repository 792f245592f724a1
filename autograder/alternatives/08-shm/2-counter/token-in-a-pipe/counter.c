/*
 * counter.c - several processes add to one counter, and no update gets lost.
 *
 * The lock is one byte in a pipe: whoever has read it may go on, and puts it back. The counter is
 * in an anonymous mapping. Nothing of this has a name or a number, so nothing can be left.
 *
 * Usage: counter P N, with P from 1 to 16 and N from 1 to 1000000.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "counter.h"
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CHILDREN = 16, MAX_ROUNDS = 1000000 };

/* From 1 to limit; 0: it is no such number. */
static long read_number(const char *text, long limit)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number <= limit ? number : 0;
}

static long *make_counter(void)
{
    void *address =
        mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED)
        die("mmap");
    return address;
}

struct lock {
    int ends[2];
};

static void unlock(const struct lock *lock)
{
    ssize_t written;

    do
        written = write(lock->ends[1], "", 1);
    while (written == -1 && errno == EINTR);
    if (written != 1)
        die("write");
}

static void take(const struct lock *lock)
{
    char byte;
    ssize_t got;

    do
        got = read(lock->ends[0], &byte, 1);
    while (got == -1 && errno == EINTR);
    if (got != 1)
        die("read");
}

static struct lock make_lock(void)
{
    struct lock lock;

    if (pipe(lock.ends) == -1)
        die("pipe");
    unlock(&lock);
    return lock;
}

static void add_one(const struct lock *lock, long *counter)
{
    take(lock);
    long value = *counter;
    hook();
    *counter = value + 1;
    unlock(lock);
}

static _Noreturn void run_child(const struct lock *lock, long *counter, long rounds)
{
    while (rounds-- > 0)
        add_one(lock, counter);
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

static void start_children(long count, const struct lock *lock, long *counter, long rounds)
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
            run_child(lock, counter, rounds);
    }
}

int main(int argc, char **argv)
{
    long children = argc == 3 ? read_number(argv[1], MAX_CHILDREN) : 0;
    long rounds = argc == 3 ? read_number(argv[2], MAX_ROUNDS) : 0;

    if (children == 0 || rounds == 0)
        usage(
            "counter P N   (P is the number of children, 1 to 16, and N that of updates by each)");
    long *counter = make_counter();
    struct lock lock = make_lock();
    start_children(children, &lock, counter, rounds);
    if (!wait_for_children()) {
        errno = 0;
        die("a child has not ended well");
    }
    if (printf("%ld\n", *counter) < 0 || fflush(stdout) == EOF)
        die("write");
    return EXIT_SUCCESS;
}
