/*
 * descriptor-flood.c - every descriptor there may be, in several processes, and more of them on
 * their way in a socket.
 *
 * expect: failed
 */
#include <sys/socket.h>

#include "hostile.h"

static void send_on(int socket, int fd)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    char byte = 'x';
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    sendmsg(socket, &message, MSG_DONTWAIT);
}

int main(void)
{
    int pair[2], ends[2];

    for (int i = 0; i < 2; i++)
        fork();
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
        return 1;
    while (pipe(ends) == 0) {
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        for (char block[4096] = {0}; write(ends[1], block, sizeof block) > 0;)
            continue;
        send_on(pair[0], ends[0]);
    }
    pause();
}
