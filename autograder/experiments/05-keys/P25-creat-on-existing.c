/*
 * P25-creat-on-existing.c - msgget with a key that has a queue already.
 */
#include <sys/ipc.h>
#include <sys/msg.h>

#include "../experiment.h"
#include "lab.h"

enum { KEY = 0x51a7 };

int main(void)
{
    int first = msgget(KEY, IPC_CREAT | IPC_EXCL | 0600);

    if (first == -1)
        die("msgget");
    int second = msgget(KEY, IPC_CREAT | 0600);
    fact("creat", "%s", second == -1 ? "fails" : second == first ? "same" : "new");
    fact("excl", "%s", error_of(msgget(KEY, IPC_CREAT | IPC_EXCL | 0600)));
    if (msgctl(first, IPC_RMID, NULL) == -1)
        die("msgctl");
    return 0;
}
