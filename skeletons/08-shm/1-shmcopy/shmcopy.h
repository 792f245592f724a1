/*
 * shmcopy.h - what shmwrite and shmread have agreed on: one block of shared memory and two
 * semaphores.
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

// TODO: which two semaphores, and what does each of them count?

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

// TODO: wait for the other side, and tell it

#endif
