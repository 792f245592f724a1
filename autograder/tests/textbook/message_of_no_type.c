/*
 * message_of_no_type.c - msgrcv for a type that never comes.
 *
 * expect: hang - msgrcv type 5 7 and 9
 */
#include <sys/msg.h>

struct message {
    long type;
    char text[8];
};

int main(void)
{
    struct message message = {7, "seven"};
    int queue = msgget(IPC_PRIVATE, 0600);

    if (queue == -1 || msgsnd(queue, &message, 6, 0) == -1)
        return 1;
    message.type = 9;
    if (msgsnd(queue, &message, 6, 0) == -1)
        return 1;
    if (msgrcv(queue, &message, sizeof message.text, 5, 0) == -1)
        return 1;
    return msgctl(queue, IPC_RMID, 0);
}
