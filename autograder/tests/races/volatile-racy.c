/*
 * volatile-racy.c - a volatile flag: it makes the compiler look each time, and orders nothing.
 * Named: shared->ready, shared->value
 */
#include "scene.h"

struct shared {
    volatile int ready;
    int value;
};
static struct shared *shared;

static void produce(void)
{
    shared->value = 9;
    shared->ready = 1;
}

int main(void)
{
    shared = share(sizeof *shared);
    child(produce);
    while (!shared->ready)
        continue;
    int seen = shared->value;
    wait_for_all();
    return seen > 9 ? 1 : 0;
}
