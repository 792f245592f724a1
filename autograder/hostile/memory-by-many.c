/*
 * memory-by-many.c - memory that no limit of a process bounds: many processes, and segments, files
 * in memory and messages that no process has in its address space.
 *
 * expect: failed
 * weak: none; there no namespace takes the objects with it while the run goes on
 */
#define _GNU_SOURCE /* memfd_create(2) */
#include <sys/mman.h>
#include <sys/shm.h>

#include "hostile.h"

enum { PIECE = 64 << 20, PIECES = 40 };

static void fill_segment(void)
{
    int id = shmget(IPC_PRIVATE, PIECE, 0600);
    char *at = id == -1 ? (char *)-1 : shmat(id, NULL, 0);
    if (at == (char *)-1) // NOLINT
        return;
    memset(at, 'x', PIECE);
    shmdt(at);
}

static void fill_memory_file(void)
{
    static char block[1 << 20];
    int fd = memfd_create("flood", 0);
    for (int i = 0; i < PIECE / (1 << 20); i++)
        if (write(fd, block, sizeof block) == -1)
            return;
}

int main(void)
{
    for (int i = 0; i < PIECES; i++) {
        fill_segment();
        fill_memory_file();
    }
    pause();
}
