/*
 * asleep.c - from the call a thread sleeps in to the things it waits for.
 *
 * One row a system call, one function a family. A row that is missing, a pointer that cannot be
 * read, a descriptor of an unknown kind: then the thread is not understood, and nobody will say
 * that it can never move.
 */
#define _GNU_SOURCE /* F_OFD_SETLKW, P_PIDFD, openat2 through syscall(2) */
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"
#include "scan.h"

enum { MAX_POLLED = 1024, MAX_OPERATIONS = 64, EPOLL_DEPTH = 4, PATH_SIZE = 4096 };

/* The thread at hand. Objects and threads may move in memory while they grow: indices only. */
struct sleeper {
    struct scan *scan;
    struct record *record;
    int thread, process;
    pid_t pid, tid;
    const uint64_t *args;
    const struct thread_status *status;
};

static struct thread *thread_of(const struct sleeper *sleeper)
{
    return &sleeper->record->threads[sleeper->thread];
}

static void set_timed(struct sleeper *sleeper)
{
    thread_of(sleeper)->timed = true;
}

static void not_understood(struct sleeper *sleeper)
{
    thread_of(sleeper)->understood = false;
}

static struct wait *add_wait(struct sleeper *sleeper, enum wait_kind kind, int object, int fd)
{
    struct wait *wait = thread_add_wait(thread_of(sleeper), kind);
    wait->object = object;
    wait->fd = fd;
    return wait;
}

static bool read_memory(const struct sleeper *sleeper, uint64_t address, void *to, size_t size)
{
    return proc_memory(sleeper->pid, address, to, size);
}

/* ---- Descriptors ---- */

static void wait_on_fd(struct sleeper *sleeper, int fd, bool input, bool output, bool polled,
                       int depth);

/* fdinfo of an epoll descriptor: "tfd: 5 events: 19 data: 5 pos:0 ino:8 sdev:b", one a line. */
static void wait_on_epoll(struct sleeper *sleeper, int epoll_fd, int depth)
{
    char info[16384];

    if (depth > EPOLL_DEPTH ||
        proc_read(info, sizeof info, "/proc/%d/fdinfo/%d", (int)sleeper->pid, epoll_fd) <= 0) {
        not_understood(sleeper);
        return;
    }
    for (const char *at = proc_find(info, "tfd:"); at != NULL; at = proc_find(at, "tfd:")) {
        int fd;
        unsigned events;
        if (sscanf(at, "%d events: %x", &fd, &events) != 2) {
            not_understood(sleeper);
            return;
        }
        wait_on_fd(sleeper, fd, (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLRDNORM)) != 0,
                   (events & (EPOLLOUT | EPOLLWRNORM)) != 0, true, depth + 1);
    }
}

/* SO_RCVTIMEO and SO_SNDTIMEO are not visible in /proc: asked of the socket itself. */
static bool socket_is_timed(const struct sleeper *sleeper, int fd, bool input, bool *known)
{
    struct timeval limit = {0};
    socklen_t size = sizeof limit;
    int copy = proc_borrow(sleeper->pid, fd);

    *known = copy != -1 &&
             getsockopt(copy, SOL_SOCKET, input ? SO_RCVTIMEO : SO_SNDTIMEO, &limit, &size) == 0;
    if (copy != -1)
        close(copy);
    return *known && (limit.tv_sec != 0 || limit.tv_usec != 0);
}

static void wait_on_socket(struct sleeper *sleeper, int fd, int object, bool input, bool output,
                           bool polled)
{
    bool known = true;

    if (!polled && socket_is_timed(sleeper, fd, input, &known))
        set_timed(sleeper);
    if (!known)
        not_understood(sleeper);
    if (sleeper->record->objects[object].listening) {
        add_wait(sleeper, WAIT_CONNECTION, object, fd);
        return;
    }
    if (input || !output) /* poll for nothing still tells of a hang-up */
        add_wait(sleeper, WAIT_READ, object, fd);
    if (output)
        add_wait(sleeper, WAIT_WRITE, object, fd);
}

static void wait_on_pipe(struct sleeper *sleeper, const struct descriptor *descriptor, bool input,
                         bool output)
{
    /* Whatever was asked for, the one end hears only of writers, the other only of readers. */
    if (descriptor->reads && (!descriptor->writes || input || !output))
        add_wait(sleeper, WAIT_READ, descriptor->object, descriptor->fd);
    if (descriptor->writes && (!descriptor->reads || output))
        add_wait(sleeper, WAIT_WRITE, descriptor->object, descriptor->fd);
}

static void wait_on_plain(struct sleeper *sleeper, const struct descriptor *descriptor, bool input,
                          bool output, bool polled)
{
    int object = descriptor->object, fd = descriptor->fd;

    switch (sleeper->record->objects[object].kind) {
    case OBJECT_PIPE:
    case OBJECT_FIFO:
        wait_on_pipe(sleeper, descriptor, input, output);
        break;
    case OBJECT_SOCKET:
        wait_on_socket(sleeper, fd, object, input, output, polled);
        break;
    case OBJECT_TERMINAL:
        add_wait(sleeper, input ? WAIT_READ : WAIT_WRITE, object, fd);
        break;
    default:
        not_understood(sleeper);
    }
}

