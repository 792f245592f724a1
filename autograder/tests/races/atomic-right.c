/*
 * atomic-right.c - atomic additions need no lock.
 */
#include "scene.h"

static atomic_long *count;

static void add(void)
{
    for (int i = 0; i < 10; i++)
        atomic_fetch_add(count, 1);
}

int main(void)
{
    count = share(sizeof *count);
    child(add);
    child(add);
    wait_for_all();
    return *count == 20 ? 0 : 1;
}
