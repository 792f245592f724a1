/*
 * fork-right.c - written before the fork: the child knows.
 */
#include "scene.h"

static int *value;

static void look(void)
{
    if (*value > 3)
        _exit(1);
}

int main(void)
{
    value = share(sizeof *value);
    *value = 3;
    child(look);
    wait_for_all();
    return 0;
}
