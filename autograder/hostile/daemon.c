/*
 * daemon.c - the right answer, and a daemon (setsid, two forks) that keeps every descriptor and
 * stays.
 *
 * expect: failed
 * finding: orphan
 */
#include "hostile.h"

ATTACK(leave_daemon)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            signal(SIGTERM, SIG_IGN);
            signal(SIGHUP, SIG_IGN);
            for (;;)
                pause();
        }
        _exit(0);
    }
    wait(NULL);
}

#include "solution.h"
