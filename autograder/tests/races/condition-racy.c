/*
 * condition-racy.c - a condition, but the value is written after the mutex is given back.
 * Named: shared->value
 */
#include "scene.h"

struct shared {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int ready, value;
};
static struct shared *shared;

static void init_all(void)
{
    pthread_mutexattr_t of_lock;
    pthread_condattr_t of_condition;
    pthread_mutexattr_init(&of_lock);
    pthread_mutexattr_setpshared(&of_lock, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->lock, &of_lock);
    pthread_condattr_init(&of_condition);
    pthread_condattr_setpshared(&of_condition, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&shared->changed, &of_condition);
}

static void produce(void)
{
    pthread_mutex_lock(&shared->lock);
    shared->ready = 1;
    pthread_cond_signal(&shared->changed);
    pthread_mutex_unlock(&shared->lock);
    shared->value = 9;
}

int main(void)
{
    shared = share(sizeof *shared);
    init_all();
    child(produce);
    pthread_mutex_lock(&shared->lock);
    while (!shared->ready)
        pthread_cond_wait(&shared->changed, &shared->lock);
    pthread_mutex_unlock(&shared->lock);
    int seen = shared->value;
    wait_for_all();
    return seen > 9 ? 1 : 0;
}
