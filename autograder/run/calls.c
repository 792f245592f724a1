/*
 * calls.c - the table of observed system calls, and its seccomp filter. See calls.h.
 *
 * _GNU_SOURCE: memfd_create(2).
 */
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kit.h"

/* number, name, group, sets, effect, path argument, count argument */
const struct call_row call_rows[] = {
#ifdef SYS_pipe
    {SYS_pipe,            "pipe",            "pipe",        CALLS_RARE,     EFFECT_PAIR,       -1, -1},
#endif
    {SYS_pipe2,           "pipe2",           "pipe",        CALLS_RARE,     EFFECT_PAIR,       -1, -1},
    {SYS_socketpair,      "socketpair",      "socketpair",  CALLS_RARE,     EFFECT_SOCKETPAIR, -1, -1},
    {SYS_dup,             "dup",             "dup",         CALLS_RARE,     EFFECT_DUP,        -1, -1},
#ifdef SYS_dup2
    {SYS_dup2,            "dup2",            "dup",         CALLS_RARE,     EFFECT_DUP,        -1, -1},
#endif
    {SYS_dup3,            "dup3",            "dup",         CALLS_RARE,     EFFECT_DUP,        -1, -1},
    {SYS_fcntl,           "fcntl",           "fcntl",       CALLS_RARE,     EFFECT_DUP,        -1, -1}, /* F_DUPFD and its kin only */
#ifdef SYS_open
    {SYS_open,            "open",            "open",        CALLS_FILES,    EFFECT_NEW_FD,     0,  -1},
#endif
    {SYS_openat,          "openat",          "open",        CALLS_FILES,    EFFECT_NEW_FD,     1,  -1},
#ifdef SYS_fork
    {SYS_fork,            "fork",            "fork",        CALLS_RARE,     EFFECT_NONE,       -1, -1},
#endif
#ifdef SYS_vfork
    {SYS_vfork,           "vfork",           "fork",        CALLS_RARE,     EFFECT_NONE,       -1, -1},
#endif
    {SYS_clone,           "clone",           "fork",        CALLS_RARE,     EFFECT_NONE,       -1, -1},
    {SYS_clone3,          "clone3",          "fork",        CALLS_RARE,     EFFECT_NONE,       -1, -1},
    {SYS_execve,          "execve",          "exec",        CALLS_RARE,     EFFECT_EXEC,       0,  -1},
    {SYS_execveat,        "execveat",        "exec",        CALLS_RARE,     EFFECT_EXEC,       1,  -1},
    {SYS_wait4,           "wait4",           "wait",        CALLS_RARE,     EFFECT_WAIT,       -1, -1},
    {SYS_waitid,          "waitid",          "wait",        CALLS_RARE,     EFFECT_WAIT,       -1, -1},
    {SYS_kill,            "kill",            "kill",        CALLS_RARE,     EFFECT_KILL,       -1, -1},
    {SYS_tkill,           "tkill",           "kill",        CALLS_RARE,     EFFECT_KILL,       -1, -1},
    {SYS_tgkill,          "tgkill",          "kill",        CALLS_RARE,     EFFECT_KILL,       -1, -1},
    {SYS_rt_sigqueueinfo, "rt_sigqueueinfo", "kill",        CALLS_RARE,     EFFECT_KILL,       -1, -1},
#ifdef SYS_alarm
    {SYS_alarm,           "alarm",           "alarm",       CALLS_RARE,     EFFECT_TIMER,      -1, -1},
#endif
    {SYS_setitimer,       "setitimer",       "alarm",       CALLS_RARE,     EFFECT_TIMER,      -1, -1},
    {SYS_nanosleep,       "nanosleep",       "sleep",       CALLS_RARE,     EFFECT_NONE,       -1, -1},
    {SYS_clock_nanosleep, "clock_nanosleep", "sleep",       CALLS_RARE,     EFFECT_NONE,       -1, -1},
    {SYS_msgget,          "msgget",          "msgget",      CALLS_RARE,     EFFECT_QUEUE_GET,  -1, -1},
    {SYS_msgsnd,          "msgsnd",          "msgsnd",      CALLS_RARE,     EFFECT_QUEUE_USE,  -1, -1},
    {SYS_msgrcv,          "msgrcv",          "msgrcv",      CALLS_RARE,     EFFECT_QUEUE_USE,  -1, -1},
    {SYS_msgctl,          "msgctl",          "msgctl",      CALLS_RARE,     EFFECT_QUEUE_USE,  -1, -1},
    {SYS_semget,          "semget",          "semget",      CALLS_RARE,     EFFECT_SEM_GET,    -1, -1},
#ifdef SYS_semop
    {SYS_semop,           "semop",           "semop",       CALLS_RARE,     EFFECT_SEM_USE,    -1, -1},
#endif
    {SYS_semtimedop,      "semtimedop",      "semop",       CALLS_RARE,     EFFECT_SEM_USE,    -1, -1},
    {SYS_semctl,          "semctl",          "semctl",      CALLS_RARE,     EFFECT_SEM_USE,    -1, -1},
    {SYS_shmget,          "shmget",          "shmget",      CALLS_RARE,     EFFECT_SHM_GET,    -1, -1},
    {SYS_shmat,           "shmat",           "shmat",       CALLS_RARE,     EFFECT_SHM_USE,    -1, -1},
    {SYS_shmdt,           "shmdt",           "shmdt",       CALLS_RARE,     EFFECT_NONE,       -1, -1},
    {SYS_shmctl,          "shmctl",          "shmctl",      CALLS_RARE,     EFFECT_SHM_USE,    -1, -1},
    {SYS_memfd_create,    "memfd_create",    "memfd",       CALLS_RARE,     EFFECT_MEMFD,      -1, -1},
    {SYS_mq_open,         "mq_open",         "mq_open",     CALLS_RARE,     EFFECT_NEW_FD,     0,  -1},
    {SYS_mq_unlink,       "mq_unlink",       "mq_unlink",   CALLS_RARE,     EFFECT_UNIX_NAME,  0,  -1},
    {SYS_mq_timedsend,    "mq_timedsend",    "mq_send",     CALLS_RARE,     EFFECT_USE_FD,     -1, -1},
    {SYS_mq_timedreceive, "mq_timedreceive", "mq_receive",  CALLS_RARE,     EFFECT_USE_FD,     -1, -1},
    {SYS_mq_notify,       "mq_notify",       "mq_notify",   CALLS_RARE,     EFFECT_USE_FD,     -1, -1},
    {SYS_socket,          "socket",          "socket",      CALLS_RARE,     EFFECT_NEW_FD,     -1, -1},
    {SYS_bind,            "bind",            "bind",        CALLS_RARE,     EFFECT_BIND,       -1, -1},
    {SYS_listen,          "listen",          "listen",      CALLS_RARE,     EFFECT_USE_FD,     -1, -1},
    {SYS_accept,          "accept",          "accept",      CALLS_RARE,     EFFECT_NEW_FD,     -1, -1},
    {SYS_accept4,         "accept4",         "accept",      CALLS_RARE,     EFFECT_NEW_FD,     -1, -1},
    {SYS_connect,         "connect",         "connect",     CALLS_RARE,     EFFECT_USE_FD,     -1, -1},
    {SYS_shutdown,        "shutdown",        "shutdown",    CALLS_RARE,     EFFECT_USE_FD,     -1, -1},
#ifdef SYS_mknod
    {SYS_mknod,           "mknod",           "mkfifo",      CALLS_RARE,     EFFECT_MAKE_NODE,  0,  -1},
#endif
    {SYS_mknodat,         "mknodat",         "mkfifo",      CALLS_RARE,     EFFECT_MAKE_NODE,  1,  -1},
    {SYS_setsid,          "setsid",          "setsid",      CALLS_RARE,     EFFECT_NONE,       -1, -1},

    {SYS_read,            "read",            "read",        CALLS_IO,       EFFECT_USE_FD,     -1, 2 },
    {SYS_write,           "write",           "write",       CALLS_IO,       EFFECT_USE_FD,     -1, 2 },
    {SYS_readv,           "readv",           "read",        CALLS_IO,       EFFECT_USE_FD,     -1, -1},
    {SYS_writev,          "writev",          "write",       CALLS_IO,       EFFECT_USE_FD,     -1, -1},
    {SYS_pread64,         "pread64",         "read",        CALLS_IO,       EFFECT_USE_FD,     -1, 2 },
    {SYS_pwrite64,        "pwrite64",        "write",       CALLS_IO,       EFFECT_USE_FD,     -1, 2 },
    {SYS_recvfrom,        "recvfrom",        "read",        CALLS_IO,       EFFECT_USE_FD,     -1, 2 },
    {SYS_sendto,          "sendto",          "write",       CALLS_IO,       EFFECT_USE_FD,     -1, 2 },
    {SYS_recvmsg,         "recvmsg",         "read",        CALLS_IO,       EFFECT_USE_FD,     -1, -1},
    {SYS_sendmsg,         "sendmsg",         "write",       CALLS_IO,       EFFECT_USE_FD,     -1, -1},
    {SYS_splice,          "splice",          "splice",      CALLS_IO,       EFFECT_USE_FD,     -1, 4 },
    {SYS_tee,             "tee",             "splice",      CALLS_IO,       EFFECT_USE_FD,     -1, 2 },
    {SYS_vmsplice,        "vmsplice",        "splice",      CALLS_IO,       EFFECT_USE_FD,     -1, -1},
    {SYS_sendfile,        "sendfile",        "splice",      CALLS_IO,       EFFECT_USE_FD,     -1, 3 },
    {SYS_close,           "close",           "close",       CALLS_IO,       EFFECT_USE_FD,     -1, -1},
    {SYS_close_range,     "close_range",     "close_range", CALLS_IO,       EFFECT_NONE,       -1, -1},
    {SYS_rt_sigtimedwait, "rt_sigtimedwait", "sigwait",     CALLS_IO,       EFFECT_NONE,       -1, -1},
    {SYS_futex,           "futex",           "futex",       CALLS_SCHEDULE, EFFECT_NONE,       -1, -1},
    {SYS_sched_yield,     "sched_yield",     "sched_yield", CALLS_SCHEDULE, EFFECT_YIELD,      -1, -1},
    {SYS_brk,             "brk",             "memory",      CALLS_MEMORY,   EFFECT_NONE,       -1, -1},
    {SYS_mmap,            "mmap",            "memory",      CALLS_MEMORY,   EFFECT_NONE,       -1, -1},
    {SYS_flock,           "flock",           "flock",       CALLS_IO,       EFFECT_LOCK,       -1, -1},
#ifdef SYS_poll
    {SYS_poll,            "poll",            "poll",        CALLS_IO,       EFFECT_POLL,       -1, -1},
#endif
    {SYS_ppoll,           "ppoll",           "poll",        CALLS_IO,       EFFECT_POLL,       -1, -1},
#ifdef SYS_select
    {SYS_select,          "select",          "poll",        CALLS_IO,       EFFECT_NONE,       -1, -1},
#endif
    {SYS_pselect6,        "pselect6",        "poll",        CALLS_IO,       EFFECT_NONE,       -1, -1},
#ifdef SYS_epoll_wait
    {SYS_epoll_wait,      "epoll_wait",      "poll",        CALLS_IO,       EFFECT_USE_FD,     -1, -1},
#endif
    {SYS_epoll_pwait,     "epoll_pwait",     "poll",        CALLS_IO,       EFFECT_USE_FD,     -1, -1},
};
const int n_call_rows = sizeof call_rows / sizeof call_rows[0];

