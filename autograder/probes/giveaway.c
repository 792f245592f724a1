/*
 * giveaway.c - gives a System V object to another user, who is then its owner; its creator stays
 * the same.
 *
 * Usage: giveaway msg|sem|shm ID UID
 *
 * It prints nothing. Status 0: it is done; 1: the kernel did not let us; 99: wrong arguments.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { EXIT_REFUSED = 1, EXIT_BROKEN = 99 };

union semun { /* semctl(2): the caller defines it */
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static int give_queue(int id, uid_t to)
{
    struct msqid_ds state;
    if (msgctl(id, IPC_STAT, &state) == -1)
        return -1;
    state.msg_perm.uid = to;
    return msgctl(id, IPC_SET, &state);
}

static int give_set(int id, uid_t to)
{
    struct semid_ds state;
    union semun argument = {.buf = &state};
    if (semctl(id, 0, IPC_STAT, argument) == -1)
        return -1;
    state.sem_perm.uid = to;
    return semctl(id, 0, IPC_SET, argument);
}

static int give_segment(int id, uid_t to)
{
    struct shmid_ds state;
    if (shmctl(id, IPC_STAT, &state) == -1)
        return -1;
    state.shm_perm.uid = to;
    return shmctl(id, IPC_SET, &state);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return EXIT_BROKEN;
    int id = atoi(argv[2]), result = -1;
    uid_t to = (uid_t)strtoul(argv[3], NULL, 10);

    if (strcmp(argv[1], "msg") == 0)
        result = give_queue(id, to);
    else if (strcmp(argv[1], "sem") == 0)
        result = give_set(id, to);
    else if (strcmp(argv[1], "shm") == 0)
        result = give_segment(id, to);
    else
        return EXIT_BROKEN;
    return result == 0 ? EXIT_SUCCESS : EXIT_REFUSED;
}
