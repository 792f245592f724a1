/*
 * safegrep.c - another right answer: popen, with every text in single quotes.
 *
 * Between single quotes a shell looks for nothing but the next single quote. So each one of the
 * text becomes '\'': the quotation ends, a quote stands for itself, the quotation goes on.
 */
#include "lab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *quote(char *to, const char *text)
{
    *to++ = '\'';
    for (; *text != '\0'; text++)
        if (*text == '\'')
            to = stpcpy(to, "'\\''");
        else
            *to++ = *text;
    *to++ = '\'';
    *to = '\0';
    return to;
}

static char *make_command(const char *pattern, const char *file)
{
    char *command = malloc(4 * (strlen(pattern) + strlen(file)) + 100);

    if (command == NULL)
        die("malloc");
    char *end = quote(stpcpy(command, "grep -c -e "), pattern);
    quote(stpcpy(end, " < "), file);
    return command;
}

int main(int argc, char **argv)
{
    char text[64];
    size_t length = 0;
    ssize_t got;

    if (argc != 3 || strlen(argv[2]) == 0)
        usage("safegrep PATTERN FILE");
    char *command = make_command(argv[1], argv[2]);
    FILE *stream = popen(command, "r");
    if (stream == NULL)
        die("popen");
    free(command);
    while ((got = read(fileno(stream), text + length, 1)) != 0)
        if (got == 1)
            length++;
        else if (errno != EINTR)
            break;
    int status = pclose(stream);
    errno = 0;
    if (got == -1 || !WIFEXITED(status) || WEXITSTATUS(status) > 1 || length == 0)
        die("grep failed");
    for (size_t done = 0; done<length; done += got> 0 ? (size_t)got : 0)
        if ((got = write(1, text + done, length - done)) == -1 && errno != EINTR)
            die("write");
    return 0;
}
