/*
 * meet.c - drives the learner's rendezvous.c, a step at a time.
 *
 * Usage: meet STEP...
 *
 * Each step is one argument:
 *
 *   attach PATH PROJ N     rv_attach(): "attach: created, id 3", "attach: joined, id 3", or, when
 *                          it has failed, "attach: ENOENT"
 *   put TEXT               writes TEXT where the callers' bytes begin in that segment
 *   get                    what is there: "get: TEXT"
 *   count                  "new descriptors: 0", compared with the beginning
 *   remove                 removes the segment of the last attach
 *   go                     waits for a line on standard input, or its end
 *   stranger PATH PROJ N   not by rv_attach(): makes a segment of N bytes, all 0, that has the
 *                          same key
 *
 * The log is standard output; each line is written at once. SIGUSR1 has a handler here that does
 * nothing, without SA_RESTART: a call that waits returns EINTR when it comes.
 */
#include "rendezvous.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

enum { HIGHEST = 64, TEXT_MAX_BYTES = 64, UNTOUCHED = -7 };

static int segment = -1;
static int open_at_first;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "meet: %s: %s\n", what, strerror(errno));
    _exit(3);
}

__attribute__((format(printf, 1, 2))) static void log_line(const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    strcat(line, "\n");
    if (write(STDOUT_FILENO, line, strlen(line)) == -1)
        fail("write to the log");
}

static const char *errno_name(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {0,       "errno 0"},
        {EACCES,  "EACCES" },
        {EAGAIN,  "EAGAIN" },
        {EBADF,   "EBADF"  },
        {EEXIST,  "EEXIST" },
        {EIDRM,   "EIDRM"  },
        {EINTR,   "EINTR"  },
        {EINVAL,  "EINVAL" },
        {EISDIR,  "EISDIR" },
        {EMFILE,  "EMFILE" },
        {ENOENT,  "ENOENT" },
        {ENOLCK,  "ENOLCK" },
        {ENOMEM,  "ENOMEM" },
        {ENOSPC,  "ENOSPC" },
        {ENOTDIR, "ENOTDIR"},
        {EPERM,   "EPERM"  },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error)
            return names[i].name;
    return strerror(error);
}

static int count_open(void)
{
    int count = 0;
    for (int fd = 0; fd < HIGHEST; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

/* The words of a step behind its name. */
struct place {
    char path[256];
    int proj;
    size_t n;
};

static struct place parse_place(const char *step)
{
    struct place place;
    if (sscanf(step, "%*s %255s %d %zu", place.path, &place.proj, &place.n) != 3) {
        errno = EINVAL;
        fail(step);
    }
    return place;
}

static void attach(const struct place *place)
{
    int created = UNTOUCHED;
    errno = 0;
    int id = rv_attach(place->path, place->proj, place->n, &created);
    if (id == -1)
        log_line("attach: %s", errno_name(errno));
    else if (created != 0 && created != 1)
        log_line("attach: id %d, and created was %s", id,
                 created == UNTOUCHED ? "not set" : "neither 0 nor 1");
    else
        log_line("attach: %s, id %d", created ? "created" : "joined", id);
    if (id != -1)
        segment = id;
}

static void put(const char *text)
{
    char *memory = shmat(segment, NULL, 0);
    if (memory == (void *)-1) {
        log_line("put: %s", errno_name(errno));
        return;
    }
    strcpy(memory + RV_DATA, text);
    shmdt(memory);
}

static void get(void)
{
    const char *memory = shmat(segment, NULL, SHM_RDONLY);
    if (memory == (void *)-1) {
        log_line("get: %s", errno_name(errno));
        return;
    }
    log_line("get: %.*s", TEXT_MAX_BYTES, memory + RV_DATA);
    shmdt(memory);
}

static void be_stranger(const struct place *place)
{
    key_t key = ftok(place->path, place->proj);
    if (key == (key_t)-1 || shmget(key, place->n, IPC_CREAT | IPC_EXCL | 0600) == -1)
        fail("stranger");
}

static void await_line(void)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
        continue;
}

static void perform(const char *step)
{
    if (strncmp(step, "attach ", 7) == 0) {
        struct place place = parse_place(step);
        attach(&place);
    } else if (strncmp(step, "stranger ", 9) == 0) {
        struct place place = parse_place(step);
        be_stranger(&place);
    } else if (strncmp(step, "put ", 4) == 0) {
        put(step + 4);
    } else if (strcmp(step, "get") == 0) {
        get();
    } else if (strcmp(step, "count") == 0) {
        log_line("new descriptors: %d", count_open() - open_at_first);
    } else if (strcmp(step, "remove") == 0) {
        if (shmctl(segment, IPC_RMID, NULL) == -1)
            log_line("remove: %s", errno_name(errno));
    } else if (strcmp(step, "go") == 0) {
        await_line();
    } else {
        errno = EINVAL;
        fail(step);
    }
}

static void ignore(int signal)
{
    (void)signal;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = ignore};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == -1)
        fail("sigaction");
    open_at_first = count_open();
    for (int i = 1; i < argc; i++)
        perform(argv[i]);
    return 0;
}
