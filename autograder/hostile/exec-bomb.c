/*
 * exec-bomb.c - is replaced by itself, for ever.
 *
 * expect: failed
 */
#include "hostile.h"

int main(int argc, char **argv)
{
    (void)argc;
    execv("/proc/self/exe", argv);
    return 1;
}
