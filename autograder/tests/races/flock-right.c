/*
 * flock-right.c - flock() on the same file, each with an open of its own.
 */
#include "scene.h"

#include <sys/file.h>

static long *count;
static char name[] = "/tmp/ipclab-races-XXXXXX";

static void add(void)
{
    int file = open(name, O_RDWR);
    must(file != -1 && flock(file, LOCK_EX) == 0, "flock");
    (*count)++;
    close(file);
}

int main(void)
{
    count = share(sizeof *count);
    int file = mkstemp(name);
    must(file != -1, "mkstemp");
    child(add);
    child(add);
    wait_for_all();
    unlink(name);
    return 0;
}
