/*
 * wait_before_drain.c - the parent waits for a child that nobody reads.
 *
 * expect: hang wait-before-drain write waitpid
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    static char much[100000];
    int ends[2];

    if (pipe(ends) == -1)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(write(ends[1], much, sizeof much) != (ssize_t)sizeof much);
    }
    close(ends[1]);
    if (waitpid(child, NULL, 0) == -1) /* the pipe holds 65536 bytes */
        return 1;
    return read(ends[0], much, sizeof much) <= 0;
}
