/*
 * vfork-hold.c - a child of vfork() that neither execs nor ends: its parent sleeps where no signal
 * wakes it.
 *
 * expect: failed
 */
#include "hostile.h"

int main(void)
{
    if (vfork() == 0)
        for (;;)
            pause();
    return 0;
}
