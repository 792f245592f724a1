/*
 * shmcopy.h - what shmwrite and shmread have agreed on: one block of shared memory and two
 * semaphores.
 *
 *     shmwrite                           the block                        shmread
 *     wait for TAKEN                                                      wait for FILLED
 *     fill it            ──── bytes ───►    [■]    ──── bytes ───►        write them out
 *     post FILLED                                                         post TAKEN
 *
 * The block belongs to one of them at a time; the semaphores hand it over. Both begin at 0: nobody
 * has it. The reader posts TAKEN once when it comes, and so the writer learns that somebody is
 * there. A block of length 0 is the end.
 *
 * Whoever fails removes the set; the other one is woken by that (EIDRM), and gives up too.
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

struct block {
    size_t length; /* of the bytes that count; 0: there are no more */
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

static inline void change(int set, unsigned short semaphore, short by, const char *what)
{
    struct sembuf operation = {.sem_num = semaphore, .sem_op = by};
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

static inline void post(int set, unsigned short semaphore)
{
    change(set, semaphore, 1, "tell the other side");
}

#endif
