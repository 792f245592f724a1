/*
 * machine.c - what this machine lets the kit do. See machine.h.
 *
 * Each question is tried in a child of its own, so that nothing of it stays: the child answers by
 * its exit status.
 */
#include "machine.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/box.h"
#include "../run/kit.h"
#include "kit_paths.h"

static int wait_for(pid_t child, int *status)
{
    while (waitpid(child, status, 0) == -1)
        if (errno != EINTR)
            return -1;
    return 0;
}

static pid_t fork_or_break(void)
{
    pid_t child = fork();
    if (child == -1)
        kit_broken("fork");
    return child;
}

/* A child that asks to be traced and stops: did the stop arrive? */
static bool can_trace(void)
{
    int status;
    pid_t child = fork_or_break();

    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
            _exit(1);
        raise(SIGSTOP);
        _exit(0);
    }
    if (wait_for(child, &status) == -1 || !WIFSTOPPED(status))
        return false;
    /* Detaching with no signal lets it run on to its end. */
    if (ptrace(PTRACE_DETACH, child, NULL, NULL) == -1) {
        kill(child, SIGKILL);
        wait_for(child, &status);
        return false;
    }
    return wait_for(child, &status) == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct machine machine_probe(void)
{
    static struct machine machine;
    static bool probed;

    if (!probed) {
        machine.ptrace = can_trace();
        machine.namespaces = box_mode_here() == BOX_STRONG; /* asks bubblewrap itself */
        machine.valgrind = kit_has_command("valgrind");
        probed = true;
    }
    return machine;
}
