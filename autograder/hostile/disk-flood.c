/*
 * disk-flood.c - files of the largest size there is, as many as there may be, then stays.
 *
 * expect: failed
 * weak: none; there the files lie on the machine's own disk until the run ends
 */
#include "hostile.h"

int main(void)
{
    static char block[1 << 20];
    char name[32];

    signal(SIGXFSZ, SIG_IGN);
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "flood-%d", i);
        int fd = open(name, O_WRONLY | O_CREAT, 0600);
        if (fd == -1)
            break;
        while (write(fd, block, sizeof block) > 0)
            continue;
        close(fd);
    }
    for (;;)
        pause();
}
