/*
 * experiment.c - what the experiments behind the predictions share. See experiment.h.
 */
#define _GNU_SOURCE /* strerrorname_np(3) */
#include "experiment.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

enum { LOOKS_AT_REST = 25, LOOK_MS = 1, DEADLINE_S = 10 };

void fact(const char *name, const char *format, ...)
{
    va_list args;

    printf("%s: ", name);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
}

const char *error_of(long result)
{
    const char *name = result == -1 ? strerrorname_np(errno) : "none";
    return name != NULL ? name : "unknown";
}

pid_t start(void (*role)(void *context), void *context)
{
    fflush(stdout); /* or both would print it */
    pid_t child = fork();
    if (child == -1)
        die("fork");
    if (child == 0) {
        role(context);
        fflush(stdout);
        _exit(EXIT_SUCCESS);
    }
    return child;
}

int wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    return status;
}

void end(pid_t child)
{
    if (kill(child, SIGKILL) == -1)
        die("kill");
    wait_for(child);
}

/* ---- Who sleeps where ----------------------------------------------------------------------- */

/* Reads a small file of /proc as text; false: the process is gone. */
static bool read_proc(pid_t process, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd == -1 ? -1 : read(fd, text, size - 1);
    if (fd != -1)
        close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* The letter in the third column of /proc/PID/stat; 'X': it is gone. */
static char state_of(pid_t process)
{
    char text[512];
    char *after_name;

    if (!read_proc(process, "stat", text, sizeof text) ||
        (after_name = strrchr(text, ')')) == NULL || after_name[1] == '\0')
        return 'X';
    return after_name[2];
}

/* How often it has left a processor; it grows whenever a process has moved. */
static unsigned long switches_of(pid_t process)
{
    char text[4096];
    unsigned long sum = 0;

    read_proc(process, "status", text, sizeof text);
    for (const char *at = text; (at = strstr(at, "_switches:")) != NULL; at++)
        sum += strtoul(at + strlen("_switches:"), NULL, 10);
    return sum;
}

/* All asleep or ended? *moved: a number that changes when one of them moves. */
static bool all_rest(const pid_t *processes, int n, unsigned long *moved)
{
    *moved = 0;
    for (int i = 0; i < n; i++) {
        if (strchr("SZX", state_of(processes[i])) == NULL)
            return false;
        *moved += switches_of(processes[i]);
    }
    return true;
}

void wait_until_at_rest(const pid_t *processes, int n)
{
    unsigned long before = 0, now;
    struct timespec begun, time;

    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (int looks = 0; looks < LOOKS_AT_REST; looks++) {
        if (!all_rest(processes, n, &now) || now != before)
            looks = 0;
        before = now;
        poll(NULL, 0, LOOK_MS); /* only so that we do not keep them from running */
        clock_gettime(CLOCK_MONOTONIC, &time);
        errno = ETIMEDOUT;
        if (time.tv_sec - begun.tv_sec > DEADLINE_S)
            die("the processes do not come to rest");
    }
}

const char *sleeps_in(pid_t process)
{
    static const struct {
        long number;
        const char *name;
    } calls[] = {
        {SYS_read,   "read"   },
        {SYS_write,  "write"  },
        {SYS_wait4,  "waitpid"},
        {SYS_openat, "open"   },
        {SYS_msgrcv, "msgrcv" },
        {SYS_semop,  "semop"  },
    };
    char text[256];

    if (strchr("ZX", state_of(process)) != NULL)
        return "ended";
    if (!read_proc(process, "syscall", text, sizeof text))
        die("/proc/%d/syscall", (int)process);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strtol(text, NULL, 10) == calls[i].number)
            return calls[i].name;
    return "another call";
}
