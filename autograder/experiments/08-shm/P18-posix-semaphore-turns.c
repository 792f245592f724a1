/*
 * P18-posix-semaphore-turns.c - a POSIX semaphore with the value 1 around each update: do the two
 * processes take turns?
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <semaphore.h>
#include <sys/mman.h>

#include "../experiment.h"
#include "../turns.h"
#include "lab.h"

static void lock(void *context)
{
    if (sem_wait(context) == -1)
        die("sem_wait");
}

static void unlock(void *context)
{
    if (sem_post(context) == -1)
        die("sem_post");
}

int main(void)
{
    sem_t *semaphore =
        mmap(NULL, sizeof *semaphore, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    /* 1: shared between processes; and it must lie in memory that they share. */
    if (semaphore == MAP_FAILED || sem_init(semaphore, 1, 1) == -1)
        die("a semaphore");
    take_turns(lock, unlock, semaphore);
    if (sem_destroy(semaphore) == -1)
        die("sem_destroy");
    return 0;
}
