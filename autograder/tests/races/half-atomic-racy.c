/*
 * half-atomic-racy.c - one adds atomically, the other does not.
 * Named: *(_Atomic long *)count, *count
 */
#include "scene.h"

static long *count;

static void add_atomically(void)
{
    atomic_fetch_add((_Atomic long *)count, 1);
}

static void add(void)
{
    (*count)++;
}

int main(void)
{
    count = share(sizeof *count);
    child(add_atomically);
    child(add);
    wait_for_all();
    return 0;
}
