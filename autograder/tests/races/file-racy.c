/*
 * file-racy.c - a file that is mapped by both.
 */
#include "scene.h"

static long *count;

static void add(void)
{
    (*count)++;
}

int main(void)
{
    char name[] = "/tmp/ipclab-races-XXXXXX";
    int file = mkstemp(name);
    must(file != -1 && unlink(name) == 0 && ftruncate(file, 4096) == 0, "mkstemp");
    count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    must(count != MAP_FAILED, "mmap");
    close(file);
    child(add);
    child(add);
    wait_for_all();
    return 0;
}
