/*
 * neighbours-right.c - each has bytes of its own, side by side in one word.
 */
#include "scene.h"

static char *bytes;
static int mine;

static void fill(void)
{
    for (int i = 0; i < 10; i++)
        bytes[mine]++;
}

int main(void)
{
    bytes = share(8);
    for (mine = 0; mine < 4; mine++)
        child(fill);
    wait_for_all();
    return bytes[3] == 10 ? 0 : 1;
}
