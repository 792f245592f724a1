/*
 * wait-racy.c - the parent reads before it waits, however late.
 * Named: *value
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
    doze();
    int seen = *value;
    must(waitid(P_PID, (id_t)pid, &info, WEXITED) == 0, "waitid");
    return seen > 3 ? 1 : 0;
}
