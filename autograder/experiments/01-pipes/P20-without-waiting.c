/*
 * P20-without-waiting.c - what non-blocking writes into a pipe return.
 */
#include <fcntl.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

static char bytes[100000];

int main(void)
{
    int ends[2];

    if (pipe(ends) == -1 || fcntl(ends[1], F_SETFL, O_NONBLOCK) == -1)
        die("pipe");
    fact("first", "%zd", write(ends[1], bytes, sizeof bytes));
    fact("full", "%s", error_of(write(ends[1], bytes, 1)));
    if (read(ends[0], bytes, 100) != 100)
        die("read");
    fact("after_100", "%s", error_of(write(ends[1], bytes, 1)));
    if (read(ends[0], bytes, 4096) != 4096)
        die("read");
    fact("after_4196", "%s", error_of(write(ends[1], bytes, 1)));
    return 0;
}
