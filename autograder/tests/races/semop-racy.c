/*
 * semop-racy.c - a lock that covers only one side: the children take it, the parent does not.
 * Named: *count
 */
#include "scene.h"

static long *count;
static int set;

static void add(void)
{
    change(set, -1);
    (*count)++;
    change(set, +1);
}

int main(void)
{
    count = share(sizeof *count);
    set = new_set(1);
    child(add);
    (*count)++;
    wait_for_all();
    drop_set(set);
    return 0;
}
