/*
 * ipcsmini.c - by the kernel's table: *_INFO tells the highest index in use, *_STAT_ANY what is at
 * an index. Places may be empty, and objects may go while we look.
 */
#define _GNU_SOURCE /* MSG_INFO, SEM_INFO, SHM_INFO, IPC_INFO and what they fill in */
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

/* Linux 4.17 and later; not every glibc knows them. */
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif
#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif
#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
    struct seminfo *info;
};

/* Nothing at that index (any more). */
static bool is_empty(const char *call, int result)
{
    if (result == -1 && errno != EINVAL && errno != EIDRM)
        die("%s", call);
    return result == -1;
}

static void say(const char *kind, int id, const struct ipc_perm *perm)
{
    printf("%s %d 0x%08x %u %04o", kind, id, (unsigned)perm->__key, perm->uid, perm->mode & 0777U);
}

static void queues(void)
{
    struct msginfo info;
    struct msqid_ds state;
    int last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&info);
    if (last == -1)
        die("msgctl MSG_INFO");
    for (int i = 0; i <= last; i++) {
        int id = msgctl(i, MSG_STAT_ANY, &state);
        if (is_empty("msgctl MSG_STAT_ANY", id))
            continue;
        say("msg", id, &state.msg_perm);
        printf(" %lu %lu\n", state.__msg_cbytes, state.msg_qnum);
    }
}

static void sets(void)
{
    struct seminfo info;
    struct semid_ds state = {0};
    int last = semctl(0, 0, SEM_INFO, (union semun){.info = &info});
    if (last == -1)
        die("semctl SEM_INFO");
    for (int i = 0; i <= last; i++) {
        int id = semctl(i, 0, SEM_STAT_ANY, (union semun){.buf = &state});
        if (is_empty("semctl SEM_STAT_ANY", id))
            continue;
        say("sem", id, &state.sem_perm);
        printf(" %lu\n", state.sem_nsems);
    }
}

static void segments(void)
{
    struct shm_info info;
    struct shmid_ds state;
    int last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info);
    if (last == -1)
        die("shmctl SHM_INFO");
    for (int i = 0; i <= last; i++) {
        int id = shmctl(i, SHM_STAT_ANY, &state);
        if (is_empty("shmctl SHM_STAT_ANY", id))
            continue;
        say("shm", id, &state.shm_perm);
        printf(" %zu %lu%s\n", state.shm_segsz, state.shm_nattch,
               state.shm_perm.mode & SHM_DEST ? " dest" : "");
    }
}

static void limits(void)
{
    struct msginfo msg = {0};
    struct seminfo sem = {0};
    struct shminfo shm = {0};

    if (msgctl(0, IPC_INFO, (struct msqid_ds *)(void *)&msg) == -1)
        die("msgctl IPC_INFO");
    if (semctl(0, 0, IPC_INFO, (union semun){.info = &sem}) == -1)
        die("semctl IPC_INFO");
    if (shmctl(0, IPC_INFO, (struct shmid_ds *)(void *)&shm) == -1)
        die("shmctl IPC_INFO");
    printf("shmmax %lu\nshmall %lu\nshmmni %lu\n", shm.shmmax, shm.shmall, shm.shmmni);
    printf("msgmni %d\nmsgmax %d\nmsgmnb %d\n", msg.msgmni, msg.msgmax, msg.msgmnb);
    printf("semmni %d\nsemmns %d\nsemmsl %d\nsemopm %d\n", sem.semmni, sem.semmns, sem.semmsl,
           sem.semopm);
}

int main(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "-l") != 0))
        usage("ipcsmini [-l]");
    if (argc == 2) {
        limits();
    } else {
        segments();
        sets();
        queues();
    }
    if (fclose(stdout) == EOF)
        die("write to standard output");
    return EXIT_SUCCESS;
}
