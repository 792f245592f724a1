/*
 * perms.c - who may do what with a System V object: make one, look at it, change it.
 *
 * Usage: perms msg|sem|shm new
 *        perms msg|sem|shm ID
 *        perms msg|sem|shm ID set MODE [UID]
 *
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define USAGE "perms msg|sem|shm new, perms msg|sem|shm ID [set MODE [UID]]"

/* What IPC_STAT fills in. */
union state {
    struct msqid_ds queue;
    struct semid_ds set;
    struct shmid_ds segment;
};

union semun { /* semctl(2): the caller has to define it */
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

// TODO: make an object of each kind; which mode?
// TODO: print what struct ipc_perm says, and the times; a time of 0 is "never"
// TODO: change the mode, and the owner if a UID is given; what else does IPC_SET write?

int main(int argc, char **argv)
{
    if (argc < 3 || argc == 4 || argc > 6 || (argc > 4 && strcmp(argv[3], "set") != 0))
        usage(USAGE);
    // TODO: which kind is it, and what is to be done?
    return EXIT_SUCCESS;
}
