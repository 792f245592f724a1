/*
 * both.c - runs a command that needs two resources at once: it gets both, or it waits with none.
 *
 * Usage: both KEY FIRST SECOND CMD [ARG]...   (FIRST, SECOND: tape and printer, or the other way)
 *        both KEY make                        (the semaphore set, with everything free)
 *        both KEY remove
 *
 * One semaphore set with two semaphores: 0 is the tape, 1 the printer; 1 is free, 0 is taken.
 *
 * Two operations that stand in one semop(2) are done together or not at all. So there is no moment
 * at which this process holds one of the two and waits for the other, and no circle of processes
 * that do so can come about, whatever order they ask in.
 *
 * The first process waits for CMD and gives back both; SEM_UNDO is for the case that it cannot.
 */
#include "lab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RESOURCES = 2, NOT_STARTED = 127, SIGNALLED = 128 };

static const char *const names[RESOURCES] = {"tape", "printer"};

/* The fourth argument of semctl(2): on Linux the program defines it. */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static _Noreturn void misused(void)
{
    usage("both KEY tape|printer printer|tape CMD [ARG]...   or   both KEY make|remove");
}

/* Any number but 0, as in C: 4660 or 0x1234. (0 is IPC_PRIVATE, which nobody else can find.) */
static key_t parse_key(const char *text)
{
    char *end;
    errno = 0;
    unsigned long key = strtoul(text, &end, 0);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || key == 0 || key > 0xffffffff)
        misused();
    return (key_t)key;
}

/* The number of the semaphore for that resource. */
static unsigned short parse_resource(const char *name)
{
    for (unsigned short i = 0; i < RESOURCES; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    misused();
}

/* ---- For those who keep the resources: make and remove -------------------------------------- */

static int make(key_t key)
{
    unsigned short all_free[RESOURCES] = {1, 1};
    union semun values = {.array = all_free};
    int set = semget(key, RESOURCES, IPC_CREAT | IPC_EXCL | 0600);
    if (set == -1)
        die("semget %#x", (unsigned)key);
    if (semctl(set, 0, SETALL, values) == -1)
        die("semctl SETALL");
    return EXIT_SUCCESS;
}

static int find(key_t key)
{
    int set = semget(key, RESOURCES, 0);
    if (set == -1)
        die("semget %#x", (unsigned)key);
    return set;
}

static int remove_set(key_t key)
{
    if (semctl(find(key), 0, IPC_RMID) == -1)
        die("semctl IPC_RMID");
    return EXIT_SUCCESS;
}

/* ---- For those who use them ----------------------------------------------------------------- */

/* Adds that much to both semaphores in one step. Waits while one of them would become negative. */
static int change_both(int set, int by)
{
    struct sembuf both[RESOURCES];
    for (unsigned short i = 0; i < RESOURCES; i++)
        both[i] = (struct sembuf){.sem_num = i, .sem_op = (short)by, .sem_flg = SEM_UNDO};
    while (semop(set, both, RESOURCES) == -1)
        if (errno != EINTR)
            return -1;
    return 0;
}

/* The child's part. Status 127 says that there was no CMD to run, as a shell does. */
static _Noreturn void become(char **command)
{
    execvp(command[0], command);
    fprintf(stderr, "both: exec %s: %s\n", command[0], strerror(errno)); /* not buffered */
    _exit(NOT_STARTED);
}

/* How CMD ended, as a shell says it. -1: it could not be run. */
static int run(char **command)
{
    pid_t child = fork();
    if (child == -1)
        return -1;
    if (child == 0)
        become(command);
    int status;
    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR)
            return -1;
    return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_with_both(key_t key, char **command)
{
    int set = find(key);
    if (change_both(set, -1) == -1)
        die("semop to take tape and printer");
    int status = run(command);
    if (status == -1)
        die("run %s", command[0]); /* SEM_UNDO gives them back */
    if (change_both(set, +1) == -1)
        die("semop to give back tape and printer");
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        misused();
    key_t key = parse_key(argv[1]);
    if (argc == 3 && strcmp(argv[2], "make") == 0)
        return make(key);
    if (argc == 3 && strcmp(argv[2], "remove") == 0)
        return remove_set(key);
    if (argc < 5 || parse_resource(argv[2]) == parse_resource(argv[3]))
        misused();
    return run_with_both(key, argv + 4);
}
