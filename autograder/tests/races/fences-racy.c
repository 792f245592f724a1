/*
 * fences-racy.c - relaxed operations, and a fence at the writer's side alone.
 * Named: shared->value
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
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&shared->ready, 1, memory_order_relaxed);
}

int main(void)
{
    shared = share(sizeof *shared);
    child(produce);
    while (!atomic_load_explicit(&shared->ready, memory_order_relaxed))
        continue;
    int seen = shared->value;
    wait_for_all();
    return seen > 9 ? 1 : 0;
}
