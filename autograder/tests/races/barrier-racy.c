/*
 * barrier-racy.c - the second round writes before the others have read: one barrier is missing.
 * Named: shared->part[i], shared->part[mine]
 */
#include "scene.h"

enum { N = 3 };
struct shared {
    pthread_barrier_t barrier;
    long part[N];
};
static struct shared *shared;
static int mine;

static void take_part(void)
{
    for (int round = 0; round < 2; round++) {
        shared->part[mine] = round;
        pthread_barrier_wait(&shared->barrier);
        long sum = 0;
        for (int i = 0; i < N; i++)
            sum += shared->part[i];
        if (sum < 0)
            _exit(1);
    }
}

int main(void)
{
    pthread_barrierattr_t attributes;
    shared = share(sizeof *shared);
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->barrier, &attributes, N);
    for (mine = 0; mine < N; mine++)
        child(take_part);
    wait_for_all();
    return 0;
}
