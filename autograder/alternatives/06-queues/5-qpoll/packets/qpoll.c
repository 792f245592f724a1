/*
 * qpoll.c - waits for messages of several queues and for lines of standard input, all at once.
 *
 *     queue 1 ══► helper ═ socket ═╗
 *     queue 2 ══► helper ═ socket ═╬══► poll ───► stdout
 *     queue 3 ══► helper ═ socket ═╣
 *     stdin   ═════════════════════╝
 *
 * poll cannot wait for a queue, for an identifier is no descriptor. So each queue gets a helper, a
 * child that waits in msgrcv and passes on what comes as a packet; and sockets poll can wait for.
 *
 * The end is the difficult part. A message that a helper has taken is in no queue any more, and it
 * must still come out. So SIGTERM ends a helper at once only while it has none; see
 * stop_when_told().
 *
 * Usage: qpoll KEY ..., one to 16 of them, each from 1 to 0xffffffff.
 */
#include "lab.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_QUEUES = 16, TEXT_SIZE = 8192, LINE_SIZE = 4096, HEADLINE = 64 };

struct helper {
    pid_t pid;
    int pipe; /* its reading end; -1: the helper has ended */
};

static struct helper helpers[MAX_QUEUES];
static int n_helpers;

/* A whole number from 1 to limit, as C writes it; 0: it is none. */
static unsigned long read_number(const char *text, unsigned long limit)
{
    char *end;

    if (*text < '0' || *text > '9')
        return 0;
    errno = 0;
    unsigned long number = strtoul(text, &end, 0);
    return *end == '\0' && errno == 0 && number <= limit ? number : 0;
}

static bool write_all(int fd, const void *bytes, size_t length)
{
    const char *next = bytes;

    while (length > 0) {
        ssize_t written = write(fd, next, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return false;
        next += written;
        length -= (size_t)written;
    }
    return true;
}

static ssize_t read_again(int fd, void *bytes, size_t size)
{
    ssize_t got;

    do
        got = read(fd, bytes, size);
    while (got == -1 && errno == EINTR);
    return got;
}

/* ---- A helper ------------------------------------------------------------------------------- */

static struct {
    volatile long type; /* 0: nothing is in it */
    char text[TEXT_SIZE];
} message;
static volatile sig_atomic_t told_to_stop;

/* msgrcv fills in the type when it takes a message. So, where it is 0, none would be lost. */
static void stop_when_told(int signal)
{
    (void)signal;
    if (message.type == 0)
        _exit(EXIT_SUCCESS);
    told_to_stop = 1;
}

/* false: the queue was removed. */
static bool take_message(int queue, size_t *length)
{
    ssize_t got;

    while ((got = msgrcv(queue, &message, sizeof message.text, 0, 0)) == -1)
        if (errno == EIDRM)
            return false;
        else if (errno != EINTR)
            die("msgrcv");
    *length = (size_t)got;
    return true;
}

/* The type, and the text if there is one: a packet is never sent or received in part. */
static void send_packet(int fd, const char *bytes, size_t length)
{
    struct iovec all = {.iov_base = (void *)bytes, .iov_len = length};

    while (writev(fd, &all, 1) == -1)
        if (errno != EINTR)
            die("writev");
}

static _Noreturn void help(int queue, int pipe_end)
{
    size_t length;

    while (!told_to_stop && take_message(queue, &length)) {
        send_packet(pipe_end, (const char *)&message, sizeof message.type + length);
        message.type = 0;
    }
    if (!told_to_stop) {
        long type = 0;
        send_packet(pipe_end, (const char *)&type, sizeof type);
    }
    _exit(EXIT_SUCCESS);
}

/* ---- Starting and ending helpers ------------------------------------------------------------ */

/* It ends by itself, or because its pipe has no reader any more. */
static void reap(struct helper *helper)
{
    if (helper->pipe == -1)
        return;
    close(helper->pipe);
    helper->pipe = -1;
    while (waitpid(helper->pid, NULL, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
}

static void tell_helpers(void)
{
    for (int i = 0; i < n_helpers; i++)
        if (helpers[i].pipe != -1)
            kill(helpers[i].pid, SIGTERM);
}

static _Noreturn void give_up(const char *call)
{
    int error = errno;

    tell_helpers();
    for (int i = 0; i < n_helpers; i++)
        reap(&helpers[i]);
    errno = error;
    die("%s", call);
}

/* In the child. Its signals are blocked until it is ready for them. */
static _Noreturn void become_helper(int queue, int pipe_end, const sigset_t *signals)
{
    struct sigaction action = {.sa_handler = stop_when_told};

    for (int i = 0; i < n_helpers; i++) /* of those that were there before */
        close(helpers[i].pipe);
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGTERM, &action, NULL) == -1)
        die("sigaction");
    if (sigprocmask(SIG_SETMASK, signals, NULL) == -1)
        die("sigprocmask");
    help(queue, pipe_end);
}

static void start_helper(int queue, const sigset_t *signals)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == -1)
        give_up("socketpair");
    pid_t pid = fork();
    if (pid == -1) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        errno = error;
        give_up("fork");
    }
    if (pid == 0) {
        close(ends[0]);
        become_helper(queue, ends[1], signals);
    }
    close(ends[1]);
    helpers[n_helpers++] = (struct helper){.pid = pid, .pipe = ends[0]};
}

