/*
 * stage.c - a program that stands in a pipeline, or behind $PAGER, and does what its orders say.
 *
 * It copies standard input to standard output, and then ends. Orders change that; they are words on
 * the command line or, when there are none, in the variable STAGE, with a space between two:
 *
 *     xor=K, rotate=K   changes every byte: b ^ K, (b + K) % 256
 *     first=N           writes N bytes of its own before it reads
 *     shut              then closes its standard output, and reads on (mute)
 *     take=N            reads N bytes at most
 *     mute              writes nothing of what it reads
 *     gather            writes only when it has read all
 *     count             then writes to standard error how much it has read: "read N"
 *     deaf              then closes its standard input
 *     emit=N            then writes N bytes of its own
 *     report            first writes to standard error what it was given, a line each:
 *                       "closed 0" (of 0, 1 and 2), "open 5 /tmp/file" (above 2), "SIGPIPE default"
 *                       (or ignored, or blocked)
 *     exit=N, kill=N    ends with that status, by that signal
 *     as=NAME           nothing: tells one stage from another in a list of processes
 *
 * It ends with status 99 when a read or write fails, and says why on standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_BROKEN = 99, HIGHEST_DESCRIPTOR = 1023 };

struct orders {
    int xor, rotate, status, signal;
    long take, emit, first;
    bool mute, report, gather, shut, count, deaf;
};

static _Noreturn void broken(const char *call)
{
    fprintf(stderr, "stage: %s: %s\n", call, strerror(errno));
    _exit(EXIT_BROKEN);
}

/* The number after "KEY=", or the old one when the word is another order. */
static long number_of(const char *word, const char *key, long old)
{
    size_t length = strlen(key);
    if (strncmp(word, key, length) != 0 || word[length] != '=')
        return old;
    return strtol(word + length + 1, NULL, 10);
}

static void take_order(struct orders *orders, const char *word)
{
    orders->xor = (int)number_of(word, "xor", orders->xor);
    orders->rotate = (int)number_of(word, "rotate", orders->rotate);
    orders->status = (int)number_of(word, "exit", orders->status);
    orders->signal = (int)number_of(word, "kill", orders->signal);
    orders->take = number_of(word, "take", orders->take);
    orders->emit = number_of(word, "emit", orders->emit);
    orders->first = number_of(word, "first", orders->first);
    orders->gather = orders->gather || strcmp(word, "gather") == 0;
    orders->count = orders->count || strcmp(word, "count") == 0;
    orders->deaf = orders->deaf || strcmp(word, "deaf") == 0;
    orders->shut = orders->shut || strcmp(word, "shut") == 0;
    orders->mute = orders->mute || orders->shut || strcmp(word, "mute") == 0;
    orders->report = orders->report || strcmp(word, "report") == 0;
}

static struct orders read_orders(int argc, char **argv)
{
    struct orders orders = {.take = LONG_MAX};
    const char *variable = getenv("STAGE");

    for (int i = 1; i < argc; i++)
        take_order(&orders, argv[i]);
    if (argc > 1 || variable == NULL)
        return orders;
    char *words = strdup(variable), *rest = words;
    if (words == NULL)
        broken("strdup");
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        take_order(&orders, word);
    free(words);
    return orders;
}

/* ---- What it was given ---------------------------------------------------------------------- */

/* One line each: descriptors that are missing below 3, or there above 2. Returns the new length. */
static int report_descriptors(char *text, int length, int room)
{
    for (int fd = 0; fd <= HIGHEST_DESCRIPTOR && room - length > PATH_MAX; fd++) {
        bool is_open = fcntl(fd, F_GETFD) != -1;
        if (is_open == (fd <= 2))
            continue;
        char link[64], target[256];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t end = is_open ? readlink(link, target, sizeof target - 1) : 0;
        target[end > 0 ? end : 0] = '\0';
        length += snprintf(text + length, (size_t)(room - length), "%s %d %s\n",
                           is_open ? "open" : "closed", fd, target);
    }
    return length;
}

/* In one write, so that the lines of several stages do not mix. */
static void report(void)
{
    static char text[4 * PATH_MAX];
    struct sigaction action;
    sigset_t blocked;

    if (sigaction(SIGPIPE, NULL, &action) == -1 || sigprocmask(SIG_BLOCK, NULL, &blocked) == -1)
        broken("sigaction");
    int length = report_descriptors(text, 0, sizeof text);
    length += snprintf(text + length, sizeof text - (size_t)length, "SIGPIPE %s\n",
                       action.sa_handler == SIG_IGN     ? "ignored"
                       : sigismember(&blocked, SIGPIPE) ? "blocked"
                                                        : "default");
    if (write(STDERR_FILENO, text, (size_t)length) == -1)
        broken("write");
}

/* ---- What it does --------------------------------------------------------------------------- */

static void write_all(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, size);
        if (written == -1)
            broken("write");
        bytes += written;
        size -= (size_t)written;
    }
}

/* What was read and is to be written when all is read. */
struct gathered {
    char *bytes;
    size_t size;
};

static void gather(struct gathered *gathered, const char *bytes, size_t size)
{
    gathered->bytes = realloc(gathered->bytes, gathered->size + size);
    if (gathered->bytes == NULL)
        broken("realloc");
    memcpy(gathered->bytes + gathered->size, bytes, size);
    gathered->size += size;
}

/* Returns how much it has read. */
static long copy(const struct orders *orders)
{
    static char buffer[8192];
    struct gathered gathered = {NULL, 0};
    long left = orders->take;

    while (left > 0) {
        size_t wanted = left < (long)sizeof buffer ? (size_t)left : sizeof buffer;
        ssize_t got = read(STDIN_FILENO, buffer, wanted);
        if (got == -1)
            broken("read");
        if (got == 0)
            break;
        left -= got;
        for (ssize_t i = 0; i < got; i++)
            buffer[i] = (char)(((unsigned char)buffer[i] ^ orders->xor) + orders->rotate);
        if (orders->gather)
            gather(&gathered, buffer, (size_t)got);
        else if (!orders->mute)
            write_all(buffer, (size_t)got);
    }
    write_all(gathered.bytes, gathered.size);
    free(gathered.bytes);
    return orders->take - left;
}

static void emit(long count)
{
    static char buffer[4096];
    memset(buffer, 'y', sizeof buffer);
    for (; count > 0; count -= (long)sizeof buffer)
        write_all(buffer, count < (long)sizeof buffer ? (size_t)count : sizeof buffer);
}

int main(int argc, char **argv)
{
    struct orders orders = read_orders(argc, argv);

    if (orders.report)
        report();
    emit(orders.first);
    if (orders.shut && close(STDOUT_FILENO) == -1)
        broken("close");
    long count = copy(&orders);
    if (orders.count)
        fprintf(stderr, "read %ld\n", count);
    if (orders.deaf && close(STDIN_FILENO) == -1)
        broken("close");
    emit(orders.emit);
    if (orders.signal != 0 && raise(orders.signal) != 0)
        broken("raise");
    return orders.status;
}
