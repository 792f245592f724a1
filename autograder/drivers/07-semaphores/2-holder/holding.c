/*
 * holding.c - drives the learner's holder.c, a step at a time.
 *
 * Usage: holding KEY STEP...
 *
 * KEY is a number (0x1234), and each step one argument:
 *
 *   create   holder_create(KEY); if it fails, that is logged: "create: ENOSPC"
 *   lock     holder_lock(): "in", or "lock: EIDRM"
 *   unlock   holder_unlock(): "out", or "unlock: EPERM"
 *   put N    holder_put(N): only a failure is logged
 *   take     holder_take(): "taken", or "take: EIDRM"
 *   remove   holder_remove(): only a failure is logged
 *   wait     until a line (or the end) comes on standard input: whoever starts us says when to go
 * on kill     kills this process (SIGKILL)
 *
 * The log is standard output, one write(2) a line. Between "in" and "out" nobody else should be
 * "in". SIGUSR1 is handled, without SA_RESTART, and does nothing: it interrupts what can be
 * interrupted.
 */
#include "holder.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static key_t key;
static int id = -1;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "holding: %s: %s\n", what, strerror(errno));
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

__attribute__((format(printf, 1, 2))) static void log_line(const char *format, ...)
{
    char line[256];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    line[length] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)length + 1) != length + 1)
        fail("write to the log");
}

/* ---- Steps ---------------------------------------------------------------------------------- */

/* Logs what went wrong, or, if nothing did and there is something to say, that. */
static void log_result(const char *step, int result, const char *well)
{
    if (result != 0)
        log_line("%s: %s", step, result == -1 ? errno_name(errno) : "neither 0 nor -1");
    else if (well != NULL)
        log_line("%s", well);
}

static void do_create(int number)
{
    (void)number;
    errno = 0;
    id = holder_create(key);
    if (id < 0)
        log_line("create: %s", id == -1 ? errno_name(errno) : "a negative number");
}

static void do_lock(int number)
{
    (void)number;
    errno = 0;
    log_result("lock", holder_lock(id), "in");
}

static void do_unlock(int number)
{
    (void)number;
    errno = 0;
    log_result("unlock", holder_unlock(id), "out");
}

static void do_put(int number)
{
    errno = 0;
    log_result("put", holder_put(id, number), NULL);
}

static void do_take(int number)
{
    (void)number;
    errno = 0;
    log_result("take", holder_take(id), "taken");
}

static void do_remove(int number)
{
    (void)number;
    errno = 0;
    log_result("remove", holder_remove(id), NULL);
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

static void do_kill(int number)
{
    (void)number;
    if (kill(getpid(), SIGKILL) == -1)
        fail("kill");
}

/* ---- The script ----------------------------------------------------------------------------- */

static const struct step {
    const char *name;
    void (*action)(int number);
} steps[] = {
    {"create", do_create},
    {"lock",   do_lock  },
    {"unlock", do_unlock},
    {"put",    do_put   },
    {"take",   do_take  },
    {"remove", do_remove},
    {"wait",   do_wait  },
    {"kill",   do_kill  },
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

    if (argc > 1)
        key = (key_t)strtoul(argv[1], &end, 0);
    if (end == NULL || *end != '\0' || key == 0) {
        fprintf(stderr, "usage: holding KEY STEP...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++)
        if (find_step(argv[i]) == NULL) {
            fprintf(stderr, "holding: this is no step: %s\nusage: holding KEY STEP...\n", argv[i]);
            return 2;
        }
    sigemptyset(&handled.sa_mask);
    if (sigaction(SIGUSR1, &handled, NULL) == -1)
        fail("sigaction");
    for (int i = 2; i < argc; i++)
        find_step(argv[i])->action(atoi(argv[i] + strcspn(argv[i], " ")));
    return 0;
}
