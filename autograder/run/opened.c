/*
 * opened.c - the open descriptors of a process, from /proc/PID/fd and /proc/PID/fdinfo.
 */
#define _GNU_SOURCE /* O_PATH, major(3) */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "kit.h"
#include "scan.h"

enum {
    MQUEUE_MAGIC = 0x19800202, /* f_type of the file system of POSIX queues, statfs(2) */
    DEV_EVENT = 1,             /* eventfds share one inode; their own id tells them apart */
    DEV_ANONYMOUS = 2,         /* others are known only by process and number */
    LINK_SIZE = 4096
};

/* What is known about a descriptor before it has an object. */
struct look {
    int process, fd;
    pid_t pid;
    char link[LINK_SIZE], info[16384];
    struct stat status;
};

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

int scan_find_descriptor(const struct scan *scan, int process, int fd)
{
    for (size_t i = 0; i < scan->record->n_descriptors; i++)
        if (scan->record->descriptors[i].process == process &&
            scan->record->descriptors[i].fd == fd)
            return (int)i;
    return -1;
}

int scan_socket_object(struct scan *scan, uint64_t ino)
{
    struct record *record = scan->record;
    const struct ipc_socket *found = scan_socket(scan, ino);

    if (found == NULL)
        return -1;
    int object = record_object_by_inode(record, OBJECT_SOCKET, 0, ino,
                                        found->name[0] != '\0' ? found->name : NULL);
    record->objects[object].listening = found->listening;
    if (found->peer_ino != 0 && record->objects[object].peer < 0) {
        const struct ipc_socket *peer = scan_socket(scan, found->peer_ino);
        const char *name = peer != NULL && peer->name[0] != '\0' ? peer->name : NULL;
        int other = record_object_by_inode(record, OBJECT_SOCKET, 0, found->peer_ino, name);
        record->objects[object].peer = other; /* the array may have moved: index, not pointer */
    }
    return object;
}

static int socket_object(struct scan *scan, const struct look *look, struct opened *opened)
{
    uint64_t ino = strtoull(look->link + strlen("socket:["), NULL, 10);
    int object = scan_socket_object(scan, ino);

    if (object >= 0)
        return object;
    /* TCP, netlink, ...: the other end may be anything, the kernel included. */
    opened->kind = OPENED_OTHER;
    return record_object_by_inode(scan->record, OBJECT_SOCKET, 0, ino, NULL);
}

static const struct anonymous_row {
    const char *link;
    enum opened_kind kind;
    const char *label; /* of the fdinfo line that holds the value */
    int base;
} anonymous_rows[] = {
    {"anon_inode:[eventfd]",   OPENED_EVENT,   "eventfd-id:", 10},
    {"anon_inode:[timerfd]",   OPENED_TIMER,   NULL,          0 },
    {"anon_inode:[signalfd]",  OPENED_SIGNALS, "sigmask:",    16},
    {"anon_inode:[eventpoll]", OPENED_EPOLL,   NULL,          0 },
    {"anon_inode:[pidfd]",     OPENED_PROCESS, "Pid:",        10},
};

/* timerfd_create(2): "it_value: (seconds, nanoseconds)"; both 0 when it is not armed. */
static bool timer_is_armed(const char *info)
{
    const char *value = proc_find(info, "it_value:");
    long long seconds = 0, nanoseconds = 0;

    if (value == NULL || sscanf(value, "(%lld, %lld)", &seconds, &nanoseconds) != 2)
        return true; /* not known: believe that it moves */
    return seconds != 0 || nanoseconds != 0;
}

static int anonymous_object(struct scan *scan, const struct look *look, struct opened *opened)
{
    uint64_t dev = DEV_ANONYMOUS, ino = (uint64_t)look->process * 65536 + (uint64_t)look->fd;

    opened->kind = OPENED_OTHER;
    for (size_t i = 0; i < sizeof anonymous_rows / sizeof *anonymous_rows; i++) {
        const struct anonymous_row *row = &anonymous_rows[i];
        if (strcmp(look->link, row->link) != 0)
            continue;
        opened->kind = row->kind;
        if (row->label != NULL)
            opened->value = proc_field(look->info, row->label, row->base, 0);
        if (row->kind == OPENED_TIMER)
            opened->value = timer_is_armed(look->info);
    }
    if (opened->kind == OPENED_EVENT) {
        dev = DEV_EVENT;
        ino = opened->value;
    }
    return record_object_by_inode(scan->record, OBJECT_OTHER, dev, ino, look->link);
}

static int device_object(struct scan *scan, const struct look *look, struct opened *opened)
{
    unsigned number = major(look->status.st_rdev);
    /* console, virtual consoles and serial lines; pseudo-terminals (admin-guide/devices.txt) */
    bool terminal = number == 4 || number == 5 || (number >= 136 && number <= 143);
    int object = record_object_by_inode(scan->record, terminal ? OBJECT_TERMINAL : OBJECT_OTHER,
                                        look->status.st_dev, look->status.st_ino, look->link);
    if (terminal) /* somebody may type at any time */
        scan->record->objects[object].outside_reads = scan->record->objects[object].outside_writes =
            true;
    else
        opened->kind = OPENED_OTHER;
    return object;
}

