/*
 * P11-other-user.c - what another user can do with a queue, by the mode that it was made with.
 *
 * The program is started twice: without arguments by the owner of the queues, and with the argument
 * "stranger" by another user, when the owner waits for the stranger's report. They find the queues
 * by key: KEY + n for the n-th mode, and KEY - 1 for the report.
 */
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "../experiment.h"
#include "lab.h"

enum { KEY = 0x4950, N = 4 };
static const int modes[N] = {0600, 0622, 0644, 0666};

struct message {
    long type;
    char text[16];
};

struct report {
    long type;
    char receive[N][16], send[N][16], remove[N][16]; /* names of errors */
};

enum { REPORT_SIZE = sizeof(struct report) - sizeof(long) };

static int make_queue(int n)
{
    struct message secret = {.type = 1, .text = "secret"};
    int id = msgget(KEY + n, IPC_CREAT | IPC_EXCL | modes[n]);

    if (id == -1 || msgsnd(id, &secret, sizeof secret.text, 0) == -1)
        die("a queue with mode %#o", (unsigned)modes[n]);
    return id;
}

static void be_owner(void)
{
    int ids[N], answers = msgget(KEY - 1, IPC_CREAT | IPC_EXCL | 0666);
    struct report report;

    if (answers == -1)
        die("msgget");
    for (int n = 0; n < N; n++)
        ids[n] = make_queue(n);
    if (msgrcv(answers, &report, REPORT_SIZE, 0, 0) == -1)
        die("msgrcv");
    fact("read_600", "%s", report.receive[0]);
    fact("write_622", "%s", report.send[1]);
    fact("read_644", "%s", report.receive[2]);
    fact("remove_666", "%s", report.remove[3]);
    fact("read_622", "%s", report.receive[1]);
    fact("write_644", "%s", report.send[2]);
    for (int n = 0; n < N; n++)
        if (msgctl(ids[n], IPC_RMID, NULL) == -1 && errno != EINVAL) /* removed by the stranger */
            die("msgctl");
    if (msgctl(answers, IPC_RMID, NULL) == -1)
        die("msgctl");
}

static void be_stranger(void)
{
    struct report report = {.type = 1};
    int answers = msgget(KEY - 1, 0);

    for (int n = 0; n < N; n++) {
        struct message message = {.type = 2, .text = "forged"};
        int id = msgget(KEY + n, 0); /* 0: it asks for no rights */
        strcpy(report.send[n], error_of(msgsnd(id, &message, sizeof message.text, IPC_NOWAIT)));
        strcpy(report.receive[n],
               error_of(msgrcv(id, &message, sizeof message.text, 1, IPC_NOWAIT)));
        strcpy(report.remove[n], error_of(msgctl(id, IPC_RMID, NULL)));
    }
    if (answers == -1 || msgsnd(answers, &report, REPORT_SIZE, 0) == -1)
        die("the report");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "stranger") == 0)
        be_stranger();
    else
        be_owner();
    return 0;
}
