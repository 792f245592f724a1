/*
 * P13-two-addresses.c - one segment, attached twice; and a pointer that is stored in it.
 */
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

struct node {
    struct node *next;
    int number;
};

static int id;

static void *attach(void)
{
    void *address = shmat(id, NULL, 0);
    if (address == (void *)-1)
        die("shmat");
    return address;
}

/* The segment at another address than the parent's; follows the pointer. Status 0: all is well. */
static void follow(void *context)
{
    struct node *here = attach();

    if (shmdt(context) == -1)
        die("shmdt");
    volatile struct node *next = here->next;
    _exit(next->number == 42 ? 0 : 1);
}

int main(void)
{
    if ((id = shmget(IPC_PRIVATE, 4096, 0600)) == -1)
        die("shmget");
    struct node *first = attach(), *again = attach();
    fact("addresses", "%s", first == again ? "same" : "different");

    first[1].number = 42;
    first[0].next = &first[1];
    fact("memory", "%s", again[1].number == 42 ? "same" : "different");
    if (shmdt(again) == -1)
        die("shmdt");
    int status = wait_for(start(follow, first));
    fact("pointer", "%s", WIFSIGNALED(status) ? "SIGSEGV" : status == 0 ? "right" : "wrong");
    if (shmctl(id, IPC_RMID, NULL) == -1)
        die("shmctl");
    return 0;
}
