/*
 * posix-semaphore-racy.c - the semaphore is posted before the value is written.
 * Named: shared->value
 */
#include "scene.h"

struct shared {
    sem_t ready;
    int value;
};
static struct shared *shared;

static void produce(void)
{
    sem_post(&shared->ready);
    shared->value = 42;
}

int main(void)
{
    shared = share(sizeof *shared);
    sem_init(&shared->ready, 1, 0);
    child(produce);
    sem_wait(&shared->ready);
    int value = shared->value;
    wait_for_all();
    return value > 42 ? 1 : 0;
}