/* What a cell refuses outright (EPERM): calls by which a program could leave its box, hide from the
 * tracer, or change the machine. */
static const int refused[] = {
    SYS_ptrace,         SYS_process_vm_writev, SYS_unshare,     SYS_setns,
    SYS_mount,          SYS_umount2,           SYS_pivot_root,  SYS_chroot,
    SYS_keyctl,         SYS_add_key,           SYS_request_key, SYS_bpf,
    SYS_settimeofday,   SYS_clock_settime,     SYS_adjtimex,    SYS_reboot,
    SYS_init_module,    SYS_finit_module,      SYS_kexec_load,  SYS_swapon,
    SYS_userfaultfd,    SYS_perf_event_open,   SYS_sethostname, SYS_fanotify_init,
    SYS_io_uring_setup, SYS_quotactl,          SYS_acct,        SYS_open_by_handle_at,
};

const struct call_row *call_row_by_number(long number)
{
    for (int i = 0; i < n_call_rows; i++)
        if (call_rows[i].number == number)
            return &call_rows[i];
    return NULL;
}

const char *call_name(long number)
{
    const struct call_row *row = call_row_by_number(number);
    return row != NULL ? row->name : NULL;
}

const char *call_group(const char *name)
{
    for (int i = 0; i < n_call_rows; i++)
        if (strcmp(call_rows[i].name, name) == 0)
            return call_rows[i].group;
    return name;
}

