/*
 * posix-semaphore-right.c - a process-shared semaphore in the memory says when the value is there.
 */
#include "scene.h"

struct shared {
    sem_t ready;
    int value;
};
static struct shared *shared;

static void produce(void)
{
    shared->value = 42;
    sem_post(&shared->ready);
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
