/*
 * ipc_state.h - the kernel's IPC objects as one namespace sees them, as flat data.
 *
 * The kit sits outside a run's IPC and network namespaces and cannot look in. The cell's init (our
 * own code, process 1 inside) fills this structure, which lies in memory that both share. It holds
 * no pointers. What does not fit is cut off, and `truncated` is set.
 */
#ifndef IPCLAB_IPC_STATE_H
#define IPCLAB_IPC_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    IPC_MAX = 64,
    IPC_MAX_TYPES = 32,
    IPC_MAX_SEMAPHORES = 32,
    IPC_MAX_NAMES = 128,
    IPC_MAX_SOCKETS = 256,
    IPC_NAME_SIZE = 256
};

struct ipc_queue {
    int id, key, uid;
    unsigned mode;
    int64_t bytes, messages, limit;   /* cbytes, qnum, qbytes (limit -1: not readable) */
    pid_t last_sender, last_receiver; /* pids as this namespace sees them */
    int n_types;
    int64_t types[IPC_MAX_TYPES]; /* of the first messages, by MSG_COPY */
};

struct ipc_semaphores {
    int id, key, uid;
    unsigned mode;
    int count;
    int value[IPC_MAX_SEMAPHORES], waiting_up[IPC_MAX_SEMAPHORES], waiting_zero[IPC_MAX_SEMAPHORES];
    pid_t last_pid[IPC_MAX_SEMAPHORES];
};

struct ipc_segment {
    int id, key, uid;
    unsigned mode;
    int64_t size;
    pid_t creator;
    int attached;
    bool removed; /* SHM_DEST: gone at the last detach */
};

enum ipc_name_kind { IPC_NAME_SHM, IPC_NAME_SEMAPHORE, IPC_NAME_QUEUE, IPC_NAME_FILE };

/* A name in /dev/shm or /dev/mqueue (as "/NAME"), or a FIFO, socket or file in the run's folders.
 */
struct ipc_name {
    enum ipc_name_kind kind;
    uint64_t dev, ino;
    unsigned mode; /* with the file type: S_ISFIFO, S_ISSOCK, ... */
    int uid;
    int64_t size;     /* POSIX queue: QSIZE, bytes in it */
    int64_t messages; /* POSIX queue: not known from outside (-1) unless readable */
    char name[IPC_NAME_SIZE];
};

struct ipc_socket {
    uint64_t ino, peer_ino; /* 0: none or not known */
    int type;               /* SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET */
    bool listening;
    char name[IPC_NAME_SIZE]; /* bound path, "@name" for abstract, "" for none */
};

struct ipc_state {
    bool truncated;
    int n_queues, n_semaphores, n_segments, n_names, n_sockets;
    struct ipc_queue queues[IPC_MAX];
    struct ipc_semaphores semaphores[IPC_MAX];
    struct ipc_segment segments[IPC_MAX];
    struct ipc_name names[IPC_MAX_NAMES];
    struct ipc_socket sockets[IPC_MAX_SOCKETS];
};

/* Fills it with what the calling process's namespaces hold (/proc/sysvipc, semctl, MSG_COPY,
 * /dev/shm, /dev/mqueue, sock_diag or /proc/net/unix). What cannot be read is left out. Allocates
 * nothing, so that init may call it. Source: proc(5), msgop(2), semctl(2), sock_diag(7). */
void ipc_state_read(struct ipc_state *state);

#endif
