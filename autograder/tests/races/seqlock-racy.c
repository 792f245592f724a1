/*
 * seqlock-racy.c - a sequence lock over plain data: the reader may meet half of a change, and the
 * check comes too late.
 * Named: shared->a, shared->b
 */
#include "scene.h"

struct shared {
    atomic_uint sequence;
    atomic_int stop;
    int a, b;
};
static struct shared *shared;

static void change_it(int i)
{
    unsigned now = atomic_load_explicit(&shared->sequence, memory_order_relaxed);
    atomic_store_explicit(&shared->sequence, now + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    shared->a = i;
    shared->b = i;
    atomic_store_explicit(&shared->sequence, now + 2, memory_order_release);
}

/* Once more when the reader is done: relaxed, so that this orders nothing. */
static void change_often(void)
{
    int i = 1;
    while (!atomic_load_explicit(&shared->stop, memory_order_relaxed))
        change_it(i++);
    change_it(i);
}

int main(void)
{
    shared = share(sizeof *shared);
    child(change_often);
    for (int i = 0; i < 20; i++) {
        unsigned before, after;
        int a, b;
        do {
            before = atomic_load_explicit(&shared->sequence, memory_order_acquire);
            a = shared->a;
            b = shared->b;
            atomic_thread_fence(memory_order_acquire);
            after = atomic_load_explicit(&shared->sequence, memory_order_relaxed);
        } while (before != after || before % 2 == 1);
        if (a != b)
            return 1;
    }
    atomic_store_explicit(&shared->stop, 1, memory_order_relaxed);
    wait_for_all();
    return 0;
}
