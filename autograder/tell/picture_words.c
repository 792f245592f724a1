/*
 * picture_words.c - what happened in a run, in words. See picture_parts.h.
 *
 * A row a group of calls: how it is told.  The names of calls are those a program is written with.
 *
 * _GNU_SOURCE: sigabbrev_np(3), strerrorname_np(3), F_DUPFD_CLOEXEC.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>

#include "../run/calls.h"
#include "../run/kit.h"
#include "picture_parts.h"
#include "text.h"

enum { MOST_NAME = 60, MOST_BYTES = 32 };

/* A name, a path or a command of the program's own. */
char *safe_text(const char *text)
{
    return text_visible(text, strlen(text), MOST_NAME);
}

int64_t call_size(const struct call *call)
{
    if (call->result < 0)
        return -1;
    if (call_is(call->name, "msgsnd") || call_is(call->name, "mq_send"))
        return (int64_t)call->args[2];
    bool moves = call_is(call->name, "read") || call_is(call->name, "write") ||
                 call_is(call->name, "splice") || call_is(call->name, "msgrcv") ||
                 call_is(call->name, "mq_receive");
    return moves ? call->result : -1;
}

static int digit(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

char *sample_words(const struct call *call)
{
    char bytes[MOST_BYTES];
    size_t n = 0;

    if (call->sample == NULL)
        return NULL;
    const char *at = call->sample;
    while (n < MOST_BYTES && strspn(at, "0123456789abcdefABCDEF") >= 2) {
        bytes[n++] = (char)(digit(at[0]) * 16 + digit(at[1]));
        at += 2;
    }
    char *shown = text_visible(bytes, n, n);
    char *words = call_size(call) > (int64_t)n ? kit_format("%s...", shown) : kit_strdup(shown);
    free(shown);
    return words;
}

const char *end_words(const struct end *end)
{
    static const char *const words[2][2] = {
        {"?",       "writing"            },
        {"reading", "reading and writing"}
    };
    return words[end->reads][end->writes];
}

char *target_words(const struct world *world, int process, int fd, int object)
{
    static const char *const standard[] = {"standard input", "standard output", "standard error"};
    const struct end *end = world_end(world, process, fd);

    if (object < 0 && end != NULL)
        object = end->object;
    if (object >= 0 && world->record->objects[object].label != NULL)
        return safe_text(world->record->objects[object].label);
    if (end != NULL && end->what != NULL && end->made_by >= 0)
        return safe_text(end->what);
    if (fd >= 0 && fd <= 2 && (end == NULL || end->made_by < 0))
        return kit_strdup(standard[fd]);
    return kit_format("descriptor %d", fd);
}

static char *label_words(const struct world *world, int object)
{
    const char *label = object >= 0 ? world->record->objects[object].label : NULL;
    return label != NULL ? safe_text(label) : kit_strdup("something");
}

char *exit_words(const struct process *process)
{
    int status = process->wait_status;
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        return name != NULL ? kit_format("killed by SIG%s", name)
                            : kit_format("killed by signal %d", WTERMSIG(status));
    }
    return kit_format("exit status %d", WEXITSTATUS(status));
}

/* ---- One teller a group of calls ------------------------------------------------------------ */

typedef void teller(struct text_buffer *out, const struct world *world, const struct call *call);

static int fd_of(const struct call *call)
{
    return (int)call->args[0];
}

static void add_target(struct text_buffer *out, const struct world *world, const struct call *call,
                       const char *before)
{
    char *target = target_words(world, call->process, fd_of(call), call->object);
    text_add(out, "%s%s", before, target);
    free(target);
}

static void tell_pipe(struct text_buffer *out, const struct world *world, const struct call *call)
{
    char *label = label_words(world, call->object);
    if (call->fds[0] >= 0)
        text_add(out, "%s makes %s: %d reads, %d writes", call_spoken(call->name), label,
                 call->fds[0], call->fds[1]);
    else
        text_add(out, "%s", call_spoken(call->name));
    free(label);
}

static void tell_pair(struct text_buffer *out, const struct world *world, const struct call *call)
{
    char *label = label_words(world, call->object);
    text_add(out, "socketpair makes %s: %d and %d", label, call->fds[0], call->fds[1]);
    free(label);
}

static void tell_dup(struct text_buffer *out, const struct world *world, const struct call *call)
{
    const struct end *end = world_end(world, call->process, fd_of(call));
    bool two = strncmp(call->name, "dup2", 4) == 0 || strncmp(call->name, "dup3", 4) == 0;

    if (two)
        text_add(out, "%s(%d, %d)", call_spoken(call->name), fd_of(call), (int)call->args[1]);
    else
        text_add(out, "%s(%d)", call_spoken(call->name), fd_of(call));
    if (call->result < 0)
        return;
    if (!two)
        text_add(out, " = %d", call->fds[0]);
    add_target(out, world, call, ": ");
    if (end != NULL)
        text_add(out, ", %s", end_words(end));
}

