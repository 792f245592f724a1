/*
 * greet.c - a prompt, and a filter between the keyboard and the program.
 *
 *     standard input ──► sh -c FILTER ══ pipe ══► greet ──► standard output
 *
 * The shell that popen starts has the same standard input as we have, and it is the filter that
 * reads it. We never do: what we had read would be lost for the filter. We read the filter's lines
 * from the pipe, and prompt for each.
 *
 * The prompt has no newline, so stdio keeps it in the buffer, on a terminal as well. Whoever is to
 * answer it must see it: it is flushed each time, and for the first time before the filter starts.
 *
 * After APUE (Stevens and Rago), the program around myuclc in chapter 15.
 *
 * Usage: greet FILTER
 */
#include "lab.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>

enum { EXIT_SIGNALLED = 128 }; /* as a shell says it: + the number of the signal */

static bool write_prompt(void)
{
    return fputs("prompt> ", stdout) != EOF && fflush(stdout) != EOF;
}

/* Any bytes, NUL too; the last line may come without a newline. */
static bool write_line(const char *line, size_t length)
{
    if (fwrite(line, 1, length, stdout) != length)
        return false;
    return line[length - 1] == '\n' || putchar('\n') != EOF;
}

/* Each line of the filter's, and the next prompt after it. False with errno set: the filter is
 * still ours to wait for. */
static bool pass_on_lines(FILE *lines)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool written = true;

    while (written && (length = getline(&line, &room, lines)) > 0)
        written = write_line(line, (size_t)length) && write_prompt();
    free(line);
    return written && !ferror(lines) && putchar('\n') != EOF && fflush(stdout) != EOF;
}

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("greet FILTER");

    if (!write_prompt())
        die("write standard output");
    FILE *lines = popen(argv[1], "r");
    if (lines == NULL)
        die("popen");
    bool passed_on = pass_on_lines(lines);
    if (!passed_on)
        perror("greet: pass on a line");
    int status = pclose(lines);
    if (status == -1)
        die("pclose");
    if (passed_on)
        return WIFSIGNALED(status) ? EXIT_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
    return EXIT_FAILURE;
}