/* A regular file may be known already as POSIX memory or a semaphore. */
static int file_object(struct scan *scan, const struct look *look, struct opened *opened)
{
    static const enum object_kind candidates[] = {OBJECT_POSIX_QUEUE, OBJECT_POSIX_MEMORY,
                                                  OBJECT_POSIX_SEMAPHORE, OBJECT_FILE};
    static const char memory[] = "/dev/shm/";
    struct record *record = scan->record;
    struct statfs system;
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)look->pid, look->fd);
    if (statfs(path, &system) == 0 && system.f_type == MQUEUE_MAGIC) {
        opened->kind = OPENED_QUEUE;
        return record_object_by_inode(record, OBJECT_POSIX_QUEUE, look->status.st_dev,
                                      look->status.st_ino, look->link);
    }
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        int known =
            record_find_inode(record, candidates[i], look->status.st_dev, look->status.st_ino);
        if (known >= 0)
            return known;
    }
    bool shared = starts_with(look->link, memory);
    return record_object_by_inode(record, shared ? OBJECT_POSIX_MEMORY : OBJECT_FILE,
                                  look->status.st_dev, look->status.st_ino,
                                  shared ? look->link + sizeof memory - 2 : look->link);
}

static int object_of(struct scan *scan, struct look *look, struct opened *opened)
{
    char *deleted = strstr(look->link, " (deleted)");

    if (deleted != NULL)
        *deleted = '\0';
    if (starts_with(look->link, "pipe:["))
        return record_object_by_inode(scan->record, OBJECT_PIPE, 0, look->status.st_ino, NULL);
    if (starts_with(look->link, "socket:["))
        return socket_object(scan, look, opened);
    if (starts_with(look->link, "anon_inode:"))
        return anonymous_object(scan, look, opened);
    int object;
    if (S_ISFIFO(look->status.st_mode))
        object = record_object_by_inode(scan->record, OBJECT_FIFO, look->status.st_dev,
                                        look->status.st_ino, look->link);
    else if (S_ISCHR(look->status.st_mode))
        object = device_object(scan, look, opened);
    else
        object = file_object(scan, look, opened);
    scan->record->objects[object].mode = look->status.st_mode & 07777;
    if (look->status.st_nlink == 0)
        scan->record->objects[object].unlinked = true;
    return object;
}

/* proc(5): "lock:\t1: FLOCK  ADVISORY  WRITE 1234 00:1f:33 0 EOF". */
static void add_locks(struct scan *scan, const struct look *look, int object)
{
    for (const char *at = proc_find(look->info, "lock:"); at != NULL; at = proc_find(at, "lock:")) {
        char type[16], mode[16], end[32];
        long long start;
        if (sscanf(at, "%*d: %15s %*s %15s %*d %*s %lld %31s", type, mode, &start, end) != 4)
            continue;
        *ARRAY_ADD(scan->locks, scan->n_locks) =
            (struct held_lock){.process = look->process,
                               .fd = look->fd,
                               .object = object,
                               .type = type[0],
                               .exclusive = strcmp(mode, "WRITE") == 0,
                               .start = start,
                               .end = strcmp(end, "EOF") == 0 ? INT64_MAX : strtoll(end, NULL, 10)};
    }
}

/* The call that made this descriptor: the newest one of the process itself, or of an ancestor
 * before the fork, that gave this number to this object. */
static int find_maker(const struct record *record, int process, int fd, int object)
{
    int64_t limit = INT64_MAX;

    while (process >= 0) {
        for (size_t i = record->n_calls; i-- > 0;) {
            const struct call *call = &record->calls[i];
            if (call->process == process && call->start_us <= limit && call->object == object &&
                (call->fds[0] == fd || call->fds[1] == fd) && strcmp(call->name, "inherit") != 0)
                return (int)i;
        }
        limit = record->processes[process].started_us;
        process = record->processes[process].parent;
    }
    return -1;
}

static void add_descriptor(struct scan *scan, struct look *look)
{
    struct record *record = scan->record;
    struct opened opened = {.kind = OPENED_PLAIN};
    unsigned flags = (unsigned)proc_field(look->info, "flags:", 8, 0);
    int object = object_of(scan, look, &opened);
    int index = record_add_descriptor(record);
    struct descriptor *added = &record->descriptors[index];

    added->process = look->process;
    added->fd = look->fd;
    added->object = object;
    bool usable = (flags & O_PATH) == 0; /* open(2): only names the file */
    added->reads = usable && (flags & O_ACCMODE) != O_WRONLY;
    added->writes = usable && (flags & O_ACCMODE) != O_RDONLY;
    added->nonblocking = (flags & O_NONBLOCK) != 0;
    added->close_on_exec = (flags & O_CLOEXEC) != 0;
    added->made_by = find_maker(record, look->process, look->fd, object);
    *ARRAY_ADD(scan->opened, scan->n_opened) = opened;
    add_locks(scan, look, object);
}

void scan_descriptors(struct scan *scan, int process)
{
    struct look *look = kit_alloc(sizeof *look);
    int *numbers;

    look->process = process;
    look->pid = scan->record->processes[process].host_pid;
    size_t count = proc_numbers(&numbers, "/proc/%d/fd", (int)look->pid);
    for (size_t i = 0; i < count; i++) {
        char path[64];
        look->fd = numbers[i];
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)look->pid, look->fd);
        if (proc_link(look->link, sizeof look->link, "%s", path) < 0 ||
            stat(path, &look->status) == -1 ||
            proc_read(look->info, sizeof look->info, "/proc/%d/fdinfo/%d", (int)look->pid,
                      look->fd) < 0)
            continue; /* closed meanwhile */
        add_descriptor(scan, look);
    }
    free(numbers);
    free(look);
}
