/*
 * P22-five-signals.c - a signal is sent five times while it is blocked: how often is it handled?
 */
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

static volatile sig_atomic_t handled;

static void count(int number)
{
    (void)number;
    handled++;
}

static int handled_of_five(int number)
{
    struct sigaction action = {.sa_handler = count};
    sigset_t one, before;

    handled = 0;
    sigemptyset(&one);
    sigaddset(&one, number);
    if (sigaction(number, &action, NULL) == -1 || sigprocmask(SIG_BLOCK, &one, &before) == -1)
        die("sigaction and sigprocmask");
    for (int i = 0; i < 5; i++)
        if (kill(getpid(), number) == -1)
            die("kill");
    if (sigprocmask(SIG_SETMASK, &before, NULL) == -1) /* here the handler runs */
        die("sigprocmask");
    return handled;
}

int main(void)
{
    fact("usr1", "%d", handled_of_five(SIGUSR1));
    fact("realtime", "%d", handled_of_five(SIGRTMIN));
    return 0;
}
