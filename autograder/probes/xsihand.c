/*
 * xsihand.c - somebody else's hand on System V objects: does what it is told on standard input.
 *
 * One order a line; it reads the next when the last is done. Numbers as in C (010, 0x10). MSG, SEM
 * and SHM below are the words msg, sem and shm.
 *
 *     msgget KEY FLAGS, semget KEY COUNT FLAGS, shmget KEY SIZE FLAGS    ok ID
 *     msgsnd ID TYPE TEXT, msgtry ID TYPE TEXT       waits for room; does not (IPC_NOWAIT)
 *     msgrcv ID TYPE SIZE, msgpoll ID TYPE SIZE      waits; does not.  ok TYPE LENGTH HEX
 *     semop ID INDEX OPERATION, semtry ID INDEX OPERATION
 *     semval ID INDEX                                ok VALUE
 *     shmat ID, shmro ID                             attaches one segment, to read and write or
 * read peek OFFSET LENGTH                             ok HEX, of what is attached poke OFFSET TEXT
 *     shmdt
 *     stat MSG|SEM|SHM ID                            ok MODE UID CUID
 *     set MSG|SEM|SHM ID MODE                        IPC_SET
 *     rmid MSG|SEM|SHM ID                            IPC_RMID
 *
 * It reports each on standard output with a line: "ok" and what is said above, or the name of the
 * errno ("EACCES"). It ends at the end of standard input, with status 0; 99: it did not understand.
 *
 * _GNU_SOURCE: strerrorname_np(3).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { EXIT_BROKEN = 99, WORDS = 4, MOST_TEXT = 8192 };

union semun { /* semctl(2): the caller defines it */
    int val;
    struct semid_ds *buf;
};

static char *attached;

/* The words of an order after its name; the last is the rest of the line. */
struct order {
    char *words[WORDS];
};

static long number(const struct order *order, int index)
{
    char *end;
    if (order->words[index] == NULL)
        _Exit(EXIT_BROKEN);
    long value = strtol(order->words[index], &end, 0);
    if (end == order->words[index])
        _Exit(EXIT_BROKEN);
    return value;
}

static void report(long result)
{
    if (result == -1)
        printf("%s\n", strerrorname_np(errno));
    else
        printf("ok\n");
}

static void report_number(long result)
{
    if (result == -1)
        report(-1);
    else
        printf("ok %ld\n", result);
}

static void print_hex(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        printf("%02x", (unsigned char)bytes[i]);
    printf("\n");
}

static void do_msgget(const struct order *order)
{
    report_number(msgget((key_t)number(order, 0), (int)number(order, 1)));
}

static void do_semget(const struct order *order)
{
    report_number(semget((key_t)number(order, 0), (int)number(order, 1), (int)number(order, 2)));
}

static void do_shmget(const struct order *order)
{
    report_number(shmget((key_t)number(order, 0), (size_t)number(order, 1), (int)number(order, 2)));
}

struct message {
    long type;
    char text[MOST_TEXT];
};

static void send_message(const struct order *order, int flags)
{
    struct message message = {.type = number(order, 1)};
    size_t length = order->words[2] != NULL ? strlen(order->words[2]) : 0;
    if (length > sizeof message.text)
        _Exit(EXIT_BROKEN);
    if (length > 0)
        memcpy(message.text, order->words[2], length);
    report(msgsnd((int)number(order, 0), &message, length, flags));
}

static void do_msgsnd(const struct order *order)
{
    send_message(order, 0);
}

static void do_msgtry(const struct order *order)
{
    send_message(order, IPC_NOWAIT);
}

static void receive_message(const struct order *order, int flags)
{
    struct message message;
    size_t size = (size_t)number(order, 2);
    ssize_t length =
        msgrcv((int)number(order, 0), &message,
               size < sizeof message.text ? size : sizeof message.text, number(order, 1), flags);
    if (length == -1) {
        report(-1);
        return;
    }
    printf("ok %ld %zd ", message.type, length);
    print_hex(message.text, (size_t)length);
}

static void do_msgrcv(const struct order *order)
{
    receive_message(order, 0);
}

static void do_msgpoll(const struct order *order)
{
    receive_message(order, IPC_NOWAIT);
}

static void operate(const struct order *order, short flags)
{
    struct sembuf operation = {(unsigned short)number(order, 1), (short)number(order, 2), flags};
    report(semop((int)number(order, 0), &operation, 1));
}

