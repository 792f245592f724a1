/*
 * rwlock-racy.c - two write, and hold the lock for reading.
 * Named: shared->count
 */
#include "scene.h"

struct shared {
    pthread_rwlock_t lock;
    long count;
};
static struct shared *shared;

static void add(void)
{
    pthread_rwlock_rdlock(&shared->lock);
    shared->count++;
    pthread_rwlock_unlock(&shared->lock);
}

static void look(void)
{
    pthread_rwlock_rdlock(&shared->lock);
    long seen = shared->count;
    pthread_rwlock_unlock(&shared->lock);
    if (seen < 0)
        _exit(1);
}

int main(void)
{
    pthread_rwlockattr_t attributes;
    shared = share(sizeof *shared);
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_rwlock_init(&shared->lock, &attributes);
    child(add);
    child(look);
    child(look);
    child(add);
    wait_for_all();
    return 0;
}
