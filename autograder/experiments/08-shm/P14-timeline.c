/*
 * P14-timeline.c - two processes count in turns in shared memory; the child has the first turn.
 *
 * update() is that of exercise 8.6: it returns the value before it added 1. The child's counter i
 * is 0, 2, 4, the parent's 1, 3, 5. Two pipes say whose turn it is.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <sys/mman.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

enum { LOOPS = 6 };

struct shared {
    long value;
    char who[LOOPS + 1];
    long returned[LOOPS];
};

static struct shared *shared;
static int to_parent[2], to_child[2];

static void update(int i, char who)
{
    shared->who[shared->value] = who;
    shared->returned[i] = shared->value++;
}

static void wait_for_turn(int fd)
{
    char byte;
    if (read(fd, &byte, 1) != 1)
        die("read");
}

static void give_turn(int fd)
{
    if (write(fd, "t", 1) != 1)
        die("write");
}

static void be_child(void *context)
{
    (void)context;
    for (int i = 0; i < LOOPS; i += 2) {
        update(i, 'C');
        give_turn(to_parent[1]);
        wait_for_turn(to_child[0]);
    }
}

int main(void)
{
    int as_expected = 1;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || pipe(to_parent) == -1 || pipe(to_child) == -1)
        die("mmap and pipe");
    pid_t child = start(be_child, NULL);
    for (int i = 1; i < LOOPS; i += 2) {
        wait_for_turn(to_parent[0]);
        update(i, 'P');
        give_turn(to_child[1]);
    }
    wait_for(child);

    for (int i = 0; i < LOOPS; i++)
        as_expected = as_expected && shared->returned[i] == i;
    fact("third", "%s", shared->who[2] == 'C' ? "child" : "parent");
    fact("returned", "%ld", shared->returned[3]);
    fact("final", "%ld", shared->value);
    fact("order", "%s", shared->who);
    fact("each_update_returned_its_i", "%s", as_expected ? "yes" : "no");
    return 0;
}
