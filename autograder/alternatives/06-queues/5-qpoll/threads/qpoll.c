/*
 * qpoll.c - a thread for each queue, and one for standard input. Whoever has something prints it,
 * one at a time. No poll at all: each source has somebody who waits for it.
 *
 * At the end the threads are told by a signal. A thread that has no message in its hands jumps out
 * of msgrcv; one that has prints it first. The type tells which: msgrcv fills it in.
 *
 * Usage: qpoll KEY ..., one to 16 of them, each from 1 to 0xffffffff.
 */
#include "lab.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/types.h>
#include <unistd.h>

enum { MAX_QUEUES = 16, TEXT_SIZE = 8192, LINE_SIZE = 4096 };

struct source {
    pthread_t thread;
    sigjmp_buf out;
    int number, queue;
    volatile sig_atomic_t told_to_stop;
    struct {
        volatile long type; /* 0: nothing is in it */
        char text[TEXT_SIZE];
    } message;
};

static struct source sources[MAX_QUEUES];
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local struct source *mine;

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write");
        bytes += written;
        length -= (size_t)written;
    }
}

static void print(int number, long type, const char *text, size_t length)
{
    char headline[64];
    int size = snprintf(headline, sizeof headline, "%d %ld %zu\n", number, type, length);

    pthread_mutex_lock(&output);
    write_all(headline, (size_t)size);
    write_all(text, length);
    write_all("\n", 1);
    pthread_mutex_unlock(&output);
}

static void stop_when_told(int signal)
{
    (void)signal;
    if (mine == NULL)
        return;
    mine->told_to_stop = 1;
    if (mine->message.type == 0)
        siglongjmp(mine->out, 1);
}

static void print_removed(int number)
{
    char line[64];
    int size = snprintf(line, sizeof line, "%d removed\n", number);

    pthread_mutex_lock(&output);
    write_all(line, (size_t)size);
    pthread_mutex_unlock(&output);
}

static void *serve(void *argument)
{
    sigset_t signals;

    mine = argument;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    if (sigsetjmp(mine->out, 1) != 0)
        return NULL;
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    while (!mine->told_to_stop) {
        mine->message.type = 0;
        ssize_t got = msgrcv(mine->queue, &mine->message, TEXT_SIZE, 0, 0);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1 && errno != EIDRM)
            die("msgrcv");
        if (got == -1) {
            mine->message.type = 1; /* no jump while we hold the lock */
            print_removed(mine->number);
            return NULL;
        }
        print(mine->number, mine->message.type, mine->message.text, (size_t)got);
    }
    return NULL;
}

static void read_lines(void)
{
    char line[LINE_SIZE];
    size_t length = 0;

    for (;;) {
        ssize_t got = read(STDIN_FILENO, line + length, 1);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            die("read");
        if (got == 0)
            break;
        if (line[length] != '\n' && ++length < LINE_SIZE)
            continue;
        print(0, 0, line, length);
        length = 0;
    }
    if (length > 0)
        print(0, 0, line, length);
}

static unsigned long read_number(const char *text)
{
    char *end;

    if (*text < '0' || *text > '9')
        return 0;
    errno = 0;
    unsigned long number = strtoul(text, &end, 0);
    return *end == '\0' && errno == 0 && number <= UINT32_MAX ? number : 0;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = stop_when_told};
    int count = argc - 1;
    bool good = count >= 1 && count <= MAX_QUEUES;

    for (int i = 0; i < count && good; i++)
        good = read_number(argv[1 + i]) != 0;
    if (!good)
        usage("qpoll KEY ...   (one to 16 of them, each from 1 to 0xffffffff)");
    for (int i = 0; i < count; i++) {
        sources[i].number = i + 1;
        sources[i].queue = msgget((key_t)read_number(argv[1 + i]), 0);
        if (sources[i].queue == -1)
            die("msgget %s", argv[1 + i]);
    }
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR1);
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGUSR1, &action, NULL);
    pthread_sigmask(SIG_BLOCK, &action.sa_mask, NULL);
    for (int i = 0; i < count; i++) {
        errno = pthread_create(&sources[i].thread, NULL, serve, &sources[i]);
        if (errno != 0)
            die("pthread_create: fork of a thread");
    }
    read_lines();
    for (int i = 0; i < count; i++) {
        pthread_kill(sources[i].thread, SIGUSR1);
        pthread_join(sources[i].thread, NULL);
    }
    return EXIT_SUCCESS;
}
