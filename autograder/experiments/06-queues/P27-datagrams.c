/*
 * P27-datagrams.c - datagrams to a UNIX domain socket whose owner does not read.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

enum { MOST = 10000 };

/* Numbered datagrams, until one is not taken; returns how many were. */
static int send_all(int from, const struct sockaddr_un *to)
{
    int n = 0;
    while (n < MOST && sendto(from, &n, sizeof n, 0, (const struct sockaddr *)to, sizeof *to) != -1)
        n++;
    return n;
}

/* How many arrive, each in its turn. */
static int receive_all(int from)
{
    int n = 0, number;
    while (recv(from, &number, sizeof number, MSG_DONTWAIT) == sizeof number && number == n)
        n++;
    return n;
}

int main(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "receiver"};
    int receiver = socket(AF_UNIX, SOCK_DGRAM, 0), sender = socket(AF_UNIX, SOCK_DGRAM, 0);

    if (receiver == -1 || sender == -1 || fcntl(sender, F_SETFL, O_NONBLOCK) == -1 ||
        bind(receiver, (const struct sockaddr *)&name, sizeof name) == -1)
        die("two sockets");
    int sent = send_all(sender, &name);
    const char *error = sent < MOST ? error_of(-1) : "none"; /* errno is that of the last sendto */
    int received = receive_all(receiver);

    fact("error", "%s", error);
    fact("sent", "%d", sent);
    fact("lost", "%s", received == sent ? "no" : "yes");
    if (unlink(name.sun_path) == -1)
        die("unlink");
    return 0;
}
