/*
 * exec-racy.c - a child that has become another program by exec attaches the segment again, and
 * nobody waits for it before reading.
 * Named: *here, *there
 */
#include "scene.h"

int main(int argc, char **argv)
{
    if (argc == 2) {
        int *there = shmat(atoi(argv[1]), NULL, 0);
        must(there != (void *)-1, "shmat");
        *there = 5;
        return 0;
    }
    char words[16];
    int id = shmget(IPC_PRIVATE, 4096, 0600);
    snprintf(words, sizeof words, "%d", id);
    int *here = shmat(id, NULL, 0);
    must(here != (void *)-1, "shmat");
    pid_t pid = fork();
    if (pid == 0) {
        execl(argv[0], argv[0], words, (char *)NULL);
        _exit(127);
    }
    doze();
    int seen = *here;
    wait_for_all();
    shmctl(id, IPC_RMID, NULL);
    return seen > 5 ? 1 : 0;
}
