/*
 * undo-right.c - the holder dies without giving back; SEM_UNDO does it, and the end orders.
 */
#include "scene.h"

static long *count;
static int set;

static void take(void)
{
    struct sembuf operation = {0, -1, SEM_UNDO};
    must(semop(set, &operation, 1) == 0, "semop");
}

static void add_and_die(void)
{
    take();
    (*count)++;
}

int main(void)
{
    count = share(sizeof *count);
    set = new_set(1);
    child(add_and_die);
    child(add_and_die);
    wait_for_all();
    drop_set(set);
    return 0;
}
