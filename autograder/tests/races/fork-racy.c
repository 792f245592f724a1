/*
 * fork-racy.c - written after the fork, while the child looks.
 * Named: *value
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
    child(look);
    *value = 3;
    wait_for_all();
    return 0;
}
