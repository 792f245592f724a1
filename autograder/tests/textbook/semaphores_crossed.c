/*
 * semaphores_crossed.c - two processes take two System V semaphores in opposite orders.
 *
 * expect: hang two-semops-instead-of-one semop
 */
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

static int change(int set, unsigned short which, short by)
{
    struct sembuf operation = {which, by, 0};
    return semop(set, &operation, 1);
}

int main(void)
{
    int set = semget(IPC_PRIVATE, 2, 0600), ready[2];
    char byte = 0;

    if (set == -1 || pipe(ready) == -1 || change(set, 0, 1) == -1 || change(set, 1, 1) == -1)
        return 1;
    pid_t child = fork();
    change(set, child == 0, -1);
    if (child == 0) /* both hold one before either asks for the other */
        byte = (char)write(ready[1], &byte, 1);
    else
        byte = (char)read(ready[0], &byte, 1);
    change(set, child != 0, -1);
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    return semctl(set, 0, IPC_RMID);
}
