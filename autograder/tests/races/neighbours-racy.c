/*
 * neighbours-racy.c - bytes of one's own, but somebody writes the whole word.
 * Named: *(long *)(void *)bytes, bytes[2]
 */
#include "scene.h"

static char *bytes;

static void fill_one(void)
{
    bytes[2] = 1;
}

static void clear_all(void)
{
    *(long *)(void *)bytes = 0;
}

int main(void)
{
    bytes = share(8);
    child(fill_one);
    child(clear_all);
    wait_for_all();
    return 0;
}
