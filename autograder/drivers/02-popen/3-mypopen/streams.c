/*
 * streams.c - drives the learner's mypopen.c, a step at a time.
 *
 * Usage: streams STEP...
 *
 * Each step is one argument; S is the name of a stream, a letter.
 *
 *   open S MODE COMMAND   my_popen(COMMAND, MODE), where MODE - stands for the empty string; if it
 *                         fails, that is logged: "A open: EINVAL"
 *   close S               my_pclose(): "A close: exit 3", "A close: signal 9", "A close: ECHILD"
 *   copy S                everything that comes out of the stream, up to its end, goes to the log
 *   line S                one line that comes out of it: "A line: hello"
 *   say S TEXT            writes TEXT and a newline into it, at once
 *   hold S TEXT           the same, but TEXT stays in the stream's buffer
 *   feed S                writes all of standard input into it
 *   child N               forks a child of our own that exits with N, and is not waited for yet
 *   reap                  waits for that child: "child: exit 3"
 *   steal                 waits for whatever child ends: "stolen: exit 3"
 *   ended                 until a child has ended; it is not waited for
 *   foreign               my_pclose() of a stream that fopen() made
 *   shut N                closes descriptor N
 *   room N                from now on N more descriptors can be opened
 *   cycle N               N times: my_popen("exit 0", "r") and my_pclose()
 *   count                 "new descriptors: 0", compared with the beginning
 *
 * The log is standard output, kept at a descriptor that the commands don't get. SIGPIPE is ignored,
 * so that writing for a command that is gone is an error and no death. At the end streams that are
 * still open stay so: it is the learner's functions that are tried here.
 *
 * popen(3), pclose(3) and system(3) are replaced here by functions that only say so: calling them
 * is not what the task is about.
 */
#include "mypopen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOG = 100, HIGHEST = 64, LETTERS = 128 };

static FILE *stream_of[LETTERS];
static pid_t own_child;
static int open_at_first;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "streams: %s: %s\n", what, strerror(errno));
    _exit(1);
}

/* ---- The log -------------------------------------------------------------------------------- */

static void log_bytes(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(LOG, bytes, length);
        if (written == -1)
            fail("write to the log");
        bytes += written;
        length -= (size_t)written;
    }
}

__attribute__((format(printf, 1, 2))) static void log_line(const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    strcat(line, "\n");
    log_bytes(line, strlen(line));
}

static const char *errno_name(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {0,      "errno 0"},
        {EINVAL, "EINVAL" },
        {ECHILD, "ECHILD" },
        {EAGAIN, "EAGAIN" },
        {EMFILE, "EMFILE" },
        {ENOMEM, "ENOMEM" },
        {EINTR,  "EINTR"  },
        {EPIPE,  "EPIPE"  },
        {EBADF,  "EBADF"  },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error)
            return names[i].name;
    return strerror(error);
}

/* "exit 3", "signal 9", or what errno says when there is no status. */
static const char *status_words(int status, int error)
{
    static char words[64];

    if (status == -1)
        return errno_name(error);
    if (WIFEXITED(status))
        snprintf(words, sizeof words, "exit %d", WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        snprintf(words, sizeof words, "signal %d", WTERMSIG(status));
    else
        snprintf(words, sizeof words, "status %#x", (unsigned)status);
    return words;
}

/* ---- What the learner shall not call -------------------------------------------------------- */

FILE *popen(const char *command, const char *mode)
{
    (void)command, (void)mode;
    log_line("popen of the C library was called");
    errno = ENOSYS;
    return NULL;
}

int pclose(FILE *stream)
{
    (void)stream;
    log_line("pclose of the C library was called");
    errno = ENOSYS;
    return -1;
}

int system(const char *command)
{
    (void)command;
    log_line("system of the C library was called");
    errno = ENOSYS;
    return -1;
}

/* ---- Steps ---------------------------------------------------------------------------------- */

/* A step's words: the name of a stream, and the rest. */
struct words {
    char letter;
    const char *rest;
};

static void do_open(const struct words *words)
{
    char mode[16];
    size_t length = strcspn(words->rest, " ");
    const char *command = words->rest + length + (words->rest[length] == ' ');

    snprintf(mode, sizeof mode, "%.*s", (int)length, words->rest);
    errno = 0;
    FILE *stream = my_popen(command, strcmp(mode, "-") == 0 ? "" : mode);
    int error = errno;
    stream_of[(int)words->letter] = stream;
    if (stream == NULL)
        log_line("%c open: %s", words->letter, errno_name(error));
}

/* NULL, and said so, when the stream of that name is not open. */
static FILE *named(const struct words *words)
{
    FILE *stream = stream_of[(int)words->letter];
    if (stream == NULL)
        log_line("%c is not open", words->letter);
    return stream;
}

static void do_close(const struct words *words)
{
    FILE *stream = named(words);
    if (stream == NULL)
        return;
    errno = 0;
    int status = my_pclose(stream);
    int error = errno;
    stream_of[(int)words->letter] = NULL;
    log_line("%c close: %s", words->letter, status_words(status, error));
}

static void do_copy(const struct words *words)
{
    char block[4096];
    size_t got;
    FILE *stream = named(words);
    if (stream == NULL)
        return;
    while ((got = fread(block, 1, sizeof block, stream)) > 0)
        log_bytes(block, got);
    if (ferror(stream))
        log_line("%c copy: %s", words->letter, errno_name(errno));
}

static void do_line(const struct words *words)
{
    char line[256];
    FILE *stream = named(words);
    if (stream == NULL)
        return;
    if (fgets(line, sizeof line, stream) == NULL)
        log_line("%c line: end of file", words->letter);
    else
        log_line("%c line: %.*s", words->letter, (int)strcspn(line, "\n"), line);
}

static void do_hold(const struct words *words)
{
    FILE *stream = named(words);
    if (stream != NULL && fprintf(stream, "%s\n", words->rest) < 0)
        log_line("%c say: %s", words->letter, errno_name(errno));
}

static void do_say(const struct words *words)
{
    do_hold(words);
    if (stream_of[(int)words->letter] != NULL && fflush(stream_of[(int)words->letter]) == EOF)
        log_line("%c say: %s", words->letter, errno_name(errno));
}

static void do_feed(const struct words *words)
{
    char block[4096];
    ssize_t got;
    FILE *stream = named(words);
    if (stream == NULL)
        return;
    while ((got = read(STDIN_FILENO, block, sizeof block)) > 0)
        if (fwrite(block, 1, (size_t)got, stream) != (size_t)got)
            log_line("%c feed: %s", words->letter, errno_name(errno));
    if (got == -1)
        fail("read standard input");
}

static void do_child(const struct words *words)
{
    own_child = fork();
    if (own_child == -1)
        fail("fork");
    if (own_child == 0)
        _exit(atoi(words->rest));
}

static void wait_and_log(const char *name, pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) == -1)
        status = -1;
    log_line("%s: %s", name, status_words(status, errno));
}

