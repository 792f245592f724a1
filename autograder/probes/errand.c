/*
 * errand.c - a command for others to run: it takes as long as the kit wants, and ends as the kit
 * wants.
 *
 *     errand [WORD]...
 *
 * It says "begin WORDS" on standard output, reads one byte from standard input, and says "end
 * WORDS". So several that share one standard input end one by one, for each byte one of them. The
 * byte says how:
 *
 *     0 to 9   with that exit status
 *     k        by SIGKILL
 *     t        by SIGTERM
 *
 * At the end of standard input it ends with status 0. 99: it could not do its work.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_BROKEN = 99, LONGEST = 512 };

/* One write, so that the lines of several do not mix. */
static void say(const char *what, char **words)
{
    char line[LONGEST];
    size_t length = (size_t)snprintf(line, sizeof line, "%s", what);

    for (; *words != NULL && length + strlen(*words) + 2 < sizeof line; words++)
        length += (size_t)snprintf(line + length, sizeof line - length, " %s", *words);
    line[length++] = '\n';
    if (write(STDOUT_FILENO, line, length) != (ssize_t)length)
        _exit(EXIT_BROKEN);
}

int main(int argc, char **argv)
{
    char how = '0';
    ssize_t got;
    (void)argc;

    say("begin", argv + 1);
    do
        got = read(STDIN_FILENO, &how, 1);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        return EXIT_BROKEN;
    say("end", argv + 1);
    if (how == 'k' || how == 't')
        raise(how == 'k' ? SIGKILL : SIGTERM);
    return how >= '0' && how <= '9' ? how - '0' : EXIT_BROKEN;
}
