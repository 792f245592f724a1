/*
 * spinlock-right.c - a process-shared spin lock.
 */
#include "scene.h"

struct shared {
    pthread_spinlock_t lock;
    long count;
};
static struct shared *shared;

static void add(void)
{
    for (int i = 0; i < 5; i++) {
        pthread_spin_lock(&shared->lock);
        shared->count++;
        pthread_spin_unlock(&shared->lock);
    }
}

int main(void)
{
    shared = share(sizeof *shared);
    pthread_spin_init(&shared->lock, PTHREAD_PROCESS_SHARED);
    child(add);
    child(add);
    wait_for_all();
    return shared->count == 10 ? 0 : 1;
}
