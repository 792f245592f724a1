/*
 * P16-semaphore-turns.c - a System V semaphore with the value 1 around each update: do the two
 * processes take turns?
 */
#include <sys/ipc.h>
#include <sys/sem.h>

#include "../experiment.h"
#include "../turns.h"
#include "lab.h"

static void change(int id, short by)
{
    struct sembuf operation = {.sem_num = 0, .sem_op = by, .sem_flg = SEM_UNDO};

    if (semop(id, &operation, 1) == -1)
        die("semop");
}

static void lock(void *context)
{
    change(*(int *)context, -1);
}

static void unlock(void *context)
{
    change(*(int *)context, 1);
}

int main(void)
{
    int id = semget(IPC_PRIVATE, 1, 0600);

    if (id == -1)
        die("semget");
    change(id, 1);
    take_turns(lock, unlock, &id);
    if (semctl(id, 0, IPC_RMID) == -1)
        die("semctl");
    return 0;
}
