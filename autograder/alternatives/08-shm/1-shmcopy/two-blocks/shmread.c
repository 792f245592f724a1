/*
 * shmread.c - what shmwrite puts into the block of shared memory goes to standard output.
 *
 * It makes nothing, and it removes nothing, unless it fails in the middle: then it takes the
 * semaphores away, so that the writer does not wait for ever.
 *
 * Usage: shmread KEY
 */
#include "lab.h"
#include "shmcopy.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

/* The writer's, while it counts on us; -1: not yet (then another reader may come), or no more. */
static int set_to_remove = -1;

static void let_the_writer_know(void)
{
    if (set_to_remove != -1)
        semctl(set_to_remove, 0, IPC_RMID);
}

/* The segment is made last: if it is there, the semaphores have their values. */
static int find_segment(key_t key)
{
    int segment = shmget(key, 0, 0);
    if (segment == -1)
        die("shmget %#lx: is there a writer?", (unsigned long)key & 0xffffffff);
    return segment;
}

static int find_semaphores(key_t key)
{
    int set = semget(key, SEMAPHORES, 0);
    if (set == -1)
        die("semget %#lx", (unsigned long)key & 0xffffffff);
    return set;
}

static const struct blocks *attach(int segment)
{
    const struct blocks *blocks = shmat(segment, NULL, SHM_RDONLY);
    if (blocks == (void *)-1)
        die("shmat");
    return blocks;
}

static void write_all(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, size);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write");
        bytes += written;
        size -= (size_t)written;
    }
}

static void receive_all(int set, const struct blocks *blocks)
{
    for (unsigned next = 0;; next = 1 - next) {
        wait_for(set, FILLED);
        size_t length = blocks->length[next];
        write_all(blocks->bytes + next * blocks->size, length);
        if (length == 0)
            break;
        post(set, TAKEN, 1);
    }
    set_to_remove = -1; /* from here on the writer can do without us */
    post(set, TAKEN, 1);
}

int main(int argc, char **argv)
{
    key_t key = argc == 2 ? read_key(argv[1]) : 0;

    if (key == 0)
        usage("shmread KEY");
    /* If nobody reads our output, write should say so, and we the writer. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal SIGPIPE");
    if (atexit(let_the_writer_know) != 0)
        die("atexit");
    int segment = find_segment(key);
    int set = find_semaphores(key);
    const struct blocks *blocks = attach(segment);
    set_to_remove = set;
    post(set, TAKEN, BLOCKS); /* here we are */
    receive_all(set, blocks);
    if (shmdt(blocks) == -1)
        die("shmdt");
    return EXIT_SUCCESS;
}