static void wait_on_event(struct sleeper *sleeper, const struct descriptor *descriptor, bool input,
                          bool output)
{
    if (input || !output)
        add_wait(sleeper, WAIT_READ, descriptor->object, descriptor->fd);
    if (output)
        add_wait(sleeper, WAIT_WRITE, descriptor->object, descriptor->fd);
}

static void wait_on_process(struct sleeper *sleeper, uint64_t host_pid, int fd)
{
    int process = record_find_host_pid(sleeper->record, (pid_t)host_pid);

    if (process < 0) {
        not_understood(sleeper);
        return;
    }
    add_wait(sleeper, WAIT_CHILD, -1, fd)->process = process;
}

static void wait_on_fd(struct sleeper *sleeper, int fd, bool input, bool output, bool polled,
                       int depth)
{
    int index = scan_find_descriptor(sleeper->scan, sleeper->process, fd);

    if (index < 0) {
        not_understood(sleeper);
        return;
    }
    struct descriptor descriptor = sleeper->record->descriptors[index];
    struct opened opened = sleeper->scan->opened[index];
    switch (opened.kind) {
    case OPENED_PLAIN:
        wait_on_plain(sleeper, &descriptor, input, output, polled);
        break;
    case OPENED_TIMER:
        if (opened.value != 0)
            set_timed(sleeper);
        wait_on_event(sleeper, &descriptor, true, false);
        break;
    case OPENED_EVENT:
        wait_on_event(sleeper, &descriptor, input, output);
        break;
    case OPENED_SIGNALS:
        add_wait(sleeper, WAIT_SIGNAL, -1, fd)->signals = opened.value;
        if ((sleeper->status->pending & opened.value) != 0)
            set_timed(sleeper);
        break;
    case OPENED_EPOLL:
        wait_on_epoll(sleeper, fd, depth);
        break;
    case OPENED_PROCESS:
        wait_on_process(sleeper, opened.value, fd);
        break;
    case OPENED_QUEUE:
        add_wait(sleeper, output && !input ? WAIT_ROOM : WAIT_MESSAGE, descriptor.object, fd);
        break;
    case OPENED_OTHER:
        not_understood(sleeper);
        break;
    }
}

static void decode_input(struct sleeper *sleeper)
{
    wait_on_fd(sleeper, (int)sleeper->args[0], true, false, false, 0);
}

static void decode_recvmmsg(struct sleeper *sleeper)
{
    if (sleeper->args[4] != 0)
        set_timed(sleeper);
    decode_input(sleeper);
}

static void decode_output(struct sleeper *sleeper)
{
    wait_on_fd(sleeper, (int)sleeper->args[0], false, true, false, 0);
}

/* unix(7): the name as ipc_state tells it; false when it is not a unix address with a name. */
static bool read_address(struct sleeper *sleeper, uint64_t address, uint64_t length, char *name)
{
    struct sockaddr_un raw = {0};
    size_t offset = offsetof(struct sockaddr_un, sun_path);

    if (length <= offset || length > sizeof raw ||
        !read_memory(sleeper, address, &raw, (size_t)length) || raw.sun_family != AF_UNIX)
        return false;
    memcpy(name, raw.sun_path, (size_t)length - offset);
    name[length - offset] = '\0';
    if (name[0] == '\0')
        name[0] = '@';
    return true;
}

/* Waits for room (or to be accepted) at the socket that bears this address. */
static void wait_at_address(struct sleeper *sleeper, enum wait_kind kind, uint64_t address,
                            uint64_t length)
{
    char name[sizeof(struct sockaddr_un) + 1];
    int fd = (int)sleeper->args[0];
    bool known;

    if (socket_is_timed(sleeper, fd, false, &known))
        set_timed(sleeper);
    const struct ipc_socket *target = NULL;
    if (known && read_address(sleeper, address, length, name))
        target = scan_socket_named(sleeper->scan, name);
    if (target == NULL) {
        not_understood(sleeper);
        return;
    }
    add_wait(sleeper, kind, scan_socket_object(sleeper->scan, target->ino), fd);
}

static void decode_sendto(struct sleeper *sleeper)
{
    if (sleeper->args[4] == 0)
        decode_output(sleeper);
    else
        wait_at_address(sleeper, WAIT_ROOM, sleeper->args[4], sleeper->args[5]);
}

static void decode_sendmsg(struct sleeper *sleeper)
{
    struct msghdr message;

    if (!read_memory(sleeper, sleeper->args[1], &message, sizeof message))
        not_understood(sleeper);
    else if (message.msg_name == NULL)
        decode_output(sleeper);
    else
        wait_at_address(sleeper, WAIT_ROOM, (uint64_t)(uintptr_t)message.msg_name,
                        message.msg_namelen);
}

static void decode_connect(struct sleeper *sleeper)
{
    wait_at_address(sleeper, WAIT_CONNECTION, sleeper->args[1], sleeper->args[2]);
}

/* Which of the two ends it sleeps on cannot be told: either may be the one that moves. */
static void decode_splice(struct sleeper *sleeper)
{
    wait_on_fd(sleeper, (int)sleeper->args[0], true, false, false, 0);
    wait_on_fd(sleeper, (int)sleeper->args[2], false, true, false, 0);
}

