/*
 * mux.c - many writers, one pipe: N children send records, the parent counts those that are whole.
 *
 * Usage: mux N RECLEN
 *
 *     child 0 ──┐
 *     child 1 ──┼──► records ──► parent
 *     child 2 ──┘
 *       ▲  │
 *       └──┘ turn: one byte; who has taken it may write
 *
 * A record of at most PIPE_BUF bytes needs no turn: the kernel puts it into the pipe in one piece,
 * or makes the writer wait until it can (pipe(7)). A longer one goes in as room appears, and what
 * others write in the meantime lands in the middle of it. So for longer records the children take
 * turns: a child reads the one byte out of the turn pipe, writes its record, and puts the byte
 * back.
 *
 * The limit of that: a child that is killed while it has the byte takes it to its grave, and the
 * others wait for ever. A record lock (fcntl(2), F_SETLKW) would be given back by the kernel.
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORDS = 200, MAX_CHILDREN = 16, MAX_LENGTH = 20000 };

struct mux {
    int children;
    int length; /* of a record, in bytes */
    int records[2];
    int turn[2]; /* only when takes_turns() */
    pid_t pids[MAX_CHILDREN];
    int whole[MAX_CHILDREN]; /* whole records that came from each child */
    int torn;
    const char *failed; /* the first call that failed in the parent, and its errno */
    int error;
};

/* A number in decimal digits, 1 to limit; 0: it is none. */
static int read_number(const char *text, int limit)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number <= limit ? (int)number : 0;
}

static void read_arguments(int argc, char **argv, struct mux *mux)
{
    if (argc != 3)
        usage("mux N RECLEN");
    mux->children = read_number(argv[1], MAX_CHILDREN);
    mux->length = read_number(argv[2], MAX_LENGTH);
    if (mux->children == 0 || mux->length == 0)
        usage("mux N RECLEN (N from 1 to 16, RECLEN from 1 to 20000)");
}

/* Keeps the first failure for the end: the children have to be waited for first. */
static void note_failure(struct mux *mux, const char *call)
{
    if (mux->failed == NULL) {
        mux->failed = call;
        mux->error = errno;
    }
}

static bool takes_turns(const struct mux *mux)
{
    return mux->length > PIPE_BUF;
}

/* Writes all of it, however many writes that takes. Returns 0, or -1 with errno. */
static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return -1;
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

/* Reads until the buffer is full or the stream has ended. Returns the bytes read, or -1. */
static ssize_t read_up_to(int fd, char *bytes, size_t length)
{
    size_t have = 0;
    while (have < length) {
        ssize_t got = read(fd, bytes + have, length - have);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static void open_pipes(struct mux *mux)
{
    if (pipe(mux->records) == -1)
        die("pipe for the records");
    if (!takes_turns(mux))
        return;
    if (pipe(mux->turn) == -1)
        die("pipe for the turn");
    if (write_all(mux->turn[1], "t", 1) == -1)
        die("write the first turn");
}

static void write_record(const struct mux *mux, const char *record)
{
    char turn;
    if (takes_turns(mux) && read_up_to(mux->turn[0], &turn, 1) != 1)
        die("read the turn");
    int result = write_all(mux->records[1], record, (size_t)mux->length);
    int error = errno;
    /* Also after a failure: the others still want to write. */
    if (takes_turns(mux) && write_all(mux->turn[1], &turn, 1) == -1)
        die("give the turn back");
    errno = error;
    if (result == -1)
        die("write a record");
}

static _Noreturn void run_child(const struct mux *mux, int number)
{
    static char record[MAX_LENGTH];
    /* A reader in here would keep the pipe writable when the parent is gone. */
    if (close(mux->records[0]) == -1)
        die("close");
    memset(record, 'A' + number, (size_t)mux->length);
    for (int i = 0; i < RECORDS; i++)
        write_record(mux, record);
    _exit(EXIT_SUCCESS);
}

/* Starts them all; with fork failing, those before. Returns how many. */
static int start_children(struct mux *mux)
{
    for (int number = 0; number < mux->children; number++) {
        mux->pids[number] = fork();
        if (mux->pids[number] == 0)
            run_child(mux, number);
        if (mux->pids[number] == -1) {
            note_failure(mux, "fork");
            return number;
        }
    }
    return mux->children;
}

/* The parent's own ends: with the writing one open it would never see the end of the stream. */
static void keep_reading_end(struct mux *mux)
{
    if (close(mux->records[1]) == -1)
        note_failure(mux, "close");
    if (!takes_turns(mux))
        return;
    if (close(mux->turn[0]) == -1 || close(mux->turn[1]) == -1)
        note_failure(mux, "close");
}

static void count_record(struct mux *mux, const char *record, ssize_t length)
{
    int number = record[0] - 'A';
    bool whole = length == mux->length && number >= 0 && number < mux->children;
    /* All bytes are alike if each is like the one before it. */
    if (whole && memcmp(record, record + 1, (size_t)length - 1) == 0)
        mux->whole[number]++;
    else
        mux->torn++;
}

static void receive_records(struct mux *mux)
{
    static char record[MAX_LENGTH];
    ssize_t length;
    while ((length = read_up_to(mux->records[0], record, (size_t)mux->length)) > 0)
        count_record(mux, record, length);
    if (length == -1)
        note_failure(mux, "read");
    /* After a failed read this is what lets the children end: their writes get EPIPE. */
    if (close(mux->records[0]) == -1)
        note_failure(mux, "close");
}

static void reap_children(struct mux *mux, int started)
{
    for (int number = 0; number < started; number++) {
        pid_t ended;
        do
            ended = waitpid(mux->pids[number], NULL, 0);
        while (ended == -1 && errno == EINTR);
        if (ended == -1)
            note_failure(mux, "waitpid");
    }
}

/* All lines in one piece, and by write(2): stdio would lose them if a signal interrupted it. */
static void print_counts(const struct mux *mux)
{
    char text[1024]; /* 17 lines of at most 30 bytes */
    size_t length = 0;
    for (int number = 0; number < mux->children; number++)
        length += (size_t)snprintf(text + length, sizeof text - length, "child %d: %d records\n",
                                   number, mux->whole[number]);
    length += (size_t)snprintf(text + length, sizeof text - length, "torn: %d\n", mux->torn);
    if (write_all(STDOUT_FILENO, text, length) == -1)
        die("write the counts");
}

/* What a child's exit status would say, its count says as well: did all its records come? */
static bool all_arrived(const struct mux *mux)
{
    for (int number = 0; number < mux->children; number++)
        if (mux->whole[number] != RECORDS)
            return false;
    return mux->torn == 0;
}

int main(int argc, char **argv)
{
    struct mux mux = {0};
    read_arguments(argc, argv, &mux);
    /* A child whose reader is gone shall say so and not be killed. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal");
    open_pipes(&mux);
    int started = start_children(&mux);
    keep_reading_end(&mux);
    receive_records(&mux);
    reap_children(&mux, started);
    if (mux.failed != NULL) {
        errno = mux.error;
        die("%s", mux.failed);
    }
    print_counts(&mux);
    if (all_arrived(&mux))
        return EXIT_SUCCESS;
    errno = 0;
    die("not every record arrived whole");
}
