/*
 * P3-unknown-command.c - popen of a command that does not exist, and what pclose says of a command
 * whose insides were killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

/* Everything that the command has printed goes; returns what pclose says. */
static int drain_and_close(FILE *stream, long *bytes)
{
    *bytes = 0;
    while (getc(stream) != EOF)
        (*bytes)++;
    return pclose(stream);
}

int main(void)
{
    char name[] = "standard-error-XXXXXX";
    int file = mkstemp(name), screen = dup(STDERR_FILENO);
    long in_stream = 0;

    if (file == -1 || screen == -1 || unlink(name) == -1 || dup2(file, STDERR_FILENO) == -1)
        die("a file for standard error");
    FILE *stream = popen("no_such_cmd_xyz", "r");
    int status = stream != NULL ? drain_and_close(stream, &in_stream) : -1;
    off_t in_file = lseek(file, 0, SEEK_END);
    if (dup2(screen, STDERR_FILENO) == -1)
        die("dup2");

    fact("stream", "%s", stream != NULL ? "stream" : "NULL");
    fact("message", "%s", in_stream > 0 ? "stream" : in_file > 0 ? "stderr" : "nowhere");
    fact("status", "%d", status);

    stream = popen("sh -c 'kill -9 $$'; true", "r");
    if (stream == NULL)
        die("popen");
    fact("killed", "%d", drain_and_close(stream, &in_stream));
    return 0;
}
