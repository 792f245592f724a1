/*
 * wait_before_drain.c - the parent waits for a child that nobody reads.
 *
 * expect: hang wait-before-drain write waitpid
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    char *much = calloc(1, 100000);

    if (much == NULL || pipe(ends) == -1)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(write(ends[1], much, 100000) != 100000);
    }
    close(ends[1]);
    if (waitpid(child, NULL, 0) == -1) /* the pipe holds 65536 bytes */
        return 1;
    return read(ends[0], much, 100000) <= 0;
}
