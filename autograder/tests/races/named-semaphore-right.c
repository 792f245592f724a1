/*
 * named-semaphore-right.c - a named semaphore as a lock.
 */
#include "scene.h"

static long *count;
static sem_t *lock;

static void add(void)
{
    for (int i = 0; i < 10; i++) {
        sem_wait(lock);
        (*count)++;
        sem_post(lock);
    }
}

int main(void)
{
    char name[40];
    snprintf(name, sizeof name, "/ipclab-races-%d", (int)getpid());
    count = share(sizeof *count);
    lock = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    must(lock != SEM_FAILED, "sem_open");
    sem_unlink(name);
    child(add);
    child(add);
    wait_for_all();
    return *count == 20 ? 0 : 1;
}
