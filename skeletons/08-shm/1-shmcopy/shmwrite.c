/*
 * shmwrite.c - standard input goes through a block of shared memory to shmread.
 *
 * Usage: shmwrite KEY SIZE, with SIZE from 1 to 1048576.
 */
#include "lab.h"
#include "shmcopy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

enum { MAX_SIZE = 1 << 20, OWNER_ONLY = 0600 };

/* Ours, and still there: to be removed at exit. -1: none. */
static int set_to_remove = -1;
static int segment_to_remove = -1;

/* On the ways out on which a call has failed, too. The set may be gone: the reader has failed. */
static void remove_objects(void)
{
    if (set_to_remove != -1)
        semctl(set_to_remove, 0, IPC_RMID);
    if (segment_to_remove != -1)
        shmctl(segment_to_remove, IPC_RMID, NULL);
}

/* From 1 to MAX_SIZE; 0: it is no such number. */
static size_t read_size(const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    unsigned long number = strtoul(text, &end, 10);
    return *end == '\0' && number <= MAX_SIZE ? number : 0;
}

/* semctl(2): the caller has to define it. */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

// TODO: make both objects, in which order? Give the semaphores their values; attach the segment
// TODO: when may the segment be marked for removal?
// TODO: fill the block, hand it over, and wait until you have it back, up to the end of the input

int main(int argc, char **argv)
{
    key_t key = argc == 3 ? read_key(argv[1]) : 0;
    size_t size = argc == 3 ? read_size(argv[2]) : 0;

    if (key == 0 || size == 0)
        usage("shmwrite KEY SIZE   (SIZE is that of the block, 1 to 1048576)");
    if (atexit(remove_objects) != 0)
        die("atexit");
    // TODO: make, wait for the reader, mark, send all
    return EXIT_SUCCESS; /* the set goes on the way out */
}
