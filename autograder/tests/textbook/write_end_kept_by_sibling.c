/*
 * write_end_kept_by_sibling.c - the first child's pipe is still open for writing in the second.
 *
 * expect: hang pipe-siblings-hold-ends read
 */
#include <sys/wait.h>
#include <unistd.h>

static void drain(int fd)
{
    char byte;
    while (read(fd, &byte, 1) > 0)
        continue;
}

int main(void)
{
    int first[2], second[2];

    if (pipe(first) == -1 || pipe(second) == -1)
        return 1;
    if (fork() == 0) { /* reads the first pipe; holds the write end of the second */
        close(first[1]);
        close(second[0]);
        drain(first[0]);
        _exit(0);
    }
    if (fork() == 0) { /* reads the second; holds the write end of the first */
        close(second[1]);
        close(first[0]);
        drain(second[0]);
        _exit(0);
    }
    close(first[0]);
    close(first[1]);
    close(second[0]);
    close(second[1]);
    while (wait(NULL) > 0)
        continue;
    return 0;
}
