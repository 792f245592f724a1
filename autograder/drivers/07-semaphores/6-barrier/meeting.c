/*
 * meeting.c - drives the learner's barrier.c, a step at a time: one party of a barrier.
 *
 * Usage: meeting NAME KEY STEP...
 *
 * NAME is a word for the log, KEY a number (0x1234), and each step one argument:
 *
 *   create N   barrier_create() for N parties; if it fails, that is logged: "create: EEXIST"
 *   open       barrier_open(); the same
 *   meet       barrier_wait(): "past 1" when it returns 0, "past 2" the next time, ...; or "meet:
 * EIDRM" rounds N   N times barrier_wait(), with nothing in the log but a failure, which ends them
 *   count      barrier_waiting(): "waiting: 3"
 *   remove     barrier_remove()
 *   wait       until a line (or the end) comes on standard input
 *
 * The log is standard output, one write(2) a line. All parties that run in one folder write into
 * one file there too, called "order": "NAME comes 1" before each barrier_wait(), "NAME goes 1"
 * after it. So the lines of that file are in the order in which things happened. SIGUSR1 is
 * handled, without SA_RESTART, and does nothing: it interrupts what can be interrupted.
 */
#include "barrier.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The learner's struct barrier may be larger than the one that this file was compiled with. */
static union {
    struct barrier barrier;
    long long room[128];
} any;

static struct barrier *const barrier = &any.barrier;
static const char *name;
static key_t key;
static int order = -1; /* the file of that name */
static int round_number;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "meeting: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static const char *errno_name(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {0,      "errno 0"},
        {EINTR,  "EINTR"  },
        {EIDRM,  "EIDRM"  },
        {EINVAL, "EINVAL" },
        {EPERM,  "EPERM"  },
        {ENOENT, "ENOENT" },
        {EEXIST, "EEXIST" },
        {ENOSPC, "ENOSPC" },
        {ENOMEM, "ENOMEM" },
        {EAGAIN, "EAGAIN" },
        {EFBIG,  "EFBIG"  },
        {ERANGE, "ERANGE" },
        {EFAULT, "EFAULT" },
        {EACCES, "EACCES" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error)
            return names[i].name;
    return strerror(error);
}

__attribute__((format(printf, 2, 3))) static void log_line(int fd, const char *format, ...)
{
    char line[256];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    line[length] = '\n';
    if (write(fd, line, (size_t)length + 1) != length + 1)
        fail("write to the log");
}

/* ---- Steps ---------------------------------------------------------------------------------- */

/* Logs what went wrong. */
static void log_result(const char *step, int result)
{
    if (result != 0)
        log_line(STDOUT_FILENO, "%s: %s", step,
                 result == -1 ? errno_name(errno) : "neither 0 nor -1");
}

static void do_create(int parties)
{
    errno = 0;
    log_result("create", barrier_create(barrier, key, parties));
}

static void do_open(int number)
{
    (void)number;
    errno = 0;
    log_result("open", barrier_open(barrier, key));
}

static int meet(void)
{
    round_number++;
    log_line(order, "%s comes %d", name, round_number);
    errno = 0;
    int result = barrier_wait(barrier);
    log_result("meet", result);
    if (result == 0)
        log_line(order, "%s goes %d", name, round_number);
    return result;
}

static void do_meet(int number)
{
    (void)number;
    if (meet() == 0)
        log_line(STDOUT_FILENO, "past %d", round_number);
}

static void do_rounds(int rounds)
{
    while (rounds-- > 0 && meet() == 0)
        ;
}

static void do_count(int number)
{
    (void)number;
    errno = 0;
    int count = barrier_waiting(barrier);
    if (count < 0)
        log_result("count", count);
    else
        log_line(STDOUT_FILENO, "waiting: %d", count);
}

static void do_remove(int number)
{
    (void)number;
    errno = 0;
    log_result("remove", barrier_remove(barrier));
}

static void do_wait(int number)
{
    char byte = 0;
    ssize_t got = 1;
    (void)number;
    while (byte != '\n' && got != 0) {
        got = read(STDIN_FILENO, &byte, 1);
        if (got == -1 && errno != EINTR)
            fail("read standard input");
    }
}

/* ---- The script ----------------------------------------------------------------------------- */

static const struct step {
    const char *name;
    void (*action)(int number);
} steps[] = {
    {"create", do_create},
    {"open",   do_open  },
    {"meet",   do_meet  },
    {"rounds", do_rounds},
    {"count",  do_count },
    {"remove", do_remove},
    {"wait",   do_wait  },
};

/* The step of that name; a number may follow after a blank. NULL: none. */
static const struct step *find_step(const char *words)
{
    size_t length = strcspn(words, " ");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (strlen(steps[i].name) == length && strncmp(steps[i].name, words, length) == 0)
            return &steps[i];
    return NULL;
}

static void do_nothing(int signal)
{
    (void)signal;
}

int main(int argc, char *argv[])
{
    struct sigaction handled = {.sa_handler = do_nothing};
    char *end = NULL;

    if (argc > 2)
        key = (key_t)strtoul(argv[2], &end, 0);
    if (end == NULL || *end != '\0' || key == 0) {
        fprintf(stderr, "usage: meeting NAME KEY STEP...\n");
        return 2;
    }
    name = argv[1];
    for (int i = 3; i < argc; i++)
        if (find_step(argv[i]) == NULL) {
            fprintf(stderr, "meeting: this is no step: %s\nusage: meeting NAME KEY STEP...\n",
                    argv[i]);
            return 2;
        }
    sigemptyset(&handled.sa_mask);
    if (sigaction(SIGUSR1, &handled, NULL) == -1)
        fail("sigaction");
    order = open("order", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (order == -1)
        fail("open order");
    for (int i = 3; i < argc; i++)
        find_step(argv[i])->action(atoi(argv[i] + strcspn(argv[i], " ")));
    return 0;
}
