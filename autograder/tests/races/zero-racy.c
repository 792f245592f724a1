/*
 * zero-racy.c - wait for zero, but one of the three counts down before it writes.
 * Named: parts[0], parts[1], parts[2], parts[mine]
 */
#include "scene.h"

static long *parts;
static int set, mine;

static void fill(void)
{
    if (mine == 1)
        change(set, -1);
    parts[mine] = mine;
    if (mine != 1)
        change(set, -1);
}

int main(void)
{
    parts = share(3 * sizeof *parts);
    set = new_set(3);
    for (mine = 0; mine < 3; mine++)
        child(fill);
    change(set, 0);
    long sum = parts[0] + parts[1] + parts[2];
    wait_for_all();
    drop_set(set);
    return sum > 3 ? 1 : 0;
}
