/*
 * P19-room.c - how much a pipe holds, and what PIPE_BUF has to do with it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

static void make_pipe(int ends[2])
{
    if (pipe(ends) == -1 || fcntl(ends[1], F_SETFL, O_NONBLOCK) == -1)
        die("pipe");
}

/* Writes a byte at a time until no more goes in. */
static long fill(void)
{
    int ends[2];
    long bytes = 0;

    make_pipe(ends);
    while (write(ends[1], "x", 1) == 1)
        bytes++;
    close(ends[0]);
    close(ends[1]);
    return bytes;
}

/* A write of PIPE_BUF bytes where there is room for one less. */
static const char *write_with_room_for_one_less(long pipe_buf, long capacity)
{
    int ends[2];
    char *bytes = calloc(1, (size_t)capacity + 1);
    long before = capacity - (pipe_buf - 1);

    make_pipe(ends);
    if (bytes == NULL || write(ends[1], bytes, (size_t)before) != before)
        die("write");
    const char *said = error_of(write(ends[1], bytes, (size_t)pipe_buf));
    close(ends[0]);
    close(ends[1]);
    free(bytes);
    return said;
}

int main(void)
{
    int ends[2];

    make_pipe(ends);
    long pipe_buf = fpathconf(ends[1], _PC_PIPE_BUF), capacity = fill();
    close(ends[0]);
    close(ends[1]);

    fact("pipe_buf", "%ld", pipe_buf);
    fact("capacity", "%ld", capacity);
    fact("exact", "%s", write_with_room_for_one_less(pipe_buf, capacity));
    return 0;
}
