/*
 * kill-all.c - kills whatever it may, over and over, but not itself: kill(-1, SIGKILL) spares the
 * caller.
 *
 * expect: failed
 */
#include "hostile.h"

int main(void)
{
    kill(-1, SIGSTOP);
    kill(-1, SIGKILL);
    kill(getppid(), SIGKILL);
    kill(getppid(), SIGSTOP);
    for (pid_t pid = 1; pid < 40000; pid++)
        if (pid != getpid())
            kill(pid, SIGKILL);
    pause();
}
