/*
 * P4-dead-coprocess.c - a driver writes to a coprocess that has been killed.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

static void be_coprocess(void *context)
{
    int *to = context;
    char bytes[100];

    close(to[1]);
    while (read(to[0], bytes, sizeof bytes) > 0)
        continue;
}

/* Starts a coprocess, kills it, and sends it one more line; ends as the write lets it. */
static void be_driver(void *context)
{
    int to[2];
    (void)context;

    if (pipe(to) == -1)
        die("pipe");
    pid_t coprocess = start(be_coprocess, to);
    close(to[0]);
    end(coprocess);
    if (write(to[1], "1 2\n", 4) == -1)
        die("write");
}

static void be_driver_that_ignores(void *context)
{
    int to[2];
    (void)context;

    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || pipe(to) == -1)
        die("signal and pipe");
    pid_t coprocess = start(be_coprocess, to);
    close(to[0]);
    end(coprocess);
    fact("ignored", "%s", error_of(write(to[1], "1 2\n", 4)));
}

int main(void)
{
    int status = wait_for(start(be_driver, NULL));

    /* What a shell makes of a wait status, in $? */
    fact("status", "%d", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    wait_for(start(be_driver_that_ignores, NULL));
    return 0;
}
