/*
 * both.c - takes both with SEM_UNDO and then becomes the command: what has been taken stays with
 * the process through exec, and the kernel gives it back when it ends, however it ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <unistd.h>

static int misused(void)
{
    fputs("usage: both KEY tape|printer printer|tape CMD [ARG]...\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    char *end = "x";
    long long key = argc > 4 ? strtoll(argv[1], &end, 0) : 0;
    if (argc < 5 || *end != '\0' || key <= 0 || key > 0xffffffffLL)
        return misused();
    int tape_first = strcmp(argv[2], "tape") == 0 && strcmp(argv[3], "printer") == 0;
    int printer_first = strcmp(argv[2], "printer") == 0 && strcmp(argv[3], "tape") == 0;
    if (!tape_first && !printer_first)
        return misused();

    struct sembuf take[] = {
        {1, -1, SEM_UNDO},
        {0, -1, SEM_UNDO},
    };
    int set = semget((key_t)key, 2, 0);
    if (set == -1) {
        perror("both: semget");
        return 1;
    }
    while (semop(set, take, 2) == -1)
        if (errno != EINTR) {
            perror("both: semop");
            return 1;
        }
    execvp(argv[4], argv + 4);
    perror(argv[4]);
    return 127;
}
