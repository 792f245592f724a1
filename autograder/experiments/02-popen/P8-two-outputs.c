/*
 * P8-two-outputs.c - a command that writes to standard output and to standard error, under popen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

int main(void)
{
    char name[] = "standard-error-XXXXXX", text[100];
    int file = mkstemp(name), screen = dup(STDERR_FILENO);

    if (file == -1 || screen == -1 || unlink(name) == -1 || dup2(file, STDERR_FILENO) == -1)
        die("a file for standard error");
    FILE *stream = popen("echo out; echo err >&2", "r");
    if (stream == NULL)
        die("popen");
    size_t n = fread(text, 1, sizeof text - 1, stream);
    text[n] = '\0';
    if (pclose(stream) == -1 || dup2(screen, STDERR_FILENO) == -1)
        die("pclose");

    int out = strstr(text, "out") != NULL, err = strstr(text, "err") != NULL;
    fact("lines", "%s", out && err ? "both" : out ? "out" : err ? "err" : "none");
    return 0;
}
