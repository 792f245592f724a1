/*
 * network.c - tries to reach somebody, by address, by name and by abstract socket, and listens.
 *
 * expect: passed but says_which_call_failed
 * weak: none; there the network is the machine's
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "hostile.h"

static void reach(const char *address, int port, int type)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, address, &to.sin_addr);
    if (fd != -1 && (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS))
        escaped(address);
    if (fd != -1)
        close(fd);
}

/* Every line of /proc/net/unix with an abstract name; not our own. */
static void reach_abstract(void)
{
    char line[512], name[256];
    FILE *sockets = fopen("/proc/net/unix", "r");
    while (sockets != NULL && fgets(line, sizeof line, sockets) != NULL)
        if (sscanf(line, "%*s %*s %*s %*s %*s %*s %*s @%255s", name) == 1)
            escaped(name);
    if (sockets != NULL)
        fclose(sockets);
}

static void listen_here(void)
{
    struct sockaddr_un here = {.sun_family = AF_UNIX, .sun_path = "\0hostile-was-here"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) == -1 || listen(fd, 1) == -1)
        escaped("somebody else has our abstract name");
    close(fd);
}

ATTACK(reach_out)
{
    reach("192.0.2.1", 80, SOCK_STREAM);
    reach("198.51.100.1", 53, SOCK_DGRAM);
    if (socket(AF_PACKET, SOCK_RAW, 0) != -1 || socket(AF_INET, SOCK_RAW, 1) != -1)
        escaped("a raw socket");
    reach_abstract();
    listen_here();
}

#include "solution.h"
