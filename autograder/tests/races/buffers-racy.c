/*
 * buffers-racy.c - two buffers in turns, but nobody says when one is empty again.
 * Named: shared->buffer[i % 2]
 */
#include "scene.h"

enum { ROUNDS = 6, SIZE = 64 };
struct shared {
    sem_t full, empty;
    char buffer[2][SIZE];
};
static struct shared *shared;

static void produce(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        memset(shared->buffer[i % 2], 'a' + i, SIZE);
        sem_post(&shared->full);
    }
}

int main(void)
{
    shared = share(sizeof *shared);
    sem_init(&shared->full, 1, 0);
    sem_init(&shared->empty, 1, 2);
    child(produce);
    for (int i = 0; i < ROUNDS; i++) {
        char copy[SIZE];
        sem_wait(&shared->full);
        memcpy(copy, shared->buffer[i % 2], SIZE);
        sem_post(&shared->empty);
    }
    wait_for_all();
    return 0;
}
