/*
 * two-posts-racy.c - the first post comes before the second value; the reader waits once and reads
 * both.
 * Named: shared->values[0], shared->values[1], shared->values[i]
 */
#include "scene.h"

struct shared {
    sem_t ready;
    int values[2];
};
static struct shared *shared;

static void produce(void)
{
    for (int i = 0; i < 2; i++) {
        shared->values[i] = i + 1;
        sem_post(&shared->ready);
    }
}

int main(void)
{
    shared = share(sizeof *shared);
    sem_init(&shared->ready, 1, 0);
    child(produce);
    doze();
    sem_wait(&shared->ready);
    int sum = shared->values[0] + shared->values[1];
    wait_for_all();
    return sum > 3 ? 1 : 0;
}