static void decode_tee(struct sleeper *sleeper)
{
    wait_on_fd(sleeper, (int)sleeper->args[0], true, false, false, 0);
    wait_on_fd(sleeper, (int)sleeper->args[1], false, true, false, 0);
}

/* vmsplice(2) moves in the direction that its pipe end allows. */
static void decode_vmsplice(struct sleeper *sleeper)
{
    wait_on_fd(sleeper, (int)sleeper->args[0], false, false, false, 0);
}

/* sendfile(2): the input is a file (or a socket, which is not met); the output blocks. */
static void decode_sendfile(struct sleeper *sleeper)
{
    wait_on_fd(sleeper, (int)sleeper->args[0], false, true, false, 0);
}

/* ---- poll, select, epoll ---- */

/* Waiting for no descriptor at all is pause() by another name. */
static void or_signal(struct sleeper *sleeper)
{
    struct thread *thread = thread_of(sleeper);
    if (thread->n_waits == 0 && thread->understood)
        add_wait(sleeper, WAIT_SIGNAL, -1, -1)->signals = sleeper->status->handled;
}

static void poll_set(struct sleeper *sleeper)
{
    struct pollfd set[MAX_POLLED];
    uint64_t count = sleeper->args[1];

    if (count > MAX_POLLED ||
        (count > 0 && !read_memory(sleeper, sleeper->args[0], set, count * sizeof *set))) {
        not_understood(sleeper);
        return;
    }
    for (uint64_t i = 0; i < count; i++)
        if (set[i].fd >= 0)
            wait_on_fd(sleeper, set[i].fd,
                       (set[i].events & (POLLIN | POLLPRI | POLLRDNORM | POLLRDHUP)) != 0,
                       (set[i].events & (POLLOUT | POLLWRNORM)) != 0, true, 0);
    or_signal(sleeper);
}

static void decode_ppoll(struct sleeper *sleeper)
{
    if (sleeper->args[2] != 0)
        set_timed(sleeper);
    poll_set(sleeper);
}

static bool read_set(struct sleeper *sleeper, uint64_t address, size_t words,
                     unsigned long set[MAX_POLLED / 8 / sizeof(long)])
{
    memset(set, 0, MAX_POLLED / 8);
    return address == 0 || words == 0 || read_memory(sleeper, address, set, words * sizeof(long));
}

static bool in_set(const unsigned long *set, int fd)
{
    int bits = (int)(8 * sizeof(long));
    return (set[fd / bits] >> (fd % bits) & 1) != 0;
}

static void decode_pselect(struct sleeper *sleeper)
{
    unsigned long sets[3][MAX_POLLED / 8 / sizeof(long)];
    int count = (int)sleeper->args[0];
    size_t words = ((size_t)count + 8 * sizeof(long) - 1) / (8 * sizeof(long));

    if (sleeper->args[4] != 0)
        set_timed(sleeper);
    for (int i = 0; i < 3; i++)
        if (count < 0 || count > MAX_POLLED ||
            !read_set(sleeper, sleeper->args[1 + i], words, sets[i])) {
            not_understood(sleeper);
            return;
        }
    for (int fd = 0; fd < count; fd++) {
        bool input = in_set(sets[0], fd) || in_set(sets[2], fd), output = in_set(sets[1], fd);
        if (input || output)
            wait_on_fd(sleeper, fd, input, output, true, 0);
    }
    or_signal(sleeper);
}

static void epoll_set(struct sleeper *sleeper)
{
    wait_on_fd(sleeper, (int)sleeper->args[0], true, false, true, 0);
    or_signal(sleeper);
}

static void decode_epoll_pwait(struct sleeper *sleeper)
{
    if ((int)sleeper->args[3] >= 0)
        set_timed(sleeper);
    epoll_set(sleeper);
}

#ifdef SYS_epoll_pwait2
static void decode_epoll_pwait2(struct sleeper *sleeper)
{
    if (sleeper->args[3] != 0)
        set_timed(sleeper);
    epoll_set(sleeper);
}
#endif

#ifdef SYS_poll
static void decode_poll(struct sleeper *sleeper)
{
    if ((int)sleeper->args[2] >= 0)
        set_timed(sleeper);
    poll_set(sleeper);
}
#endif

/* ---- open of a FIFO ---- */

/* Stats what the process itself would find under that path. */
static bool stat_there(const struct sleeper *sleeper, int at, const char *path, struct stat *status)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    char start[64];

    if (path[0] == '/')
        snprintf(start, sizeof start, "/proc/%d/root", (int)sleeper->pid);
    else if (at == AT_FDCWD)
        snprintf(start, sizeof start, "/proc/%d/cwd", (int)sleeper->pid);
    else
        snprintf(start, sizeof start, "/proc/%d/fd/%d", (int)sleeper->pid, at);
    int base = open(start, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (base == -1)
        return false;
    int target = path[0] == '/' ? (int)syscall(SYS_openat2, base, path, &how, sizeof how)
                                : openat(base, path, O_PATH | O_CLOEXEC);
    bool found = target != -1 && fstat(target, status) == 0;
    if (target != -1)
        close(target);
    close(base);
    return found;
}

