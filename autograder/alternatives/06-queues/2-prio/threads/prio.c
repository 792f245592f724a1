/*
 * prio.c - one thread receives, another writes; they hand each message over, one at a time.
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/uio.h>
#include <unistd.h>

struct message {
    long mtype;
    char mtext[8192];
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct message message;
    ssize_t length; /* -1: there is none at the moment */
    bool ended;
} table = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .length = -1};

/* All that is in the parts. */
static void write_parts(struct iovec *parts, int count)
{
    for (int i = 0; i < count; i++)
        while (parts[i].iov_len > 0) {
            ssize_t written = writev(STDOUT_FILENO, parts + i, count - i);
            if (written == -1 && errno != EINTR)
                die("writev");
            for (int k = i; written > 0 && k < count; k++) {
                size_t part =
                    (size_t)written < parts[k].iov_len ? (size_t)written : parts[k].iov_len;
                parts[k].iov_base = (char *)parts[k].iov_base + part;
                parts[k].iov_len -= part;
                written -= (ssize_t)part;
            }
        }
}

static void *write_lines(void *unused)
{
    char heading[32];
    (void)unused;
    pthread_mutex_lock(&table.lock);
    for (;;) {
        while (table.length < 0 && !table.ended)
            pthread_cond_wait(&table.changed, &table.lock);
        if (table.length < 0)
            break;
        int wide = snprintf(heading, sizeof heading, "%ld ", table.message.mtype);
        struct iovec parts[] = {
            {heading,             (size_t)wide        },
            {table.message.mtext, (size_t)table.length},
            {(char[]){'\n'},      1                   }
        };
        write_parts(parts, 3);
        table.length = -1;
        pthread_cond_signal(&table.changed);
    }
    pthread_mutex_unlock(&table.lock);
    return NULL;
}

static ssize_t receive(int queue, long limit)
{
    const long selectors[] = {-limit, 0};
    for (int i = 0; i < 2; i++) {
        ssize_t length =
            msgrcv(queue, &table.message, sizeof table.message.mtext, selectors[i], IPC_NOWAIT);
        if (length >= 0)
            return length;
        if (errno != ENOMSG)
            die("msgrcv");
    }
    return -1;
}

static void empty_queue(int queue, long limit)
{
    pthread_mutex_lock(&table.lock);
    while ((table.length = receive(queue, limit)) >= 0) {
        pthread_cond_signal(&table.changed);
        while (table.length >= 0)
            pthread_cond_wait(&table.changed, &table.lock);
    }
    table.ended = true;
    pthread_cond_signal(&table.changed);
    pthread_mutex_unlock(&table.lock);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    pthread_t writer;

    errno = 0;
    long key = argc == 3 ? strtol(argv[1], &end, 0) : 0;
    bool good = argc == 3 && *end == '\0' && key >= 1 && key <= UINT32_MAX;
    long limit = argc == 3 ? strtol(argv[2], &end, 0) : 0;
    if (!good || *end != '\0' || errno != 0 || limit < 1)
        usage("prio KEY K");
    int queue = msgget((key_t)key, 0);
    if (queue == -1 && errno == ENOENT) {
        fprintf(stderr, "prio: no queue %s\n", argv[1]);
        return 4;
    }
    if (queue == -1)
        die("msgget %s", argv[1]);
    errno = pthread_create(&writer, NULL, write_lines, NULL);
    if (errno != 0)
        die("pthread_create");
    empty_queue(queue, limit);
    errno = pthread_join(writer, NULL);
    if (errno != 0)
        die("pthread_join");
    return 0;
}
