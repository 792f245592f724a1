/*
 * P1-forgotten-write-end.c - a parent feeds a reader, keeps its write end open, and waits.
 *
 * Three processes: this one only looks on; the parent writes into the pipe; the reader, its child,
 * reads until end of file.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

static int report[2]; /* the parent tells us who the reader is, and which pipe it is */

struct told {
    pid_t reader;
    ino_t pipe;
};

static void read_all(void *context)
{
    int *ends = context;
    char bytes[100];

    close(ends[1]);
    while (read(ends[0], bytes, sizeof bytes) > 0)
        continue;
}

static void be_parent(void *context)
{
    int ends[2];
    struct stat status;
    (void)context;

    if (pipe(ends) == -1 || fstat(ends[1], &status) == -1)
        die("pipe");
    struct told told = {.reader = start(read_all, ends), .pipe = status.st_ino};
    close(ends[0]);
    if (write(ends[1], "the text\n", 9) != 9 || write(report[1], &told, sizeof told) == -1)
        die("write");
    wait_for(told.reader); /* and ends[1] is still open */
}

/* How many descriptors of a process can write into that pipe? */
static int write_ends(pid_t process, ino_t pipe_number)
{
    int count = 0;
    for (int fd = 0; fd < 20; fd++) {
        char path[64], link[64] = "", wanted[64];
        struct stat status;
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)process, fd);
        snprintf(wanted, sizeof wanted, "pipe:[%lu]", (unsigned long)pipe_number);
        /* The link's own mode says how the descriptor was opened: see proc(5). */
        if (readlink(path, link, sizeof link - 1) > 0 && strcmp(link, wanted) == 0 &&
            lstat(path, &status) == 0 && (status.st_mode & S_IWUSR) != 0)
            count++;
    }
    return count;
}

int main(void)
{
    struct told told;

    if (pipe(report) == -1)
        die("pipe");
    pid_t parent = start(be_parent, NULL);
    if (read(report[0], &told, sizeof told) != sizeof told)
        die("read");
    const pid_t both[] = {parent, told.reader};
    wait_until_at_rest(both, 2);

    fact("reader", "%s", sleeps_in(told.reader));
    fact("parent", "%s", sleeps_in(parent));
    fact("open", "%d", write_ends(parent, told.pipe) + write_ends(told.reader, told.pipe));

    if (kill(told.reader, SIGKILL) == -1) /* then the parent ends by itself */
        die("kill");
    wait_for(parent);
    return 0;
}