static void wait_for_open(struct sleeper *sleeper, int at, uint64_t path_address, uint64_t flags)
{
    char path[PATH_SIZE];
    struct stat status;
    int access = (int)(flags & O_ACCMODE);

    if (!proc_string(sleeper->pid, path_address, path, sizeof path) ||
        !stat_there(sleeper, at, path, &status) || !S_ISFIFO(status.st_mode) || access == O_RDWR) {
        not_understood(sleeper); /* open of anything else does not sleep for long */
        return;
    }
    int object =
        record_object_by_inode(sleeper->record, OBJECT_FIFO, status.st_dev, status.st_ino, path);
    sleeper->record->objects[object].mode = status.st_mode & 07777;
    add_wait(sleeper, WAIT_OPEN, object, -1)->wants_writer = access == O_RDONLY;
}

static void decode_openat(struct sleeper *sleeper)
{
    wait_for_open(sleeper, (int)sleeper->args[0], sleeper->args[1], sleeper->args[2]);
}

static void decode_openat2(struct sleeper *sleeper)
{
    struct open_how how;

    if (!read_memory(sleeper, sleeper->args[2], &how, sizeof how))
        not_understood(sleeper);
    else
        wait_for_open(sleeper, (int)sleeper->args[0], sleeper->args[1], how.flags);
}

#ifdef SYS_open
static void decode_open(struct sleeper *sleeper)
{
    wait_for_open(sleeper, AT_FDCWD, sleeper->args[0], sleeper->args[1]);
}
#endif

#ifdef SYS_creat
static void decode_creat(struct sleeper *sleeper)
{
    wait_for_open(sleeper, AT_FDCWD, sleeper->args[0], O_WRONLY);
}
#endif

/* ---- Queues and semaphores ---- */

static int queue_object(struct sleeper *sleeper)
{
    int id = (int)sleeper->args[0];
    const struct ipc_queue *queue = scan_queue(sleeper->scan, id);

    if (queue == NULL && record_find_id(sleeper->record, OBJECT_QUEUE, id) < 0)
        return -1;
    return record_object_by_id(sleeper->record, OBJECT_QUEUE, id, queue != NULL ? queue->key : 0);
}

static void wait_on_queue(struct sleeper *sleeper, enum wait_kind kind, int64_t type)
{
    int object = queue_object(sleeper);

    if (object < 0) {
        not_understood(sleeper);
        return;
    }
    add_wait(sleeper, kind, object, -1)->type = type;
}

static void decode_msgrcv(struct sleeper *sleeper)
{
    wait_on_queue(sleeper, WAIT_MESSAGE, (int64_t)(long)sleeper->args[3]);
}

static void decode_msgsnd(struct sleeper *sleeper)
{
    wait_on_queue(sleeper, WAIT_ROOM, 0);
}

static void decode_mq_receive(struct sleeper *sleeper)
{
    if (sleeper->args[4] != 0)
        set_timed(sleeper);
    wait_on_fd(sleeper, (int)sleeper->args[0], true, false, false, 0);
}

static void decode_mq_send(struct sleeper *sleeper)
{
    if (sleeper->args[4] != 0)
        set_timed(sleeper);
    wait_on_fd(sleeper, (int)sleeper->args[0], false, true, false, 0);
}

/* semop(2) tries its operations in order; those that could be done now are not waited for. */
static void wait_for_operations(struct sleeper *sleeper, int object,
                                const struct ipc_semaphores *set, const struct sembuf *operations,
                                size_t count)
{
    int value[IPC_MAX_SEMAPHORES];

    for (int i = 0; set != NULL && i < set->count; i++)
        value[i] = set->value[i];
    for (size_t i = 0; i < count; i++) {
        int index = operations[i].sem_num, change = operations[i].sem_op;
        bool known = set != NULL && index < set->count && set->value[index] >= 0;
        bool fits = known && (change == 0 ? value[index] == 0 : value[index] + change >= 0);
        if (fits)
            value[index] += change;
        else if (change <= 0) {
            struct wait *wait = add_wait(sleeper, WAIT_SEMAPHORE, object, -1);
            wait->semaphore = index;
            wait->operation = change;
        }
    }
}

static void decode_semop(struct sleeper *sleeper)
{
    struct sembuf operations[MAX_OPERATIONS];
    int id = (int)sleeper->args[0];
    uint64_t count = sleeper->args[2];
    const struct ipc_semaphores *set = scan_semaphores(sleeper->scan, id);

    if (count > MAX_OPERATIONS ||
        (set == NULL && record_find_id(sleeper->record, OBJECT_SEMAPHORES, id) < 0) ||
        !read_memory(sleeper, sleeper->args[1], operations, count * sizeof *operations)) {
        not_understood(sleeper);
        return;
    }
    int object =
        record_object_by_id(sleeper->record, OBJECT_SEMAPHORES, id, set != NULL ? set->key : 0);
    wait_for_operations(sleeper, object, set, operations, count);
}

static void decode_semtimedop(struct sleeper *sleeper)
{
    if (sleeper->args[3] != 0)
        set_timed(sleeper);
    decode_semop(sleeper);
}

