/*
 * zombie-flood.c - children that end at once and are never waited for.
 *
 * expect: failed
 */
#include "hostile.h"

int main(void)
{
    for (;;)
        if (fork() == 0)
            _exit(0);
}
