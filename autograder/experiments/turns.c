/*
 * turns.c - two processes that add 1 to the same number in turns, or not. See turns.h.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "turns.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "experiment.h"
#include "lab.h"

struct shared {
    int value;
    char order[2 * ROUNDS + 1]; /* who made each update: 'P' or 'C' */
};

struct updates {
    struct shared *shared;
    void (*lock)(void *context), (*unlock)(void *context);
    void *context;
    int done[2]; /* a pipe: the parent writes a byte after each of its updates */
};

static void update(const struct updates *updates, char who)
{
    struct shared *shared = updates->shared;

    updates->lock(updates->context);
    shared->order[shared->value] = who;
    shared->value++;
    updates->unlock(updates->context);
}

static void be_child(void *context)
{
    struct updates *updates = context;
    char bytes[2];

    close(updates->done[1]);
    for (int i = 0; i < ROUNDS; i++) {
        update(updates, 'C');
        for (int n = 0; n < 2; n++) /* busy; end of file: the parent has finished */
            if (read(updates->done[0], bytes, 1) == -1)
                die("read");
    }
}

void take_turns(void (*lock)(void *context), void (*unlock)(void *context), void *context)
{
    struct updates updates = {.lock = lock, .unlock = unlock, .context = context};

    updates.shared = mmap(NULL, sizeof *updates.shared, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (updates.shared == MAP_FAILED || pipe(updates.done) == -1)
        die("mmap and pipe");
    pid_t child = start(be_child, &updates);
    for (int i = 0; i < ROUNDS; i++) {
        update(&updates, 'P');
        if (write(updates.done[1], "u", 1) != 1)
            die("write");
    }
    close(updates.done[1]);
    wait_for(child);

    const char *order = updates.shared->order;
    fact("turns", "%s", strstr(order, "PP") || strstr(order, "CC") ? "no" : "yes");
    fact("value", "%d", updates.shared->value);
    fact("order", "%s", order);
}
