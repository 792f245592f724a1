/*
 * write_end_kept_by_reader.c - the reader's own copy of the write end keeps it waiting.
 *
 * expect: hang pipe-reader-keeps-own-write-end read
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    char byte;

    if (pipe(ends) == -1)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        while (read(ends[0], &byte, 1) > 0)
            continue;
        _exit(0);
    }
    close(ends[0]);
    if (write(ends[1], "x", 1) != 1 || close(ends[1]) == -1)
        return 1;
    return waitpid(child, NULL, 0) == -1;
}
