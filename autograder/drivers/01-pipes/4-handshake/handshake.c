/*
 * handshake.c - drives the learner's tw.c: a parent and a child, each with a script.
 *
 * Usage: handshake PARENT CHILD     run both scripts
 *        handshake init N           how tw_init() behaves with N free descriptors
 *
 * Theory of operation: three processes. The first one only waits for the others (it is their
 * subreaper, so that it can outlive a parent that dies), and holds no end of any pipe. The second
 * is the parent: it calls tw_init() and forks the child. Both then follow their scripts and write
 * to the same standard output, one write(2) a line, so that the order of the lines is the order in
 * which things happened. The verdict is the reader's.
 *
 * A script is a word of letters and numbers, blanks allowed:
 *
 *   l       log a line: "p 1", "p 2", ... from the parent, "c 1", ... from the child
 *   t, w    tell the other side, wait for it; if it fails, that is logged: "c wait_parent: EPIPE"
 *   r       read a byte of standard input, or its end: whoever starts us says when to go on
 *   NUMBER  do nothing for so many milliseconds
 *   i       from now on a handled signal comes every 2 ms (SIGALRM, without SA_RESTART)
 *   b       write the wrong letter into every pipe that this process could write to
 *   g       until the other side is gone
 *   x, k    leave at once with status 0; die of SIGKILL
 *
 * At the end of its script the parent waits for the child. "p: signal 13" or "c: status 1" says how
 * a side ended, if not with status 0.
 */
#define _GNU_SOURCE /* syscall(2), for pidfd_open(2); prctl(2) */
#include "tw.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_DESCRIPTORS = 256 };

/* The learner's struct tw may be larger than the one that this file was compiled with. */
union any_tw {
    struct tw tw;
    long long room[128];
};

struct side {
    char letter; /* 'p' or 'c' */
    char other;  /* what the other side would send */
    pid_t peer;  /* process id of the other side */
    struct tw *tw;
    const char *tell_name, *wait_name;
    int (*tell)(struct tw *);
    int (*wait)(struct tw *);
    int logged;
};

static void fail(const char *what)
{
    fprintf(stderr, "handshake: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static void log_line(const char *line)
{
    size_t length = strlen(line);
    ssize_t written;
    do
        written = write(STDOUT_FILENO, line, length);
    while (written == -1 && errno == EINTR);
    if (written != (ssize_t)length)
        fail("write to the log");
}

static const char *errno_name(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {EPIPE,  "EPIPE" },
        {EPROTO, "EPROTO"},
        {EINTR,  "EINTR" },
        {EAGAIN, "EAGAIN"},
        {EBADF,  "EBADF" },
        {EMFILE, "EMFILE"},
        {EINVAL, "EINVAL"},
        {0,      "0"     },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error)
            return names[i].name;
    return strerror(error);
}

/* Logs the result of one of the learner's functions, unless it is 0. */
static void log_result(char letter, const char *function, int result, int error)
{
    char line[128];
    if (result == 0)
        return;
    if (result == -1)
        snprintf(line, sizeof line, "%c %s: %s\n", letter, function, errno_name(error));
    else
        snprintf(line, sizeof line, "%c %s: returned %d\n", letter, function, result);
    log_line(line);
}

static void log_end(char letter, int status)
{
    char line[64];
    if (WIFSIGNALED(status))
        snprintf(line, sizeof line, "%c: signal %d\n", letter, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        snprintf(line, sizeof line, "%c: status %d\n", letter, WEXITSTATUS(status));
    else
        return;
    log_line(line);
}

static void do_log(struct side *side)
{
    char line[32];
    snprintf(line, sizeof line, "%c %d\n", side->letter, ++side->logged);
    log_line(line);
}

static void do_tell(struct side *side)
{
    errno = 0;
    int result = side->tell(side->tw);
    log_result(side->letter, side->tell_name, result, errno);
}

static void do_wait(struct side *side)
{
    errno = 0;
    int result = side->wait(side->tw);
    log_result(side->letter, side->wait_name, result, errno);
}

static void do_read(struct side *side)
{
    char byte;
    (void)side;
    while (read(STDIN_FILENO, &byte, 1) == -1)
        if (errno != EINTR)
            fail("read of standard input");
}

static void ignore_alarm(int signal)
{
    (void)signal;
}

static void do_interrupt(struct side *side)
{
    (void)side;
    struct sigaction action = {.sa_handler = ignore_alarm};
    struct itimerval every = {.it_interval.tv_usec = 2000, .it_value.tv_usec = 2000};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGALRM, &action, NULL) == -1 || setitimer(ITIMER_REAL, &every, NULL) == -1)
        fail("setitimer");
}

/* To the other side, a byte that it must not take for ours: its own letter. */
static void do_wrong_byte(struct side *side)
{
    struct stat stat;
    for (int fd = STDERR_FILENO + 1; fd < MAX_DESCRIPTORS; fd++) {
        int flags = fcntl(fd, F_GETFL);
        if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY)
            continue;
        if (fstat(fd, &stat) == 0 && S_ISFIFO(stat.st_mode) && write(fd, &side->other, 1) != 1)
            fail("write of the wrong byte");
    }
}

