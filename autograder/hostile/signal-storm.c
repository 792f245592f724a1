/*
 * signal-storm.c - a timer that fires as fast as it can, and parent and child who stop and wake
 * each other without end.
 *
 * expect: failed
 */
#include <sys/time.h>

#include "hostile.h"

static void on_alarm(int signal)
{
    (void)signal;
}

int main(void)
{
    struct itimerval often = {
        {0, 1},
        {0, 1}
    };
    pid_t other = getpid();

    sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    pid_t child = fork();
    other = child == 0 ? other : child;
    for (;;) {
        kill(other, SIGSTOP);
        kill(other, SIGCONT);
    }
}
