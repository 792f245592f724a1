/*
 * ring-racy.c - a ring with two counting semaphores and no lock: the producers share the head.
 * Named: shared->head, shared->items[shared->head]
 */
#include "scene.h"

enum { ROOM = 3, EACH = 6, PRODUCERS = 2 };
struct shared {
    sem_t full, empty, lock;
    int head, tail, items[ROOM];
};
static struct shared *shared;

static void produce(void)
{
    for (int i = 0; i < EACH; i++) {
        sem_wait(&shared->empty);
        shared->items[shared->head] = i;
        shared->head = (shared->head + 1) % ROOM;
        sem_post(&shared->full);
    }
}

int main(void)
{
    shared = share(sizeof *shared);
    sem_init(&shared->full, 1, 0);
    sem_init(&shared->empty, 1, ROOM);
    sem_init(&shared->lock, 1, 1);
    for (int i = 0; i < PRODUCERS; i++)
        child(produce);
    for (int i = 0; i < EACH * PRODUCERS; i++) {
        sem_wait(&shared->full);
        int item = shared->items[shared->tail];
        shared->tail = (shared->tail + 1) % ROOM;
        sem_post(&shared->empty);
        if (item < 0)
            return 1;
    }
    wait_for_all();
    return 0;
}
