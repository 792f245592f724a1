/*
 * flag-right.c - a flag with release and acquire.
 */
#include "scene.h"

struct shared {
    atomic_int ready;
    int value;
};
static struct shared *shared;

static void produce(void)
{
    shared->value = 9;
    atomic_store_explicit(&shared->ready, 1, memory_order_release);
}

int main(void)
{
    shared = share(sizeof *shared);
    child(produce);
    while (!atomic_load_explicit(&shared->ready, memory_order_acquire))
        continue;
    int seen = shared->value;
    wait_for_all();
    return seen > 9 ? 1 : 0;
}
