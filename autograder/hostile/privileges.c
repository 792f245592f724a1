/*
 * privileges.c - other users, more rights, higher limits, a better priority, another clock, another
 * host name.
 *
 * expect: passed
 */
#define _GNU_SOURCE /* sethostname(2), setgroups(2), setresuid(2), prlimit(2) */
#include <grp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

#include "hostile.h"

static void try_users(void)
{
    static const uid_t users[] = {0, 1, 1000, 63999, 64000, 65534};
    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        if (users[i] != getuid() &&
            (setresuid(users[i], users[i], users[i]) == 0 || setgid(users[i]) == 0))
            if (users[i] != getgid())
                escaped("it is another user");
    if (setgroups(1, (gid_t[]){0}) == 0)
        escaped("setgroups");
}

static void try_limits(void)
{
    static const int limits[] = {RLIMIT_CPU, RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_NOFILE};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
        if (setrlimit((__rlimit_resource_t)limits[i], &none) == 0)
            escaped("it has lifted a limit");
    }
    if (prlimit(getppid(), RLIMIT_NOFILE, &(struct rlimit){0, 0}, NULL) == 0 && getppid() > 1)
        escaped("it has given its parent a limit");
}

static void try_clocks(void)
{
    struct timespec epoch = {0, 0};
    struct timeval old = {0, 0};
    struct timex change = {.modes = ADJ_OFFSET, .offset = 1};
    if (clock_settime(CLOCK_REALTIME, &epoch) == 0 || settimeofday(&old, NULL) == 0 ||
        adjtimex(&change) != -1)
        escaped("it has changed the clock");
}

ATTACK(want_more)
{
    try_users();
    try_limits();
    try_clocks();
    if (nice(-20) != -1 || setpriority(PRIO_PROCESS, 0, -10) == 0 ||
        sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){1}) == 0)
        escaped("it goes before others");
    if (sethostname("hostile", 7) == 0)
        escaped("sethostname");
}

#include "solution.h"
