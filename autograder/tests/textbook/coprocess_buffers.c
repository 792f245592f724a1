/*
 * coprocess_buffers.c - a coprocess that uses stdio keeps its answer in its buffer.
 *
 * expect: hang coproc-stdio-full-buffering read
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int answer(void)
{
    int a, b;
    while (scanf("%d %d", &a, &b) == 2)
        printf("%d\n", a + b); /* a pipe is no terminal: stdio waits until its buffer is full */
    return 0;
}

int main(int argc, char **argv)
{
    int to[2], from[2];
    char line[80];

    if (argc > 1 && strcmp(argv[1], "coprocess") == 0)
        return answer();
    if (pipe(to) == -1 || pipe(from) == -1)
        return 1;
    if (fork() == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[0]);
        close(to[1]);
        close(from[0]);
        close(from[1]);
        execl(argv[0], argv[0], "coprocess", (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    if (write(to[1], "1 2\n", 4) != 4 || read(from[0], line, sizeof line) <= 0)
        return 1;
    close(to[1]);
    return wait(NULL) == -1;
}
