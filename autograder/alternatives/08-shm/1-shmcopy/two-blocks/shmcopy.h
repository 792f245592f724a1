/*
 * shmcopy.h - what shmwrite and shmread have agreed on: two blocks of shared memory and two
 * semaphores.
 *
 * There are two blocks, each half as large as asked for: while the reader writes out the one, the
 * writer fills the other. TAKEN counts the blocks that are the writer's, FILLED those that are the
 * reader's; both begin at 0, and the reader posts TAKEN for both when it comes.
 */
#ifndef SHMCOPY_H
#define SHMCOPY_H

#include "lab.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/types.h>

enum { BLOCKS = 2 };

struct blocks {
    size_t size;           /* room in each */
    size_t length[BLOCKS]; /* 0: there are no more */
    char bytes[];
};

/* The semaphores of the set, by their index. */
enum { TAKEN, FILLED, SEMAPHORES };

/* The key, which both are given: decimal, or hexadecimal with 0x. 0 (it would be IPC_PRIVATE): the
 * text is no such number. */
static inline key_t read_key(const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    errno = 0;
    unsigned long number = strtoul(text, &end, 0);
    return *end == '\0' && errno == 0 && number <= 0xffffffff ? (key_t)number : 0;
}

static inline void change(int set, unsigned short semaphore, int by, const char *what)
{
    struct sembuf operation = {.sem_num = semaphore, .sem_op = (short)by};
    int done;

    do
        done = semop(set, &operation, 1);
    while (done == -1 && errno == EINTR);
    if (done == -1)
        die("semop: %s", what);
}

static inline void wait_for(int set, unsigned short semaphore)
{
    change(set, semaphore, -1, "wait for the other side");
}

static inline void post(int set, unsigned short semaphore, int count)
{
    change(set, semaphore, count, "tell the other side");
}

#endif
