/*
 * both.c - semtimedop with a limit of an hour, tried again when it is over; posix_spawn; a set of
 * any size at that key; both are given back one by one. No SEM_UNDO.
 */
#define _GNU_SOURCE /* semtimedop(2), environ */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int misused(void)
{
    fputs("usage: both KEY tape|printer printer|tape CMD [ARG]...\n", stderr);
    return 2;
}

static int resource(const char *name)
{
    return strcmp(name, "tape") == 0 ? 0 : strcmp(name, "printer") == 0 ? 1 : -1;
}

static int take_both(int set, int first, int second)
{
    const struct timespec hour = {.tv_sec = 3600};
    struct sembuf take[] = {
        {.sem_num = (unsigned short)first,  .sem_op = -1},
        {.sem_num = (unsigned short)second, .sem_op = -1}
    };
    int result;
    do
        result = semtimedop(set, take, 2, &hour);
    while (result == -1 && (errno == EINTR || errno == EAGAIN));
    return result;
}

static int give(int set, int number)
{
    struct sembuf back = {.sem_num = (unsigned short)number, .sem_op = 1};
    while (semop(set, &back, 1) == -1)
        if (errno != EINTR) {
            perror("both: semop");
            return -1;
        }
    return 0;
}

int main(int argc, char **argv)
{
    char *end;
    if (argc < 5)
        return misused();
    unsigned long key = strtoul(argv[1], &end, 0);
    int first = resource(argv[2]), second = resource(argv[3]);
    if (*end != '\0' || key == 0 || first == -1 || second == -1 || first == second)
        return misused();

    int set = semget((key_t)key, 0, 0);
    if (set == -1 || take_both(set, first, second) == -1) {
        perror(set == -1 ? "both: semget" : "both: semtimedop");
        return 1;
    }
    pid_t pid;
    int error = posix_spawnp(&pid, argv[4], NULL, NULL, argv + 4, environ), status = 127 << 8;
    if (error != 0)
        fprintf(stderr, "both: %s: %s\n", argv[4], strerror(error));
    else
        while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
            continue;
    if (give(set, second) == -1 || give(set, first) == -1 || error == EAGAIN)
        return 1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
