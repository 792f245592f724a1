/*
 * P5-no-flush.c - a driver talks to its coprocess through stdio, without and with fflush.
 *
 * The coprocess answers every line that it gets. The driver sends a line and waits for the answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

struct pair {
    int to[2], from[2]; /* to the coprocess and from it */
    int flush;
};

static void be_coprocess(void *context)
{
    struct pair *pair = context;
    char line[100];
    ssize_t n;

    close(pair->to[1]);
    while ((n = read(pair->to[0], line, sizeof line)) > 0)
        if (write(pair->from[1], line, (size_t)n) != n)
            die("write");
}

static void be_driver(void *context)
{
    struct pair *pair = context;
    char answer[100];
    FILE *out = fdopen(pair->to[1], "w");

    if (out == NULL)
        die("fdopen");
    fprintf(out, "20 22\n");
    if (pair->flush)
        fflush(out);
    if (read(pair->from[0], answer, sizeof answer) == -1) /* waits until there is an answer */
        die("read");
    _exit(EXIT_SUCCESS); /* not by exit(3): that would send the line after all */
}

/* Where both are when nothing moves any more. */
static void talk(struct pair *pair, const char *driver_fact, const char *coprocess_fact)
{
    if (pipe(pair->to) == -1 || pipe(pair->from) == -1)
        die("pipe");
    const pid_t both[] = {start(be_coprocess, pair), start(be_driver, pair)};
    wait_until_at_rest(both, 2);

    fact(driver_fact, "%s", sleeps_in(both[1]));
    fact(coprocess_fact, "%s", sleeps_in(both[0]));
    end(both[0]);
    end(both[1]);
}

int main(void)
{
    talk(&(struct pair){.flush = 0}, "driver", "coprocess");
    talk(&(struct pair){.flush = 1}, "with_fflush", "then_coprocess");
    return 0;
}
