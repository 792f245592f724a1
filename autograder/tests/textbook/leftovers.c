/*
 * leftovers.c - a zombie, a daemon, a queue, a segment, a semaphore set, a FIFO, a named semaphore.
 *
 * expect: zombie orphan object-left-behind
 */
#include <fcntl.h>
#include <semaphore.h>
#include <stdbool.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    int gone[2];
    char byte;

    if (pipe(gone) == -1)
        return 1;
    if (fork() == 0)
        _exit(0);      /* the zombie */
    if (fork() == 0) { /* the daemon */
        setsid();
        close(gone[0]);
        close(gone[1]);
        for (;;)
            pause();
    }
    close(gone[1]);
    if (read(gone[0], &byte, 1) != 0) /* until both have closed their copies */
        return 1;
    bool made = msgget(IPC_PRIVATE, 0600) != -1;
    made = shmget(IPC_PRIVATE, 4096, 0600) != -1 && made;
    made = semget(IPC_PRIVATE, 1, 0600) != -1 && made;
    made = mkfifo("left-fifo", 0600) != -1 && made;
    made = sem_open("/ipclab-textbook", O_CREAT, 0600, 1) != SEM_FAILED && made;
    return made ? 0 : 1;
}
