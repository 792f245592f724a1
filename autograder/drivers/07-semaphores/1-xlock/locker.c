/*
 * locker.c - drives the learner's xlock.c, a step at a time.
 *
 * Usage: locker KEY STEP...
 *
 * KEY is a number (0x1234), and each step one argument:
 *
 *   create   xlock_create(KEY); if it fails, that is logged: "create: ENOSPC"
 *   open     xlock_open(KEY); the same
 *   lock     xlock_lock(): "in", or "lock: EIDRM"
 *   unlock   xlock_unlock(): "out", or "unlock: EPERM"
 *   remove   xlock_remove()
 *   wait     until a line (or the end) comes on standard input: whoever starts us says when to go
 * on posix    uses POSIX semaphores, as other code in the same program might: "posix: right", or
 * what was wrong
 *
 * The log is standard output, one write(2) a line. Between "in" and "out" nobody else should be
 * "in". SIGUSR1 is handled, without SA_RESTART, and does nothing: it interrupts what can be
 * interrupted.
 */
#include "xlock.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static key_t key;
static int lock = -1;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "locker: %s: %s\n", what, strerror(errno));
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

static void get(const char *step, int (*function)(key_t))
{
    errno = 0;
    lock = function(key);
    if (lock < 0)
        log_line("%s: %s", step, lock == -1 ? errno_name(errno) : "a negative number");
}

static void do_create(void)
{
    get("create", xlock_create);
}

static void do_open(void)
{
    get("open", xlock_open);
}

static void do_lock(void)
{
    errno = 0;
    log_result("lock", xlock_lock(lock), "in");
}

static void do_unlock(void)
{
    errno = 0;
    log_result("unlock", xlock_unlock(lock), "out");
}

static void do_remove(void)
{
    errno = 0;
    log_result("remove", xlock_remove(lock), NULL);
}

static void do_wait(void)
{
    char byte = 0;
    ssize_t got = 1;
    while (byte != '\n' && got != 0) {
        got = read(STDIN_FILENO, &byte, 1);
        if (got == -1 && errno != EINTR)
            fail("read standard input");
    }
}

static int value_of(sem_t *semaphore)
{
    int value = -1;
    if (sem_getvalue(semaphore, &value) == -1)
        return -1;
    return value;
}

/* An unnamed semaphore of value 1: a wait, a wait that would block, a post. NULL: all is well. */
static const char *use_unnamed(void)
{
    sem_t semaphore;

    if (sem_init(&semaphore, 0, 1) == -1 || value_of(&semaphore) != 1)
        return "sem_init() made no semaphore of value 1";
    if (sem_wait(&semaphore) != 0 || value_of(&semaphore) != 0)
        return "sem_wait() did not take the POSIX semaphore";
    if (sem_trywait(&semaphore) != -1 || errno != EAGAIN)
        return "sem_trywait() took a POSIX semaphore of value 0";
    if (sem_post(&semaphore) != 0 || value_of(&semaphore) != 1)
        return "sem_post() did not add to the POSIX semaphore";
    return sem_destroy(&semaphore) == 0 ? NULL : "sem_destroy() failed";
}

static const char *use_named(void)
{
    char name[32];

    snprintf(name, sizeof name, "/locker-%ld", (long)getpid());
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    if (semaphore == SEM_FAILED)
        return "sem_open() made no POSIX semaphore";
    const char *wrong = sem_unlink(name) == 0 ? NULL : "sem_unlink() failed";
    return sem_close(semaphore) == 0 ? wrong : "sem_close() failed";
}

static void do_posix(void)
{
    log_line("posix: begins");
    const char *wrong = use_unnamed();
    if (wrong == NULL)
        wrong = use_named();
    log_line("posix: %s", wrong != NULL ? wrong : "right");
}

/* ---- The script ----------------------------------------------------------------------------- */

static const struct step {
    const char *name;
    void (*action)(void);
} steps[] = {
    {"create", do_create},
    {"open",   do_open  },
    {"lock",   do_lock  },
    {"unlock", do_unlock},
    {"remove", do_remove},
    {"wait",   do_wait  },
    {"posix",  do_posix },
};

static const struct step *find_step(const char *name)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (strcmp(steps[i].name, name) == 0)
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
        fprintf(stderr, "usage: locker KEY STEP...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++)
        if (find_step(argv[i]) == NULL) {
            fprintf(stderr, "locker: this is no step: %s\nusage: locker KEY STEP...\n", argv[i]);
            return 2;
        }
    sigemptyset(&handled.sa_mask);
    if (sigaction(SIGUSR1, &handled, NULL) == -1)
        fail("sigaction");
    for (int i = 2; i < argc; i++)
        find_step(argv[i])->action();
    return 0;
}
