/*
 * greet.c - another right answer: no lines at all, but a byte at a time, and no buffer for output.
 */
#include "lab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
    int byte, last = '\n';

    if (argc != 2 || strlen(argv[1]) == 0)
        usage("greet FILTER");
    setvbuf(stdout, NULL, _IONBF, 0);
    FILE *filter = popen(argv[1], "r");
    if (filter == NULL)
        die("popen");
    printf("prompt> ");
    while ((byte = getc(filter)) != EOF) {
        putchar(byte);
        last = byte;
        if (byte == '\n')
            printf("prompt> ");
    }
    if (last != '\n')
        printf("\nprompt> ");
    putchar('\n');
    int error = errno, failed = ferror(stdout) || ferror(filter), status = pclose(filter);
    if (status == -1)
        die("pclose");
    errno = error;
    if (failed)
        die("write or read");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
