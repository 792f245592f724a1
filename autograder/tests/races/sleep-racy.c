/*
 * sleep-racy.c - a sleep is no order, however long.
 * Named: *value
 */
#include "scene.h"

static int *value;

static void produce(void)
{
    *value = 7;
}

int main(void)
{
    value = share(sizeof *value);
    child(produce);
    doze();
    *value += 1;
    wait_for_all();
    return 0;
}
