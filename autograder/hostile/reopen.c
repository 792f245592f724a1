/*
 * reopen.c - opens the other ends of its standard descriptors by /proc, and closes the ends that it
 * was given: it could feed itself, eat what it has said, and hold its own input open for ever.
 *
 * expect: failed
 */
#include "hostile.h"

int main(void)
{
    char path[64], block[4096];
    int ends[3];

    for (int fd = 0; fd < 3; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ends[fd] = open(path, fd == 0 ? O_WRONLY : O_RDONLY | O_NONBLOCK);
    }
    for (int fd = 0; fd < 1024; fd++)
        if (fd != ends[0] && fd != ends[1] && fd != ends[2])
            close(fd);
    for (int fd = 0; fd < 3; fd++)
        dup2(ends[fd], fd == 0 ? 1 : 0);
    if (write(1, "escaped\n", 8) == -1)
        return 1;
    while (read(0, block, sizeof block) > 0)
        continue;
    if (fork() == 0)
        pause();
    return 0;
}