static void do_semop(const struct order *order)
{
    operate(order, 0);
}

static void do_semtry(const struct order *order)
{
    operate(order, IPC_NOWAIT);
}

static void do_semval(const struct order *order)
{
    report_number(semctl((int)number(order, 0), (int)number(order, 1), GETVAL));
}

static void attach(const struct order *order, int flags)
{
    char *memory = shmat((int)number(order, 0), NULL, flags);
    if (memory != (void *)-1)
        attached = memory;
    report(memory == (void *)-1 ? -1 : 0);
}

static void do_shmat(const struct order *order)
{
    attach(order, 0);
}

static void do_shmro(const struct order *order)
{
    attach(order, SHM_RDONLY);
}

static void do_peek(const struct order *order)
{
    printf("ok ");
    print_hex(attached + number(order, 0), (size_t)number(order, 1));
}

static void do_poke(const struct order *order)
{
    if (order->words[1] != NULL)
        memcpy(attached + number(order, 0), order->words[1], strlen(order->words[1]));
    report(0);
}

static void do_shmdt(const struct order *order)
{
    (void)order;
    report(shmdt(attached));
    attached = NULL;
}

/* ---- Control: the three kinds, each with a structure of its own ---- */

struct states {
    struct msqid_ds queue;
    struct semid_ds set;
    struct shmid_ds segment;
};

static struct ipc_perm *permissions(struct states *states, const char *kind)
{
    return strcmp(kind, "msg") == 0   ? &states->queue.msg_perm
           : strcmp(kind, "sem") == 0 ? &states->set.sem_perm
                                      : &states->segment.shm_perm;
}

static int control(const char *kind, int id, int command, struct states *states)
{
    return strcmp(kind, "msg") == 0   ? msgctl(id, command, &states->queue)
           : strcmp(kind, "sem") == 0 ? semctl(id, 0, command, (union semun){.buf = &states->set})
                                      : shmctl(id, command, &states->segment);
}

static void do_stat(const struct order *order)
{
    struct states states = {0};
    if (control(order->words[0], (int)number(order, 1), IPC_STAT, &states) == -1) {
        report(-1);
        return;
    }
    const struct ipc_perm *found = permissions(&states, order->words[0]);
    printf("ok %03o %u %u\n", found->mode & 0777U, found->uid, found->cuid);
}

static void do_set(const struct order *order)
{
    struct states states = {0};
    int id = (int)number(order, 1);
    if (control(order->words[0], id, IPC_STAT, &states) == -1) {
        report(-1);
        return;
    }
    permissions(&states, order->words[0])->mode = (unsigned short)number(order, 2);
    report(control(order->words[0], id, IPC_SET, &states));
}

static void do_rmid(const struct order *order)
{
    struct states states = {0};
    report(control(order->words[0], (int)number(order, 1), IPC_RMID, &states));
}

/* ---- Orders ---- */

static const struct {
    const char *name;
    int words; /* how many it splits its line into */
    void (*run)(const struct order *order);
} orders[] = {
    {"msgget",  2, do_msgget },
    {"semget",  3, do_semget },
    {"shmget",  3, do_shmget },
    {"msgsnd",  3, do_msgsnd },
    {"msgtry",  3, do_msgtry },
    {"msgrcv",  3, do_msgrcv },
    {"msgpoll", 3, do_msgpoll},
    {"semop",   3, do_semop  },
    {"semtry",  3, do_semtry },
    {"semval",  2, do_semval },
    {"shmat",   1, do_shmat  },
    {"shmro",   1, do_shmro  },
    {"peek",    2, do_peek   },
    {"poke",    2, do_poke   },
    {"shmdt",   0, do_shmdt  },
    {"stat",    2, do_stat   },
    {"set",     3, do_set    },
    {"rmid",    2, do_rmid   },
};

static void obey(char *line)
{
    struct order order = {{NULL}};
    char *rest = line;
    char *name = strsep(&rest, " ");
    size_t i = 0;
    while (i < sizeof orders / sizeof orders[0] && strcmp(orders[i].name, name) != 0)
        i++;
    if (i == sizeof orders / sizeof orders[0])
        _Exit(EXIT_BROKEN);
    for (int w = 0; w < orders[i].words && rest != NULL; w++)
        order.words[w] = w + 1 < orders[i].words ? strsep(&rest, " ") : rest;
    orders[i].run(&order);
}

int main(void)
{
    static char line[MOST_TEXT + 200];
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        obey(line);
    }
    return 0;
}
