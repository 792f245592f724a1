/*
 * P21-own-pipe.c - a process reads from the pipe that it has written to itself.
 */
#include <string.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

/* Ends with status 0 when it has read what it wrote. */
static void write_and_read(void *context)
{
    int ends[2];
    char bytes[10] = "";
    (void)context;

    if (pipe(ends) == -1)
        die("pipe");
    if (write(ends[1], "self", 4) != 4 || read(ends[0], bytes, sizeof bytes) != 4 ||
        strcmp(bytes, "self") != 0)
        die("its own pipe");
}

int main(void)
{
    pid_t alone = start(write_and_read, NULL);

    wait_until_at_rest(&alone, 1);
    if (strcmp(sleeps_in(alone), "ended") != 0) {
        fact("own", "waits");
        end(alone);
    } else {
        fact("own", "%s", wait_for(alone) == 0 ? "reads" : "fails");
    }
    return 0;
}
