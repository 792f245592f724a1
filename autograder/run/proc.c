/*
 * proc.c - single facts about a process, read from /proc. See proc.h.
 */
#include "proc.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit.h"

/* /proc/PID/NAME as text; "" when it cannot be read. */
static size_t proc_text(pid_t pid, const char *name, char *to, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, to, size - 1) : 0;
    if (fd >= 0)
        close(fd);
    size_t length = got > 0 ? (size_t)got : 0;
    to[length] = '\0';
    return length;
}

/* The value of a field "Name:\tvalue" of /proc/PID/status, in text. */
static const char *field(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at != NULL ? at + strlen(name) : NULL;
}

static char *link_target(const char *path)
{
    char target[4096];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0)
        return NULL;
    target[length] = '\0';
    return kit_strdup(target);
}

static void access_mode(pid_t pid, int fd, struct proc_fd *what)
{
    char name[48], text[512];
    snprintf(name, sizeof name, "fdinfo/%d", fd);
    proc_text(pid, name, text, sizeof text);
    const char *flags = field(text, "flags:\t");
    unsigned long mode = flags != NULL ? strtoul(flags, NULL, 8) & O_ACCMODE : O_RDWR;
    what->reads = mode != O_WRONLY;
    what->writes = mode != O_RDONLY;
}

static void name_by_path(struct proc_fd *what, const char *target, mode_t mode)
{
    snprintf(what->path, sizeof what->path, "%.255s", target);
    char *deleted = strstr(what->path, " (deleted)");
    if (deleted != NULL)
        *deleted = '\0';
    if (S_ISFIFO(mode))
        what->kind = OBJECT_FIFO;
    else if (strncmp(target, "/dev/shm/sem.", 13) == 0)
        what->kind = OBJECT_POSIX_SEMAPHORE;
    else if (strncmp(target, "/dev/shm/", 9) == 0)
        what->kind = OBJECT_POSIX_MEMORY;
    else if (S_ISCHR(mode))
        what->kind = strncmp(target, "/dev/pts/", 9) == 0 || strncmp(target, "/dev/tty", 8) == 0
                         ? OBJECT_TERMINAL
                         : OBJECT_OTHER;
    else
        what->kind = S_ISREG(mode) || S_ISDIR(mode) ? OBJECT_FILE : OBJECT_OTHER;
}

bool proc_fd_identify(pid_t pid, int fd, struct proc_fd *what)
{
    char path[64];
    struct stat status;

    memset(what, 0, sizeof *what);
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
    char *target = link_target(path);
    if (target == NULL || stat(path, &status) == -1) {
        free(target);
        return false;
    }
    what->ino = status.st_ino;
    if (strncmp(target, "pipe:[", 6) == 0)
        what->kind = OBJECT_PIPE;
    else if (strncmp(target, "socket:[", 8) == 0)
        what->kind = OBJECT_SOCKET;
    else if (target[0] != '/') /* anon_inode:[eventpoll] and the like */
        what->kind = OBJECT_OTHER;
    else {
        what->dev = status.st_dev;
        name_by_path(what, target, status.st_mode);
        /* A POSIX queue's link is just "/NAME": the mqueue file system has no path. */
        if (what->kind == OBJECT_FILE && strchr(target + 1, '/') == NULL && S_ISREG(status.st_mode) &&
            access(target, F_OK) == -1)
            what->kind = OBJECT_POSIX_QUEUE;
    }
    free(target);
    access_mode(pid, fd, what);
    return true;
}

static int compare_ints(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

int proc_fds(pid_t pid, int **fds)
{
    char path[64];
    size_t count = 0;

    *fds = NULL;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return 0;
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            *ARRAY_ADD(*fds, count) = atoi(entry->d_name);
    closedir(folder);
    if (count > 0)
        qsort(*fds, count, sizeof **fds, compare_ints);
    return (int)count;
}

pid_t proc_inner_pid(pid_t pid)
{
    char text[4096];
    proc_text(pid, "status", text, sizeof text);
    const char *list = field(text, "NSpid:");
    if (list == NULL)
        return 0;
    long last = 0;
    char *end;
    for (;;) {
        long value = strtol(list, &end, 10);
        if (end == list || *list == '\n')
            break;
        last = value;
        list = end;
        if (*list == '\n')
            break;
    }
    return (pid_t)last;
}

pid_t proc_thread_group(pid_t tid)
{
    char text[4096];
    proc_text(tid, "status", text, sizeof text);
    const char *group = field(text, "Tgid:\t");
    return group != NULL ? (pid_t)atoi(group) : 0;
}

char *proc_executable(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    return link_target(path);
}

char *proc_program_name(pid_t pid)
{
    char text[4096];
    if (proc_text(pid, "cmdline", text, sizeof text) == 0 || text[0] == '\0')
        proc_text(pid, "comm", text, sizeof text);
    text[strcspn(text, "\n")] = '\0';
    const char *base = strrchr(text, '/');
    return kit_strdup(base != NULL ? base + 1 : text);
}

char *proc_command(pid_t pid)
{
    char text[201];
    size_t length = proc_text(pid, "cmdline", text, sizeof text);
    for (size_t i = 0; i + 1 < length; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    return kit_strdup(text);
}

int64_t proc_cpu_us(pid_t pid)
{
    char text[1024];
    unsigned long user = 0, system = 0;
    proc_text(pid, "stat", text, sizeof text);
    const char *after_name = strrchr(text, ')');
    if (after_name == NULL ||
        sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        return 0;
    return (int64_t)(user + system) * 1000000 / sysconf(_SC_CLK_TCK);
}

uint64_t proc_handled_signals(pid_t pid)
{
    char text[4096];
    proc_text(pid, "status", text, sizeof text);
    const char *caught = field(text, "SigCgt:\t");
    return caught != NULL ? strtoull(caught, NULL, 16) : 0;
}

bool proc_is_zombie_of(pid_t pid, pid_t parent)
{
    char text[1024], state = '\0';
    int its_parent = 0;
    proc_text(pid, "stat", text, sizeof text);
    const char *after_name = strrchr(text, ')');
    return after_name != NULL && sscanf(after_name + 2, "%c %d", &state, &its_parent) == 2 &&
           state == 'Z' && its_parent == parent;
}

bool proc_has_interval_timer(pid_t pid)
{
    (void)pid; /* an ITIMER_REAL's interval is not shown anywhere in /proc */
    return false;
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
    char *base = link_target(start);
    char *full = base != NULL ? kit_format("%s/%s", strcmp(base, "/") == 0 ? "" : base, path)
                              : kit_strdup(path);
    free(base);
    return full;
}

size_t proc_switches(pid_t pid)
{
    char text[4096];
    size_t sum = 0;
    proc_text(pid, "status", text, sizeof text);
    const char *voluntary = field(text, "\nvoluntary_ctxt_switches:\t");
    const char *forced = field(text, "nonvoluntary_ctxt_switches:\t");
    if (voluntary != NULL)
        sum += strtoul(voluntary, NULL, 10);
    if (forced != NULL)
        sum += strtoul(forced, NULL, 10);
    return sum;
}
