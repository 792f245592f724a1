/*
 * procfs.c - reading about other processes. See procfs.h.
 */
#define _GNU_SOURCE /* process_vm_readv, and pidfd_getfd through syscall(2) */
#include "procfs.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kit.h"

enum { PATH_SIZE = 512 };

ssize_t proc_read(char *text, size_t size, const char *format, ...)
{
    char path[PATH_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file == -1)
        return -1;
    size_t have = 0;
    ssize_t got;
    while (have < size - 1 && (got = read(file, text + have, size - 1 - have)) != 0) {
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1) {
            close(file);
            return -1;
        }
        have += (size_t)got;
    }
    close(file);
    text[have] = '\0';
    return (ssize_t)have;
}

ssize_t proc_link(char *text, size_t size, const char *format, ...)
{
    char path[PATH_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    ssize_t length = readlink(path, text, size - 1);
    if (length >= 0)
        text[length] = '\0';
    return length;
}

const char *proc_find(const char *text, const char *label)
{
    size_t length = strlen(label);

    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        if (*line == '\n')
            line++;
        if (strncmp(line, label, length) == 0) {
            line += length;
            return line + strspn(line, " \t");
        }
    }
    return NULL;
}

uint64_t proc_field(const char *text, const char *label, int base, uint64_t fallback)
{
    const char *value = proc_find(text, label);
    return value == NULL ? fallback : strtoull(value, NULL, base);
}

size_t proc_numbers(int **numbers, const char *format, ...)
{
    char path[PATH_SIZE];
    va_list args;
    size_t count = 0;
    struct dirent *entry;

    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    *numbers = NULL;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return 0;
    while ((entry = readdir(directory)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]))
            *ARRAY_ADD(*numbers, count) = (int)strtol(entry->d_name, NULL, 10);
    closedir(directory);
    return count;
}

/* The last number of the line "NSpid:\t12\t3": the innermost namespace's. */
static pid_t innermost_pid(const char *text, pid_t fallback)
{
    const char *at = proc_find(text, "NSpid:");
    pid_t pid = fallback;

    while (at != NULL && isdigit((unsigned char)*at)) {
        char *end;
        pid = (pid_t)strtol(at, &end, 10);
        at = end + strspn(end, " \t");
    }
    return pid;
}

bool proc_thread_status(pid_t pid, pid_t tid, struct thread_status *status)
{
    char text[4096];

    if (proc_read(text, sizeof text, "/proc/%d/task/%d/status", (int)pid, (int)tid) <= 0)
        return false;
    const char *state = proc_find(text, "State:");
    *status = (struct thread_status){
        .state = state != NULL ? *state : '?',
        .own_tid = innermost_pid(text, tid),
        .tracer = (pid_t)proc_field(text, "TracerPid:", 10, 0),
        .pending = proc_field(text, "SigPnd:", 16, 0) | proc_field(text, "ShdPnd:", 16, 0),
        .blocked = proc_field(text, "SigBlk:", 16, 0),
        .handled = proc_field(text, "SigCgt:", 16, 0),
        .ignored = proc_field(text, "SigIgn:", 16, 0),
        .switches = proc_field(text, "voluntary_ctxt_switches:", 10, 0) +
                    proc_field(text, "nonvoluntary_ctxt_switches:", 10, 0),
    };
    return true;
}

bool proc_blocked_call(pid_t pid, pid_t tid, struct blocked_call *call)
{
    char text[256], *at = text;

    errno = 0;
    /* "running", or "-1 SP PC" outside of a call, or "NUMBER ARG1 ... ARG6 SP PC". */
    if (proc_read(text, sizeof text, "/proc/%d/task/%d/syscall", (int)pid, (int)tid) <= 0 ||
        !isdigit((unsigned char)text[0]))
        return false;
    call->number = strtol(at, &at, 10);
    for (int i = 0; i < 6; i++)
        call->args[i] = strtoull(at, &at, 16);
    return true;
}

bool proc_memory(pid_t pid, uint64_t address, void *to, size_t size)
{
    struct iovec here = {.iov_base = to, .iov_len = size};
    struct iovec there = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};

    return address != 0 && process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

bool proc_string(pid_t pid, uint64_t address, char *to, size_t size)
{
    size_t have = 0;

    /* A page at a time: the string may end just before memory that is not mapped. */
    while (have < size - 1) {
        size_t step = 4096 - (address + have) % 4096;
        if (step > size - 1 - have)
            step = size - 1 - have;
        if (!proc_memory(pid, address + have, to + have, step))
            break;
        if (memchr(to + have, '\0', step) != NULL)
            return true;
        have += step;
    }
    to[have] = '\0';
    return have > 0;
}

int proc_borrow(pid_t pid, int fd)
{
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (process == -1)
        return -1;
    int copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
    close(process);
    return copy;
}

bool proc_is_foreign(pid_t pid)
{
    char head[EI_NIDENT + 1];
    char native = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;

    return proc_read(head, sizeof head, "/proc/%d/exe", (int)pid) > EI_CLASS &&
           memcmp(head, ELFMAG, SELFMAG) == 0 && head[EI_CLASS] != native;
}
