/*
 * signal-racy.c - the signal is sent first, the value is written after it.
 * Named: *value
 */
#include "scene.h"

static int *value;
static volatile sig_atomic_t came;

static void on_signal(int number)
{
    (void)number;
    came = 1;
}

static void produce(void)
{
    kill(getppid(), SIGUSR1);
    *value = 7;
}

int main(void)
{
    sigset_t blocked, old;
    struct sigaction action = {.sa_handler = on_signal};
    value = share(sizeof *value);
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &old);
    child(produce);
    while (!came)
        sigsuspend(&old);
    int seen = *value;
    wait_for_all();
    return seen > 7 ? 1 : 0;
}
