/*
 * mux.c - many writers, one pipe; for records longer than PIPE_BUF the parent tells each child when
 * it may write one, over a second pipe for each child.
 *
 * Usage: mux N RECLEN
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PER_CHILD = 200 };

struct writer {
    pid_t pid;
    int go; /* where the parent says: your turn */
    int count;
};

static struct writer writers[16];
static int n_writers, length, torn;
static char record[20000];

static void get_arguments(int argc, char **argv)
{
    char extra;
    int ok = argc == 3 && sscanf(argv[1], "%2d%c", &n_writers, &extra) == 1 &&
             sscanf(argv[2], "%5d%c", &length, &extra) == 1;
    if (!ok || n_writers < 1 || n_writers > 16 || length < 1 || length > 20000)
        usage("mux N RECLEN");
}

static int put(int fd, const void *from, size_t size)
{
    for (const char *at = from; size > 0;) {
        ssize_t n = write(fd, at, size);
        if (n == -1 && errno != EINTR)
            return -1;
        if (n == -1)
            continue;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

static int get(int fd, void *to, size_t size)
{
    size_t have = 0;
    while (have < size) {
        ssize_t n = read(fd, (char *)to + have, size - have);
        if (n == 0)
            break;
        if (n == -1 && errno != EINTR)
            return -1;
        if (n > 0)
            have += (size_t)n;
    }
    return (int)have;
}

static void write_records(int k, int out, int go)
{
    char turn;
    memset(record, 'A' + k, (size_t)length);
    for (int i = 0; i < PER_CHILD; i++) {
        if (go != -1 && get(go, &turn, 1) != 1)
            _exit(1); /* the parent is gone */
        if (put(out, record, (size_t)length) == -1)
            die("write");
    }
    _exit(0);
}

static pid_t start_writer(int k, const int data[2])
{
    int go[2] = {-1, -1};
    if (length > PIPE_BUF && pipe(go) == -1)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(data[0]);
        for (int earlier = 0; length > PIPE_BUF && earlier < k; earlier++)
            close(writers[earlier].go);
        if (go[1] != -1)
            close(go[1]);
        write_records(k, data[1], go[0]);
    }
    int error = errno;
    if (go[0] != -1)
        close(go[0]);
    if (pid == -1 && go[1] != -1)
        close(go[1]);
    errno = error;
    writers[k] = (struct writer){.pid = pid, .go = go[1]};
    return pid;
}

static void count(int size)
{
    int k = record[0] - 'A';
    int whole = size == length && k >= 0 && k < n_writers;
    for (int i = 1; whole && i < size; i++)
        whole = record[i] == record[0];
    if (whole)
        writers[k].count++;
    else
        torn++;
}

/* Returns what the last read did: 0 at the end, -1 for an error. */
static int receive(int fd, int started)
{
    int size = 1;
    for (int i = 0; length > PIPE_BUF && i < started * PER_CHILD && size > 0; i++) {
        if (put(writers[i % started].go, "!", 1) == -1)
            return -1;
        size = get(fd, record, (size_t)length);
        if (size > 0)
            count(size);
    }
    while (size > 0 && (size = get(fd, record, (size_t)length)) > 0)
        count(size);
    return size;
}

static void print_counts(void)
{
    char *text = NULL;
    size_t size;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL)
        die("open_memstream");
    for (int k = 0; k < n_writers; k++)
        fprintf(memory, "child %d: %d records\n", k, writers[k].count);
    fprintf(memory, "torn: %d\n", torn);
    if (fclose(memory) == EOF)
        die("fclose");
    if (put(STDOUT_FILENO, text, size) == -1)
        die("write");
    free(text);
}

int main(int argc, char **argv)
{
    int data[2], started = 0, failed = 0, missing = 0;
    get_arguments(argc, argv);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal");
    if (pipe(data) == -1)
        die("pipe");
    while (started < n_writers && start_writer(started, data) != -1)
        started++;
    if (started < n_writers)
        failed = errno;
    close(data[1]);
    if (failed == 0 && receive(data[0], started) == -1)
        failed = errno;
    close(data[0]);
    for (int k = 0; k < started; k++) {
        if (writers[k].go != -1)
            close(writers[k].go);
        while (waitpid(writers[k].pid, NULL, 0) == -1 && errno == EINTR)
            continue;
        missing += PER_CHILD - writers[k].count;
    }
    if (failed != 0) {
        errno = failed;
        die(started < n_writers ? "fork or pipe for child %d" : "read from %d children", started);
    }
    print_counts();
    if (missing > 0 || torn > 0)
        fprintf(stderr, "mux: %d records missing, %d torn\n", missing, torn);
    return missing > 0 || torn > 0;
}