/* ---- futex ---- */

/* A line of /proc/PID/maps: where, whether shared, and what is mapped. */
struct mapping {
    uint64_t start, end, offset, dev, ino;
    bool shared, deleted;
    char path[PATH_SIZE];
};

static bool parse_mapping(const char *line, struct mapping *mapping)
{
    unsigned long long start, end, offset, ino;
    unsigned major_number, minor_number;
    char access[8];
    int name = 0;

    if (sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %n", &start, &end, access, &offset,
               &major_number, &minor_number, &ino, &name) < 7)
        return false;
    *mapping = (struct mapping){.start = start,
                                .end = end,
                                .offset = offset,
                                .ino = ino,
                                .shared = access[3] == 's',
                                .dev = (uint64_t)major_number << 8 | (minor_number & 0xff) |
                                       (uint64_t)(minor_number & ~0xffU) << 12}; /* makedev(3) */
    size_t length = strcspn(line + name, "\n");
    if (length >= sizeof mapping->path)
        length = sizeof mapping->path - 1;
    memcpy(mapping->path, line + name, length);
    mapping->path[length] = '\0';
    char *deleted = strstr(mapping->path, " (deleted)");
    mapping->deleted = deleted != NULL;
    if (deleted != NULL)
        *deleted = '\0';
    return true;
}

/* Finds the mapping that holds an address (dev, ino 0), or the first shared one of that file. */
static bool find_mapping(pid_t pid, uint64_t address, uint64_t dev, uint64_t ino,
                         struct mapping *mapping)
{
    char path[64], line[PATH_SIZE + 128];
    bool found = false;

    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    if (maps == NULL)
        return false;
    while (!found && fgets(line, sizeof line, maps) != NULL)
        found = parse_mapping(line, mapping) &&
                (address != 0 ? address >= mapping->start && address < mapping->end
                              : mapping->shared && mapping->dev == dev && mapping->ino == ino);
    fclose(maps);
    return found;
}

static int count_mappers(const struct sleeper *sleeper, uint64_t dev, uint64_t ino)
{
    struct mapping *ignored = kit_alloc(sizeof *ignored);
    int count = 0;

    for (size_t i = 0; i < sleeper->record->n_processes; i++) {
        const struct process *process = &sleeper->record->processes[i];
        count += process->ended_us < 0 && find_mapping(process->host_pid, 0, dev, ino, ignored);
    }
    free(ignored);
    return count;
}

static int find_futex(const struct record *record, uint64_t dev, uint64_t ino, uint64_t offset)
{
    for (size_t i = 0; i < record->n_objects; i++) {
        const struct object *object = &record->objects[i];
        bool lock = object->kind == OBJECT_FUTEX || object->kind == OBJECT_POSIX_SEMAPHORE;
        if (lock && object->dev == dev && object->ino == ino &&
            (object->offset == offset || object->kind == OBJECT_POSIX_SEMAPHORE))
            return (int)i;
    }
    return -1;
}

static char *lock_label(const struct record *record)
{
    int count = 0;
    for (size_t i = 0; i < record->n_objects; i++)
        count += record->objects[i].kind == OBJECT_FUTEX;
    return count <= 26 ? kit_format("lock %c", 'A' + count - 1) : kit_format("lock %d", count);
}

static int futex_object(struct record *record, uint64_t dev, uint64_t ino, uint64_t offset)
{
    int object = find_futex(record, dev, ino, offset);

    if (object >= 0)
        return object;
    object = record_add_object(record, OBJECT_FUTEX);
    record->objects[object].dev = dev;
    record->objects[object].ino = ino;
    record->objects[object].offset = offset;
    record->objects[object].label = lock_label(record);
    return object;
}

/* A word that several processes see: known by what is mapped and where in it. */
static int shared_futex(struct sleeper *sleeper, uint64_t address, const struct mapping *mapping)
{
    struct record *record = sleeper->record;
    const struct ipc_name *name = scan_name(sleeper->scan, mapping->dev, mapping->ino);
    uint64_t offset = address - mapping->start + mapping->offset;
    int object;

    if (name != NULL && name->kind == IPC_NAME_SEMAPHORE)
        object = record_object_by_inode(record, OBJECT_POSIX_SEMAPHORE, mapping->dev, mapping->ino,
                                        name->name);
    else
        object = futex_object(record, mapping->dev, mapping->ino, offset);
    struct object *lock = &record->objects[object];
    const struct ipc_segment *segment = NULL;
    if (strncmp(mapping->path, "/SYSV", 5) == 0)
        segment = scan_segment(sleeper->scan, (int)mapping->ino);
    if (segment != NULL && !segment->removed)
        lock->key = segment->key;
    lock->unlinked = name == NULL && mapping->deleted && lock->key == 0;
    if (!lock->unlinked && lock->path == NULL && lock->key == 0)
        lock->path = kit_strdup(name != NULL ? name->name : mapping->path);
    lock->attached = count_mappers(sleeper, mapping->dev, mapping->ino);
    return object;
}

/* The words at a futex, as far as they can be read, and what glibc keeps there. */
struct lock_words {
    uint32_t word[5];
};

