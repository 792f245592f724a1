/*
 * burnids.c - uses System V queue identifiers up until the next ones will not come one after the
 * other.
 *
 * Usage: burnids N
 *
 * Linux hands out indices in a circle: at its end (64, if there are few queues) the identifiers
 * jump by 32768. This program makes queues and removes them until it has seen a jump, and then goes
 * on until about N more are to come before the next one. Where identifiers jump in another way, or
 * other programs make queues at the same time, it does what it can.
 *
 * It leaves nothing. Status 0; 1: the kernel gives us no queue; 99: wrong arguments.
 */
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>

enum { ROUND = 32768, MOST = 1000, EXIT_BROKEN = 99 };

static int burn_one(void)
{
    int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    if (id == -1 || msgctl(id, IPC_RMID, NULL) == -1)
        exit(EXIT_FAILURE);
    return id;
}

int main(int argc, char **argv)
{
    int ahead = argc == 2 ? atoi(argv[1]) : -1, left = MOST;
    if (ahead < 0)
        return EXIT_BROKEN;

    int last = burn_one(), next = burn_one();
    for (; next == last + 1 && left > 0; left--) {
        last = next;
        next = burn_one();
    }
    for (int end = last % ROUND; next % ROUND + ahead < end && left > 0; left--)
        next = burn_one();
    return EXIT_SUCCESS;
}
