/*
 * ftalk.c - a thread that speaks and a thread that listens, each with a semaphore for its turn.
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct voice {
    int from, to;
    sem_t turn, *next;
    char block[70000];
    size_t first, count;
};

static struct voice speaker, listener;
static char *paths[2];
static bool is_ours[2];

static _Noreturn void give_up(const char *what, const char *path)
{
    int error = errno;
    for (int i = 0; i < 2; i++)
        if (is_ours[i])
            unlink(paths[i]);
    errno = error;
    die("%s %s", what, path);
}

static void put(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        struct iovec pieces[2] = {
            {.iov_base = (char *)(uintptr_t)bytes,              .iov_len = size / 2       },
            {.iov_base = (char *)(uintptr_t)(bytes + size / 2), .iov_len = size - size / 2}
        };
        ssize_t written = writev(fd, pieces, 2);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write");
        bytes += written;
        size -= (size_t)written;
    }
}

static bool fill(struct voice *voice)
{
    ssize_t got;
    while ((got = read(voice->from, voice->block, sizeof voice->block)) == -1)
        if (errno != EINTR)
            die("read");
    voice->first = 0;
    voice->count = (size_t)got;
    return got > 0;
}

/* One line. False: there is none. */
static bool pass(struct voice *voice)
{
    bool any = false, whole = false;
    while (!whole && (voice->count > 0 || fill(voice))) {
        size_t length = 0;
        while (length < voice->count && !whole)
            whole = voice->block[voice->first + length++] == '\n';
        put(voice->to, voice->block + voice->first, length);
        voice->first += length;
        voice->count -= length;
        any = true;
    }
    if (any && !whole)
        put(voice->to, "\n", 1);
    return any;
}

static void *live(void *context)
{
    struct voice *voice = context;
    for (;;) {
        while (sem_wait(&voice->turn) == -1)
            continue;
        if (!pass(voice))
            exit(0);
        sem_post(voice->next);
    }
    return NULL;
}

static int open_fifo(const char *path, int flags)
{
    int fd;
    while ((fd = open(path, flags)) == -1)
        if (errno != EINTR)
            give_up("open", path);
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[1], "a") != 0 && strcmp(argv[1], "b") != 0))
        usage("ftalk a|b DIR");
    bool is_a = strcmp(argv[1], "a") == 0;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    mode_t mask = umask(0);
    for (int i = 0; i < 2; i++) {
        struct stat status;
        size_t size = strlen(argv[2]) + 4;
        paths[i] = malloc(size);
        if (paths[i] == NULL)
            die("malloc");
        snprintf(paths[i], size, "%s/%s", argv[2], i == 0 ? "ab" : "ba");
        is_ours[i] = mknod(paths[i], S_IFIFO | 0660, 0) == 0;
        if (!is_ours[i] && errno != EEXIST)
            give_up("mkfifo", paths[i]);
        if (stat(paths[i], &status) == -1)
            give_up("stat", paths[i]);
        errno = 0;
        if (!S_ISFIFO(status.st_mode))
            give_up("this is no FIFO:", paths[i]);
    }
    umask(mask);
    int ab = open_fifo(paths[0], is_a ? O_WRONLY : O_RDONLY);
    int ba = open_fifo(paths[1], is_a ? O_RDONLY : O_WRONLY);
    if (is_a && (unlink(paths[0]) == -1 || unlink(paths[1]) == -1))
        die("unlink");
    speaker.from = STDIN_FILENO;
    speaker.to = is_a ? ab : ba;
    listener.from = is_a ? ba : ab;
    listener.to = STDOUT_FILENO;
    speaker.next = &listener.turn;
    listener.next = &speaker.turn;
    if (sem_init(&speaker.turn, 0, is_a) == -1 || sem_init(&listener.turn, 0, !is_a) == -1)
        die("sem_init");
    pthread_t thread;
    errno = pthread_create(&thread, NULL, live, &listener);
    if (errno != 0)
        die("pthread_create");
    live(&speaker);
    return 0;
}
