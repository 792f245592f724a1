/*
 * P23-negative-type.c - which message does msgrcv take when it is asked for type -4?
 */
#include <sys/ipc.h>
#include <sys/msg.h>

#include "../experiment.h"
#include "lab.h"

struct message {
    long type;
    int place; /* the first one sent is 1 */
};

int main(void)
{
    static const long types[] = {5, 3, 9, 3, 1};
    struct message message;
    int id = msgget(IPC_PRIVATE, 0600);

    if (id == -1)
        die("msgget");
    for (int i = 0; i < 5; i++) {
        message = (struct message){types[i], i + 1};
        if (msgsnd(id, &message, sizeof message.place, 0) == -1)
            die("msgsnd");
    }
    if (msgrcv(id, &message, sizeof message.place, -4, 0) == -1)
        die("msgrcv");
    fact("first", "%ld", message.type);
    if (msgrcv(id, &message, sizeof message.place, -4, 0) == -1)
        die("msgrcv");
    fact("second", "%ld", message.type);
    fact("which", "%s", message.place == 2 ? "earlier" : "later");
    if (msgctl(id, IPC_RMID, NULL) == -1)
        die("msgctl");
    return 0;
}
