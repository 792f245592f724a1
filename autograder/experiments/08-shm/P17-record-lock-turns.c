/*
 * P17-record-lock-turns.c - a record lock around each update: do the two processes take turns?
 */
#include <fcntl.h>
#include <unistd.h>

#include "../experiment.h"
#include "../turns.h"
#include "lab.h"

static const char path[] = "lock";

static void set(int fd, short type)
{
    struct flock whole_file = {.l_type = type, .l_whence = SEEK_SET};

    if (fcntl(fd, F_SETLKW, &whole_file) == -1)
        die("fcntl");
}

static void lock(void *context)
{
    set(*(int *)context, F_WRLCK);
}

static void unlock(void *context)
{
    set(*(int *)context, F_UNLCK);
}

int main(void)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

    if (fd == -1)
        die("open");
    take_turns(lock, unlock, &fd);
    if (unlink(path) == -1)
        die("unlink");
    return 0;
}
