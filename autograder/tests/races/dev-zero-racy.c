/*
 * dev-zero-racy.c - a mapping of /dev/zero.
 */
#include "scene.h"

static long *count;

static void add(void)
{
    (*count)++;
}

int main(void)
{
    int file = open("/dev/zero", O_RDWR);
    must(file != -1, "/dev/zero");
    count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    must(count != MAP_FAILED, "mmap");
    close(file);
    child(add);
    child(add);
    wait_for_all();
    return 0;
}