static void do_reap(const struct words *words)
{
    (void)words;
    wait_and_log("child", own_child);
}

static void do_steal(const struct words *words)
{
    (void)words;
    wait_and_log("stolen", -1);
}

static void do_ended(const struct words *words)
{
    siginfo_t info;
    (void)words;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == -1)
        log_line("ended: %s", errno_name(errno));
}

/* A stream that my_popen() knows nothing of; it must be as good as before. */
static void do_foreign(const struct words *words)
{
    (void)words;
    FILE *stream = fopen("/dev/null", "r");
    if (stream == NULL)
        fail("fopen /dev/null");
    int fd = fileno(stream);
    errno = 0;
    int status = my_pclose(stream);
    log_line("foreign close: %s", status_words(status, errno));
    if (fcntl(fd, F_GETFD) == -1)
        log_line("foreign close: it has closed the stream");
    else
        fclose(stream);
}

static void do_shut(const struct words *words)
{
    if (close(atoi(words->rest)) == -1)
        fail("close");
}

static void do_room(const struct words *words)
{
    int lowest = dup(LOG);
    if (lowest == -1 || close(lowest) == -1)
        fail("dup");
    struct rlimit limit = {.rlim_cur = (rlim_t)(lowest + atoi(words->rest))};
    limit.rlim_max = limit.rlim_cur;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
        fail("setrlimit");
}

static void do_cycle(const struct words *words)
{
    for (int left = atoi(words->rest); left > 0; left--) {
        errno = 0;
        FILE *stream = my_popen("exit 0", "r");
        if (stream == NULL || my_pclose(stream) != 0) {
            log_line("cycle, %d to go: %s", left, errno_name(errno));
            return;
        }
    }
}

static int count_open(void)
{
    int count = 0;
    for (int fd = 0; fd < HIGHEST; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

static void do_count(const struct words *words)
{
    (void)words;
    log_line("new descriptors: %d", count_open() - open_at_first);
}

/* ---- The script ----------------------------------------------------------------------------- */

static const struct step {
    const char *name;
    int takes_stream;
    void (*action)(const struct words *);
} steps[] = {
    {"open",    1, do_open   },
    {"close",   1, do_close  },
    {"copy",    1, do_copy   },
    {"line",    1, do_line   },
    {"say",     1, do_say    },
    {"hold",    1, do_hold   },
    {"feed",    1, do_feed   },
    {"child",   0, do_child  },
    {"reap",    0, do_reap   },
    {"steal",   0, do_steal  },
    {"ended",   0, do_ended  },
    {"foreign", 0, do_foreign},
    {"shut",    0, do_shut   },
    {"room",    0, do_room   },
    {"cycle",   0, do_cycle  },
    {"count",   0, do_count  },
};

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " ");
}

/* The step that this argument names, with its words; NULL: none. */
static const struct step *read_step(const char *argument, struct words *words)
{
    size_t length = strcspn(argument, " ");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (strlen(steps[i].name) != length || strncmp(steps[i].name, argument, length) != 0)
            continue;
        words->rest = skip_blanks(argument + length);
        words->letter = steps[i].takes_stream ? *words->rest : '-';
        if (steps[i].takes_stream && (words->letter < 'A' || words->letter > 'z'))
            return NULL;
        if (steps[i].takes_stream)
            words->rest = skip_blanks(words->rest + 1);
        return &steps[i];
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    struct words words;

    for (int i = 1; i < argc; i++)
        if (read_step(argv[i], &words) == NULL) {
            fprintf(stderr, "streams: this is no step: %s\nusage: streams STEP...\n", argv[i]);
            return 2;
        }
    if (dup2(STDOUT_FILENO, LOG) == -1 || fcntl(LOG, F_SETFD, FD_CLOEXEC) == -1)
        fail("dup2");
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        fail("signal");
    open_at_first = count_open();
    for (int i = 1; i < argc; i++)
        read_step(argv[i], &words)->action(&words);
    return 0;
}
