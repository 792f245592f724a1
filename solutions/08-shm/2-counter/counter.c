/*
 * counter.c - several processes add to one counter, and no update gets lost.
 *
 *     parent ──┬── child ──┐
 *              ├── child ──┼──►  lock; load, hook, store; unlock      of a long in shared memory
 *              └── child ──┘
 *
 * The segment and the semaphore are made before the children, who inherit both: the address of the
 * one, the number of the other. Neither needs a key. The segment is marked for removal at once; the
 * set is removed by the parent, when it has waited for all.
 *
 * Usage: counter P N, with P from 1 to 16 and N from 1 to 1000000.
 */
#include "counter.h"
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CHILDREN = 16, MAX_ROUNDS = 1000000, OWNER_ONLY = 0600 };

/* A set of one semaphore, made here and still there; -1: none. */
static int set_to_remove = -1;

/* In the parent only: die() and _exit(2) do not come here in a child. */
static void remove_set(void)
{
    if (set_to_remove != -1)
        semctl(set_to_remove, 0, IPC_RMID);
}

/* From 1 to limit; 0: it is no such number. */
static long read_number(const char *text, long limit)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number <= limit ? number : 0;
}

/* A new segment is filled with zeros. */
static long *make_counter(void)
{
    int segment = shmget(IPC_PRIVATE, sizeof(long), IPC_CREAT | OWNER_ONLY);
    if (segment == -1)
        die("shmget");
    void *address = shmat(segment, NULL, 0);
    int error = errno;
    /* From now on it lasts as long as somebody has it attached. */
    if (shmctl(segment, IPC_RMID, NULL) == -1)
        die("shmctl IPC_RMID");
    errno = error;
    if (address == (void *)-1)
        die("shmat");
    return address;
}

/* semctl(2): the caller has to define it. */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

/* 1: nobody is between load and store. */
static int make_lock(void)
{
    int set = semget(IPC_PRIVATE, 1, IPC_CREAT | OWNER_ONLY);
    if (set == -1)
        die("semget");
    set_to_remove = set;
    if (semctl(set, 0, SETVAL, (union semun){.val = 1}) == -1)
        die("semctl SETVAL");
    return set;
}

/* SEM_UNDO: whoever is killed with the lock gives it back. */
static void change(int set, short by)
{
    struct sembuf operation = {.sem_num = 0, .sem_op = by, .sem_flg = SEM_UNDO};
    int done;

    do
        done = semop(set, &operation, 1);
    while (done == -1 && errno == EINTR);
    if (done == -1)
        die("semop");
}

static void add_one(int set, long *counter)
{
    change(set, -1);
    long value = *counter;
    hook();
    *counter = value + 1;
    change(set, 1);
}

static _Noreturn void run_child(int set, long *counter, long rounds)
{
    while (rounds-- > 0)
        add_one(set, counter);
    _exit(EXIT_SUCCESS);
}

/* Until none is left. Returns whether all have ended well. */
static bool wait_for_children(void)
{
    bool well = true;

    for (;;) {
        int status;
        pid_t child = wait(&status);
        if (child == -1 && errno == EINTR)
            continue;
        if (child == -1 && errno != ECHILD)
            die("wait");
        if (child == -1)
            return well;
        well = well && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    }
}

static void start_children(long count, int set, long *counter, long rounds)
{
    for (long i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == -1) {
            int error = errno;
            wait_for_children(); /* those that have begun come to their end */
            errno = error;
            die("fork");
        }
        if (child == 0)
            run_child(set, counter, rounds);
    }
}

int main(int argc, char **argv)
{
    long children = argc == 3 ? read_number(argv[1], MAX_CHILDREN) : 0;
    long rounds = argc == 3 ? read_number(argv[2], MAX_ROUNDS) : 0;

    if (children == 0 || rounds == 0)
        usage(
            "counter P N   (P is the number of children, 1 to 16, and N that of updates by each)");
    if (atexit(remove_set) != 0)
        die("atexit");
    long *counter = make_counter();
    int lock = make_lock();
    start_children(children, lock, counter, rounds);
    if (!wait_for_children()) {
        errno = 0;
        die("a child has not ended well");
    }
    if (printf("%ld\n", *counter) < 0 || fflush(stdout) == EOF)
        die("write");
    return EXIT_SUCCESS;
}
