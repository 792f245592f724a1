/*
 * nbpump.c - copies standard input to standard output, whatever moods the two are in.
 *
 * Usage: nbpump < INPUT > OUTPUT
 *
 */
#include "lab.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = 65536, EXIT_READER_GONE = 3 };

struct pump {
    char bytes[CAPACITY];
    size_t first, count; /* what was read and is not yet written */
    uintmax_t in, out;   /* bytes so far */
    bool input_ended;
    bool reader_gone;
};

// TODO: read: what do a positive number, 0, and -1 with EAGAIN mean?
// TODO: write: what does a positive number smaller than you asked for mean?
// TODO: wait: what do you want to know from poll while empty, and what while loaded?

/* By write(2), because stdio would lose the line if a signal interrupted it. */
static void say(const char *line)
{
    while (write(STDERR_FILENO, line, strlen(line)) == -1)
        if (errno != EINTR)
            return;
}

static void print_summary(const struct pump *pump)
{
    char line[128];
    snprintf(line, sizeof line, "nbpump: %ju bytes in, %ju bytes out\n", pump->in, pump->out);
    say(line);
}

int main(void)
{
    static struct pump pump;
    // TODO: read, write and wait until the input has ended or the reader is gone
    print_summary(&pump);
    // TODO: say so when the reader is gone, and return EXIT_READER_GONE
    return EXIT_SUCCESS;
}
