/*
 * cell.c - a fresh place for one run. See cell.h for its theory of operation.
 *
 * _GNU_SOURCE: clone flags, close_range(2), SO_PASSCRED, setgroups(2).
 */
#define _GNU_SOURCE
#include "cell.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

enum { MESSAGE_MAX = 192 * 1024 };

/* Shared with init. */
struct shared {
    struct ipc_state ipc;
    char answer[CELL_ANSWER_MAX];
};

struct cell {
    pid_t init;
    int socket;
    bool confined;
    int root; /* the root directory inside; -1: it is ours */
    char *inner_folder;
    struct shared *shared;
};

/* What goes through the socket: a function of ours (init is a copy of us, so the address holds),
 * then its argument; the answer is an int and an errno. */
struct message {
    cell_function *function;
    size_t size;
};
struct answer {
    int result, error;
};

/* ---- Descriptors through a socket ----------------------------------------------------------- */

static int send_with_fds(int socket, const struct iovec *parts, size_t n_parts, const int *fds,
                         size_t n_fds)
{
    union {
        char space[CMSG_SPACE(5 * sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = n_parts};

    if (n_fds > 0) {
        message.msg_control = control.space;
        message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(header), fds, n_fds * sizeof(int));
    }
    ssize_t sent;
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent == -1 && errno == EINTR);
    return sent == -1 ? -1 : 0;
}

static ssize_t receive_with_fds(int socket, void *to, size_t size, int *fds, size_t max_fds)
{
    union {
        char space[CMSG_SPACE(5 * sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {to, size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    for (size_t i = 0; i < max_fds; i++)
        fds[i] = -1;
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got == -1 && errno == EINTR);
    struct cmsghdr *header = got >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_type == SCM_RIGHTS) {
        size_t n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(header), (n < max_fds ? n : max_fds) * sizeof(int));
    }
    return got;
}

/* ---- The program's side, up to exec --------------------------------------------------------- */

static void limit(int what, unsigned long value)
{
    struct rlimit both = {value, value};
    if (value != 0)
        setrlimit((__rlimit_resource_t)what, &both); /* best effort: never above the hard limit */
}

static void set_limits(const struct cell_limits *limits)
{
    limit(RLIMIT_CPU, limits->cpu_seconds);
    limit(RLIMIT_AS, limits->memory_bytes);
    limit(RLIMIT_NPROC, limits->processes);
    limit(RLIMIT_FSIZE, limits->file_bytes);
    limit(RLIMIT_NOFILE, limits->descriptors);
}

/* A crash leaves no file. */
static void forbid_core(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none); /* lower than it was: that is always allowed */
}

static void reset_signals(unsigned long long ignored)
{
    sigset_t none;
    for (int s = 1; s < 65; s++) {
        struct sigaction action = {.sa_handler = (ignored >> (s - 1)) & 1 ? SIG_IGN : SIG_DFL};
        sigemptyset(&action.sa_mask);
        sigaction(s, &action, NULL); /* fails for SIGKILL, SIGSTOP and libc's own: right so */
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int move_high(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 900);
    return high != -1 ? high : fcntl(fd, F_DUPFD_CLOEXEC, 10);
}

/* Puts the given descriptors at 0, 1, 2 and closes everything else but *keep and (unless it is -1)
 * *also, which are moved. */
static int arrange_descriptors(const int *stdio, int *keep, int *also)
{
    int moved[3], high = move_high(*keep), higher = *also != -1 ? move_high(*also) : high;
    for (int i = 0; i < 3; i++)
        moved[i] = stdio[i] >= 0 ? fcntl(stdio[i], F_DUPFD_CLOEXEC, 3) : -1;
    for (int i = 0; i < 3; i++)
        if (moved[i] == -1 ? (close(i) == -1 && errno != EBADF) : dup2(moved[i], i) == -1)
            return -1;
    if (high == -1 || higher == -1)
        return -1;
    syscall(SYS_close_range, 3, (unsigned)high - 1, 0);
    if (higher > high + 1)
        syscall(SYS_close_range, (unsigned)high + 1, (unsigned)higher - 1, 0);
    syscall(SYS_close_range, (unsigned)higher + 1, ~0U, 0);
    *keep = high;
    if (*also != -1)
        *also = higher;
    return 0;
}

static int become_another_user(void)
{
    gid_t gid = getegid() + 1;
    uid_t uid = geteuid() + 1;
    if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1)
        return -1;
    return setresuid(uid, uid, uid);
}

