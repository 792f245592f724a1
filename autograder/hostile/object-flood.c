/*
 * object-flood.c - queues, semaphores, segments and names of POSIX objects, as many as there may
 * be, all left behind.
 *
 * expect: failed
 * finding: object-left-behind
 */
#include <mqueue.h>
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "hostile.h"

int main(void)
{
    char name[64];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "/hostile-%d-%d", (int)getpid(), i);
        int queue = msgget(IPC_PRIVATE, 0666), set = semget(IPC_PRIVATE, 100, 0666);
        int segment = shmget(IPC_PRIVATE, 4096, 0666);
        mqd_t posix = mq_open(name, O_RDWR | O_CREAT, 0666, NULL);
        sem_t *semaphore = sem_open(name, O_CREAT, 0666, 1);
        int memory = shm_open(name, O_RDWR | O_CREAT, 0666);
        if (queue == -1 && set == -1 && segment == -1 && posix == (mqd_t)-1 &&
            semaphore == SEM_FAILED && memory == -1)
            break;
    }
    return 0;
}