/* A process is gone (and its descriptors closed) when its pidfd becomes readable. */
static void do_wait_gone(struct side *side)
{
    int fd = (int)syscall(SYS_pidfd_open, side->peer, 0);
    if (fd == -1 && errno == ESRCH)
        return;
    if (fd == -1)
        fail("pidfd_open");
    struct pollfd gone = {.fd = fd, .events = POLLIN};
    while (poll(&gone, 1, -1) == -1)
        if (errno != EINTR)
            fail("poll");
    close(fd);
}

static void do_leave(struct side *side)
{
    (void)side;
    _exit(0);
}

static void do_die(struct side *side)
{
    (void)side;
    if (raise(SIGKILL) != 0)
        fail("raise");
}

static void pause_ms(long ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) == -1)
        if (errno != EINTR)
            fail("nanosleep");
}

static void (*action_of(char letter))(struct side *)
{
    static const struct {
        char letter;
        void (*action)(struct side *);
    } actions[] = {
        {'l', do_log       },
        {'t', do_tell      },
        {'w', do_wait      },
        {'r', do_read      },
        {'i', do_interrupt },
        {'b', do_wrong_byte},
        {'g', do_wait_gone },
        {'x', do_leave     },
        {'k', do_die       },
    };
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (actions[i].letter == letter)
            return actions[i].action;
    return NULL;
}

static void follow(struct side *side, const char *script)
{
    while (*script != '\0') {
        char *end;
        if (isdigit((unsigned char)*script)) {
            pause_ms(strtol(script, &end, 10));
            script = end;
        } else if (*script++ != ' ') {
            action_of(script[-1])(side);
        }
    }
}

static int is_script(const char *script)
{
    for (; *script != '\0'; script++)
        if (*script != ' ' && !isdigit((unsigned char)*script) && action_of(*script) == NULL)
            return 0;
    return 1;
}

static pid_t start_process(void)
{
    pid_t pid = fork();
    if (pid == -1)
        fail("fork");
    return pid;
}

static int wait_for(pid_t *pid)
{
    int status;
    pid_t ended;
    do
        ended = waitpid(*pid, &status, 0);
    while (ended == -1 && errno == EINTR);
    *pid = ended;
    return ended == -1 ? 0 : status;
}

static _Noreturn void run_child(struct tw *tw, pid_t parent, const char *script)
{
    struct side side = {.letter = 'c', .other = 'p', .peer = parent, .tw = tw};
    side.tell = tell_parent, side.tell_name = "tell_parent";
    side.wait = wait_parent, side.wait_name = "wait_parent";
    follow(&side, script);
    _exit(0);
}

static _Noreturn void run_parent(const char *parent_script, const char *child_script)
{
    union any_tw any;
    pid_t parent = getpid();
    errno = 0;
    int result = tw_init(&any.tw);
    log_result('p', "tw_init", result, errno);
    if (result != 0)
        _exit(1);
    pid_t child = start_process();
    if (child == 0)
        run_child(&any.tw, parent, child_script);
    struct side side = {.letter = 'p', .other = 'c', .peer = child, .tw = &any.tw};
    side.tell = tell_child, side.tell_name = "tell_child";
    side.wait = wait_child, side.wait_name = "wait_child";
    follow(&side, parent_script);
    log_end('c', wait_for(&child));
    _exit(0);
}

static int run_scripts(const char *parent_script, const char *child_script)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1)
        fail("prctl");
    pid_t parent = start_process();
    if (parent == 0)
        run_parent(parent_script, child_script);
    int parent_status = 0, child_status = 0;
    for (;;) {
        pid_t ended = -1;
        int status = wait_for(&ended);
        if (ended == -1)
            break;
        *(ended == parent ? &parent_status : &child_status) = status;
    }
    /* Only now, so that these lines come after whatever the scripts log. */
    log_end('p', parent_status);
    log_end('c', child_status);
    return 0;
}

static int count_open(void)
{
    int count = 0;
    for (int fd = STDERR_FILENO + 1; fd < MAX_DESCRIPTORS; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

/* Says what tw_init() returned and how many descriptors are open that were not before. */
static int try_init(int free_descriptors)
{
    union any_tw any;
    char line[64];
    int before = count_open();
    int lowest = dup(STDOUT_FILENO);
    if (lowest == -1 || close(lowest) == -1)
        fail("dup");
    struct rlimit limit = {.rlim_cur = (rlim_t)(lowest + free_descriptors)};
    limit.rlim_max = limit.rlim_cur;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
        fail("setrlimit");
    errno = 0;
    int result = tw_init(&any.tw);
    log_result('p', "tw_init", result, errno);
    snprintf(line, sizeof line, "new descriptors: %d\n", count_open() - before);
    log_line(line);
    return 0;
}

int main(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "init") == 0)
        return try_init(atoi(argv[2]));
    if (argc != 3 || !is_script(argv[1]) || !is_script(argv[2])) {
        fprintf(stderr, "usage: handshake PARENT CHILD | handshake init N\n");
        return 2;
    }
    return run_scripts(argv[1], argv[2]);
}
