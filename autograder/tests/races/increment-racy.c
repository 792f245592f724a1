/*
 * increment-racy.c - one increment a child, and nothing between them: the total is always right.
 * Named: *count
 */
#include "scene.h"

static long *count;

static void add_one(void)
{
    (*count)++;
}

int main(void)
{
    count = share(sizeof *count);
    for (int i = 0; i < 4; i++) {
        child(add_one);
    }
    wait_for_all();
    printf("%ld\n", *count);
    return 0;
}
