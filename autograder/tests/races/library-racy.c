/*
 * library-racy.c - read() and memcpy() use the memory for the program; so they race.
 * Named: *text
 */
#include "scene.h"

static char *text;
static int ends[2];

static void fill(void)
{
    must(write(ends[1], "from the pipe", 13) == 13, "write");
    must(read(ends[0], text, 13) == 13, "read");
}

int main(void)
{
    char copy[16];
    text = share(64);
    must(pipe(ends) == 0, "pipe");
    child(fill);
    memcpy(copy, text, sizeof copy);
    wait_for_all();
    return copy[0] > 'f' ? 1 : 0;
}
