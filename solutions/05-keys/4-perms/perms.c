/*
 * perms.c - who may do what with a System V object: make one, look at it, change it.
 *
 * Usage: perms msg|sem|shm new
 *        perms msg|sem|shm ID
 *        perms msg|sem|shm ID set MODE [UID]
 *
 * The three kinds have their own calls and structures, but the part that says who owns an object
 * and what is allowed is the same in all of them, struct ipc_perm. So there is a table with a row
 * for each kind, and the rest of the program does not ask which kind it has before it.
 *
 * IPC_SET writes all that can be set at once: owner, group, mode, and of a queue its size. To
 * change one of them, one has to read all (IPC_STAT), change that one, and write all back.
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define USAGE "perms msg|sem|shm new, perms msg|sem|shm ID [set MODE [UID]]"

/* Nobody but the owner: no other program is known that would need it. */
enum { OWN_MODE = 0600, SEGMENT_SIZE = 4096 };

/* What IPC_STAT fills in. */
union state {
    struct msqid_ds queue;
    struct semid_ds set;
    struct shmid_ds segment;
};

union semun { /* semctl(2): the caller has to define it */
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

struct kind {
    const char *name, *get, *control; /* "msg", "msgget", "msgctl" */
    int (*make)(void);
    int (*ctl)(int id, int command, union state *state);
    struct ipc_perm *(*perm)(union state *state);
    void (*print_times)(const union state *state);
};

/* Seconds since 1970. The kernel has 0 for what has not happened. */
static void print_time(const char *what, time_t when)
{
    if (when == 0)
        printf("%s never\n", what);
    else
        printf("%s %lld\n", what, (long long)when);
}

static int make_queue(void)
{
    return msgget(IPC_PRIVATE, IPC_CREAT | OWN_MODE);
}

static int queue_ctl(int id, int command, union state *state)
{
    return msgctl(id, command, &state->queue);
}

static struct ipc_perm *queue_perm(union state *state)
{
    return &state->queue.msg_perm;
}

static void print_queue_times(const union state *state)
{
    print_time("sent", state->queue.msg_stime);
    print_time("received", state->queue.msg_rtime);
    print_time("changed", state->queue.msg_ctime);
}

static int make_set(void)
{
    return semget(IPC_PRIVATE, 1, IPC_CREAT | OWN_MODE);
}

static int set_ctl(int id, int command, union state *state)
{
    union semun argument = {.buf = &state->set};
    return semctl(id, 0, command, argument);
}

static struct ipc_perm *set_perm(union state *state)
{
    return &state->set.sem_perm;
}

static void print_set_times(const union state *state)
{
    print_time("operated", state->set.sem_otime);
    print_time("changed", state->set.sem_ctime);
}

static int make_segment(void)
{
    return shmget(IPC_PRIVATE, SEGMENT_SIZE, IPC_CREAT | OWN_MODE);
}

static int segment_ctl(int id, int command, union state *state)
{
    return shmctl(id, command, &state->segment);
}

static struct ipc_perm *segment_perm(union state *state)
{
    return &state->segment.shm_perm;
}

static void print_segment_times(const union state *state)
{
    print_time("attached", state->segment.shm_atime);
    print_time("detached", state->segment.shm_dtime);
    print_time("changed", state->segment.shm_ctime);
}

static const struct kind kinds[] = {
    {"msg", "msgget", "msgctl", make_queue,   queue_ctl,   queue_perm,   print_queue_times  },
    {"sem", "semget", "semctl", make_set,     set_ctl,     set_perm,     print_set_times    },
    {"shm", "shmget", "shmctl", make_segment, segment_ctl, segment_perm, print_segment_times},
};

static const struct kind *parse_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
    usage(USAGE);
}

/* Digits of that base only: no sign, no space, nothing behind. */
static unsigned long parse_number(const char *text, int base, unsigned long most)
{
    const char *digits = base == 8 ? "01234567" : "0123456789";

    if (text[0] == '\0' || text[strspn(text, digits)] != '\0')
        usage(USAGE);
    errno = 0;
    unsigned long number = strtoul(text, NULL, base);
    if (errno != 0 || number > most)
        usage(USAGE);
    return number;
}

static void get_state(const struct kind *kind, int id, union state *state)
{
    if (kind->ctl(id, IPC_STAT, state) == -1)
        die("%s IPC_STAT %d", kind->control, id);
}

/* Everything printed has to arrive: stdio tells of a full disk no sooner than here. */
static int flush(void)
{
    return fflush(stdout) == EOF || ferror(stdout) ? -1 : 0;
}

static void make(const struct kind *kind)
{
    int id = kind->make();
    if (id == -1)
        die("%s", kind->get);
    printf("%d\n", id);
    if (flush() == -1) {
        int error = errno;
        union state unused;
        kind->ctl(id, IPC_RMID, &unused); /* it has no key: nobody would ever find it */
        errno = error;
        die("write to standard output");
    }
}

static void show(const struct kind *kind, int id)
{
    union state state;
    get_state(kind, id, &state);
    const struct ipc_perm *perm = kind->perm(&state);

    printf("owner %u %u\n", (unsigned)perm->uid, (unsigned)perm->gid);
    printf("creator %u %u\n", (unsigned)perm->cuid, (unsigned)perm->cgid);
    printf("mode %04o\n", perm->mode & 0777U); /* shmctl(2): there are flags above these bits */
    kind->print_times(&state);
    if (flush() == -1)
        die("write to standard output");
}

static void set(const struct kind *kind, int id, const char *mode, const char *uid)
{
    unsigned new_mode = (unsigned)parse_number(mode, 8, 0777);
    uid_t new_uid = uid != NULL ? (uid_t)parse_number(uid, 10, UINT_MAX - 1) : 0;
    union state state;

    get_state(kind, id, &state);
    struct ipc_perm *perm = kind->perm(&state);
    perm->mode = (unsigned short)new_mode;
    if (uid != NULL)
        perm->uid = new_uid;
    if (kind->ctl(id, IPC_SET, &state) == -1)
        die("%s IPC_SET %d", kind->control, id);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc == 4 || argc > 6 || (argc > 4 && strcmp(argv[3], "set") != 0))
        usage(USAGE);
    const struct kind *kind = parse_kind(argv[1]);
    if (argc == 3 && strcmp(argv[2], "new") == 0) {
        make(kind);
        return EXIT_SUCCESS;
    }
    int id = (int)parse_number(argv[2], 10, INT_MAX);
    if (argc == 3)
        show(kind, id);
    else
        set(kind, id, argv[4], argc == 6 ? argv[5] : NULL);
    return EXIT_SUCCESS;
}