static _Noreturn void become(const struct spawn *spawn, int go)
{
    char byte = 'r';

    /* Init is closed to ptrace; its child must let the tracer in. Its exec follows at once. */
    prctl(PR_SET_DUMPABLE, 1);
    /* "Ready": the kernel tells the kit our pid in the kit's namespace with it. Then wait. */
    if (send(go, &byte, 1, MSG_NOSIGNAL) != 1 || recv(go, &byte, 1, 0) != 1)
        _exit(125);
    if (!spawn->keep_session)
        setsid();
    if (spawn->directory != NULL && chdir(spawn->directory) == -1)
        _exit(125);
    if (!spawn->plain_environment)
        reset_signals(spawn->ignored_signals);
    int report = spawn->report;
    if (!spawn->plain_environment && arrange_descriptors(spawn->stdio, &go, &report) == -1)
        _exit(125);

    if (spawn->mask != NULL)
        sigprocmask(SIG_SETMASK, spawn->mask, NULL);
    set_limits(&spawn->limits);
    if (!spawn->plain_environment)
        forbid_core();
    if (report != -1 && dup2(report, spawn->report_number) == -1)
        _exit(125);
    if (!spawn->plain_environment)
        umask(spawn->umask_given ? (mode_t)spawn->umask : 022);
    if (spawn->another_user && become_another_user() == -1)
        _exit(125);
    if (spawn->filter != NULL) {
        if (!(spawn->plain_environment && geteuid() == 0))
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, spawn->filter) == -1)
            _exit(125);
    }
    execvpe(spawn->file, (char *const *)spawn->argv, (char *const *)spawn->envp);
    int error = errno;
    dprintf(2, "ipclab: cannot run %s: %s\n", spawn->file, strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

/* ---- Spawn through init: the spec as flat bytes ---------------------------------------------- */

/* Flat form: struct spawn (its pointers meaningless), then strings: file, directory, argc, argv...,
 * envc, envp..., each NUL-terminated; the filter's instructions are already in init's memory if
 * they were built before the cell, so only the pointer is passed (calls_filter() keeps them for
 * ever). */
static char *flatten_list(char *to, const char *const *list)
{
    uint32_t n = 0;
    while (list[n] != NULL)
        n++;
    memcpy(to, &n, sizeof n);
    to += sizeof n;
    for (uint32_t i = 0; i < n; i++)
        to = stpcpy(to, list[i]) + 1;
    return to;
}

static const char *unflatten_list(const char *from, const char ***list)
{
    uint32_t n;
    memcpy(&n, from, sizeof n);
    from += sizeof n;
    *list = calloc(n + 1, sizeof **list);
    for (uint32_t i = 0; *list != NULL && i < n; i++) {
        (*list)[i] = from;
        from += strlen(from) + 1;
    }
    return from;
}

static size_t list_size(const char *const *list)
{
    size_t size = sizeof(uint32_t);
    for (size_t i = 0; list[i] != NULL; i++)
        size += strlen(list[i]) + 1;
    return size;
}

static int message_fds[5]; /* init: the descriptors that came with the present message */

/* Runs in init: forks the program. message_fds: the program's socket, then 0, 1, 2 and the report,
 * as far as there are such. */
static int spawn_inside(const void *argument, size_t size)
{
    struct spawn spawn;
    const char *from = argument;
    const char **argv, **envp;

    (void)size;
    memcpy(&spawn, from, sizeof spawn);
    from += sizeof spawn;
    spawn.file = from;
    from += strlen(from) + 1;
    spawn.directory = from;
    from += strlen(from) + 1;
    from = unflatten_list(from, &argv);
    unflatten_list(from, &envp);
    if (argv == NULL || envp == NULL)
        return -1;
    spawn.argv = argv;
    spawn.envp = envp;
    int next = 1;
    for (int i = 0; i < 3; i++)
        spawn.stdio[i] = spawn.stdio[i] >= 0 ? message_fds[next++] : -1;
    spawn.report = spawn.report >= 0 ? message_fds[next] : -1;
    pid_t pid = fork();
    if (pid == 0)
        become(&spawn, message_fds[0]);
    free(argv);
    free(envp);
    return pid == -1 ? -1 : 0;
}

/* The first byte of a program carries its pid as the kit sees it. Source: unix(7), SO_PASSCRED. */
static pid_t receive_pid(int socket)
{
    union {
        char space[CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } control = {0};
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got == -1 && errno == EINTR);
    struct cmsghdr *header = got == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header == NULL || header->cmsg_type != SCM_CREDENTIALS)
        return -1;
    struct ucred who;
    memcpy(&who, CMSG_DATA(header), sizeof who);
    return who.pid;
}

