/*
 * capture.c - with an interval timer: the handler of SIGALRM ends the command's process group, and
 * then every blocking call comes back by itself.
 *
 * Usage: capture SECS COMMAND [ARG...]
 */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT = 1048576 };

static volatile sig_atomic_t time_is_up;
static volatile pid_t group;

static void on_alarm(int signal)
{
    int error = errno;
    (void)signal;
    time_is_up = 1;
    kill(-group, SIGKILL);
    errno = error;
}

static struct itimerval read_time(const char *word)
{
    char *end;
    bool plain = *word != '\0' && word[strspn(word, ".0123456789")] == '\0';
    double seconds = strtod(word, &end);

    if (!plain || *end != '\0' || !(seconds > 0) || seconds > 86400)
        usage("capture SECS COMMAND [ARG...]");
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)seconds}};
    timer.it_value.tv_usec = (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
    if (timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0)
        timer.it_value.tv_usec = 1;
    return timer;
}

static _Noreturn void run_command(char **command, int out)
{
    if (setpgid(0, 0) == -1 || dup2(out, STDOUT_FILENO) == -1)
        die("setpgid or dup2");
    if (out != STDOUT_FILENO)
        close(out);
    execvp(*command, command);
    int error = errno;
    fprintf(stderr, "capture: %s: %s\n", *command, strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

/* Straight into the place where it is kept; what does not fit, into a waste bin beside it. */
static long read_output(int fd, char *kept)
{
    static char waste[32768];
    long all = 0;

    for (;;) {
        size_t at = all < LIMIT ? (size_t)all : LIMIT;
        struct iovec into[] = {
            {kept + at, LIMIT - at  },
            {waste,     sizeof waste}
        };
        ssize_t got = readv(fd, into, 2);
        if (got > 0)
            all += got;
        else if (got == 0 || (time_is_up && errno == EINTR))
            return all;
        else if (errno != EINTR)
            return -1;
    }
}

static void say(int fd, const char *bytes, long count)
{
    for (long done = 0; done < count;) {
        ssize_t written = write(fd, bytes + done, (size_t)(count - done));
        if (written >= 0)
            done += written;
        else if (errno != EINTR)
            die("write");
    }
}

int main(int argc, char **argv)
{
    static char kept[LIMIT];
    const struct itimerval never = {.it_value = {0}};
    struct sigaction usual = {.sa_handler = SIG_DFL}, alarm = {.sa_handler = on_alarm};
    int ends[2], status = 0;

    if (argc < 3)
        usage("capture SECS COMMAND [ARG...]");
    struct itimerval timer = read_time(argv[1]);
    sigemptyset(&usual.sa_mask);
    sigemptyset(&alarm.sa_mask);
    if (sigaction(SIGCHLD, &usual, NULL) == -1 || pipe(ends) == -1)
        die("sigaction or pipe");
    pid_t command = fork();
    if (command == -1)
        die("fork");
    if (command == 0) {
        close(ends[0]);
        run_command(argv + 2, ends[1]);
    }
    setpgid(command, command);
    group = command;
    close(ends[1]);
    if (sigaction(SIGALRM, &alarm, NULL) == -1 || setitimer(ITIMER_REAL, &timer, NULL) == -1)
        die("setitimer");
    long all = read_output(ends[0], kept);
    int error = errno;
    if (all == -1)
        kill(-command, SIGKILL);
    while (waitpid(command, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    setitimer(ITIMER_REAL, &never, NULL);
    errno = error;
    if (all == -1)
        die("readv");

    char line[100];
    int length = snprintf(line, sizeof line, "capture: %ld", all < LIMIT ? all : LIMIT);
    if (all > LIMIT)
        length += snprintf(line + length, sizeof line - (size_t)length, " of %ld", all);
    bool killed = WIFSIGNALED(status);
    int number = killed ? WTERMSIG(status) : WEXITSTATUS(status);
    if (time_is_up)
        length += snprintf(line + length, sizeof line - (size_t)length, " bytes, timeout\n");
    else
        length += snprintf(line + length, sizeof line - (size_t)length, " bytes, %s %d\n",
                           killed ? "signal" : "exit", number);
    say(STDOUT_FILENO, kept, all < LIMIT ? all : LIMIT);
    say(STDERR_FILENO, line, length);
    return time_is_up ? 124 : killed ? 128 + number : number;
}
