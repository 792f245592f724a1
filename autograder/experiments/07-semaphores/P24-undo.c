/*
 * P24-undo.c - a child changes a semaphore with SEM_UNDO and ends: what is the value then?
 */
#include <sys/ipc.h>
#include <sys/sem.h>

#include "../experiment.h"
#include "lab.h"

union semun {
    int val;
};

static int id;

static void change_by(void *context)
{
    const struct sembuf *operation = context;
    struct sembuf copy = *operation;

    if (semop(id, &copy, 1) == -1)
        die("semop");
}

/* The value, when it was `before` and a child has made one operation and ended. */
static int value_after(int before, short by, short flags)
{
    struct sembuf operation = {.sem_num = 0, .sem_op = by, .sem_flg = flags};
    union semun argument = {.val = before};

    if (semctl(id, 0, SETVAL, argument) == -1)
        die("semctl");
    wait_for(start(change_by, &operation));
    return semctl(id, 0, GETVAL);
}

int main(void)
{
    if ((id = semget(IPC_PRIVATE, 1, 0600)) == -1)
        die("semget");
    fact("taken", "%d", value_after(1, -1, 0));
    fact("taken_undo", "%d", value_after(1, -1, SEM_UNDO));
    fact("posted_undo", "%d", value_after(0, 1, SEM_UNDO));
    if (semctl(id, 0, IPC_RMID) == -1)
        die("semctl");
    return 0;
}
