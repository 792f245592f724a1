/*
 * undumpable.c - shuts its /proc to the kit, and hangs.
 *
 * expect: failed
 */
#include <sys/prctl.h>

#include "hostile.h"

int main(void)
{
    int ends[2];
    char byte;

    prctl(PR_SET_DUMPABLE, 0);
    if (pipe(ends) == -1 || read(ends[0], &byte, 1) == -1)
        return 1;
    return 0;
}
