/*
 * thread-bomb.c - threads without end; none of them does anything.
 *
 * expect: failed
 */
#include <pthread.h>

#include "hostile.h"

static void *stay(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

int main(void)
{
    pthread_t thread;
    for (;;)
        pthread_create(&thread, NULL, stay, NULL);
}
