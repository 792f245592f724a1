/*
 * P6-wait-in-pclose.c - a loop around wait() reaps somebody else's child.
 *
 * The program has two children: the command of a popen, which ends at once, and one of its own,
 * which ends later. It waits for its own with wait(), in a loop. Then pclose wants to know how the
 * command ended.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

static void end_when_told(void *context)
{
    int *gate = context;
    char byte;

    close(gate[1]);
    if (read(gate[0], &byte, 1) == -1)
        die("read");
}

int main(void)
{
    int gate[2];
    siginfo_t ended;
    FILE *stream = popen("exit 7", "r");

    if (stream == NULL || pipe(gate) == -1)
        die("popen and pipe");
    pid_t own = start(end_when_told, gate);
    /* WNOWAIT: only look whether somebody has ended. It can only be the command. */
    if (waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT) == -1)
        die("waitid");
    close(gate[1]);
    while (wait(NULL) != own)
        continue;

    int result = pclose(stream);
    const char *error = error_of(result);
    fact("result", "%d", result);
    fact("error", "%s", error);
    return 0;
}