/* pthread_mutex_t of glibc: lock, count, owner, nusers, kind. */
static bool looks_like_mutex(const struct lock_words *at, int operation, uint32_t expected,
                             uint32_t *owner)
{
    const uint32_t robust = 16, inherit = 32;
    uint32_t kind = at->word[4];

    *owner = at->word[2];
    if (*owner == 0 || kind >= 512)
        return false;
    if (operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2 || (kind & (robust | inherit)))
        return (at->word[0] & FUTEX_TID_MASK) == *owner && operation != FUTEX_WAIT_BITSET;
    return operation == FUTEX_WAIT && expected == 2 && at->word[0] == 2 && at->word[3] >= 1;
}

/* sem_t of glibc: value, number of waiters, private flag (0 or 128). */
static bool looks_like_semaphore(const struct lock_words *at, int operation, uint32_t expected)
{
    return operation == FUTEX_WAIT_BITSET && expected == 0 && at->word[0] == 0 &&
           at->word[1] >= 1 && at->word[1] < 4096 && (at->word[2] == 0 || at->word[2] == 128);
}

/* pthread_rwlock_t of glibc, a writer that waits for readers: readers (8 each, and flags: 2 says
 * that a writer has the right of way), writers, write phase futex, on which the writer sleeps. */
static bool looks_like_rwlock(const struct sleeper *sleeper, uint64_t address, uint32_t expected)
{
    uint32_t readers;

    return expected == 2 && read_memory(sleeper, address - 8, &readers, sizeof readers) &&
           (readers & 2) != 0 && readers >> 3 >= 1 && readers >> 3 < 4096;
}

static int process_of_own_tid(const struct sleeper *sleeper, uint32_t tid)
{
    const struct scan *scan = sleeper->scan;
    for (size_t i = 0; i < scan->n_threads; i++)
        if (scan->threads[i].own_tid == (pid_t)tid)
            return scan->threads[i].process;
    return -1;
}

/* Whose main thread had this number and is dead? */
static int ended_process(const struct record *record, uint32_t pid)
{
    for (size_t i = record->n_processes; i-- > 0;)
        if (record->processes[i].pid == (pid_t)pid && record->processes[i].ended_us >= 0)
            return (int)i;
    return -1;
}

static void set_owner(struct sleeper *sleeper, struct wait *wait, uint32_t owner)
{
    wait->operation = FUTEX_IS_MUTEX;
    wait->process = process_of_own_tid(sleeper, owner);
    if (wait->process >= 0)
        return;
    wait->process = ended_process(sleeper->record, owner);
    wait->holder_died = wait->process >= 0;
}

static void guess_lock(struct sleeper *sleeper, struct wait *wait, int operation)
{
    uint64_t address = sleeper->args[0];
    uint32_t expected = (uint32_t)sleeper->args[2], owner;
    struct lock_words at = {{0}};

    if (!read_memory(sleeper, address, &at, sizeof at))
        return;
    if (operation == FUTEX_WAIT_BITSET && expected == at.word[0] &&
        process_of_own_tid(sleeper, expected) == sleeper->process) {
        wait->operation = FUTEX_IS_THREAD; /* pthread_join sleeps until the kernel clears its tid */
        wait->process = sleeper->process;
    } else if (looks_like_mutex(&at, operation, expected, &owner))
        set_owner(sleeper, wait, owner);
    else if (looks_like_semaphore(&at, operation, expected))
        wait->operation = FUTEX_IS_SEMAPHORE;
    else if (looks_like_rwlock(sleeper, address, expected))
        wait->operation = FUTEX_IS_RWLOCK;
}

static void decode_futex(struct sleeper *sleeper)
{
    int operation = (int)sleeper->args[1] & FUTEX_CMD_MASK;
    bool private = (sleeper->args[1] & FUTEX_PRIVATE_FLAG) != 0;
    uint64_t address = sleeper->args[0];
    struct mapping *mapping = kit_alloc(sizeof *mapping);

    bool known = operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET ||
                 operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2;
    if (!known || !find_mapping(sleeper->pid, address, 0, 0, mapping)) {
        not_understood(sleeper); /* WAIT_REQUEUE_PI and what may come */
        free(mapping);
        return;
    }
    if (sleeper->args[3] != 0)
        set_timed(sleeper);
    int object;
    if (mapping->shared && !private)
        object = shared_futex(sleeper, address, mapping);
    else {
        object = futex_object(sleeper->record, 0, (uint64_t)sleeper->process, address);
        if (mapping->shared) /* pshared attribute forgotten: others map it and cannot wake us */
            sleeper->record->objects[object].attached =
                count_mappers(sleeper, mapping->dev, mapping->ino);
    }
    guess_lock(sleeper, add_wait(sleeper, WAIT_FUTEX, object, -1), operation);
    free(mapping);
}

/* ---- Children ---- */

static bool is_child_of(const struct record *record, int process, int parent)
{
    const struct process *child = &record->processes[process];
    return child->adopted_by >= 0 ? child->adopted_by == parent : child->parent == parent;
}

