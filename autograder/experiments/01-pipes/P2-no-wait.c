/*
 * P2-no-wait.c - a parent that sends a text to its pager and ends without waiting for it.
 *
 * Three processes: this one is the shell, which waits for the parent; the pager is slow: it reads
 * only when the shell lets it.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

static const char text[] = "the whole text\n";
static int go[2], report[2];

struct told {
    pid_t parent; /* the pager's, when it reads */
    ssize_t bytes;
};

static void be_pager(void *context)
{
    int *ends = context;
    struct told told = {0};
    char bytes[100];

    close(ends[1]);
    close(go[1]);
    if (read(go[0], bytes, 1) == -1) /* end of file: the shell has let us go */
        die("read");
    told.bytes = read(ends[0], bytes, sizeof bytes);
    told.parent = getppid();
    if (write(report[1], &told, sizeof told) == -1)
        die("write");
}

static void be_parent(void *context)
{
    int ends[2];
    (void)context;

    if (pipe(ends) == -1)
        die("pipe");
    start(be_pager, ends);
    close(ends[0]);
    if (write(ends[1], text, strlen(text)) == -1)
        die("write");
}

int main(void)
{
    struct told told;

    if (pipe(go) == -1 || pipe(report) == -1)
        die("pipe");
    pid_t parent = start(be_parent, NULL);
    int status = wait_for(parent);
    close(go[1]);
    close(report[1]);
    if (read(report[0], &told, sizeof told) != sizeof told)
        told = (struct told){.parent = -1}; /* there is no pager any more */

    fact("status", "%d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    fact("bytes", "%zd", told.bytes);
    fact("new_parent", "%s",
         told.parent == -1         ? "nobody"
         : told.parent == getpid() ? "shell"
         : told.parent == parent   ? "same"
                                   : "init");
    return 0;
}
