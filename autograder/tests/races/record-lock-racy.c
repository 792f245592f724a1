/*
 * record-lock-racy.c - record locks on two different bytes exclude nobody.
 * Named: *count
 */
#include "scene.h"

static long *count;
static int file;

static void lock(int type, off_t start)
{
    struct flock range = {
        .l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};
    must(fcntl(file, F_SETLKW, &range) == 0, "fcntl");
}

static void add(off_t start)
{
    lock(F_WRLCK, start);
    (*count)++;
    lock(F_UNLCK, start);
}

static void add_there(void)
{
    add(1);
}

int main(void)
{
    char name[] = "/tmp/ipclab-races-XXXXXX";
    count = share(sizeof *count);
    file = mkstemp(name);
    must(file != -1 && unlink(name) == 0, "mkstemp");
    child(add_there);
    add(0);
    wait_for_all();
    return 0;
}
