/*
 * own-lock-racy.c - a lock of one's own that is given back without release.
 * Named: shared->count
 */
#include "scene.h"

struct shared {
    atomic_int taken;
    long count;
};
static struct shared *shared;

static void add(void)
{
    for (int i = 0; i < 5; i++) {
        int unlocked = 0;
        while (!atomic_compare_exchange_weak_explicit(&shared->taken, &unlocked, 1,
                                                      memory_order_acquire, memory_order_relaxed))
            unlocked = 0;
        shared->count++;
        atomic_store_explicit(&shared->taken, 0, memory_order_relaxed);
    }
}

int main(void)
{
    shared = share(sizeof *shared);
    child(add);
    child(add);
    wait_for_all();
    return 0;
}
