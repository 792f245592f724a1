/*
 * mutex-racy.c - the writer locks, the reader does not.
 * Named: shared->count
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
    pthread_mutex_init(&shared->lock, &attributes);
}

static void add(void)
{
    pthread_mutex_lock(&shared->lock);
    shared->count++;
    pthread_mutex_unlock(&shared->lock);
}

static void look(void)
{
    long seen = shared->count;
    if (seen > 3)
        _exit(1);
}

int main(void)
{
    shared = share(sizeof *shared);
    init_lock();
    for (int i = 0; i < 3; i++)
        child(add);
    look();
    wait_for_all();
    return shared->count == 3 ? 0 : 1;
}
