/*
 * cached.c - the server of a cache in shared memory: makes it, waits, and removes it.
 *
 * It does nothing else: the clients find and change the entries themselves (cache.c). But somebody
 * has to be responsible for the objects. System V objects stay until they are removed, so this
 * is where they end: at SIGTERM or SIGINT, whatever the clients are doing at that moment.
 *
 * Both signals are blocked before the first object is made, and waited for by sigwait(3): there is
 * no moment at which one of them could end the server and leave something behind.
 *
 * Usage: cached KEY M
 */
#include "lab.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include "table.h"

enum { MAX_ENTRIES = 1000, LARGEST_KEY = 0x7fffffff };

/* -1: not made (yet). */
static int segment = -1;
static struct table *table;

static _Noreturn void wrong_usage(void)
{
    usage("cached KEY M   (M is the number of entries, 1 to 1000)");
}

/* A number as in C, 1 to limit. */
static unsigned long read_number(const char *text, unsigned long limit)
{
    char *end;

    if (*text < '0' || *text > '9')
        wrong_usage();
    errno = 0;
    unsigned long number = strtoul(text, &end, 0);
    if (*end != '\0' || errno != 0 || number < 1 || number > limit)
        wrong_usage();
    return number;
}

/* Also on the ways out on which a call has failed. A client may be at the table, for any time: not
 * even the server waits for it. Those that come after it, or wait, see that the cache is closed. */
static void remove_objects(void)
{
    if (table != NULL)
        table->closed = 1;
    if (segment != -1)
        shmctl(segment, IPC_RMID, NULL);
}

static void block_signals(sigset_t *ending)
{
    sigemptyset(ending);
    sigaddset(ending, SIGTERM);
    sigaddset(ending, SIGINT);
    if (sigprocmask(SIG_BLOCK, ending, NULL) == -1)
        die("sigprocmask");
}

static void make_table(key_t key, uint32_t entries)
{
    size_t size = sizeof(struct table) + (entries + 1) * sizeof(struct entry);

    segment = shmget(key, size, IPC_CREAT | IPC_EXCL | 0600);
    if (segment == -1)
        die("shmget %#x", (unsigned)key);
    void *place = shmat(segment, NULL, 0);
    if (place == (void *)-1)
        die("shmat");
    table = place;
    table->slots = entries + 1; /* all else is 0: a new segment is */
}

static void make_lock(void)
{
    pthread_mutexattr_t attributes;

    errno = pthread_mutexattr_init(&attributes);
    if (errno == 0)
        errno = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (errno == 0)
        errno = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (errno == 0)
        errno = pthread_mutex_init(&table->lock, &attributes);
    if (errno != 0)
        die("make the mutex");
}

static void say_ready(void)
{
    static const char ready[] = "ready\n";
    size_t done = 0;

    while (done < sizeof ready - 1) {
        ssize_t written = write(STDOUT_FILENO, ready + done, sizeof ready - 1 - done);
        if (written == -1 && errno != EINTR)
            die("write to standard output");
        done += written > 0 ? (size_t)written : 0;
    }
}

int main(int argc, char **argv)
{
    sigset_t ending;
    int signal;

    if (argc != 3)
        wrong_usage();
    key_t key = (key_t)read_number(argv[1], LARGEST_KEY);
    uint32_t entries = (uint32_t)read_number(argv[2], MAX_ENTRIES);
    block_signals(&ending);
    if (atexit(remove_objects) != 0)
        die("atexit");
    make_table(key, entries);
    make_lock();
    say_ready();
    errno = sigwait(&ending, &signal);
    if (errno != 0)
        die("sigwait");
    return EXIT_SUCCESS;
}
