/*
 * message-racy.c - two messages; the reader acts on the first, which was sent before the value.
 * Named: *value
 */
#include "scene.h"

struct note {
    long type;
    char text[4];
};
static int *value, queue;

static void produce(void)
{
    struct note note = {1, "go"};
    must(msgsnd(queue, &note, sizeof note.text, 0) == 0, "msgsnd");
    *value = 7;
    must(msgsnd(queue, &note, sizeof note.text, 0) == 0, "msgsnd");
}

int main(void)
{
    struct note note;
    value = share(sizeof *value);
    queue = msgget(IPC_PRIVATE, 0600);
    child(produce);
    doze();
    must(msgrcv(queue, &note, sizeof note.text, 1, 0) >= 0, "msgrcv");
    int seen = *value;
    wait_for_all();
    msgctl(queue, IPC_RMID, NULL);
    return seen > 7 ? 1 : 0;
}