static int spawn_through_init(struct cell *cell, const struct spawn *spawn, int socket)
{
    size_t size = sizeof *spawn + strlen(spawn->file) + 1 + 4096 + list_size(spawn->argv) +
                  list_size(spawn->envp);
    if (size > MESSAGE_MAX) {
        errno = E2BIG;
        return -1;
    }
    char *flat = kit_alloc(size);
    memcpy(flat, spawn, sizeof *spawn);
    char *to = stpcpy(flat + sizeof *spawn, spawn->file) + 1;
    to = stpcpy(to, spawn->directory != NULL ? spawn->directory : cell->inner_folder) + 1;
    to = flatten_list(to, spawn->argv);
    to = flatten_list(to, spawn->envp);

    struct message message = {spawn_inside, (size_t)(to - flat)};
    struct iovec parts[] = {
        {&message, sizeof message},
        {flat,     message.size  }
    };
    int fds[5] = {socket}, n = 1;
    for (int i = 0; i < 3; i++)
        if (spawn->stdio[i] >= 0)
            fds[n++] = spawn->stdio[i];
    if (spawn->report >= 0)
        fds[n++] = spawn->report;
    struct answer answer = {-1, ESRCH};
    if (send_with_fds(cell->socket, parts, 2, fds, (size_t)n) == -1 ||
        recv(cell->socket, &answer, sizeof answer, 0) != (ssize_t)sizeof answer)
        answer.error = errno != 0 ? errno : ESRCH;
    free(flat);
    errno = answer.error;
    return answer.result;
}

int cell_spawn(struct cell *cell, const struct spawn *spawn, struct waiting_program *program)
{
    int pair[2], yes = 1;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
        return -1;
    if (setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == -1)
        kit_broken("SO_PASSCRED");
    int started;
    if (cell != NULL) {
        started = spawn_through_init(cell, spawn, pair[1]);
    } else {
        pid_t pid = fork();
        if (pid == 0) {
            close(pair[0]);
            become(spawn, pair[1]);
        }
        started = pid == -1 ? -1 : 0;
    }
    int error = errno;
    close(pair[1]);
    program->go = pair[0];
    program->host_pid = started == 0 ? receive_pid(pair[0]) : -1;
    if (program->host_pid > 0)
        return 0;
    close(pair[0]);
    errno = started == 0 ? ESRCH : error;
    return -1;
}

void cell_go(struct waiting_program *program)
{
    char byte = 'g';
    if (send(program->go, &byte, 1, MSG_NOSIGNAL) != 1 && errno != EPIPE)
        kit_broken("cannot let the program go");
    close(program->go);
    program->go = -1;
}

/* ---- Init ----------------------------------------------------------------------------------- */

static int write_all_to(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd == -1)
        return -1;
    ssize_t written = write(fd, text, strlen(text));
    close(fd);
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

/* The worker's user namespace has two users, and it may hand both on (bubblewrap's --cap-add). */
bool cell_has_another_user(void)
{
    unsigned inside = 0, outside = 0, count = 0;
    char *map = kit_read_file("/proc/self/uid_map", NULL);
    bool two = map != NULL && sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 &&
               inside == geteuid() && count == 2;
    free(map);
    return two;
}

/* By the kit, for init: both users. 0, or -1 with errno. */
static int map_two_users(pid_t init, uid_t uid, gid_t gid)
{
    char path[64], map[64];
    snprintf(path, sizeof path, "/proc/%d/uid_map", (int)init);
    snprintf(map, sizeof map, "%u %u 2", uid, uid);
    if (write_all_to(path, map) == -1)
        return -1;
    snprintf(path, sizeof path, "/proc/%d/gid_map", (int)init);
    snprintf(map, sizeof map, "%u %u 2", gid, gid);
    return write_all_to(path, map);
}

/* Maps our one uid to itself: inside, nobody is root after an exec. */
static int map_ids(uid_t uid, gid_t gid)
{
    char map[64];
    if (write_all_to("/proc/self/setgroups", "deny") == -1 && errno != ENOENT)
        return -1;
    snprintf(map, sizeof map, "%u %u 1", uid, uid);
    if (write_all_to("/proc/self/uid_map", map) == -1)
        return -1;
    snprintf(map, sizeof map, "%u %u 1", gid, gid);
    return write_all_to("/proc/self/gid_map", map);
}

static int cover(const char *folder, const char *type, const char *options, unsigned long flags)
{
    if (access(folder, F_OK) == -1)
        return 0;
    return mount(type, folder, type, flags, options);
}

static int make_read_only(const char *folder)
{
    if (mount(folder, folder, NULL, MS_BIND, NULL) == -1)
        return -1;
    return mount(NULL, folder, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL);
}

