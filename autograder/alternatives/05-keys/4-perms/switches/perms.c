/*
 * perms.c - a function for each thing that can be done, with the three kinds one after the other in
 * it; the change is made by whoever may make it, and what it needs is asked for as late as can be.
 */
#include "lab.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { MSG, SEM, SHM };

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static _Noreturn void misuse(void)
{
    usage("perms msg|sem|shm new | ID | ID set MODE [UID]");
}

static long long parse(const char *text, int base)
{
    char *end;
    if (!isdigit((unsigned char)text[0]))
        misuse();
    errno = 0;
    long long value = strtoll(text, &end, base);
    if (*end != '\0' || errno == ERANGE || value < 0)
        misuse();
    return value;
}

static enum kind kind_of(const char *word)
{
    if (strcmp(word, "msg") == 0)
        return MSG;
    if (strcmp(word, "sem") == 0)
        return SEM;
    if (strcmp(word, "shm") == 0)
        return SHM;
    misuse();
}

static int make(enum kind kind)
{
    switch (kind) {
    case MSG:
        return msgget(IPC_PRIVATE, IPC_CREAT | IPC_EXCL | S_IRUSR | S_IWUSR);
    case SEM:
        return semget(IPC_PRIVATE, 1, IPC_CREAT | IPC_EXCL | S_IRUSR | S_IWUSR);
    default:
        return shmget(IPC_PRIVATE, 4096, IPC_CREAT | IPC_EXCL | S_IRUSR | S_IWUSR);
    }
}

static void when(const char *word, long long seconds)
{
    char text[32] = "never";
    if (seconds)
        snprintf(text, sizeof text, "%lld", seconds);
    if (dprintf(STDOUT_FILENO, "%s %s\n", word, text) < 0)
        die("write");
}

static void head(const struct ipc_perm *perm)
{
    if (dprintf(STDOUT_FILENO, "owner %u %u\ncreator %u %u\nmode %04o\n", perm->uid, perm->gid,
                perm->cuid, perm->cgid, perm->mode & 0777u) < 0)
        die("write");
}

static void show(enum kind kind, int id)
{
    struct msqid_ds q;
    struct semid_ds s = {0};
    struct shmid_ds m;

    switch (kind) {
    case MSG:
        if (msgctl(id, IPC_STAT, &q))
            die("msgctl(%d)", id);
        head(&q.msg_perm);
        when("sent", q.msg_stime);
        when("received", q.msg_rtime);
        when("changed", q.msg_ctime);
        return;
    case SEM:
        if (semctl(id, 0, IPC_STAT, (union semun){.buf = &s}))
            die("semctl(%d)", id);
        head(&s.sem_perm);
        when("operated", s.sem_otime);
        when("changed", s.sem_ctime);
        return;
    default:
        if (shmctl(id, IPC_STAT, &m))
            die("shmctl(%d)", id);
        head(&m.shm_perm);
        when("attached", m.shm_atime);
        when("detached", m.shm_dtime);
        when("changed", m.shm_ctime);
    }
}

static void alter(struct ipc_perm *perm, unsigned mode, long long uid)
{
    perm->mode = (unsigned short)mode;
    if (uid >= 0)
        perm->uid = (uid_t)uid;
}

static void change(enum kind kind, int id, unsigned mode, long long uid)
{
    struct msqid_ds q;
    struct semid_ds s = {0};
    struct shmid_ds m;
    const char *name[] = {"msgctl", "semctl", "shmctl"};
    int result = 0;

    switch (kind) {
    case MSG:
        if ((result = msgctl(id, IPC_STAT, &q)) == 0)
            alter(&q.msg_perm, mode, uid), result = msgctl(id, IPC_SET, &q);
        break;
    case SEM:
        if ((result = semctl(id, 0, IPC_STAT, (union semun){.buf = &s})) == 0)
            alter(&s.sem_perm, mode, uid),
                result = semctl(id, 0, IPC_SET, (union semun){.buf = &s});
        break;
    case SHM:
        if ((result = shmctl(id, IPC_STAT, &m)) == 0)
            alter(&m.shm_perm, mode, uid), result = shmctl(id, IPC_SET, &m);
    }
    if (result == -1)
        die("%s(%d)", name[kind], id);
}

static void discard(enum kind kind, int id)
{
    int error = errno;
    if (kind == MSG)
        msgctl(id, IPC_RMID, NULL);
    else if (kind == SEM)
        semctl(id, 0, IPC_RMID);
    else
        shmctl(id, IPC_RMID, NULL);
    errno = error;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 5 && argc != 6)
        misuse();
    enum kind kind = kind_of(argv[1]);
    if (argc == 3 && strcmp(argv[2], "new") == 0) {
        int id = make(kind);
        if (id < 0)
            die("%sget", argv[1]);
        if (dprintf(STDOUT_FILENO, "%d\n", id) < 0) {
            discard(kind, id);
            die("write the identifier");
        }
        return 0;
    }
    long long id = parse(argv[2], 10), mode = 0, uid = -1;
    if (argc > 3) {
        mode = parse(argv[4], 8);
        uid = argc == 6 ? parse(argv[5], 10) : -1;
        if (strcmp(argv[3], "set") != 0 || mode > 0777 || uid >= (long long)UINT_MAX)
            misuse();
    }
    if (id > INT_MAX)
        misuse();
    if (argc == 3)
        show(kind, (int)id);
    else
        change(kind, (int)id, (unsigned)mode, uid);
    return 0;
}
