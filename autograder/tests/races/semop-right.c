/*
 * semop-right.c - a semaphore set around each increment.
 */
#include "scene.h"

static long *count;
static int set;

static void add(void)
{
    for (int i = 0; i < 20; i++) {
        change(set, -1);
        (*count)++;
        change(set, +1);
    }
}

int main(void)
{
    count = share(sizeof *count);
    set = new_set(1);
    for (int i = 0; i < 3; i++)
        child(add);
    wait_for_all();
    drop_set(set);
    return *count == 60 ? 0 : 1;
}