static void start_helpers(const int *queues, int count)
{
    sigset_t term, before;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &term, &before) == -1)
        die("sigprocmask");
    for (int i = 0; i < count; i++)
        start_helper(queues[i], &before);
    if (sigprocmask(SIG_SETMASK, &before, NULL) == -1)
        give_up("sigprocmask");
}

/* ---- What comes ----------------------------------------------------------------------------- */

static void print(int number, long type, const char *text, size_t length)
{
    char headline[HEADLINE];
    int size = snprintf(headline, sizeof headline, "%d %ld %zu\n", number, type, length);

    if (!write_all(STDOUT_FILENO, headline, (size_t)size) ||
        !write_all(STDOUT_FILENO, text, length) || !write_all(STDOUT_FILENO, "\n", 1))
        give_up("write");
}

static void print_removed(int number)
{
    char line[HEADLINE];
    int size = snprintf(line, sizeof line, "%d removed\n", number);

    if (!write_all(STDOUT_FILENO, line, (size_t)size))
        give_up("write");
}

/* One message of a helper's. false: there is none, for it has ended. */
static bool pass_on(int index)
{
    struct helper *helper = &helpers[index];
    struct {
        long type;
        char text[TEXT_SIZE];
    } packet = {0};
    struct iovec all = {.iov_base = &packet, .iov_len = sizeof packet};
    ssize_t got;

    while ((got = readv(helper->pipe, &all, 1)) == -1 && errno == EINTR)
        ;
    if (got == -1)
        give_up("readv");
    if (got == 0)
        return false;
    if (packet.type == 0) {
        print_removed(index + 1);
        reap(helper);
        return true;
    }
    print(index + 1, packet.type, packet.text, (size_t)got - sizeof packet.type);
    return true;
}

/* What has come of standard input and is no whole line yet. */
static struct {
    char bytes[LINE_SIZE];
    size_t length;
} line;

/* Reads once and prints the lines that are complete. false: end of file. */
static bool take_input(void)
{
    ssize_t got = read_again(STDIN_FILENO, line.bytes + line.length, LINE_SIZE - line.length);

    if (got == -1)
        give_up("read");
    size_t from = 0, to = line.length + (size_t)got;
    for (size_t i = line.length; i < to; i++)
        if (line.bytes[i] == '\n') {
            print(0, 0, line.bytes + from, i - from);
            from = i + 1;
        }
    if (to - from > 0 && (got == 0 || to - from == LINE_SIZE)) { /* it will not get any longer */
        print(0, 0, line.bytes + from, to - from);
        from = to;
    }
    memmove(line.bytes, line.bytes + from, to - from);
    line.length = to - from;
    return got > 0;
}

/* Sleeps until something has come, and prints it. false: standard input has ended. */
static bool wait_for_something(void)
{
    struct pollfd sources[1 + MAX_QUEUES] = {
        {.fd = STDIN_FILENO, .events = POLLIN}
    };

    for (int i = 0; i < n_helpers; i++) /* poll leaves out what is -1 */
        sources[1 + i] = (struct pollfd){.fd = helpers[i].pipe, .events = POLLIN};
    while (poll(sources, 1 + (nfds_t)n_helpers, -1) == -1)
        if (errno != EINTR)
            give_up("poll");
    for (int i = 0; i < n_helpers; i++)
        if (sources[1 + i].revents != 0 && !pass_on(i)) {
            errno = 0;
            give_up("a helper has failed");
        }
    return sources[0].revents == 0 || take_input();
}

/* No more is taken, and what was taken comes out. */
static void stop(void)
{
    tell_helpers();
    for (int i = 0; i < n_helpers; i++) {
        while (helpers[i].pipe != -1 && pass_on(i))
            ;
        reap(&helpers[i]);
    }
}

int main(int argc, char **argv)
{
    int queues[MAX_QUEUES], count = argc - 1;
    bool good = count >= 1 && count <= MAX_QUEUES;

    for (int i = 0; i < count && good; i++)
        good = read_number(argv[1 + i], UINT32_MAX) != 0;
    if (!good)
        usage("qpoll KEY ...   (one to 16 of them, each from 1 to 0xffffffff)");
    for (int i = 0; i < count; i++) {
        queues[i] = msgget((key_t)read_number(argv[1 + i], UINT32_MAX), 0);
        if (queues[i] == -1)
            die("msgget %s", argv[1 + i]);
    }
    /* When nobody reads our output the helpers have to be looked after: we must live for that. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal SIGPIPE");
    start_helpers(queues, count);
    while (wait_for_something())
        ;
    stop();
    return EXIT_SUCCESS;
}
