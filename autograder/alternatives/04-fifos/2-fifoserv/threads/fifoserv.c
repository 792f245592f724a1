/*
 * fifoserv.c - a thread that reads and numbers, a thread that replies, and a queue in between. The
 * FIFO is opened once, to read and to write (Linux allows it; POSIX leaves it open).
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct request {
    int32_t pid, length;
    char text[56];
};

struct job {
    long number;
    struct request request;
    struct job *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job *first, **last = &first;
static bool closed;
static const char *name;

static void serve(const struct job *job)
{
    char path[4200], line[100];
    struct stat status;
    int length = snprintf(line, sizeof line, "%ld ", job->number), fd;

    for (int32_t i = 0; i < job->request.length; i++)
        line[length++] = job->request.text[job->request.length - 1 - i];
    line[length++] = '\n';
    snprintf(path, sizeof path, "%s.%d", name, (int)job->request.pid);
    do
        fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    while (fd == -1 && errno == EINTR);
    if (fd == -1)
        return;
    bool is_fifo = fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
    for (int done = 0; is_fifo && done < length;) {
        ssize_t written = write(fd, line + done, (size_t)(length - done));
        if (written == -1 && errno != EINTR)
            break;
        done += written > 0 ? (int)written : 0;
    }
    close(fd);
}

static void *reply_to_all(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    while (first != NULL || !closed) {
        while (first == NULL && !closed)
            pthread_cond_wait(&changed, &lock);
        struct job *job = first;
        if (job == NULL)
            continue;
        first = job->next;
        if (first == NULL)
            last = &first;
        pthread_mutex_unlock(&lock);
        serve(job);
        free(job);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void hand_over(struct job *job)
{
    pthread_mutex_lock(&lock);
    *last = job;
    last = &job->next;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static struct job *next_job(int fd, long number)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        die("calloc");
    for (size_t have = 0; have < sizeof job->request;) {
        ssize_t got = read(fd, (char *)&job->request + have, sizeof job->request - have);
        if (got == -1 && errno != EINTR)
            die("read");
        have += got > 0 ? (size_t)got : 0;
    }
    job->number = number;
    return job;
}

static void remove_it(void)
{
    unlink(name);
}

int main(int argc, char **argv)
{
    long count = 0;
    bool good = argc == 3 && *argv[2] != '\0';
    for (const char *at = argc == 3 ? argv[2] : ""; *at != '\0' && good; at++) {
        good = *at >= '0' && *at <= '9' && count <= 1000000;
        count = 10 * count + (*at - '0');
    }
    if (!good || count < 1 || count > 1000000)
        usage("fifoserv FIFO COUNT");
    name = argv[1];
    struct sigaction action = {.sa_handler = SIG_IGN};
    if (sigaction(SIGPIPE, &action, NULL) == -1)
        die("sigaction");
    struct stat status;
    if (mkfifo(name, 0600) == -1 && errno != EEXIST)
        die("mkfifo %s", name);
    errno = 0;
    if (stat(name, &status) == -1 || !S_ISFIFO(status.st_mode))
        die("%s is something else", name);
    atexit(remove_it);
    int fd;
    while ((fd = open(name, O_RDWR)) == -1)
        if (errno != EINTR)
            die("open %s", name);

    pthread_t thread;
    if ((errno = pthread_create(&thread, NULL, reply_to_all, NULL)) != 0)
        die("pthread_create");
    for (long number = 1; number <= count; number++) {
        struct job *job = next_job(fd, number);
        if (job->request.pid >= 1 && job->request.length >= 0 && job->request.length <= 56)
            hand_over(job);
        else
            free(job);
    }
    pthread_mutex_lock(&lock);
    closed = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    return 0;
}