static int find_child(const struct sleeper *sleeper, pid_t own_pid)
{
    for (size_t i = sleeper->record->n_processes; i-- > 0;)
        if (sleeper->record->processes[i].pid == own_pid &&
            is_child_of(sleeper->record, (int)i, sleeper->process))
            return (int)i;
    return -1;
}

static void wait_for_child(struct sleeper *sleeper, pid_t own_pid)
{
    int child = find_child(sleeper, own_pid);

    if (child < 0) {
        not_understood(sleeper);
        return;
    }
    add_wait(sleeper, WAIT_CHILD, -1, -1)->process = child;
}

static void decode_wait4(struct sleeper *sleeper)
{
    pid_t pid = (pid_t)sleeper->args[0];

    if (pid > 0)
        wait_for_child(sleeper, pid);
    else /* any, or any of a group: the wider guess is the safe one */
        add_wait(sleeper, WAIT_CHILD, -1, -1);
}

static void decode_waitid(struct sleeper *sleeper)
{
    if ((idtype_t)sleeper->args[0] == P_PID)
        wait_for_child(sleeper, (pid_t)sleeper->args[1]);
    else if ((idtype_t)sleeper->args[0] == P_PIDFD)
        wait_on_fd(sleeper, (int)sleeper->args[1], true, false, false, 0);
    else
        add_wait(sleeper, WAIT_CHILD, -1, -1);
}

/* vfork(2) sleeps (in state D) until the newest child has ended or runs another program. */
static void decode_fork(struct sleeper *sleeper)
{
    const struct record *record = sleeper->record;

    for (size_t i = record->n_processes; i-- > 0;)
        if (record->processes[i].parent == sleeper->process && record->processes[i].ended_us < 0) {
            add_wait(sleeper, WAIT_CHILD, -1, -1)->process = (int)i;
            return;
        }
    not_understood(sleeper);
}

/* ---- File locks ---- */

struct wanted_lock {
    char type; /* as in struct held_lock */
    bool exclusive;
    int64_t start, end;
};

static bool conflicts(const struct sleeper *sleeper, const struct held_lock *held, int object,
                      const struct wanted_lock *wanted)
{
    bool posix_own = held->type == 'P' && wanted->type == 'P' && held->process == sleeper->process;
    bool both_flock =
        (held->type == 'F') == (wanted->type == 'F'); /* fcntl and flock do not meet */

    return held->object == object && both_flock && !posix_own &&
           (held->exclusive || wanted->exclusive) && held->start <= wanted->end &&
           wanted->start <= held->end;
}

static void wait_for_lock(struct sleeper *sleeper, const struct wanted_lock *wanted)
{
    struct scan *scan = sleeper->scan;
    int fd = (int)sleeper->args[0];
    int index = scan_find_descriptor(scan, sleeper->process, fd);

    if (index < 0) {
        not_understood(sleeper);
        return;
    }
    int object = sleeper->record->descriptors[index].object;
    bool found = false;
    for (size_t i = 0; i < scan->n_locks; i++)
        if (conflicts(sleeper, &scan->locks[i], object, wanted)) {
            add_wait(sleeper, WAIT_LOCK, object, fd)->process = scan->locks[i].process;
            found = true;
        }
    if (!found) /* somebody outside, or let go just now */
        add_wait(sleeper, WAIT_LOCK, object, fd);
}

static void decode_fcntl(struct sleeper *sleeper)
{
    int command = (int)sleeper->args[1];
    struct flock lock;

    if ((command != F_SETLKW && command != F_OFD_SETLKW) ||
        !read_memory(sleeper, sleeper->args[2], &lock, sizeof lock)) {
        not_understood(sleeper);
        return;
    }
    struct wanted_lock wanted = {.type = command == F_SETLKW ? 'P' : 'O',
                                 .exclusive = lock.l_type == F_WRLCK,
                                 .end = INT64_MAX};
    if (lock.l_whence == SEEK_SET && lock.l_len >= 0) { /* else: the whole file, the wider guess */
        wanted.start = lock.l_start;
        if (lock.l_len > 0)
            wanted.end = lock.l_start + lock.l_len - 1;
    }
    wait_for_lock(sleeper, &wanted);
}

static void decode_flock(struct sleeper *sleeper)
{
    struct wanted_lock wanted = {
        .type = 'F', .exclusive = (sleeper->args[1] & LOCK_EX) != 0, .end = INT64_MAX};
    wait_for_lock(sleeper, &wanted);
}

/* ---- Signals and time ---- */

static void wait_for_signals(struct sleeper *sleeper, uint64_t signals)
{
    add_wait(sleeper, WAIT_SIGNAL, -1, -1)->signals = signals;
    if ((sleeper->status->pending & signals) != 0)
        set_timed(sleeper);
}

static void decode_sigsuspend(struct sleeper *sleeper)
{
    /* The mask in force is the call's own while it sleeps. */
    wait_for_signals(sleeper, sleeper->status->handled & ~sleeper->status->blocked);
}

static void decode_sigwait(struct sleeper *sleeper)
{
    uint64_t set;

    if (sleeper->args[2] != 0)
        set_timed(sleeper);
    if (read_memory(sleeper, sleeper->args[0], &set, sizeof set))
        wait_for_signals(sleeper, set);
    else
        not_understood(sleeper);
}