static int furnish(const char *const *hide, const char *const *read_only)
{
    const unsigned long safe = MS_NOSUID | MS_NODEV;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
        mount("proc", "/proc", "proc", safe | MS_NOEXEC, NULL) == -1 ||
        cover("/tmp", "tmpfs", "size=256m,nr_inodes=65536,mode=700", safe) == -1 ||
        cover("/dev/shm", "tmpfs", "size=256m,nr_inodes=4096,mode=1777", safe) == -1 ||
        cover("/dev/mqueue", "mqueue", NULL, safe | MS_NOEXEC) == -1)
        return -1;
    for (size_t i = 0; hide != NULL && hide[i] != NULL; i++)
        if (cover(hide[i], "tmpfs", "size=4k,mode=555", safe | MS_RDONLY) == -1)
            return -1;
    for (size_t i = 0; read_only != NULL && read_only[i] != NULL; i++)
        if (make_read_only(read_only[i]) == -1)
            return -1;
    return 0;
}

/* The loopback interface, for programs that talk through sockets. Best effort. */
static void raise_loopback(void)
{
    struct ifreq request = {.ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memcpy(request.ifr_name, "lo", 3);
    if (fd >= 0) {
        ioctl(fd, SIOCSIFFLAGS, &request);
        close(fd);
    }
}

static struct shared *shared_memory; /* init: where to leave what it is asked for */

static int read_state_inside(const void *argument, size_t size)
{
    (void)argument;
    (void)size;
    ipc_state_read(&shared_memory->ipc);
    return 0;
}

void *cell_answer_inside(void)
{
    return shared_memory->answer;
}

static void serve(int socket)
{
    static char buffer[MESSAGE_MAX + sizeof(struct message)];
    struct message message;
    ssize_t got = receive_with_fds(socket, buffer, sizeof buffer, message_fds,
                                   sizeof message_fds / sizeof *message_fds);
    if (got < (ssize_t)sizeof message)
        _exit(0); /* the kit is gone */
    memcpy(&message, buffer, sizeof message);
    errno = 0;
    struct answer answer = {.result = message.function(buffer + sizeof message, message.size)};
    answer.error = errno;
    for (size_t i = 0; i < sizeof message_fds / sizeof *message_fds; i++)
        if (message_fds[i] >= 0)
            close(message_fds[i]);
    if (send(socket, &answer, sizeof answer, MSG_NOSIGNAL) == -1)
        _exit(0);
}

static _Noreturn void run_init(int socket)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);

    for (;;) {
        struct pollfd watch[] = {
            {socket,  POLLIN, 0},
            {signals, POLLIN, 0}
        };
        if (poll(watch, 2, -1) == -1 && errno != EINTR)
            _exit(1);
        struct signalfd_siginfo info;
        while (read(signals, &info, sizeof info) > 0)
            continue;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
        if (watch[0].revents != 0)
            serve(socket);
    }
}

static _Noreturn void start_init(const struct cell_options *options, int socket, uid_t uid,
                                 gid_t gid, bool two_users)
{
    struct answer ready = {0, 0};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "ipclab-init");
    setsid();
    if (options->confined) {
        char mapped;
        if ((two_users ? recv(socket, &mapped, 1, 0) != 1 : map_ids(uid, gid) == -1) ||
            furnish(options->hide, options->read_only) == -1)
            ready = (struct answer){-1, errno};
        raise_loopback();
    } else if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1) {
        ready = (struct answer){-1, errno};
    }
    /* Our memory holds the checks: no process inside may look into it. That shuts /proc/PID/root
     * for the kit as well, so it gets a descriptor of our root. */
    prctl(PR_SET_DUMPABLE, 0);
    struct iovec part = {&ready, sizeof ready};
    int root = options->confined ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (send_with_fds(socket, &part, 1, &root, root >= 0) == -1 || ready.result == -1)
        _exit(1);
    if (root >= 0)
        close(root);
    run_init(socket);
}

/* ---- The kit's side ------------------------------------------------------------------------- */

