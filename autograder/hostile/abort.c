/*
 * abort.c - wants its memory written to disk.
 *
 * expect: failed
 * finding: killed-by-signal
 */
#include <sys/resource.h>

#include "hostile.h"

int main(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
    abort();
}
