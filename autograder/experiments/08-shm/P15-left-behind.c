/*
 * P15-left-behind.c - what is left of a segment when its last user has ended.
 *
 * The program is a child: it attaches a segment, uses it, and ends. This process makes the segment
 * and looks at it afterwards, as ipcs(1) would.
 */
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

struct plan {
    int id;
    int remove_first;
};

static void use(void *context)
{
    const struct plan *plan = context;
    volatile int *number = shmat(plan->id, NULL, 0);

    if (number == (void *)-1)
        die("shmat");
    if (plan->remove_first && shmctl(plan->id, IPC_RMID, NULL) == -1)
        die("shmctl");
    for (int i = 0; i < 6; i++)
        (*number)++;
    _exit(*number == 6 ? 0 : 1);
}

/* Runs the program; then the number of processes that have the segment attached, -1: it is gone. */
static int attached_after(int remove_first, int *status)
{
    struct shmid_ds state;
    struct plan plan = {shmget(IPC_PRIVATE, 4096, 0600), remove_first};

    if (plan.id == -1)
        die("shmget");
    *status = wait_for(start(use, &plan));
    if (shmctl(plan.id, IPC_STAT, &state) == -1)
        return -1;
    if (shmctl(plan.id, IPC_RMID, NULL) == -1)
        die("shmctl");
    return (int)state.shm_nattch;
}

static const char *what_is_left(int attached)
{
    return attached == -1 ? "nothing" : attached == 0 ? "unattached" : "attached";
}

int main(void)
{
    int status;

    fact("without", "%s", what_is_left(attached_after(0, &status)));
    fact("with", "%s", what_is_left(attached_after(1, &status)));
    fact("works", "%s", status == 0 ? "yes" : "no");
    return 0;
}