static pid_t clone_init(bool confined)
{
    unsigned long flags = SIGCHLD;
    if (confined)
        flags |= CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET;
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

char *cell_path(const struct cell *cell, const char *inside)
{
    return cell->root >= 0 ? kit_format("/proc/self/fd/%d%s", cell->root, inside)
                           : kit_strdup(inside);
}

struct cell *cell_new(const struct cell_options *options)
{
    int pair[2];
    uid_t uid = geteuid();
    gid_t gid = getegid();
    struct answer ready = {-1, ESRCH};
    bool two_users = options->confined && cell_has_another_user();

    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
        kit_broken("cell");
    int room = 2 * MESSAGE_MAX;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room); /* else E2BIG says so later */
    shared_memory = shared;
    pid_t pid = clone_init(options->confined);
    if (pid == 0) {
        close(pair[0]);
        start_init(options, pair[1], uid, gid, two_users);
    }
    int error = errno, root = -1;
    close(pair[1]);
    if (pid > 0 && two_users &&
        (map_two_users(pid, uid, gid) == -1 || send(pair[0], "m", 1, MSG_NOSIGNAL) != 1))
        kit_broken("cannot give the cell its second user");
    if (pid > 0 &&
        receive_with_fds(pair[0], &ready, sizeof ready, &root, 1) == (ssize_t)sizeof ready)
        error = ready.error;
    if (pid == -1 || ready.result == -1 || (options->confined && root == -1)) {
        close(pair[0]);
        if (root >= 0)
            close(root);
        munmap(shared, sizeof *shared);
        if (pid > 0)
            waitpid(pid, NULL, 0);
        errno = error;
        return NULL;
    }
    struct cell *cell = kit_alloc(sizeof *cell);
    *cell = (struct cell){.init = pid,
                          .socket = pair[0],
                          .confined = options->confined,
                          .shared = shared,
                          .root = root};
    cell->inner_folder = kit_strdup(options->confined ? "/tmp" : options->folder);
    return cell;
}

/* The children of a process, by /proc; -1 at the end. */
static pid_t first_child(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    char *text = kit_read_file(path, NULL);
    pid_t child = text != NULL && text[0] != '\0' ? (pid_t)atoi(text) : -1;
    free(text);
    return child;
}

/* The weaker mode has no kernel to end everything at once: kill init's children until none is left
 * (orphans become its children). */
static void end_children(const struct cell *cell)
{
    long long deadline = kit_now_us() + 3000000;
    pid_t child;
    while (!cell->confined && (child = first_child(cell->init)) > 0 && kit_now_us() < deadline) {
        kill(child, SIGKILL);
        waitpid(child, NULL, WNOHANG | __WALL); /* if it is our tracee, we hear of it first */
        poll(NULL, 0, 1);
    }
}

void cell_free(struct cell *cell)
{
    if (cell == NULL)
        return;
    end_children(cell);
    kill(cell->init, SIGKILL);
    pid_t ended; /* tracees of a killed cell are reported to us first */
    while ((ended = waitpid(-1, NULL, __WALL)) != cell->init && (ended > 0 || errno == EINTR))
        continue;
    close(cell->socket);
    if (cell->root >= 0)
        close(cell->root);
    munmap(cell->shared, sizeof *cell->shared);
    free(cell->inner_folder);
    free(cell);
}

int cell_call(struct cell *cell, cell_function *function, const void *argument, size_t size)
{
    struct message message = {function, size};
    struct iovec parts[] = {
        {&message,         sizeof message},
        {(void *)argument, size          }
    };
    struct answer answer;

    if (send_with_fds(cell->socket, parts, 2, NULL, 0) == -1)
        return -1;
    ssize_t got;
    do
        got = recv(cell->socket, &answer, sizeof answer, 0);
    while (got == -1 && errno == EINTR);
    if (got != (ssize_t)sizeof answer) {
        errno = ESRCH;
        return -1;
    }
    errno = answer.error;
    return answer.result;
}

const struct ipc_state *cell_ipc_state(struct cell *cell)
{
    if (cell_call(cell, read_state_inside, NULL, 0) == -1)
        kit_broken("cannot read the cell's IPC objects");
    return &cell->shared->ipc;
}

const void *cell_answer(const struct cell *cell)
{
    return cell->shared->answer;
}

int cell_open(const struct cell *cell, const char *inside, int flags, mode_t mode)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .mode = (flags & O_CREAT) != 0 ? mode : 0,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    char *path =
        inside[0] == '/' ? kit_strdup(inside) : kit_format("%s/%s", cell->inner_folder, inside);
    int fd = cell->root >= 0 ? (int)syscall(SYS_openat2, cell->root, path, &how, sizeof how)
                             : open(path, flags | O_CLOEXEC, mode);
    int error = errno;
    free(path);
    errno = error;
    return fd;
}

int cell_stat(const struct cell *cell, const char *inside, struct stat *status)
{
    int fd = cell_open(cell, inside, O_PATH | O_NOFOLLOW, 0);
    if (fd == -1)
        return -1;
    int result = fstat(fd, status);
    close(fd);
    return result;
}

const char *cell_inner_folder(const struct cell *cell)
{
    return cell->inner_folder;
}
