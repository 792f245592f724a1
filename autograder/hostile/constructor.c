/*
 * constructor.c - says that all is well, before main() and after it, and leaves with status 0
 * whatever main() wants.
 *
 * expect: failed
 */
#include "hostile.h"

ATTACK(praise)
{
    puts("ok 1 - every_byte_arrives\n100%: Checks: 2, Failures: 0, Errors: 0");
}

static void __attribute__((destructor)) end_well(void)
{
    _exit(0);
}

int main(void)
{
    return 1;
}
