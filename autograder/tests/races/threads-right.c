/*
 * threads-right.c - a thread writes, is joined, and its process hands over by a pipe.
 */
#include "scene.h"

static int *value, ends[2];

static void *write_it(void *unused)
{
    (void)unused;
    *value = 7;
    return NULL;
}

static void produce(void)
{
    pthread_t thread;
    must(pthread_create(&thread, NULL, write_it, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
    put_byte(ends[1]);
}

int main(void)
{
    value = share(sizeof *value);
    must(pipe(ends) == 0, "pipe");
    child(produce);
    get_byte(ends[0]);
    int seen = *value;
    wait_for_all();
    return seen == 7 ? 0 : 1;
}