bool call_is(const char *name, const char *wanted)
{
    return strcmp(name, wanted) == 0 || strcmp(call_group(name), wanted) == 0;
}

static void must(int result, const char *what)
{
    if (result < 0) {
        errno = -result;
        kit_broken("seccomp filter: %s", what);
    }
}

/* Adds what one row needs; the row's index comes back to the tracer with the stop. */
static void add_row(scmp_filter_ctx filter, int index, unsigned sets)
{
    const struct call_row *row = &call_rows[index];
    uint32_t trace = SCMP_ACT_TRACE((uint16_t)index);
    bool all_opens = (sets & CALLS_FILES) != 0;

    if (row->number == SYS_fcntl && (sets & CALLS_IO) == 0) {
        const int commands[] = {F_DUPFD, F_DUPFD_CLOEXEC};
        for (size_t i = 0; i < 2; i++)
            must(seccomp_rule_add(
                     filter, trace, row->number, 1,
                     SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, (scmp_datum_t)commands[i])),
                 row->name);
    } else if (strcmp(row->group, "open") == 0 && !all_opens) {
        unsigned flags_at = (unsigned)row->path + 1;
        must(seccomp_rule_add(filter, trace, row->number, 1,
                              SCMP_CMP(flags_at, SCMP_CMP_MASKED_EQ, O_CREAT, O_CREAT)),
             row->name);
    } else {
        must(seccomp_rule_add(filter, trace, row->number, 0), row->name);
    }
}

