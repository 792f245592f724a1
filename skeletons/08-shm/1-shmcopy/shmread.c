/*
 * shmread.c - what shmwrite puts into the block of shared memory goes to standard output.
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

// TODO: find both objects, and attach the segment
// TODO: write out each block, all of it, and give it back
// TODO: what shall the writer notice if you fail?

int main(int argc, char **argv)
{
    key_t key = argc == 2 ? read_key(argv[1]) : 0;

    if (key == 0)
        usage("shmread KEY");
    /* If nobody reads our output, write should say so, and we the writer. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal SIGPIPE");
    // TODO: find, attach, say that you are here, receive all
    return EXIT_SUCCESS;
}