static void tell_fcntl(struct text_buffer *out, const struct world *world, const struct call *call)
{
    static const struct {
        int command;
        const char *name;
    } names[] = {
        {F_SETLK,      "F_SETLK"     },
        {F_SETLKW,     "F_SETLKW"    },
        {F_OFD_SETLK,  "F_OFD_SETLK" },
        {F_OFD_SETLKW, "F_OFD_SETLKW"},
    };
    if (call->args[1] == F_DUPFD || call->args[1] == F_DUPFD_CLOEXEC) {
        tell_dup(out, world, call);
        return;
    }
    if (call->args[1] == F_SETFD) {
        text_add(out, "fcntl(%d): %s on exec", fd_of(call),
                 (call->args[2] & FD_CLOEXEC) ? "closed" : "stays open");
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((int)call->args[1] == names[i].command)
            text_add(out, "fcntl(%d, %s)", fd_of(call), names[i].name);
    if (call->detail != NULL)
        text_add(out, " %s", call->detail);
}

static void tell_open(struct text_buffer *out, const struct world *world, const struct call *call)
{
    static const char *const modes[] = {"reading", "writing", "reading and writing", "?"};
    uint64_t flags = strcmp(call->name, "openat") == 0 ? call->args[2] : call->args[1];
    bool creates = strcmp(call->name, "creat") == 0;
    char *path = safe_text(call->detail != NULL ? call->detail : "?");

    text_add(out, "%s(%s)", call_spoken(call->name), path);
    if (call->result >= 0)
        text_add(out, " = %d", call->fds[0]);
    text_add(out, ", for %s", modes[creates ? 1 : flags & O_ACCMODE]);
    free(path);
    if (call->object >= 0 && world->record->objects[call->object].kind == OBJECT_FIFO)
        text_add(out, " (FIFO)");
}

static void tell_path(struct text_buffer *out, const struct world *world, const struct call *call)
{
    char *path = safe_text(call->detail != NULL ? call->detail : "?");
    (void)world;
    text_add(out, "%s(%s)", call_is(call->name, "mkfifo") ? "mkfifo" : call_spoken(call->name),
             path);
    free(path);
}

static void tell_exec(struct text_buffer *out, const struct world *world, const struct call *call)
{
    char *path = safe_text(call->detail != NULL ? call->detail : "?");
    (void)world;
    text_add(out, "exec %s", path);
    free(path);
}

static void tell_fork(struct text_buffer *out, const struct world *world, const struct call *call)
{
    (void)world;
    text_add(out, "%s", call->result >= 0 ? "starts a thread" : "fork");
}

static void tell_wait(struct text_buffer *out, const struct world *world, const struct call *call)
{
    bool wait4 = strcmp(call->name, "wait4") == 0;
    text_add(out, "%s", wait4 ? ((int)call->args[0] == -1 ? "wait" : "waitpid") : call->name);
    if (call->other >= 0) {
        char *status = exit_words(&world->record->processes[call->other]);
        text_add(out, ": process %d, %s", world->record->processes[call->other].number, status);
        free(status);
    } else if (call->result == 0) {
        text_add(out, ": no child has ended yet");
    }
}

static const char *signal_name(int signal)
{
    const char *name = sigabbrev_np(signal);
    return name != NULL ? name : "?";
}

static void tell_kill(struct text_buffer *out, const struct world *world, const struct call *call)
{
    int signal = (int)call->args[strcmp(call->name, "tgkill") == 0 ? 2 : 1];

    if (signal == 0)
        text_add(out, "sends signal 0 (is it there?)");
    else
        text_add(out, "sends SIG%s", signal_name(signal));
    if (call->other >= 0)
        text_add(out, " to process %d", world->record->processes[call->other].number);
    else
        text_add(out, " to %d", (int)call->args[0]);
}

static void tell_alarm(struct text_buffer *out, const struct world *world, const struct call *call)
{
    (void)world;
    if (strcmp(call->name, "alarm") == 0)
        text_add(out, "alarm(%u)", (unsigned)call->args[0]);
    else
        text_add(out, "%s", call->name);
}

/* The hexadecimal key of a get call, and what it led to. */
static void tell_get(struct text_buffer *out, const struct world *world, const struct call *call)
{
    uint64_t flags = call->args[call_is(call->name, "msgget") ? 1 : 2];
    char *label = label_words(world, call->object);

    text_add(out, "%s", call->name);
    if (call->result >= 0)
        text_add(out, " %s %s",
                 call->object >= 0 && world->record->calls != NULL &&
                         world->record->objects[call->object].made_by >= 0 &&
                         &world->record->calls[world->record->objects[call->object].made_by] == call
                     ? "makes"
                     : "finds",
                 label);
    else
        text_add(out, " key 0x%x", (unsigned)call->args[0]);
    if (call->result < 0 && (flags & IPC_EXCL))
        text_add(out, " (IPC_EXCL)");
    free(label);
}

static void tell_msgsnd(struct text_buffer *out, const struct world *world, const struct call *call)
{
    char *label = label_words(world, call->object);
    text_add(out, "msgsnd %s, %lld byte%s to %s", call->detail != NULL ? call->detail : "type ?",
             (long long)call->args[2], call->args[2] == 1 ? "" : "s", label);
    free(label);
}

static void tell_msgrcv(struct text_buffer *out, const struct world *world, const struct call *call)
{
    char *label = label_words(world, call->object);
    if (call->result >= 0)
        text_add(out, "msgrcv %s, %lld byte%s from %s",
                 call->detail != NULL ? call->detail : "type ?", (long long)call->result,
                 call->result == 1 ? "" : "s", label);
    else
        text_add(out, "msgrcv type %lld from %s", (long long)(int64_t)call->args[3], label);
    free(label);
}

static void tell_control(struct text_buffer *out, const struct world *world,
                         const struct call *call)
{
    static const struct {
        int command;
        const char *name;
    } names[] = {
        {IPC_RMID, "IPC_RMID"},
        {IPC_STAT, "IPC_STAT"},
        {IPC_SET,  "IPC_SET" },
        {SETVAL,   "SETVAL"  },
        {SETALL,   "SETALL"  },
        {GETVAL,   "GETVAL"  },
        {GETALL,   "GETALL"  },
        {GETPID,   "GETPID"  },
        {GETNCNT,  "GETNCNT" },
        {GETZCNT,  "GETZCNT" },
    };
    bool semaphores = strcmp(call->name, "semctl") == 0;
    int command = (int)call->args[semaphores ? 2 : 1] & ~0x100;
    char *label = label_words(world, call->object);

    text_add(out, "%s", call->name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].command == command)
            text_add(out, " %s", names[i].name);
    text_add(out, " of %s", label);
    if (semaphores && command == SETVAL)
        text_add(out, ": semaphore %d = %d", (int)call->args[1], (int)call->args[3]);
    else if (semaphores && command == GETVAL && call->result >= 0)
        text_add(out, ": semaphore %d is %lld", (int)call->args[1], (long long)call->result);
    else if (semaphores && command == SETALL && call->detail != NULL)
        text_add(out, ": %s", call->detail);
    free(label);
}

