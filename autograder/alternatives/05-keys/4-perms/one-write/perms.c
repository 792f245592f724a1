/*
 * perms.c - struct ipc_perm comes first in all three structures (on Linux), and the answer leaves
 * in one write(2).
 */
#define _GNU_SOURCE /* nothing here needs it: it must do no harm */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

union any {
    struct ipc_perm perm;
    struct msqid_ds msg;
    struct semid_ds sem;
    struct shmid_ds shm;
};

static char answer[512];
static size_t used;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    used += (size_t)vsnprintf(answer + used, sizeof answer - used, format, arguments);
    va_end(arguments);
}

static bool sent(void)
{
    size_t done = 0;
    while (done < used) {
        ssize_t n = write(STDOUT_FILENO, answer + done, used - done);
        if (n == -1 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static int control(char kind, int id, int command, union any *any)
{
    if (kind == 'q')
        return msgctl(id, command, &any->msg);
    if (kind == 's')
        return semctl(id, 0, command, any);
    return shmctl(id, command, &any->shm);
}

static _Noreturn void wrong(void)
{
    usage("perms KIND new|ID [set MODE [UID]]");
}

static unsigned long number(const char *text, int base, unsigned long most)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, base);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > most)
        wrong();
    return value;
}

static void time_line(const char *name, time_t when)
{
    if (when != 0)
        say("%s %ld\n", name, (long)when);
    else
        say("%s never\n", name);
}

static int fresh(char kind)
{
    return kind == 'q'   ? msgget(IPC_PRIVATE, 0600)
           : kind == 's' ? semget(IPC_PRIVATE, 1, 0600)
                         : shmget(IPC_PRIVATE, 4096, 0600);
}

int main(int argc, char **argv)
{
    static const char kinds[] = "msg sem shm";
    const char *found = argc > 1 && strlen(argv[1]) == 3 ? strstr(kinds, argv[1]) : NULL;
    if (found == NULL || argv[1][0] == ' ' || argv[1][1] == ' ' || argv[1][2] == ' ' || argc < 3)
        wrong();
    const char *call[] = {"msgctl", "semctl", "shmctl"};
    size_t which = (size_t)(found - kinds) / 4;
    char kind = "qsm"[which];
    union any any;

    if (argc == 3 && strcmp(argv[2], "new") == 0) {
        int id = fresh(kind);
        if (id == -1)
            die("%.3sget", call[which]);
        say("%d\n", id);
        if (sent())
            return 0;
        int error = errno;
        control(kind, id, IPC_RMID, &any);
        errno = error;
        die("write");
    }
    int id = (int)number(argv[2], 10, INT_MAX);
    bool sets = argc == 5 || argc == 6;
    if ((sets && strcmp(argv[3], "set") != 0) || (!sets && argc != 3))
        wrong();
    unsigned long mode = sets ? number(argv[4], 8, 0777) : 0;
    unsigned long uid = argc == 6 ? number(argv[5], 10, UINT_MAX - 1) : 0;
    if (control(kind, id, IPC_STAT, &any) == -1)
        die("%s IPC_STAT", call[which]);
    if (sets) {
        any.perm.mode = (unsigned short)((any.perm.mode & ~0777U) | mode);
        any.perm.uid = argc == 6 ? (uid_t)uid : any.perm.uid;
        if (control(kind, id, IPC_SET, &any) == -1)
            die("%s IPC_SET", call[which]);
        return 0;
    }
    say("owner %u %u\ncreator %u %u\nmode 0%03o\n", any.perm.uid, any.perm.gid, any.perm.cuid,
        any.perm.cgid, any.perm.mode & 0777U);
    if (kind == 'q')
        time_line("sent", any.msg.msg_stime), time_line("received", any.msg.msg_rtime);
    if (kind == 's')
        time_line("operated", any.sem.sem_otime);
    if (kind == 'm')
        time_line("attached", any.shm.shm_atime), time_line("detached", any.shm.shm_dtime);
    time_line("changed", kind == 'q'   ? any.msg.msg_ctime
                         : kind == 's' ? any.sem.sem_ctime
                                       : any.shm.shm_ctime);
    if (!sent())
        die("write");
    return 0;
}
