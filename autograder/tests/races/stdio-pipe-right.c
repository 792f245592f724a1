/*
 * stdio-pipe-right.c - the token comes through stdio, which reads inside of the library.
 */
#include "scene.h"

static int *value, ends[2];

static void produce(void)
{
    *value = 7;
    dprintf(ends[1], "done\n");
}

int main(void)
{
    char line[16];
    value = share(sizeof *value);
    must(pipe(ends) == 0, "pipe");
    child(produce);
    FILE *from = fdopen(ends[0], "r");
    must(from != NULL && fgets(line, sizeof line, from) != NULL, "fgets");
    int seen = *value;
    wait_for_all();
    return seen == 7 ? 0 : 1;
}