static void tell_semop(struct text_buffer *out, const struct world *world, const struct call *call)
{
    char *label = label_words(world, call->object);
    text_add(out, "semop %s on %s", call->detail != NULL ? call->detail : "?", label);
    free(label);
}

static void tell_shm(struct text_buffer *out, const struct world *world, const struct call *call)
{
    char *label = label_words(world, call->object);
    if (call_is(call->name, "shmdt"))
        text_add(out, "shmdt");
    else
        text_add(out, "shmat %s%s", label, (call->args[2] & 010000) ? ", only to read" : "");
    free(label);
}

static void tell_moved(struct text_buffer *out, const struct world *world, const struct call *call,
                       const char *direction)
{
    int64_t size = call_size(call);
    text_add(out, "%s(%d)", call_spoken(call->name), fd_of(call));
    if (size >= 0)
        text_add(out, " %lld byte%s", (long long)size, size == 1 ? "" : "s");
    add_target(out, world, call, direction);
}

static void tell_write(struct text_buffer *out, const struct world *world, const struct call *call)
{
    tell_moved(out, world, call, " to ");
}

static void tell_read(struct text_buffer *out, const struct world *world, const struct call *call)
{
    if (call->result != 0) {
        tell_moved(out, world, call, " from ");
        return;
    }
    text_add(out, "%s(%d) end of file", call_spoken(call->name), fd_of(call));
    add_target(out, world, call, " on ");
}

static void tell_close(struct text_buffer *out, const struct world *world, const struct call *call)
{
    const struct end *end = world_end(world, call->process, fd_of(call));
    text_add(out, "close(%d)", fd_of(call));
    if (call->result < 0 || end == NULL)
        return;
    add_target(out, world, call, ": ");
    text_add(out, ", %s", end_words(end));
}

