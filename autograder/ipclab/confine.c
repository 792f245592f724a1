/*
 * confine.c - a process without rights and within limits. See confine.h.
 */
#include "confine.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../run/box.h"

static int limit(int what, rlim_t value)
{
    struct rlimit both = {value, value};
    return setrlimit((__rlimit_resource_t)what, &both);
}

int confine(const struct confinement *within)
{
    if (chdir(within->folder) == -1 || limit(RLIMIT_CPU, within->cpu_seconds) == -1 ||
        limit(RLIMIT_AS, (rlim_t)within->memory_mb << 20) == -1 ||
        limit(RLIMIT_FSIZE, within->file_bytes) == -1 || limit(RLIMIT_CORE, 0) == -1 ||
        box_drop_privileges() == -1)
        return -1;
    alarm(within->wall_seconds);
    return prctl(PR_SET_PDEATHSIG, SIGKILL); /* last: a change of the uid would clear it */
}
