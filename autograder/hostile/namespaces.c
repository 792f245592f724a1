/*
 * namespaces.c - new namespaces, mounts and roots, by every call that makes them; a child that the
 * tracer would not follow.
 *
 * expect: passed
 */
#define _GNU_SOURCE /* unshare(2), setns(2), clone flags */
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "hostile.h"

static void try_clone(unsigned long flags)
{
    unsigned long long arguments[8] = {flags, 0, 0, 0, SIGCHLD};
    long child = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == -1)
        child = syscall(SYS_clone3, arguments, 64);
    if (child == 0)
        _exit(0);
    if (child > 0)
        escaped("clone took a flag that leads out");
}

ATTACK(leave_namespaces)
{
    static const int flags[] = {CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNS,    CLONE_NEWNET,
                                CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (unshare(flags[i]) == 0)
            escaped("unshare");
        try_clone((unsigned long)flags[i]);
    }
    try_clone(CLONE_UNTRACED);
    if (setns(open("/proc/self/ns/user", O_RDONLY), 0) == 0 ||
        setns(open("/proc/1/ns/mnt", O_RDONLY), 0) == 0)
        escaped("setns");
    if (mount("none", "/tmp", "tmpfs", 0, NULL) == 0 || umount2("/tmp", MNT_DETACH) == 0)
        escaped("mount");
    if (chroot("/tmp") == 0 || syscall(SYS_pivot_root, ".", ".") == 0)
        escaped("chroot");
}

#include "solution.h"