static void tell_close_range(struct text_buffer *out, const struct world *world,
                             const struct call *call)
{
    (void)world;
    if ((uint32_t)call->args[1] >= INT_MAX)
        text_add(out, "close_range(%u and above)", (unsigned)call->args[0]);
    else
        text_add(out, "close_range(%u to %u)", (unsigned)call->args[0], (unsigned)call->args[1]);
}

static void tell_use(struct text_buffer *out, const struct world *world, const struct call *call)
{
    text_add(out, "%s(%d)", call_spoken(call->name), fd_of(call));
    if (call->fds[0] >= 0)
        text_add(out, " = %d", call->fds[0]);
    if (call->object >= 0)
        add_target(out, world, call, ": ");
}

static void tell_poll(struct text_buffer *out, const struct world *world, const struct call *call)
{
    (void)world;
    text_add(out, "%s", call_spoken(call->name));
    if (call->detail != NULL)
        text_add(out, ": %s", call->detail);
    else if (call->result == 0)
        text_add(out, ": time is up");
}

static void tell_signal(struct text_buffer *out, const struct world *world, const struct call *call)
{
    (void)world;
    text_add(out, "SIG%s arrives", signal_name((int)call->result));
}

static void tell_name(struct text_buffer *out, const struct world *world, const struct call *call)
{
    (void)world;
    text_add(out, "%s",
             call_is(call->name, "sleep") ? "sleeps for a time" : call_spoken(call->name));
}

static const struct telling {
    const char *group;
    teller *tell;
} tellings[] = {
    {"pipe",        tell_pipe       },
    {"socketpair",  tell_pair       },
    {"dup",         tell_dup        },
    {"fcntl",       tell_fcntl      },
    {"open",        tell_open       },
    {"mq_open",     tell_path       },
    {"mq_unlink",   tell_path       },
    {"mkfifo",      tell_path       },
    {"fork",        tell_fork       },
    {"exec",        tell_exec       },
    {"wait",        tell_wait       },
    {"kill",        tell_kill       },
    {"alarm",       tell_alarm      },
    {"msgget",      tell_get        },
    {"semget",      tell_get        },
    {"shmget",      tell_get        },
    {"msgsnd",      tell_msgsnd     },
    {"msgrcv",      tell_msgrcv     },
    {"msgctl",      tell_control    },
    {"semctl",      tell_control    },
    {"shmctl",      tell_control    },
    {"semop",       tell_semop      },
    {"shmat",       tell_shm        },
    {"shmdt",       tell_shm        },
    {"write",       tell_write      },
    {"mq_send",     tell_write      },
    {"read",        tell_read       },
    {"mq_receive",  tell_read       },
    {"splice",      tell_write      },
    {"close",       tell_close      },
    {"close_range", tell_close_range},
    {"socket",      tell_use        },
    {"bind",        tell_use        },
    {"listen",      tell_use        },
    {"accept",      tell_use        },
    {"connect",     tell_use        },
    {"shutdown",    tell_use        },
    {"mq_notify",   tell_use        },
    {"flock",       tell_use        },
    {"poll",        tell_poll       },
    {"signal",      tell_signal     },
};

char *call_words(const struct world *world, const struct call *call)
{
    struct text_buffer out = {0};
    teller *tell = tell_name;
    bool failed = call->result < 0 && !call_is_open(call);

    for (size_t i = 0; i < sizeof tellings / sizeof *tellings; i++)
        if (call_is(call->name, tellings[i].group))
            tell = tellings[i].tell;
    tell(&out, world, call);
    const char *error = failed ? strerrorname_np((int)-call->result) : NULL;
    if (failed)
        text_add(&out, " fails: %s", error != NULL ? error : "?");
    if (call->injected)
        text_add(&out, failed ? " (the kit made it fail)" : " (the kit cut it short)");
    return out.data;
}

/* ---- Sleep ---------------------------------------------------------------------------------- */

