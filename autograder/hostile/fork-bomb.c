/*
 * fork-bomb.c - every process makes more processes, for ever.
 *
 * expect: failed
 * finding: resource-limit
 */
#include "hostile.h"

int main(void)
{
    for (;;)
        fork();
}
