/*
 * pool.c - K commands, at most N of them at the same time: a counting semaphore.
 *
 * Usage: pool N K CMD [ARG]...
 *
 * The value of the semaphore is the number of free places: N at first.
 *
 *   parent   makes the semaphore, forks K workers, waits for all of them, removes the semaphore
 *   worker   takes a place (-1), and waits for it if there is none; then it becomes CMD
 *
 * Nobody is left to add the 1 again when CMD has ended. So the place is taken with SEM_UNDO: the
 * kernel keeps in mind, through exec, what this process has taken, and gives it back when the
 * process ends, however it ends.
 *
 * Source: semop(2) (SEM_UNDO), execve(2).
 */
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 1000, SOME_FAILED = 3 };

/* What was asked for on the command line. */
static int places, wanted;

/* The fourth argument of semctl(2): on Linux the program defines it. */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static int parse_number(const char *text)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || number < 1 || number > MOST)
        usage("pool N K CMD [ARG]...   (N and K from 1 to 1000)");
    return (int)number;
}

/* Ends the parent because a call failed: the set must not stay. errno: that of the call. */
static _Noreturn void give_up(int set, const char *what)
{
    int error = errno;
    semctl(set, 0, IPC_RMID);
    errno = error;
    die("%s", what);
}

static int make_places(void)
{
    union semun value = {.val = places};
    int set = semget(IPC_PRIVATE, 1, 0600);
    if (set == -1)
        die("semget");
    if (semctl(set, 0, SETVAL, value) == -1)
        give_up(set, "semctl SETVAL");
    return set;
}

static void take_place(int set)
{
    struct sembuf take = {.sem_num = 0, .sem_op = -1, .sem_flg = SEM_UNDO};
    while (semop(set, &take, 1) == -1)
        if (errno != EINTR)
            die("semop");
}

static _Noreturn void work(int set, char **command)
{
    take_place(set);
    execvp(command[0], command);
    die("exec %s", command[0]);
}

/* Returns how many could be started. If it is not all of them, errno says why. */
static int start_workers(int set, pid_t *workers, char **command)
{
    for (int i = 0; i < wanted; i++) {
        workers[i] = fork();
        if (workers[i] == -1)
            return i;
        if (workers[i] == 0)
            work(set, command);
    }
    return wanted;
}

/* True: the worker has ended with status 0. */
static bool wait_for(int set, pid_t worker)
{
    int status;
    while (waitpid(worker, &status, 0) == -1)
        if (errno != EINTR)
            give_up(set, "waitpid");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    static pid_t workers[MOST];
    if (argc < 4)
        usage("pool N K CMD [ARG]...");
    places = parse_number(argv[1]);
    wanted = parse_number(argv[2]);

    int set = make_places();
    int started = start_workers(set, workers, argv + 3);
    int error = errno; /* of fork, if not all could be started */
    int failed = 0;
    for (int i = 0; i < started; i++)
        failed += !wait_for(set, workers[i]);
    errno = error;
    if (started < wanted)
        give_up(set, "fork");
    if (semctl(set, 0, IPC_RMID) == -1)
        die("semctl IPC_RMID");
    return failed > 0 ? SOME_FAILED : EXIT_SUCCESS;
}
