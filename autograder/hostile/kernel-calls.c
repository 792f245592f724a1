/*
 * kernel-calls.c - parts of the kernel that a learner's program has no use for and that holes were
 * found in.
 *
 * expect: passed
 */
#include <sys/syscall.h>

#include "hostile.h"

ATTACK(call_all)
{
    static const struct {
        const char *name;
        long number, arguments[5];
    } calls[] = {
        {"bpf",             SYS_bpf,             {0, 0, 0}        },
        {"perf_event_open", SYS_perf_event_open, {0, 0, -1, -1, 0}},
        {"userfaultfd",     SYS_userfaultfd,     {1}              },
        {"io_uring_setup",  SYS_io_uring_setup,  {1, 0}           },
        {"keyctl",          SYS_keyctl,          {0, -3, 1}       },
        {"add_key",         SYS_add_key,         {0, 0, 0, 0, -3} },
        {"fanotify_init",   SYS_fanotify_init,   {0, 0}           },
        {"acct",            SYS_acct,            {0}              },
        {"swapon",          SYS_swapon,          {0, 0}           },
        {"kexec_load",      SYS_kexec_load,      {0, 0, 0, 0}     },
        {"init_module",     SYS_init_module,     {0, 0, 0}        },
        {"quotactl",        SYS_quotactl,        {0, 0, 0, 0}     },
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const long *a = calls[i].arguments;
        if (syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4]) != -1 || errno != EPERM)
            escaped(calls[i].name);
    }
}

#include "solution.h"
