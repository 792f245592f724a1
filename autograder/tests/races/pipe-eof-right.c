/*
 * pipe-eof-right.c - end of file is the token: it comes when the writer has closed its end.
 */
#include "scene.h"

static int *value, ends[2];

static void produce(void)
{
    close(ends[0]);
    *value = 7;
    close(ends[1]);
}

int main(void)
{
    char byte;
    value = share(sizeof *value);
    must(pipe(ends) == 0, "pipe");
    child(produce);
    close(ends[1]);
    must(read(ends[0], &byte, 1) == 0, "read");
    int seen = *value;
    wait_for_all();
    return seen == 7 ? 0 : 1;
}
