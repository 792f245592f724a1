/*
 * kill-tracer.c - looks up its tracer and its parent, and stops, kills and traces them.
 *
 * expect: passed but says_which_call_failed
 */
#include <sys/ptrace.h>

#include "hostile.h"

static pid_t tracer(void)
{
    char line[256];
    int pid = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "TracerPid: %d", &pid) == 1)
            break;
    if (status != NULL)
        fclose(status);
    return pid;
}

static void attack_process(pid_t pid)
{
    static const int signals[] = {SIGSTOP, SIGTSTP, SIGUSR1, SIGSEGV, SIGKILL};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (kill(pid, signals[i]) == 0 && pid != 1)
            escaped("it took the signal");
    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0)
        escaped("it is traced");
}

ATTACK(attack_watchers)
{
    if (tracer() > 0)
        attack_process(tracer());
    if (getppid() > 0)
        attack_process(getppid());
}

#include "solution.h"
