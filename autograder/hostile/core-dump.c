/*
 * core-dump.c - the right answer, which first wants its memory written to disk when it crashes: by
 * its own limit, by that of its parent, and by the name of the file.
 *
 * expect: passed
 */
#define _GNU_SOURCE /* prlimit(2) */
#include <sys/resource.h>

#include "hostile.h"

ATTACK(dump)
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY}, some = {1 << 20, 1 << 20};

    if (setrlimit(RLIMIT_CORE, &all) == 0 || setrlimit(RLIMIT_CORE, &some) == 0 ||
        prlimit(getppid(), RLIMIT_CORE, &all, NULL) == 0 ||
        prlimit(1, RLIMIT_CORE, &all, NULL) == 0)
        escaped("limit of core files");
    if (open("/proc/sys/kernel/core_pattern", O_WRONLY) != -1)
        escaped("core_pattern");
}

#include "solution.h"
