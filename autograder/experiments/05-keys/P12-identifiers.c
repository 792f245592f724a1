/*
 * P12-identifiers.c - which identifiers do queues get that are made one after the other?
 */
#include <sys/ipc.h>
#include <sys/msg.h>

#include "../experiment.h"
#include "lab.h"

enum { ROUNDS = 1000 };

/* Makes a queue and removes it at once. */
static int make_one(void)
{
    int id = msgget(IPC_PRIVATE, 0600);

    if (id == -1 || msgctl(id, IPC_RMID, NULL) == -1)
        die("msgget and msgctl");
    return id;
}

int main(void)
{
    int first = make_one(), last = make_one(), steps = 0, largest = 0;

    fact("second", "%s", last == first ? "same" : last == first + 1 ? "one_more" : "other");
    for (int i = 0; i < ROUNDS; i++) {
        int next = make_one();
        if (next - last > largest)
            largest = next - last;
        steps += next == last + 1;
        last = next;
    }
    fact("always", "%s", steps == ROUNDS ? "yes" : "no");
    fact("first_identifier", "%d", first);
    fact("largest_step", "%d", largest);
    return 0;
}
