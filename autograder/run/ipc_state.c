/*
 * ipc_state.c - the kernel's IPC objects as this process's namespaces see them. See ipc_state.h.
 *
 * Runs inside a cell's init, which must neither allocate nor end: everything is read through static
 * buffers, and what cannot be read is left out.
 */
#define _GNU_SOURCE /* SYS_getdents64 through syscall(2), MSG_COPY */
#include "ipc_state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <mqueue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MSG_COPY
#define MSG_COPY 040000 /* msgop(2): read message number msgtyp, leave it in the queue */
#endif

enum {
    STATE_LISTEN = 10,       /* TCP_LISTEN, the state that unix_diag uses too */
    FLAG_ACCEPTS = 0x10000,  /* __SO_ACCEPTCON in the flags of /proc/net/unix */
    SEGMENT_REMOVED = 01000, /* SHM_DEST in the mode of shmctl(2) */
    MAX_MESSAGE = 64 * 1024, /* more than any msgmax met in practice */
    MAX_LINE = 1024,
    MAX_FIELDS = 16
};

union semun { /* semctl(2): the caller has to define it */
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

/* A file read line by line, without stdio (which allocates). */
struct lines {
    int file;
    size_t have, at;
    char buffer[4096], line[MAX_LINE];
};

static int next_byte(struct lines *lines)
{
    if (lines->at == lines->have) {
        ssize_t got;
        do
            got = read(lines->file, lines->buffer, sizeof lines->buffer);
        while (got == -1 && errno == EINTR);
        if (got <= 0)
            return -1;
        lines->have = (size_t)got;
        lines->at = 0;
    }
    return (unsigned char)lines->buffer[lines->at++];
}

static char *next_line(struct lines *lines)
{
    size_t length = 0;
    int byte = next_byte(lines);

    if (byte == -1)
        return NULL;
    for (; byte != -1 && byte != '\n'; byte = next_byte(lines))
        if (length < sizeof lines->line - 1)
            lines->line[length++] = (char)byte;
    lines->line[length] = '\0';
    return lines->line;
}

static bool open_lines(struct lines *lines, const char *path)
{
    lines->have = lines->at = 0;
    lines->file = open(path, O_RDONLY | O_CLOEXEC);
    return lines->file != -1;
}

/* Splits a line of /proc/sysvipc into numbers. Only the permissions (third) are octal. */
static int split_numbers(const char *line, long long fields[MAX_FIELDS])
{
    int count = 0;
    while (count < MAX_FIELDS) {
        char *end;
        fields[count] = strtoll(line, &end, count == 2 ? 8 : 10);
        if (end == line)
            break;
        line = end;
        count++;
    }
    return count;
}

/* ---- System V ---- */

static void read_queue_details(struct ipc_queue *queue)
{
    static struct {
        long type;
        char text[MAX_MESSAGE];
    } message;
    struct msqid_ds status;

    queue->limit = -1;
    if (msgctl(queue->id, IPC_STAT, &status) == 0)
        queue->limit = (int64_t)status.msg_qbytes;
    for (int i = 0; i < queue->messages && i < IPC_MAX_TYPES; i++) {
        if (msgrcv(queue->id, &message, sizeof message.text, i,
                   MSG_COPY | IPC_NOWAIT | MSG_NOERROR) == -1)
            return; /* not ours to read, or it was taken meanwhile */
        queue->types[queue->n_types++] = message.type;
    }
}

static void add_queue(struct ipc_state *state, const long long f[MAX_FIELDS], int count)
{
    if (count < 10)
        return;
    if (state->n_queues == IPC_MAX) {
        state->truncated = true;
        return;
    }
    struct ipc_queue *queue = &state->queues[state->n_queues++];
    *queue = (struct ipc_queue){.key = (int)f[0],
                                .id = (int)f[1],
                                .mode = (unsigned)f[2] & 0777,
                                .bytes = f[3],
                                .messages = f[4],
                                .last_sender = (pid_t)f[5],
                                .last_receiver = (pid_t)f[6],
                                .uid = (int)f[7]};
    read_queue_details(queue);
}

static void add_semaphores(struct ipc_state *state, const long long f[MAX_FIELDS], int count)
{
    if (count < 8)
        return;
    if (state->n_semaphores == IPC_MAX) {
        state->truncated = true;
        return;
    }
    struct ipc_semaphores *set = &state->semaphores[state->n_semaphores++];
    *set = (struct ipc_semaphores){.key = (int)f[0],
                                   .id = (int)f[1],
                                   .mode = (unsigned)f[2] & 0777,
                                   .count = (int)f[3],
                                   .uid = (int)f[4]};
    if (set->count > IPC_MAX_SEMAPHORES) {
        set->count = IPC_MAX_SEMAPHORES;
        state->truncated = true;
    }
    union semun none = {.val = 0};
    for (int i = 0; i < set->count; i++) {
        set->value[i] = semctl(set->id, i, GETVAL, none); /* -1: not ours to read */
        set->waiting_up[i] = semctl(set->id, i, GETNCNT, none);
        set->waiting_zero[i] = semctl(set->id, i, GETZCNT, none);
        set->last_pid[i] = semctl(set->id, i, GETPID, none);
    }
}

static void add_segment(struct ipc_state *state, const long long f[MAX_FIELDS], int count)
{
    if (count < 8)
        return;
    if (state->n_segments == IPC_MAX) {
        state->truncated = true;
        return;
    }
    state->segments[state->n_segments++] =
        (struct ipc_segment){.key = (int)f[0],
                             .id = (int)f[1],
                             .mode = (unsigned)f[2] & 0777,
                             .size = f[3],
                             .creator = (pid_t)f[4],
                             .attached = (int)f[6],
                             .uid = (int)f[7],
                             .removed = ((unsigned)f[2] & SEGMENT_REMOVED) != 0};
}

static void read_sysv(struct ipc_state *state, struct lines *lines, const char *path,
                      void (*add)(struct ipc_state *, const long long[MAX_FIELDS], int))
{
    if (!open_lines(lines, path))
        return;
    next_line(lines); /* the headings */
    for (char *line = next_line(lines); line != NULL; line = next_line(lines)) {
        long long fields[MAX_FIELDS];
        int count = split_numbers(line, fields);
        add(state, fields, count);
    }
    close(lines->file);
}

/* ---- Names ---- */

struct directory_entry { /* getdents64(2): no header declares it */
    uint64_t ino;
    int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

static void copy_name(char to[IPC_NAME_SIZE], const char *prefix, const char *name)
{
    size_t used = strlen(prefix), length = strlen(name);
    if (length > IPC_NAME_SIZE - 1 - used)
        length = IPC_NAME_SIZE - 1 - used;
    memcpy(to, prefix, used);
    memcpy(to + used, name, length);
    to[used + length] = '\0';
}

/* The file in /dev/mqueue says QSIZE; opened, it is the queue, which says how many messages. */
static void read_posix_queue(int directory, const char *file_name, struct ipc_name *name)
{
    struct mq_attr attributes;
    char text[128];

    name->messages = -1;
    int queue = openat(directory, file_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (queue == -1)
        return;
    ssize_t got = read(queue, text, sizeof text - 1);
    if (got > 6 && memcmp(text, "QSIZE:", 6) == 0) {
        text[got] = '\0';
        name->size = strtoll(text + 6, NULL, 10);
    }
    if (mq_getattr(queue, &attributes) == 0)
        name->messages = attributes.mq_curmsgs;
    close(queue);
}

static void add_name(struct ipc_state *state, int directory, const char *file_name, bool queues)
{
    struct stat status;

    if (fstatat(directory, file_name, &status, AT_SYMLINK_NOFOLLOW) == -1 ||
        !S_ISREG(status.st_mode))
        return;
    if (state->n_names == IPC_MAX_NAMES) {
        state->truncated = true;
        return;
    }
    struct ipc_name *name = &state->names[state->n_names++];
    *name = (struct ipc_name){.kind = queues ? IPC_NAME_QUEUE : IPC_NAME_SHM,
                              .dev = status.st_dev,
                              .ino = status.st_ino,
                              .mode = status.st_mode,
                              .uid = (int)status.st_uid,
                              .size = status.st_size,
                              .messages = -1};
    if (queues)
        read_posix_queue(directory, file_name, name);
    else if (strncmp(file_name, "sem.", 4) == 0) {
        name->kind = IPC_NAME_SEMAPHORE;
        file_name += 4; /* sem_overview(7): sem_open("/x") makes sem.x */
    }
    copy_name(name->name, "/", file_name);
}

static void read_names(struct ipc_state *state, const char *path, bool queues)
{
    static _Alignas(struct directory_entry) char buffer[8192];
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long got;

    if (directory == -1)
        return;
    while ((got = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < got;) {
            struct directory_entry *entry = (struct directory_entry *)(void *)(buffer + at);
            at += entry->size;
            add_name(state, directory, entry->name, queues);
        }
    close(directory);
}

/* ---- Sockets ---- */

static struct ipc_socket *add_socket(struct ipc_state *state)
{
    if (state->n_sockets == IPC_MAX_SOCKETS) {
        state->truncated = true;
        return NULL;
    }
    struct ipc_socket *added = &state->sockets[state->n_sockets++];
    memset(added, 0, sizeof *added);
    return added;
}

/* unix(7): an abstract name begins with a null byte; it is told with a '@' in its place. */
static void set_socket_name(struct ipc_socket *of, const char *name, size_t length)
{
    if (length >= sizeof of->name)
        length = sizeof of->name - 1;
    memcpy(of->name, name, length);
    of->name[length] = '\0';
    if (length > 0 && of->name[0] == '\0')
        of->name[0] = '@';
}

static void add_diagnosed_socket(struct ipc_state *state, const struct nlmsghdr *header)
{
    struct unix_diag_msg *message = NLMSG_DATA(header);
    struct ipc_socket *added = add_socket(state);
    size_t left = header->nlmsg_len - NLMSG_LENGTH(sizeof *message);
    const char *at = (const char *)(message + 1);

    if (added == NULL)
        return;
    added->ino = message->udiag_ino;
    added->type = message->udiag_type;
    added->listening = message->udiag_state == STATE_LISTEN;
    while (left >= NLA_HDRLEN) {
        struct nlattr attribute;
        memcpy(&attribute, at, sizeof attribute);
        if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > left)
            return;
        const char *value = at + NLA_HDRLEN;
        size_t length = attribute.nla_len - NLA_HDRLEN;
        uint32_t peer;
        if (attribute.nla_type == UNIX_DIAG_NAME)
            set_socket_name(added, value, length);
        if (attribute.nla_type == UNIX_DIAG_PEER && length >= sizeof peer) {
            memcpy(&peer, value, sizeof peer);
            added->peer_ino = peer;
        }
        size_t step = NLA_ALIGN(attribute.nla_len);
        if (step >= left)
            return;
        at += step;
        left -= step;
    }
}

/* True when the whole answer was read. */
static bool receive_diagnosis(int diagnosis, struct ipc_state *state)
{
    static _Alignas(struct nlmsghdr) char buffer[16384];

    for (;;) {
        ssize_t got = recv(diagnosis, buffer, sizeof buffer, 0);
        if (got == -1 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        struct nlmsghdr *header = (struct nlmsghdr *)(void *)buffer;
        for (unsigned left = (unsigned)got; NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left)) {
            if (header->nlmsg_type == NLMSG_DONE)
                return true;
            if (header->nlmsg_type == NLMSG_ERROR)
                return false;
            add_diagnosed_socket(state, header);
        }
    }
}

/* sock_diag(7): the only interface that tells who is connected with whom. */
static bool diagnose_sockets(struct ipc_state *state)
{
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } question = {
        .header = {.nlmsg_len = sizeof question,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP      },
        .request = {.sdiag_family = AF_UNIX,
                   .udiag_states = ~0U,
                   .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER},
    };
    struct timeval patience = {.tv_sec = 1};
    int diagnosis = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (diagnosis == -1)
        return false;
    bool whole = setsockopt(diagnosis, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
                 send(diagnosis, &question, sizeof question, 0) == (ssize_t)sizeof question &&
                 receive_diagnosis(diagnosis, state);
    close(diagnosis);
    return whole;
}

/* /proc/net/unix: "Num RefCount Protocol Flags Type St Inode Path", hexadecimal up to St. */
static void add_listed_socket(struct ipc_state *state, const char *line)
{
    unsigned long long fields[7] = {0};

    line = strchr(line, ':');
    if (line == NULL)
        return;
    line++;
    for (int i = 1; i < 7; i++) {
        char *end;
        fields[i] = strtoull(line, &end, i == 6 ? 10 : 16);
        if (end == line)
            return;
        line = end;
    }
    struct ipc_socket *added = add_socket(state);
    if (added == NULL)
        return;
    added->ino = fields[6];
    added->type = (int)fields[4];
    added->listening = (fields[3] & FLAG_ACCEPTS) != 0;
    while (*line == ' ')
        line++;
    set_socket_name(added, line, strlen(line));
}

static void list_sockets(struct ipc_state *state, struct lines *lines)
{
    if (!open_lines(lines, "/proc/net/unix"))
        return;
    next_line(lines); /* the headings */
    for (char *line = next_line(lines); line != NULL; line = next_line(lines))
        add_listed_socket(state, line);
    close(lines->file);
}

void ipc_state_read(struct ipc_state *state)
{
    static struct lines lines;

    memset(state, 0, sizeof *state);
    read_sysv(state, &lines, "/proc/sysvipc/msg", add_queue);
    read_sysv(state, &lines, "/proc/sysvipc/sem", add_semaphores);
    read_sysv(state, &lines, "/proc/sysvipc/shm", add_segment);
    read_names(state, "/dev/shm", false);
    read_names(state, "/dev/mqueue", true);
    if (!diagnose_sockets(state)) {
        state->n_sockets = 0;
        list_sockets(state, &lines);
    }
}
