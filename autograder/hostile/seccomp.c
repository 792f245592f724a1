/*
 * seccomp.c - a system call filter of its own, that would hide calls from the tracer or give them
 * other names.
 *
 * expect: passed
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "hostile.h"

ATTACK(install_filter)
{
    struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 1)};
    struct sock_fprog program = {1, all};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
        return;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program) !=
            -1)
        escaped("it has a filter of its own");
}

#include "solution.h"
