/*
 * addresses-racy.c - the segment lies at another address in each process, and nothing orders.
 * Named: *count
 */
#include "scene.h"

static int id, set;

static void add(size_t padding)
{
    must(mmap(NULL, padding, PROT_READ, MAP_PRIVATE | 0x20, -1, 0) != MAP_FAILED, "mmap");
    long *count = shmat(id, NULL, 0);
    must(count != (void *)-1, "shmat");
    (*count)++;
    shmdt(count);
}

static void add_there(void)
{
    add(1 << 20);
}

int main(void)
{
    id = shmget(IPC_PRIVATE, 4096, 0600);
    set = new_set(1);
    child(add_there);
    add(1 << 13);
    wait_for_all();
    drop_set(set);
    shmctl(id, IPC_RMID, NULL);
    return 0;
}
