/*
 * proc.c - single facts about a process. See proc.h.
 */
#define _GNU_SOURCE /* statfs(2)'s f_type values, O_PATH in procfs.h's callers */
#include "proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kit.h"
#include "procfs.h"

enum { MQUEUE_MAGIC = 0x19800202, LINK_SIZE = 4096 }; /* statfs(2) */

/* The target of a link, owned by the caller; NULL: gone. */
static char *target_of(const char *path)
{
    char target[LINK_SIZE];
    return proc_link(target, sizeof target, "%s", path) >= 0 ? kit_strdup(target) : NULL;
}

static void access_mode(pid_t pid, int fd, struct proc_fd *what)
{
    char text[512] = "";
    proc_read(text, sizeof text, "/proc/%d/fdinfo/%d", (int)pid, fd);
    uint64_t mode = proc_field(text, "flags:", 8, O_RDWR) & O_ACCMODE;
    what->reads = mode != O_WRONLY;
    what->writes = mode != O_RDONLY;
}

static bool is_posix_queue(const char *path)
{
    struct statfs system;
    return statfs(path, &system) == 0 && system.f_type == MQUEUE_MAGIC;
}

static enum object_kind kind_by_path(const char *path, const char *target, mode_t mode)
{
    if (S_ISFIFO(mode))
        return OBJECT_FIFO;
    if (strncmp(target, "/dev/shm/sem.", 13) == 0)
        return OBJECT_POSIX_SEMAPHORE;
    if (strncmp(target, "/dev/shm/", 9) == 0)
        return OBJECT_POSIX_MEMORY;
    if (!S_ISREG(mode))
        return OBJECT_OTHER;
    return is_posix_queue(path) ? OBJECT_POSIX_QUEUE : OBJECT_FILE;
}

bool proc_fd_identify(pid_t pid, int fd, struct proc_fd *what)
{
    char path[64], target[LINK_SIZE];
    struct stat status;

    memset(what, 0, sizeof *what);
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
    if (proc_link(target, sizeof target, "%s", path) < 0 || stat(path, &status) == -1)
        return false;
    what->ino = status.st_ino;
    access_mode(pid, fd, what);
    if (target[0] != '/') { /* pipe:[1], socket:[2], anon_inode:[eventpoll], ... */
        what->kind = strncmp(target, "pipe:[", 6) == 0     ? OBJECT_PIPE
                     : strncmp(target, "socket:[", 8) == 0 ? OBJECT_SOCKET
                                                           : OBJECT_OTHER;
        return true;
    }
    char *deleted = strstr(target, " (deleted)");
    if (deleted != NULL)
        *deleted = '\0';
    what->dev = status.st_dev;
    what->kind = kind_by_path(path, target, status.st_mode);
    snprintf(what->path, sizeof what->path, "%.255s", target);
    return true;
}

static bool main_thread(pid_t pid, struct thread_status *status)
{
    return proc_thread_status(pid, pid, status);
}

pid_t proc_inner_pid(pid_t pid)
{
    struct thread_status status;
    return main_thread(pid, &status) ? status.own_tid : 0;
}

uint64_t proc_handled_signals(pid_t pid)
{
    struct thread_status status;
    return main_thread(pid, &status) ? status.handled : 0;
}

size_t proc_switches(pid_t pid)
{
    struct thread_status status;
    return main_thread(pid, &status) ? status.switches : 0;
}

size_t proc_moved_bytes(pid_t pid)
{
    char text[512];
    if (proc_read(text, sizeof text, "/proc/%d/io", (int)pid) < 0)
        return 0;
    return (size_t)proc_field(text, "rchar:", 10, 0) + (size_t)proc_field(text, "wchar:", 10, 0);
}

pid_t proc_thread_group(pid_t tid)
{
    char text[4096];
    if (proc_read(text, sizeof text, "/proc/%d/status", (int)tid) < 0)
        return 0;
    return (pid_t)proc_field(text, "Tgid:", 10, 0);
}

char *proc_executable(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    return target_of(path);
}

char *proc_program_name(pid_t pid)
{
    char text[4096] = "";
    if (proc_read(text, sizeof text, "/proc/%d/cmdline", (int)pid) <= 0 || text[0] == '\0')
        proc_read(text, sizeof text, "/proc/%d/comm", (int)pid);
    text[strcspn(text, "\n")] = '\0';
    const char *base = strrchr(text, '/');
    return kit_strdup(base != NULL ? base + 1 : text);
}

char *proc_command(pid_t pid)
{
    char text[201] = "";
    ssize_t length = proc_read(text, sizeof text, "/proc/%d/cmdline", (int)pid);
    for (ssize_t i = 0; i + 1 < length; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    return kit_strdup(text);
}

/* /proc/PID/stat behind the name, which may hold anything; NULL: gone. */
static const char *stat_fields(pid_t pid, char *text, size_t size)
{
    const char *name_end =
        proc_read(text, size, "/proc/%d/stat", (int)pid) > 0 ? strrchr(text, ')') : NULL;
    return name_end != NULL && name_end[1] == ' ' ? name_end + 2 : NULL;
}

int64_t proc_cpu_us(pid_t pid)
{
    char text[1024];
    unsigned long user = 0, system = 0;
    const char *fields = stat_fields(pid, text, sizeof text);
    if (fields == NULL ||
        sscanf(fields, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        return 0;
    return (int64_t)(user + system) * 1000000 / sysconf(_SC_CLK_TCK);
}

int64_t proc_memory_bytes(pid_t pid)
{
    char text[4096];
    if (proc_read(text, sizeof text, "/proc/%d/status", (int)pid) <= 0)
        return 0;
    return (int64_t)(proc_field(text, "RssAnon:", 10, 0) + proc_field(text, "RssShmem:", 10, 0)) *
           1024;
}

char proc_state(pid_t tid)
{
    char text[1024], state = '\0';
    const char *fields = stat_fields(tid, text, sizeof text);
    return fields != NULL && sscanf(fields, "%c", &state) == 1 ? state : '\0';
}

bool proc_is_zombie_of(pid_t pid, pid_t parent)
{
    char text[1024], state = '\0';
    int its_parent = 0;
    const char *fields = stat_fields(pid, text, sizeof text);
    return fields != NULL && sscanf(fields, "%c %d", &state, &its_parent) == 2 && state == 'Z' &&
           its_parent == parent;
}

static void folder_path(pid_t pid, int folder, char *to, size_t size)
{
    if (folder == AT_FDCWD)
        snprintf(to, size, "/proc/%d/cwd", (int)pid);
    else
        snprintf(to, size, "/proc/%d/fd/%d", (int)pid, folder);
}

bool proc_stat_path(pid_t pid, int folder, const char *path, struct stat *status)
{
    char start[64];
    if (path[0] == '/')
        snprintf(start, sizeof start, "/proc/%d/root", (int)pid);
    else
        folder_path(pid, folder, start, sizeof start);
    char *full = kit_format("%s/%s", start, path);
    bool found = stat(full, status) == 0;
    free(full);
    return found;
}

char *proc_absolute_path(pid_t pid, int folder, const char *path)
{
    char start[64];
    if (path[0] == '/')
        return kit_strdup(path);
    folder_path(pid, folder, start, sizeof start);
    char *base = target_of(start);
    char *full = base != NULL ? kit_format("%s/%s", strcmp(base, "/") == 0 ? "" : base, path)
                              : kit_strdup(path);
    free(base);
    return full;
}
