/*
 * posix-memory-racy.c - an object of shm_open().
 */
#include "scene.h"

static long *count;

static void add(void)
{
    (*count)++;
}

int main(void)
{
    char name[40];
    snprintf(name, sizeof name, "/ipclab-races-%d", (int)getpid());
    int file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    must(file != -1 && shm_unlink(name) == 0 && ftruncate(file, 4096) == 0, "shm_open");
    count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    must(count != MAP_FAILED, "mmap");
    close(file);
    child(add);
    child(add);
    wait_for_all();
    return 0;
}
