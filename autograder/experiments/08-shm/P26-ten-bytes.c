/*
 * P26-ten-bytes.c - a segment of 10 bytes: its size, its end, and its removal.
 */
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include "../experiment.h"
#include "lab.h"

static int id;

static void write_at_4095(void *context)
{
    volatile char *bytes = shmat(id, NULL, 0);
    (void)context;

    if (bytes == (void *)-1)
        die("shmat");
    bytes[4095] = 1;
}

static void attach(void *context)
{
    (void)context;
    fact("attach", "%s", error_of((long)shmat(id, NULL, 0)));
}

int main(void)
{
    struct shmid_ds state;

    if ((id = shmget(IPC_PRIVATE, 10, 0600)) == -1 || shmctl(id, IPC_STAT, &state) == -1)
        die("shmget");
    fact("size", "%zu", state.shm_segsz);
    int status = wait_for(start(write_at_4095, NULL));
    fact("beyond", "%s", WIFSIGNALED(status) ? "SIGSEGV" : "works");

    const void *mine = shmat(id, NULL, 0);
    if (mine == (void *)-1 || shmctl(id, IPC_RMID, NULL) == -1)
        die("shmat and shmctl");
    wait_for(start(attach, NULL)); /* while we still have it attached */
    if (shmdt(mine) == -1)
        die("shmdt");
    return 0;
}
