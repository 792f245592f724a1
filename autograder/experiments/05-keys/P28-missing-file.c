/*
 * P28-missing-file.c - two programs that have nothing to do with each other hand the result of a
 * failed ftok to msgget.
 */
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

struct message {
    long type;
    char text[16];
};

static int queue_of(const char *path)
{
    key_t key = ftok(path, 1); /* and nobody looks whether it failed */
    return msgget(key, IPC_CREAT | 0600);
}

static void be_first_program(void *context)
{
    struct message message = {.type = 1, .text = "private"};
    int id = queue_of("first-program/no-such-file");
    (void)context;

    if (id == -1 || msgsnd(id, &message, sizeof message.text, 0) == -1)
        die("msgsnd");
}

/* Status 0: it has got a message that was not for it. */
static void be_second_program(void *context)
{
    struct message message;
    int id = queue_of("second-program/another-file");
    (void)context;

    if (id == -1 || msgrcv(id, &message, sizeof message.text, 0, IPC_NOWAIT) == -1)
        _exit(1);
}

int main(void)
{
    key_t key = ftok("no-such-file", 1);

    fact("key", "%d", (int)key);
    if (msgget(key, 0) != -1) { /* not ours: we keep our hands off it */
        fact("skipped", "somebody on this machine has made this very mistake: there is a queue "
                        "with that key already");
        return 0;
    }
    int first = wait_for(start(be_first_program, NULL));
    int second = wait_for(start(be_second_program, NULL));
    fact("msgget", "%s", first != 0 ? "fails" : second == 0 ? "same" : "two");

    int id = msgget(key, 0);
    if (id != -1 && msgctl(id, IPC_RMID, NULL) == -1)
        die("msgctl");
    return 0;
}
