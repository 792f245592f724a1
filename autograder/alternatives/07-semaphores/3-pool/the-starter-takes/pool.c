/*
 * pool.c - the first process takes a place before it starts a command, and so never has more
 * processes than places. A thread waits for those that have ended, and gives their places back.
 */
#define _GNU_SOURCE /* environ */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

union semun {
    int val;
};

static int set;
static bool failed, broken;

static int change(int by)
{
    struct sembuf operation = {.sem_op = (short)by};
    int result;
    do
        result = semop(set, &operation, 1);
    while (result == -1 && errno == EINTR);
    return result;
}

struct watched {
    pid_t pid;
    pthread_t thread;
};

static void *watch(void *argument)
{
    struct watched *it = argument;
    int status = -1;
    while (waitpid(it->pid, &status, 0) == -1 && errno == EINTR)
        continue;
    if (status != 0)
        __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
    if (change(+1) == -1) {
        perror("pool: semop");
        __atomic_store_n(&broken, true, __ATOMIC_RELAXED);
        semctl(set, 0, IPC_RMID); /* who waits for that place is to know */
    }
    return NULL;
}

static int number(const char *text)
{
    if (text[0] == '\0' || strlen(text) > 4 || strspn(text, "0123456789") != strlen(text))
        return 0;
    return atoi(text) <= 1000 ? atoi(text) : 0;
}

static int run_all(int wanted, char **command)
{
    static struct watched all[1000];
    int started = 0, threads = 0, result = 0;

    for (; started < wanted && result == 0; started++) {
        if (change(-1) == -1) {
            perror("pool: semop");
            result = 1;
            break;
        }
        int error = posix_spawnp(&all[threads].pid, command[0], NULL, NULL, command, environ);
        if (error == EAGAIN || error == ENOMEM) {
            fprintf(stderr, "pool: posix_spawnp: %s\n", strerror(error));
            result = 1;
        } else if (error != 0) {
            fprintf(stderr, "pool: %s: %s\n", command[0], strerror(error));
            failed = true;
            change(+1);
        } else if (pthread_create(&all[threads].thread, NULL, watch, &all[threads]) == 0) {
            threads++;
        } else { /* no thread can be had: then the next command waits for this one */
            watch(&all[threads]);
        }
    }
    for (int i = 0; i < threads; i++)
        pthread_join(all[i].thread, NULL);
    return result;
}

int main(int argc, char **argv)
{
    int places = argc > 3 ? number(argv[1]) : 0, wanted = argc > 3 ? number(argv[2]) : 0;
    if (places == 0 || wanted == 0) {
        fputs("usage: pool N K CMD [ARG]...\n", stderr);
        return 2;
    }
    union semun value = {.val = places};
    set = semget(IPC_PRIVATE, 1, 0600);
    if (set == -1) {
        perror("pool: semget");
        return 1;
    }
    if (semctl(set, 0, SETVAL, value) == -1) {
        perror("pool: semctl");
        semctl(set, 0, IPC_RMID);
        return 1;
    }
    int result = run_all(wanted, argv + 3);
    semctl(set, 0, IPC_RMID);
    return result != 0 || broken ? 1 : failed ? 3 : 0;
}