char *call_wait_words(const struct world *world, const struct call *call)
{
    const char *spoken = call_spoken(call->name);
    bool by_fd = call_is(call->name, "read") || call_is(call->name, "write") ||
                 call_is(call->name, "accept") || call_is(call->name, "connect") ||
                 call_is(call->name, "mq_receive") || call_is(call->name, "mq_send");
    struct text_buffer out = {0};

    if (call_is(call->name, "wait")) {
        bool any = strcmp(call->name, "wait4") == 0 && (int)call->args[0] == -1;
        int child = strcmp(call->name, "wait4") == 0 && (int)call->args[0] > 0
                        ? record_find_pid(world->record, (pid_t)call->args[0])
                        : -1;
        if (child < 0)
            return kit_format("waits for %s in %s", any ? "any child" : "a child",
                              any ? "wait" : "waitpid");
        return kit_format("waits for process %d in waitpid",
                          world->record->processes[child].number);
    }
    if (call_is(call->name, "sleep"))
        return kit_strdup("sleeps for a time");
    text_add(&out, "waits in %s", spoken);
    if (by_fd) {
        text_add(&out, "(%d)", fd_of(call));
        add_target(&out, world, call, " on ");
    } else if (call_is(call->name, "semop") || call_is(call->name, "msgrcv") ||
               call_is(call->name, "msgsnd")) {
        char *label = label_words(world, call->object);
        if (call_is(call->name, "msgrcv") && call->args[3] != 0)
            text_add(&out, " for type %lld", (long long)(int64_t)call->args[3]);
        else if (call_is(call->name, "semop") && call->detail != NULL)
            text_add(&out, " %s", call->detail);
        text_add(&out, " on %s", label);
        free(label);
    } else if (call->detail != NULL && call_is(call->name, "open")) {
        char *path = safe_text(call->detail);
        text_add(&out, " of %s", path);
        free(path);
    }
    return out.data;
}

static void add_wait(struct text_buffer *out, const struct record *record, const struct wait *wait)
{
    static const char *const among[WAIT_KINDS] = {
        [WAIT_READ] = "input",          [WAIT_WRITE] = "room",
        [WAIT_OPEN] = "the other side", [WAIT_MESSAGE] = "a message",
        [WAIT_ROOM] = "room",           [WAIT_SEMAPHORE] = "a semaphore",
        [WAIT_FUTEX] = "a lock",        [WAIT_CHILD] = "any child",
        [WAIT_LOCK] = "a lock",         [WAIT_CONNECTION] = "a connection",
        [WAIT_SIGNAL] = "a signal",     [WAIT_CONTINUE] = "SIGCONT",
    };
    const char *label = wait->object >= 0 ? record->objects[wait->object].label : NULL;
    char *shown = label != NULL ? safe_text(label) : NULL;

    if (wait->kind == WAIT_CHILD && wait->process >= 0)
        text_add(out, "process %d", record->processes[wait->process].number);
    else if (wait->kind == WAIT_MESSAGE && wait->type != 0)
        text_add(out, wait->type > 0 ? "type %lld" : "a type up to %lld",
                 (long long)(wait->type > 0 ? wait->type : -wait->type));
    else if (wait->kind == WAIT_SEMAPHORE && wait->semaphore >= 0)
        text_add(out, "semaphore %d (%+d)", wait->semaphore, wait->operation);
    else
        text_add(out, "%s", among[wait->kind]);
    if (shown != NULL)
        text_add(out, " %s %s", wait->kind == WAIT_SEMAPHORE ? "of" : "on", shown);
    if (wait->fd >= 0)
        text_add(out, " (fd %d)", wait->fd);
    if ((wait->kind == WAIT_LOCK || wait->kind == WAIT_FUTEX) && wait->process >= 0)
        text_add(out, ", which process %d %s", record->processes[wait->process].number,
                 wait->holder_died ? "held when it ended" : "holds");
    free(shown);
}

char *thread_words(const struct record *record, const struct thread *thread)
{
    enum { MOST = 4 };
    struct text_buffer out = {0};
    const struct wait *first = thread->n_waits > 0 ? &thread->waits[0] : NULL;
    const char *call = thread->call != NULL ? call_spoken(thread->call) : "a call";

    if (first != NULL && first->kind == WAIT_CONTINUE) {
        text_add(&out, "is stopped by SIG%s, and nobody is left to continue it",
                 signal_name(first->operation));
        return out.data;
    }
    if (thread->call != NULL && strcmp(thread->call, "wait4") == 0)
        call = first != NULL && first->process < 0 ? "wait" : "waitpid";
    if (first != NULL && thread->n_waits == 1 && first->fd >= 0 && first->object >= 0) {
        const char *label = record->objects[first->object].label;
        char *shown = safe_text(label != NULL ? label : "something");
        text_add(&out, "waits in %s(%d) on %s", call, first->fd, shown);
        free(shown);
        return out.data;
    }
    text_add(&out, "waits in %s", call);
    for (size_t i = 0; i < thread->n_waits && i < MOST; i++) {
        text_add(&out, "%s", i == 0 ? " for " : " or ");
        add_wait(&out, record, &thread->waits[i]);
    }
    return out.data;
}
