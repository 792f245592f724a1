/*
 * drive.c - 3.2 with poll, so that the death of PROG is noticed at once, and with a handler for
 * SIGPIPE, which exec takes away again.
 */
#include "lab.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int to, from;
static char *input;
static size_t input_size, input_room;
static bool input_ended;

static void nothing(int signal)
{
    (void)signal;
}

static int complain(const char *call)
{
    fprintf(stderr, "drive: %s: %s\n", call, strerror(errno));
    return 1;
}

static bool put(int fd, const char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        struct iovec rest = {(char *)(size_t)(bytes + done), size - done};
        ssize_t written = writev(fd, &rest, 1);
        if (written == -1 && errno != EINTR)
            return false;
        done += written > 0 ? (size_t)written : 0;
    }
    return true;
}

/* More input. 0, or how to end. */
static int wait_for_input(void)
{
    struct pollfd both[] = {
        {.fd = 0,    .events = POLLIN},
        {.fd = from, .events = 0     }
    };
    while (poll(both, 2, -1) == -1)
        if (errno != EINTR)
            return complain("poll");
    if (both[0].revents == 0)
        return 3;
    if (input_room - input_size < 2) {
        input_room = 2 * input_room + 100;
        input = realloc(input, input_room);
        if (input == NULL)
            return complain("realloc");
    }
    ssize_t got = read(0, input + input_size, input_room - input_size - 1);
    if (got == -1 && errno != EINTR)
        return complain("read");
    if (got == 0 && input_size > 0)
        input[input_size++] = '\n';
    input_ended = got == 0;
    input_size += got > 0 ? (size_t)got : 0;
    return 0;
}

/* Some of what PROG says to standard output. -1: go on; else how to end; 0: it has ended. */
static int hear(bool *whole)
{
    char some[5000];
    ssize_t got = read(from, some, sizeof some);

    *whole = got > 0 && some[got - 1] == '\n';
    if (got == -1)
        return errno == EINTR ? -1 : complain("read");
    if (got > 0 && !put(1, some, (size_t)got))
        return complain("write");
    return got == 0 ? 0 : -1;
}

static int ask(void)
{
    char *newline;
    while ((newline = memchr(input, '\n', input_size)) != NULL) {
        size_t length = (size_t)(newline - input) + 1;
        bool whole = false;
        if (!put(to, input, length))
            return errno == EPIPE ? 3 : complain("write");
        input_size -= length;
        memmove(input, newline + 1, input_size);
        while (!whole) {
            int end = hear(&whole);
            if (end >= 0)
                return end == 0 ? 3 : end;
        }
    }
    return 0;
}

static int talk(void)
{
    int end = 0;
    bool whole;
    while (end == 0 && !input_ended) {
        end = wait_for_input();
        if (end == 0 && input_size > 0)
            end = ask();
    }
    if (close(to) == -1)
        return complain("close");
    if (end != 0)
        return end;
    do
        end = hear(&whole);
    while (end == -1);
    return end;
}

int main(int argc, char **argv)
{
    int down[2], up[2];
    siginfo_t info = {0};
    struct sigaction quiet = {.sa_handler = nothing, .sa_flags = SA_RESTART};

    if (argc != 2 || argv[1][0] == '\0')
        usage("drive PROG");
    if (sigaction(SIGPIPE, &quiet, NULL) == -1)
        die("sigaction");
    if (pipe(up) == -1 || pipe(down) == -1)
        die("pipe");
    pid_t pid = fork();
    if (pid == -1)
        die("fork");
    if (pid == 0) {
        if (dup2(down[0], 0) == -1 || dup2(up[1], 1) == -1)
            die("dup2");
        for (int fd = 3; fd < 10; fd++)
            close(fd);
        execlp(argv[1], argv[1], (char *)NULL);
        complain(argv[1]);
        _exit(errno == EACCES ? 126 : 127);
    }
    close(down[0]);
    close(up[1]);
    to = down[1];
    from = up[0];
    int end = talk();
    close(from);
    while (waitid(P_PID, (id_t)pid, &info, WEXITED) == -1)
        if (errno != EINTR)
            die("waitid");
    bool exited = info.si_code == CLD_EXITED;
    free(input);
    if (exited && (info.si_status == 127 || info.si_status == 126))
        return info.si_status;
    if (end == 3)
        fprintf(stderr, "drive: coprocess terminated\n");
    return end != 0 ? end : exited ? info.si_status : 128 + info.si_status;
}