static void add_refusals(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        must(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0), "refusal");
    /* clone3 has its flags in memory, where another thread may change them after the tracer has
     * looked. Libraries take ENOSYS as: use clone. */
    must(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SYS_clone3, 0), "refusal");
    /* A filter of the program's own could hide calls from the tracer, or name them wrongly. */
    must(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SYS_seccomp, 0), "refusal");
    must(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SYS_prctl, 1,
                          SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, PR_SET_SECCOMP)),
         "refusal");
    /* It would shut the program's /proc to us, and then nobody can say what it waits for. */
    must(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SYS_prctl, 2,
                          SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, PR_SET_DUMPABLE),
                          SCMP_A1(SCMP_CMP_MASKED_EQ, ~0UL, 0)),
         "refusal");
    /* Its own limits (0) are its affair; those of the cell's init, which has its uid, are not. */
    must(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prlimit64), 2,
                          SCMP_A0(SCMP_CMP_NE, 0, 0), SCMP_A2(SCMP_CMP_NE, 0, 0)),
         "refusal");
    must(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                          SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, 0x5412 /* TIOCSTI */)),
         "refusal");
}

static struct sock_fprog *build(unsigned sets, bool foreign_allowed)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        kit_broken("seccomp_init");
    must(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                          foreign_allowed ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS)),
         "architecture");
    must(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), "binary tree");
    for (int i = 0; i < n_call_rows; i++) {
        bool open_that_creates = strcmp(call_rows[i].group, "open") == 0;
        bool refused_anyway = (sets & CALLS_CONFINE) != 0 && call_rows[i].number == SYS_clone3;
        if (((call_rows[i].sets & sets) != 0 || open_that_creates) && !refused_anyway)
            add_row(filter, i, sets);
    }
    if (sets & CALLS_CONFINE)
        add_refusals(filter);

    int fd = memfd_create("ipclab-filter", MFD_CLOEXEC);
    struct stat status;
    if (fd == -1)
        kit_broken("memfd_create");
    must(seccomp_export_bpf(filter, fd), "export");
    seccomp_release(filter);
    if (fstat(fd, &status) == -1)
        kit_broken("fstat");
    struct sock_fprog *program = kit_alloc(sizeof *program);
    program->len = (unsigned short)((size_t)status.st_size / sizeof(struct sock_filter));
    program->filter = kit_alloc((size_t)status.st_size);
    if (pread(fd, program->filter, (size_t)status.st_size, 0) != status.st_size)
        kit_broken("reading the seccomp filter");
    close(fd);
    return program;
}

const struct sock_fprog *calls_filter(unsigned sets, bool foreign_allowed)
{
    static struct sock_fprog *built[128];
    unsigned slot = (sets & 63) | (foreign_allowed ? 64u : 0u);
    if (built[slot] == NULL)
        built[slot] = build(sets, foreign_allowed);
    return built[slot];
}

/* ---- Names ---- */

/* The kernel's name of a call, and the one in the manual. */
static const struct spoken {
    const char *call, *name;
} spoken_names[] = {
    {"openat",          "open"      },
    {"openat2",         "open"      },
    {"creat",           "open"      },
    {"pread64",         "pread"     },
    {"pwrite64",        "pwrite"    },
    {"recvfrom",        "recv"      },
    {"sendto",          "send"      },
    {"accept4",         "accept"    },
    {"semtimedop",      "semop"     },
    {"mq_timedreceive", "mq_receive"},
    {"mq_timedsend",    "mq_send"   },
    {"ppoll",           "poll"      },
    {"pselect6",        "select"    },
    {"epoll_pwait",     "epoll_wait"},
    {"epoll_pwait2",    "epoll_wait"},
    {"rt_sigsuspend",   "sigsuspend"},
    {"rt_sigtimedwait", "sigwait"   },
    {"clone",           "vfork"     },
    {"clone3",          "vfork"     },
    {"pipe2",           "pipe"      },
    {"dup3",            "dup2"      },
};

const char *call_spoken(const char *call)
{
    for (size_t i = 0; i < sizeof spoken_names / sizeof *spoken_names; i++)
        if (strcmp(spoken_names[i].call, call) == 0)
            return spoken_names[i].name;
    return call;
}
