/*
 * bench-races.c - the load of bench.c for the race detector: two processes count under one mutex.
 *
 *     bench-races TURNS     each process locks TURNS times and makes ten accesses each time
 *
 * It is built natively, with `ipclab cc --race` and with libtsan, and it has no race.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNTERS = 5 };

struct shared {
    pthread_mutex_t lock;
    long counters[COUNTERS];
};

static void count(struct shared *shared, long turns)
{
    for (long i = 0; i < turns; i++) {
        pthread_mutex_lock(&shared->lock);
        for (int k = 0; k < COUNTERS; k++)
            shared->counters[k]++;
        pthread_mutex_unlock(&shared->lock);
    }
}

int main(int argc, char **argv)
{
    long turns = argc == 2 ? strtol(argv[1], NULL, 10) : 1;
    pthread_mutexattr_t attributes;
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | 0x20 /* anonymous */, -1, 0);

    if (shared == MAP_FAILED || pthread_mutexattr_init(&attributes) != 0 ||
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) != 0 ||
        pthread_mutex_init(&shared->lock, &attributes) != 0)
        return 99;
    pid_t child = fork();
    if (child == -1)
        return 99;
    count(shared, turns);
    if (child == 0)
        _exit(0);
    if (wait(NULL) == -1)
        return 99;
    return shared->counters[COUNTERS - 1] == 2 * turns ? 0 : 1;
}
