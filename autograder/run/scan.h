/*
 * scan.h - what the parts of one snapshot share while it is being taken (inside run/ only).
 *
 * snapshot.c walks processes and threads, opened.c reads their descriptors, asleep.c turns the call
 * that a thread sleeps in into the things it waits for.
 */
#ifndef IPCLAB_SCAN_H
#define IPCLAB_SCAN_H

#include "ipc_state.h"
#include "procfs.h"
#include "record.h"

/* Descriptors of which waiting means something special. */
enum opened_kind {
    OPENED_PLAIN,   /* as its object's kind says */
    OPENED_EVENT,   /* eventfd */
    OPENED_TIMER,   /* timerfd; value: 1 when it is armed */
    OPENED_SIGNALS, /* signalfd; value: the set */
    OPENED_EPOLL,
    OPENED_PROCESS, /* pidfd; value: the pid as the kit sees it */
    OPENED_QUEUE,   /* POSIX message queue */
    OPENED_OTHER    /* inotify, io_uring, a socket of another family, ...: may move at any time */
};

/* More about record->descriptors[i]. */
struct opened {
    enum opened_kind kind;
    uint64_t value;
};

/* A lock on a file, as the fdinfo of its holder shows it. */
struct held_lock {
    int process, fd, object; /* indices; the descriptor it was made through */
    char type;               /* 'F' flock, 'P' POSIX (fcntl), 'O' open file description */
    bool exclusive;
    int64_t start, end; /* bytes, both included */
};

struct known_thread {
    int process;
    pid_t tid, own_tid; /* as the kit sees it, as its own namespace counts */
};

struct scan {
    struct record *record;
    const struct ipc_state *ipc;
    bool own_namespace; /* the run shares our namespaces: its pids are ours */
    struct opened *opened;
    size_t n_opened;
    struct held_lock *locks;
    size_t n_locks;
    struct known_thread *threads; /* all living ones */
    size_t n_threads;
};

/* Index of the process that has or had this pid in ipc's namespace; -1 for 0; -2: outside. */
int scan_process(const struct scan *scan, pid_t pid);
const struct ipc_queue *scan_queue(const struct scan *scan, int id);
const struct ipc_semaphores *scan_semaphores(const struct scan *scan, int id);
const struct ipc_segment *scan_segment(const struct scan *scan, int id);
const struct ipc_name *scan_name(const struct scan *scan, uint64_t dev, uint64_t ino);
const struct ipc_socket *scan_socket(const struct scan *scan, uint64_t ino);
const struct ipc_socket *scan_socket_named(const struct scan *scan, const char *name);

/* Adds the descriptors of a process to the record, and what they are and lock to the scan. */
void scan_descriptors(struct scan *scan, int process);
/* Index in record->descriptors, or -1. */
int scan_find_descriptor(const struct scan *scan, int process, int fd);
/* The socket's object, with its name, peer and whether it listens. -1: not a unix socket. */
int scan_socket_object(struct scan *scan, uint64_t ino);

/* Fills the thread's call, waits, timed and understood. */
void scan_sleeper(struct scan *scan, int thread, const struct thread_status *status);

#endif
