/*
 * ring-one-to-one-right.c - one producer, one consumer, and counting semaphores: each index has
 * one owner.
 */
#include "scene.h"

enum { ROOM = 3, ITEMS = 12 };
struct shared {
    sem_t full, empty;
    int items[ROOM];
};
static struct shared *shared;

static void produce(void)
{
    for (int i = 0; i < ITEMS; i++) {
        sem_wait(&shared->empty);
        shared->items[i % ROOM] = i;
        sem_post(&shared->full);
    }
}

int main(void)
{
    shared = share(sizeof *shared);
    sem_init(&shared->full, 1, 0);
    sem_init(&shared->empty, 1, ROOM);
    child(produce);
    for (int i = 0; i < ITEMS; i++) {
        sem_wait(&shared->full);
        if (shared->items[i % ROOM] != i)
            return 1;
        sem_post(&shared->empty);
    }
    wait_for_all();
    return 0;
}
