/*
 * trace-others.c - reads and traces what it can see in /proc: process 1 of its cell, its parent,
 * itself.
 *
 * expect: passed
 * weak: none; there the processes of the machine can be seen
 */
#define _GNU_SOURCE /* process_vm_readv(2) */
#include <dirent.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "hostile.h"

static void look_into(const char *pid)
{
    static const char *const parts[] = {"mem",     "maps",    "environ", "fd/3", "root/kit/ipclab",
                                        "cwd/kit", "syscall", "stack"};
    char path[256], buffer[16];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(path, sizeof path, "/proc/%s/%s", pid, parts[i]);
        int fd = open(path, O_RDONLY);
        if (fd != -1 && read(fd, buffer, sizeof buffer) > 0)
            escaped(path);
        if (fd != -1)
            close(fd);
    }
    struct iovec ours = {buffer, sizeof buffer}, theirs = {(void *)buffer, sizeof buffer};
    if (process_vm_readv(atoi(pid), &ours, 1, &theirs, 1, 0) > 0 ||
        process_vm_writev(atoi(pid), &ours, 1, &theirs, 1, 0) > 0)
        escaped("the memory of another");
    if (ptrace(PTRACE_SEIZE, atoi(pid), NULL, NULL) == 0)
        escaped("ptrace");
    int process = (int)syscall(SYS_pidfd_open, atoi(pid), 0);
    if (process != -1 && syscall(SYS_pidfd_getfd, process, 3, 0) != -1)
        escaped("a descriptor of another");
}

ATTACK(look_at_others)
{
    struct dirent *entry;
    DIR *all = opendir("/proc");
    while (all != NULL && (entry = readdir(all)) != NULL)
        if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid())
            look_into(entry->d_name);
    if (all != NULL)
        closedir(all);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
        escaped("its parent traces it");
}

#include "solution.h"
