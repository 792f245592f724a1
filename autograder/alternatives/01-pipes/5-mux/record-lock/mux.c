/*
 * mux.c - many writers, one pipe; records longer than PIPE_BUF are written under a record lock on a
 * file without a name. The kernel gives the lock back when its holder dies.
 *
 * Usage: mux N RECLEN
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int children, length, lock_fd = -1;
static int counts[17]; /* one more than there can be children: the torn ones */

static int number(const char *text, int limit)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return -1;
    int value = atoi(text);
    return value >= 1 && value <= limit ? value : -1;
}

static void set_lock(short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
    if (lock_fd == -1)
        return;
    while (fcntl(lock_fd, F_SETLKW, &lock) == -1)
        if (errno != EINTR)
            die("fcntl");
}

static void write_record(int fd, const char *record)
{
    int sent = 0;
    set_lock(F_WRLCK);
    while (sent < length) {
        ssize_t n = write(fd, record + sent, (size_t)(length - sent));
        if (n == -1 && errno != EINTR)
            die("write");
        if (n > 0)
            sent += (int)n;
    }
    set_lock(F_UNLCK);
}

static void be_child(int k, const int fds[2])
{
    char *record = malloc((size_t)length);
    if (record == NULL)
        die("malloc");
    if (close(fds[0]) == -1)
        die("close");
    memset(record, 'A' + k, (size_t)length);
    for (int i = 0; i < 200; i++)
        write_record(fds[1], record);
    _exit(0);
}

/* Takes the stream as it comes, in pieces that have nothing to do with records. */
static int receive(int fd)
{
    static unsigned char piece[10000];
    int at = 0, first = 0, torn = 0;
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0) {
            if (at > 0)
                counts[children]++;
            return (int)n;
        }
        for (ssize_t i = 0; i < n; i++) {
            if (at == 0) {
                first = piece[i];
                torn = first < 'A' || first >= 'A' + children;
            }
            torn |= piece[i] != first;
            if (++at == length) {
                counts[torn ? children : first - 'A']++;
                at = 0;
            }
        }
    }
}

static int reap_all(void)
{
    int all_well = 1, status;
    for (;;) {
        pid_t pid = wait(&status);
        if (pid == -1 && errno == ECHILD)
            return all_well;
        if (pid == -1 && errno != EINTR)
            die("wait");
        if (pid > 0 && status != 0)
            all_well = 0;
    }
}

static void print_line(const char *line, size_t size)
{
    while (size > 0) {
        ssize_t n = write(1, line, size);
        if (n == -1 && errno != EINTR)
            die("write");
        if (n > 0) {
            line += n;
            size -= (size_t)n;
        }
    }
}

static int print_counts(void)
{
    int good = counts[children] == 0;
    char line[40];
    for (int k = 0; k < children; k++) {
        print_line(line, (size_t)sprintf(line, "child %d: %d records\n", k, counts[k]));
        good = good && counts[k] == 200;
    }
    print_line(line, (size_t)sprintf(line, "torn: %d\n", counts[children]));
    return good;
}

int main(int argc, char **argv)
{
    int fds[2];
    if (argc == 3) {
        children = number(argv[1], 16);
        length = number(argv[2], 20000);
    }
    if (argc != 3 || children == -1 || length == -1)
        usage("mux N RECLEN");
    if (length > PIPE_BUF) {
        FILE *file = tmpfile();
        if (file == NULL)
            die("tmpfile");
        lock_fd = fileno(file);
    }
    signal(SIGPIPE, SIG_IGN);
    if (pipe(fds) == -1)
        die("pipe");
    int error = 0, k;
    for (k = 0; k < children && error == 0; k++) {
        pid_t pid = fork();
        if (pid == 0)
            be_child(k, fds);
        error = pid == -1 ? errno : 0;
    }
    close(fds[1]);
    const char *what = error != 0 ? "fork" : "read";
    if (receive(fds[0]) == -1 && error == 0)
        error = errno;
    close(fds[0]);
    int all_well = reap_all();
    if (error != 0) {
        errno = error;
        die("%s", what);
    }
    int complete = print_counts();
    if (!all_well || !complete)
        fprintf(stderr, "mux: some records are missing or torn\n");
    return all_well && complete ? 0 : 1;
}
