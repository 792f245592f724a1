/*
 * stop-self.c - stops itself, with a child that stops itself too.
 *
 * expect: failed
 */
#include "hostile.h"

int main(void)
{
    fork();
    raise(SIGSTOP);
    return 0;
}
