/*
 * wait-right.c - the parent waits, with waitid(), and reads then.
 */
#include "scene.h"

static int *value;

static void produce(void)
{
    *value = 3;
}

int main(void)
{
    siginfo_t info;
    value = share(sizeof *value);
    pid_t pid = child(produce);
    must(waitid(P_PID, (id_t)pid, &info, WEXITED) == 0, "waitid");
    int seen = *value;
    return seen > 3 ? 1 : 0;
}
