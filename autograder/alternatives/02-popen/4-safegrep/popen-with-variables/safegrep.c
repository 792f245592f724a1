/*
 * safegrep.c - another right answer: popen with a command that is the same for everybody.
 *
 * The strangers' words are in two variables. What a shell puts in for "$VARIABLE", in double
 * quotes, it does not look at again.
 */
#include "lab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char command[] = "exec grep -c -e \"$SAFEGREP_PATTERN\" < \"$SAFEGREP_FILE\"";

static ssize_t read_all(int fd, char *text, size_t size)
{
    size_t length = 0;
    for (;;) {
        ssize_t got = read(fd, text + length, size - length);
        if (got == 0)
            return (ssize_t)length;
        if (got > 0)
            length += (size_t)got;
        else if (errno != EINTR)
            return -1;
    }
}

static void put_all(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t done = write(1, text, size);
        if (done == -1 && errno != EINTR)
            die("write");
        if (done > 0) {
            text += done;
            size -= (size_t)done;
        }
    }
}

int main(int argc, char **argv)
{
    char text[100];

    if (argc != 3 || strlen(argv[2]) == 0)
        usage("safegrep PATTERN FILE");
    if (setenv("SAFEGREP_PATTERN", argv[1], 1) == -1 || setenv("SAFEGREP_FILE", argv[2], 1) == -1)
        die("setenv");
    FILE *stream = popen(command, "r");
    if (stream == NULL)
        die("popen");
    ssize_t length = read_all(fileno(stream), text, sizeof text);
    int status = pclose(stream);
    if (status == -1)
        die("pclose");
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1 || length < 2) {
        errno = 0;
        die("grep failed");
    }
    put_all(text, (size_t)length);
    return 0;
}
