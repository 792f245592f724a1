/*
 * capture.c - runs a command, keeps what it prints, and ends it when it takes too long.
 *
 *     command ══ pipe ══► capture ──► standard output, when all is over
 *        └─ and whatever it starts: one process group
 *
 * Two things have to happen before the time is up: the pipe comes to its end, and the command ends.
 * Mostly they happen together, but a command may close its output and live on, and one that has
 * ended may have left somebody behind who holds the pipe. So we wait twice, first with poll for the
 * pipe, then with sigtimedwait for SIGCHLD, and both times no longer than what is left of the time.
 * SIGCHLD is blocked before the fork, so it cannot come between looking and waiting.
 *
 * Who started us may have ignored SIGCHLD, and exec hands that down. The kernel would then reap the
 * command by itself and throw its status away.
 *
 * Usage: capture SECS COMMAND [ARG...]
 */
#include "lab.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LIMIT = 1024 * 1024, /* bytes that are kept */
    MOST_SECONDS = 86400,
    EXIT_TIMEOUT = 124,
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
};

/* What a command has printed: the first LIMIT bytes, and how many there were. */
struct output {
    char bytes[LIMIT];
    size_t kept, all;
};

enum outcome { DONE, TIME_IS_UP, FAILED };

/* ---- Time ----------------------------------------------------------------------------------- */

static long long now_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) == -1)
        die("clock_gettime");
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* What is left until then, never less than nothing. */
static int ms_until(long long deadline_ms)
{
    long long left = deadline_ms - now_ms();

    return left > 0 ? (int)left : 0;
}

/* "2", "0.5": how long that is. -1: it is no time. */
static int read_ms(const char *word)
{
    char *end;
    double seconds = strtod(word, &end);

    if (strspn(word, "0123456789.") != strlen(word) || end == word || *end != '\0')
        return -1;
    if (seconds <= 0 || seconds > MOST_SECONDS)
        return -1;
    return seconds < 0.001 ? 1 : (int)(seconds * 1000);
}

/* ---- The command ---------------------------------------------------------------------------- */

/* The child's whole life after fork. */
static _Noreturn void become_command(char **command, const int ends[2], const sigset_t *mask)
{
    /* A group of its own, so that one kill reaches whatever it starts. */
    if (setpgid(0, 0) == -1)
        die("setpgid");
    if (sigprocmask(SIG_SETMASK, mask, NULL) == -1)
        die("sigprocmask");
    close(ends[0]);
    if (dup2(ends[1], STDOUT_FILENO) == -1)
        die("dup2");
    close(ends[1]);
    execvp(command[0], command);
    int status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    fprintf(stderr, "capture: exec %s: %s\n", command[0], strerror(errno));
    _exit(status);
}

/* Returns the end of the pipe to read from. */
static int start(char **command, const sigset_t *mask, pid_t *child)
{
    int ends[2];

    if (pipe(ends) == -1)
        die("pipe");
    *child = fork();
    if (*child == -1)
        die("fork");
    if (*child == 0)
        become_command(command, ends, mask);
    /* Here too: whoever comes second fails, or does what is done already. */
    setpgid(*child, *child);
    close(ends[1]);
    return ends[0];
}

/* The status is lost if SIGCHLD is ignored; and it must be pending when we wait for it. */
static void prepare_sigchld(sigset_t *old_mask)
{
    sigset_t child;

    if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
        die("signal SIGCHLD");
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &child, old_mask) == -1)
        die("sigprocmask");
}

/* ---- Its output ----------------------------------------------------------------------------- */

static void keep(struct output *output, const char *bytes, size_t count)
{
    size_t room = LIMIT - output->kept;
    size_t kept = count < room ? count : room;

    memcpy(output->bytes + output->kept, bytes, kept);
    output->kept += kept;
    output->all += count;
}

/* Reads to the end, also what is not kept: a command that finds nobody reading would be killed. */
static enum outcome read_all(int fd, long long deadline_ms, struct output *output)
{
    char block[65536];
    struct pollfd pipe = {.fd = fd, .events = POLLIN};

    for (;;) {
        int ready = poll(&pipe, 1, ms_until(deadline_ms));
        if (ready == 0)
            return TIME_IS_UP;
        ssize_t got = ready == -1 ? -1 : read(fd, block, sizeof block);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            return FAILED;
        if (got == 0)
            return DONE;
        keep(output, block, (size_t)got);
    }
}

/* Waits for the command, but not for ever. */
static enum outcome reap_in_time(pid_t child, long long deadline_ms, int *status)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    for (;;) {
        pid_t ended = waitpid(child, status, WNOHANG);
        if (ended == child)
            return DONE;
        if (ended == -1 && errno != EINTR)
            return FAILED;
        int left = ms_until(deadline_ms);
        struct timespec time = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000L};
        if (ended == 0 && sigtimedwait(&wanted, NULL, &time) == -1 && errno == EAGAIN)
            return TIME_IS_UP;
    }
}

/* SIGKILL cannot be refused; then there is somebody to reap. */
static void end_group(pid_t child)
{
    if (kill(-child, SIGKILL) == -1 && errno != ESRCH)
        die("kill the group of %ld", (long)child);
    while (waitpid(child, NULL, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
}

/* ---- The report ----------------------------------------------------------------------------- */

static void write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write");
        bytes += written;
        size -= (size_t)written;
    }
}

/* Prints what was kept and how the command ended, and returns our exit status. */
static int report(const struct output *output, enum outcome outcome, int status)
{
    char line[128], count[64];

    write_all(STDOUT_FILENO, output->bytes, output->kept);
    snprintf(count, sizeof count, output->all > output->kept ? "%zu of %zu" : "%zu", output->kept,
             output->all);
    if (outcome == TIME_IS_UP)
        snprintf(line, sizeof line, "capture: %s bytes, timeout\n", count);
    else if (WIFSIGNALED(status))
        snprintf(line, sizeof line, "capture: %s bytes, signal %d\n", count, WTERMSIG(status));
    else
        snprintf(line, sizeof line, "capture: %s bytes, exit %d\n", count, WEXITSTATUS(status));
    write_all(STDERR_FILENO, line, strlen(line));
    if (outcome == TIME_IS_UP)
        return EXIT_TIMEOUT;
    return WIFSIGNALED(status) ? EXIT_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    static struct output output;
    sigset_t old_mask;
    pid_t child;
    int status = 0;
    int limit_ms = argc < 3 ? -1 : read_ms(argv[1]);

    if (limit_ms == -1)
        usage("capture SECS COMMAND [ARG...]");
    prepare_sigchld(&old_mask);
    long long deadline_ms = now_ms() + limit_ms;
    int from_command = start(argv + 2, &old_mask, &child);
    enum outcome outcome = read_all(from_command, deadline_ms, &output);
    if (outcome == DONE)
        outcome = reap_in_time(child, deadline_ms, &status);
    int error = errno;
    if (outcome != DONE)
        end_group(child);
    errno = error;
    if (outcome == FAILED)
        die("read or wait for the command");
    return report(&output, outcome, status);
}
