/*
 * robust-right.c - the owner dies in the section; who comes next learns it, and goes on.
 */
#include "scene.h"

struct shared {
    pthread_mutex_t lock;
    long count;
};
static struct shared *shared;

static void init_lock(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&shared->lock, &attributes);
}

static void add_and_die(void)
{
    pthread_mutex_lock(&shared->lock);
    shared->count++;
}

int main(void)
{
    shared = share(sizeof *shared);
    init_lock();
    child(add_and_die);
    doze();
    if (pthread_mutex_lock(&shared->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&shared->lock);
    shared->count++;
    pthread_mutex_unlock(&shared->lock);
    wait_for_all();
    return shared->count == 2 ? 0 : 1;
}
