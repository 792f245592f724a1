/*
 * locks_crossed.c - two processes take two record locks in opposite orders; the second kind (flock)
 * is not checked for deadlock by the kernel.
 *
 * expect: hang - flock
 */
#define _DEFAULT_SOURCE /* flock(2) */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ready[2];
    char byte = 0;

    if (pipe(ready) == -1)
        return 1;
    pid_t child = fork();
    int one = open("one", O_RDWR | O_CREAT, 0600), two = open("two", O_RDWR | O_CREAT, 0600);
    if (one == -1 || two == -1)
        return 1;
    flock(child == 0 ? two : one, LOCK_EX);
    if (child == 0)
        byte = (char)write(ready[1], &byte, 1);
    else
        byte = (char)read(ready[0], &byte, 1);
    flock(child == 0 ? one : two, LOCK_EX);
    if (child == 0)
        _exit(0);
    return waitpid(child, NULL, 0) == -1;
}
