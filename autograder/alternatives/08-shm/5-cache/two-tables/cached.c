/*
 * cached.c - the server of a cache in shared memory: makes it, waits, and removes it.
 *
 * It does nothing else: the clients find and change the entries themselves (cache.c). But somebody
 * has to be responsible for the objects. System V objects stay until they are removed, so this
 * is where they end: at SIGTERM or SIGINT, whatever the clients are doing at that moment.
 *
 * The handler only says that it is time. The signals are blocked but for the moment of
 * sigsuspend(2).
 *
 * Usage: cached KEY M
 */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "table.h"

enum { MAX_ENTRIES = 1000, LARGEST_KEY = 0x7fffffff };

/* Has to be defined by the program that uses it: semctl(2). */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

/* -1: not made (yet). */
static int segment = -1, semaphores = -1;

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

/* Also on the ways out on which a call has failed. */
static void remove_objects(void)
{
    if (segment != -1)
        shmctl(segment, IPC_RMID, NULL);
    if (semaphores != -1)
        semctl(semaphores, 0, IPC_RMID);
}

static volatile sig_atomic_t is_time;

static void on_signal(int signal)
{
    (void)signal;
    is_time = 1;
}

/* Afterwards they come in sigsuspend(2) only. */
static void catch_signals(sigset_t *before)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t ending;

    sigemptyset(&action.sa_mask);
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    if (sigprocmask(SIG_BLOCK, &ending, before) == -1)
        die("sigprocmask");
    if (sigaction(SIGTERM, &action, NULL) == -1 || sigaction(SIGINT, &action, NULL) == -1)
        die("sigaction");
}

static void make_table(key_t key, unsigned entries)
{
    size_t size = sizeof(struct tables) + 2 * entries * sizeof(struct entry);

    segment = shmget(key, size, IPC_CREAT | IPC_EXCL | 0600);
    if (segment == -1)
        die("shmget %#x", (unsigned)key);
    struct tables *tables = shmat(segment, NULL, 0);
    if (tables == (void *)-1)
        die("shmat");
    tables->entries = (int)entries;
    if (shmdt(tables) == -1)
        die("shmdt");
}

static void make_lock(key_t key)
{
    semaphores = semget(key, 1, IPC_CREAT | IPC_EXCL | 0600);
    if (semaphores == -1)
        die("semget %#x", (unsigned)key);
    if (semctl(semaphores, 0, SETVAL, (union semun){.val = 1}) == -1)
        die("semctl SETVAL");
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
    sigset_t before;

    if (argc != 3)
        wrong_usage();
    key_t key = (key_t)read_number(argv[1], LARGEST_KEY);
    unsigned entries = (unsigned)read_number(argv[2], MAX_ENTRIES);
    catch_signals(&before);
    if (atexit(remove_objects) != 0)
        die("atexit");
    make_table(key, entries);
    make_lock(key);
    say_ready();
    while (!is_time)
        sigsuspend(&before);
    return EXIT_SUCCESS;
}
