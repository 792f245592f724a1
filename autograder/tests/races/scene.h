/*
 * scene.h - what the programs of this folder share: memory, children, turns of System V semaphores.
 *
 * Each NAME-right.c orders all that it does to shared memory, and each NAME-racy.c does not,
 * however right its output may be: races.sh has the race detector tell them apart.
 */
#ifndef SCENE_H
#define SCENE_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline void must(bool worked, const char *what)
{
    if (!worked) {
        perror(what);
        exit(99);
    }
}

static inline void *share(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | 0x20 /* anonymous */, -1, 0);
    must(memory != MAP_FAILED, "mmap");
    return memory;
}

static inline pid_t child(void (*body)(void))
{
    pid_t pid = fork();
    must(pid != -1, "fork");
    if (pid == 0) {
        body();
        _exit(0);
    }
    return pid;
}

static inline void wait_for_all(void)
{
    while (wait(NULL) > 0)
        continue;
}

/* A set of one semaphore, removed by drop_set(). */
static inline int new_set(int value)
{
    int id = semget(IPC_PRIVATE, 1, 0600);
    must(id != -1 && semctl(id, 0, SETVAL, value) == 0, "semget");
    return id;
}

static inline void change(int id, int by)
{
    struct sembuf operation = {0, (short)by, 0};
    must(semop(id, &operation, 1) == 0, "semop");
}

static inline void drop_set(int id)
{
    must(semctl(id, 0, IPC_RMID) == 0, "semctl");
}

static inline void put_byte(int fd)
{
    must(write(fd, "x", 1) == 1, "write");
}

static inline void get_byte(int fd)
{
    char byte;
    must(read(fd, &byte, 1) == 1, "read");
}

/* Long enough for another process to be done, which is no order. */
static inline void doze(void)
{
    nanosleep(&(struct timespec){0, 2000000}, NULL);
}

#endif
