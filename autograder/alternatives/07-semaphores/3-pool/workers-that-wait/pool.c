/*
 * pool.c - the workers stay, and give their place back themselves: each runs CMD as its own child.
 * No SEM_UNDO, and a semaphore that gets its value by a semop.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

static int set = -1;

static int change(int by)
{
    struct sembuf operation = {.sem_op = (short)by};
    while (semop(set, &operation, 1) == -1)
        if (errno != EINTR) {
            perror("pool: semop");
            return -1;
        }
    return 0;
}

static int wait_for(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR)
            return -1;
    return status;
}

static _Noreturn void work(char **command)
{
    int status = -1;
    if (change(-1) == -1)
        _exit(1);
    pid_t child = fork();
    if (child == 0) {
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    if (child == -1)
        perror("pool: fork in a worker");
    else
        status = wait_for(child);
    if (change(+1) == -1)
        status = -1;
    _exit(status == 0 ? 0 : 1);
}

static long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    return strspn(text, "0123456789") == strlen(text) && value <= 1000 ? value : 0;
}

int main(int argc, char **argv)
{
    long places = argc > 3 ? number(argv[1]) : 0, workers = argc > 3 ? number(argv[2]) : 0;
    int failed = 0, problem = 0;
    long started = 0;

    if (places < 1 || workers < 1) {
        fputs("usage: pool N K CMD [ARG]...\n", stderr);
        return 2;
    }
    set = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    if (set == -1) {
        perror("pool: semget");
        return 1;
    }
    if (change((int)places) == -1) {
        semctl(set, 0, IPC_RMID);
        return 1;
    }
    for (; started < workers && problem == 0; started++) {
        pid_t worker = fork();
        if (worker == 0)
            work(argv + 3);
        if (worker == -1) {
            perror("pool: fork");
            problem = 1;
            started--;
        }
    }
    for (long i = 0; i < started; i++) {
        int status;
        pid_t done = wait(&status);
        if (done == -1 && errno == EINTR)
            i--;
        else if (done != -1 && status != 0)
            failed = 3;
    }
    if (semctl(set, 0, IPC_RMID) == -1) {
        perror("pool: semctl");
        return 1;
    }
    return problem ? 1 : failed;
}