static void decode_timed(struct sleeper *sleeper)
{
    set_timed(sleeper);
}

/* ---- The table ---- */

static const struct recipe {
    long number;
    const char *name;
    void (*decode)(struct sleeper *);
} recipes[] = {
    {SYS_read,            "read",            decode_input       },
    {SYS_readv,           "readv",           decode_input       },
    {SYS_pread64,         "pread64",         decode_input       },
    {SYS_preadv,          "preadv",          decode_input       },
    {SYS_preadv2,         "preadv2",         decode_input       },
    {SYS_recvfrom,        "recvfrom",        decode_input       },
    {SYS_recvmsg,         "recvmsg",         decode_input       },
    {SYS_recvmmsg,        "recvmmsg",        decode_recvmmsg    },
    {SYS_accept,          "accept",          decode_input       },
    {SYS_accept4,         "accept4",         decode_input       },
    {SYS_connect,         "connect",         decode_connect     },
    {SYS_write,           "write",           decode_output      },
    {SYS_writev,          "writev",          decode_output      },
    {SYS_pwrite64,        "pwrite64",        decode_output      },
    {SYS_pwritev,         "pwritev",         decode_output      },
    {SYS_pwritev2,        "pwritev2",        decode_output      },
    {SYS_sendto,          "sendto",          decode_sendto      },
    {SYS_sendmsg,         "sendmsg",         decode_sendmsg     },
    {SYS_sendmmsg,        "sendmmsg",        decode_sendmsg     },
    {SYS_splice,          "splice",          decode_splice      },
    {SYS_tee,             "tee",             decode_tee         },
    {SYS_vmsplice,        "vmsplice",        decode_vmsplice    },
    {SYS_sendfile,        "sendfile",        decode_sendfile    },
    {SYS_openat,          "openat",          decode_openat      },
    {SYS_openat2,         "openat2",         decode_openat2     },
    {SYS_msgrcv,          "msgrcv",          decode_msgrcv      },
    {SYS_msgsnd,          "msgsnd",          decode_msgsnd      },
    {SYS_semop,           "semop",           decode_semop       },
    {SYS_semtimedop,      "semtimedop",      decode_semtimedop  },
    {SYS_mq_timedreceive, "mq_timedreceive", decode_mq_receive  },
    {SYS_mq_timedsend,    "mq_timedsend",    decode_mq_send     },
    {SYS_futex,           "futex",           decode_futex       },
    {SYS_wait4,           "wait4",           decode_wait4       },
    {SYS_waitid,          "waitid",          decode_waitid      },
    {SYS_clone,           "clone",           decode_fork        },
    {SYS_clone3,          "clone3",          decode_fork        },
    {SYS_fcntl,           "fcntl",           decode_fcntl       },
    {SYS_flock,           "flock",           decode_flock       },
    {SYS_ppoll,           "ppoll",           decode_ppoll       },
    {SYS_pselect6,        "pselect6",        decode_pselect     },
    {SYS_epoll_pwait,     "epoll_pwait",     decode_epoll_pwait },
    {SYS_rt_sigsuspend,   "rt_sigsuspend",   decode_sigsuspend  },
    {SYS_rt_sigtimedwait, "rt_sigtimedwait", decode_sigwait     },
    {SYS_nanosleep,       "nanosleep",       decode_timed       },
    {SYS_clock_nanosleep, "clock_nanosleep", decode_timed       },
    {SYS_restart_syscall, "restart_syscall", decode_timed       },
 /* Newer ones, and those that aarch64 never had. */
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2,    "epoll_pwait2",    decode_epoll_pwait2},
#endif
#ifdef SYS_epoll_wait
    {SYS_epoll_wait,      "epoll_wait",      decode_epoll_pwait },
#endif
#ifdef SYS_poll
    {SYS_poll,            "poll",            decode_poll        },
#endif
#ifdef SYS_select
    {SYS_select,          "select",          decode_pselect     },
#endif
#ifdef SYS_pause
    {SYS_pause,           "pause",           decode_sigsuspend  },
#endif
#ifdef SYS_open
    {SYS_open,            "open",            decode_open        },
#endif
#ifdef SYS_creat
    {SYS_creat,           "creat",           decode_creat       },
#endif
#ifdef SYS_vfork
    {SYS_vfork,           "vfork",           decode_fork        },
#endif
};

void scan_sleeper(struct scan *scan, int thread, const struct thread_status *status)
{
    struct record *record = scan->record;
    struct thread *at = &record->threads[thread];
    struct sleeper sleeper = {.scan = scan,
                              .record = record,
                              .thread = thread,
                              .process = at->process,
                              .tid = at->tid,
                              .status = status,
                              .pid = record->processes[at->process].host_pid};
    struct blocked_call call;

    if (!proc_blocked_call(sleeper.pid, sleeper.tid, &call))
        return;
    at->asleep = true;
    memcpy(at->args, call.args, sizeof at->args);
    sleeper.args = call.args;
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        if (recipes[i].number == call.number && !proc_is_foreign(sleeper.pid)) {
            at->call = recipes[i].name;
            at->understood = true;
            recipes[i].decode(&sleeper);
            return;
        }
}
