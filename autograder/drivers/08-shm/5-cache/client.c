/*
 * client.c - a client of the learner's cache.c: does what it is told on standard input.
 *
 * One order a line. A value is shown as it is when it can be printed on a line, else by what is in
 * it: "4096 of x", "1000 of x, 96 of y", "300 bytes, CRC 1a2b3c4d".
 *
 *     open KEY, close         cache_open(), cache_close(): "open: ok", "open: ENOENT"
 *     put NAME TEXT           cache_put(): "put NAME: ok", "put NAME: EIDRM"
 *     fill NAME LETTER N      the same, with N times that letter
 *     bytes NAME SEED N       the same, with N random bytes
 *     get NAME                cache_get(): "get NAME: TEXT", "get NAME: ENOENT"
 *     cycle N                 N times open and close: "cycle: ok"
 *
 * And with memory of which a part is not there at first, from byte AT of the value on:
 *
 *     slowput NAME LETTER N AT    as fill; when it comes to AT, the process stops (SIGSTOP) in the
 *                                 middle of cache_put(); goes on at SIGCONT
 *     slowget NAME AT             as get; the same
 *     dieput NAME LETTER N AT     as fill; when it comes to AT, the process is killed (SIGKILL)
 *     dieget NAME AT              as get; the same
 *
 * The log is standard output. It ends at the end of standard input.
 *
 * _GNU_SOURCE: MAP_ANONYMOUS.
 */
#define _GNU_SOURCE
#include "cache.h"
#include "lab.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE = 8192, SHOWN = 64, PAGES = 8 };

static struct cache *cache;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
    _exit(1);
}

/* ---- The log -------------------------------------------------------------------------------- */

static void write_log(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            fail("write the log");
        bytes += written;
        length -= (size_t)written;
    }
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    write_log(line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

static const char *errno_name(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {0,      "errno 0"},
        {EINVAL, "EINVAL" },
        {ENOENT, "ENOENT" },
        {EIDRM,  "EIDRM"  },
        {ENOMEM, "ENOMEM" },
        {EACCES, "EACCES" },
        {EMFILE, "EMFILE" },
        {EINTR,  "EINTR"  },
        {ENOSYS, "ENOSYS" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error)
            return names[i].name;
    return strerror(error);
}

/* How many bytes from here on are like the first. */
static size_t run_length(const char *bytes, size_t length)
{
    size_t n = 0;
    while (n < length && bytes[n] == bytes[0])
        n++;
    return n;
}

static void say_runs(const char *bytes, size_t length)
{
    for (size_t at = 0, n; at < length; at += n) {
        n = run_length(bytes + at, length - at);
        say(isgraph((unsigned char)bytes[at]) ? "%s%zu of %c" : "%s%zu of \\%o", at > 0 ? ", " : "",
            n, (unsigned char)bytes[at]);
    }
    say("\n");
}

static void say_value(const char *bytes, size_t length)
{
    size_t runs = 0, printable = 0;

    for (size_t at = 0; at < length; at += run_length(bytes + at, length - at))
        runs++;
    while (printable < length && isprint((unsigned char)bytes[printable]))
        printable++;
    if (printable == length && length <= SHOWN)
        say("%.*s\n", (int)length, bytes);
    else if (runs <= 4)
        say_runs(bytes, length);
    else
        say("%zu bytes, CRC %08x\n", length, crc32_update(0, bytes, length));
}

/* ---- Memory of which a part comes late ------------------------------------------------------ */

static char *pages;
static size_t pages_size;
static int dies; /* at the first touch of what is not there; else it stops */

static void on_fault(int signal)
{
    static const char stops[] = "stops in the middle\n";

    (void)signal;
    if (dies)
        kill(getpid(), SIGKILL);
    if (mprotect(pages, pages_size, PROT_READ | PROT_WRITE) == -1)
        _exit(1);
    write_log(stops, sizeof stops - 1);
    raise(SIGSTOP);
}

/* A fault elsewhere is the module's own, and ends the process. */
static void on_segv(int signal, siginfo_t *information, void *context)
{
    const char *address = information->si_addr;
    struct sigaction action = {.sa_handler = SIG_DFL};

    (void)context;
    if (pages != NULL && address >= pages && address < pages + pages_size)
        on_fault(signal);
    else if (sigaction(SIGSEGV, &action, NULL) == -1)
        _exit(1);
}

/* Memory for a value: filled with that letter, and not there from byte `at` on. */
static char *late_memory(char letter, size_t at)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct sigaction action = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO};

    pages_size = PAGES * page;
    pages = mmap(NULL, pages_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        fail("mmap");
    char *border = pages + pages_size / 2;
    memset(border - at, letter, CACHE_VALUE);
    if (mprotect(border, pages_size / 2, PROT_NONE) == -1 ||
        sigaction(SIGSEGV, &action, NULL) == -1)
        fail("mprotect");
    return border - at;
}

static void give_back(void)
{
    if (munmap(pages, pages_size) == -1)
        fail("munmap");
    pages = NULL;
}

/* ---- Orders --------------------------------------------------------------------------------- */

struct words {
    const char *name;
    const char *rest;      /* what follows the name */
    unsigned long last[2]; /* the numbers after the next word */
};

static void put_value(const char *name, const char *value, size_t length)
{
    errno = 0;
    int result = cache_put(cache, name, value, length), error = errno;
    say("put %s: %s\n", name, result == 0 ? "ok" : errno_name(error));
}

static void get_value(const char *name, char *value)
{
    errno = 0;
    int length = cache_get(cache, name, value), error = errno;
    say("get %s: ", name);
    if (length == -1)
        say("%s\n", errno_name(error));
    else if (length < 0 || length > CACHE_VALUE)
        say("a length of %d\n", length);
    else
        say_value(value, (size_t)length);
}

static void do_open(const struct words *words)
{
    errno = 0;
    cache = cache_open((key_t)strtoul(words->name, NULL, 0));
    say("open: %s\n", cache != NULL ? "ok" : errno_name(errno));
}

static void do_close(const struct words *words)
{
    (void)words;
    errno = 0;
    int result = cache_close(cache), error = errno;
    cache = NULL;
    say("close: %s\n", result == 0 ? "ok" : errno_name(error));
}

static void do_put(const struct words *words)
{
    put_value(words->name, words->rest, strlen(words->rest));
}

static void do_fill(const struct words *words)
{
    static char value[2 * CACHE_VALUE];
    size_t length = words->last[0] <= sizeof value ? words->last[0] : sizeof value;
    memset(value, words->rest[0], sizeof value);
    put_value(words->name, value, length);
}

static void do_bytes(const struct words *words)
{
    static unsigned char value[CACHE_VALUE];
    uint32_t state = (uint32_t)strtoul(words->rest, NULL, 0);
    for (size_t i = 0; i < sizeof value; i++) {
        state = state * 1664525u + 1013904223u;
        value[i] = (unsigned char)(state >> 24);
    }
    put_value(words->name, (const char *)value, words->last[0]);
}

static void do_get(const struct words *words)
{
    static char value[CACHE_VALUE];
    memset(value, '?', sizeof value);
    get_value(words->name, value);
}

static void do_cycle(const struct words *words)
{
    unsigned long count = strtoul(words->name, NULL, 0);
    key_t key = (key_t)strtoul(words->rest, NULL, 0);
    for (unsigned long i = 0; i < count; i++) {
        struct cache *one = cache_open(key);
        if (one == NULL || cache_close(one) == -1) {
            say("cycle %lu: %s\n", i + 1, errno_name(errno));
            return;
        }
    }
    say("cycle: ok\n");
}

static void late_put(const struct words *words, int death)
{
    char *value = late_memory(words->rest[0], words->last[1]);
    dies = death;
    put_value(words->name, value, words->last[0]);
    give_back();
}

static void late_get(const struct words *words, int death)
{
    char *value = late_memory('?', strtoul(words->rest, NULL, 0));
    dies = death;
    get_value(words->name, value);
    give_back();
}

static void do_slowput(const struct words *words)
{
    late_put(words, 0);
}

static void do_slowget(const struct words *words)
{
    late_get(words, 0);
}

static void do_dieput(const struct words *words)
{
    late_put(words, 1);
}

static void do_dieget(const struct words *words)
{
    late_get(words, 1);
}

/* ---- Reading orders ------------------------------------------------------------------------- */

static const struct order {
    const char *name;
    void (*perform)(const struct words *words);
    int needs_cache;
} orders[] = {
    {"open",    do_open,    0},
    {"close",   do_close,   1},
    {"put",     do_put,     1},
    {"fill",    do_fill,    1},
    {"bytes",   do_bytes,   1},
    {"get",     do_get,     1},
    {"cycle",   do_cycle,   0},
    {"slowput", do_slowput, 1},
    {"slowget", do_slowget, 1},
    {"dieput",  do_dieput,  1},
    {"dieget",  do_dieget,  1},
};

/* Ends the word at its blank, and returns what follows. */
static char *cut_word(char *text)
{
    size_t length = strcspn(text, " ");
    char *rest = text + length + (text[length] == ' ');
    text[length] = '\0';
    return rest;
}

static void obey(char *line)
{
    char *name = cut_word(line), *rest = cut_word(name);
    struct words words = {.name = name, .rest = rest};
    char *numbers = rest + strcspn(rest, " ");

    words.last[0] = strtoul(numbers, &numbers, 0);
    words.last[1] = strtoul(numbers, NULL, 0);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        if (strcmp(line, orders[i].name) != 0)
            continue;
        if (orders[i].needs_cache && cache == NULL)
            say("%s: no cache is open\n", line);
        else
            orders[i].perform(&words);
        return;
    }
    fprintf(stderr, "client: there is no order \"%s\"\n", line);
    _exit(1);
}

/* Without its newline. 0: there is none. */
static int next_line(char line[LINE])
{
    for (size_t length = 0; length < LINE - 1;) {
        ssize_t got = read(STDIN_FILENO, line + length, 1);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            fail("read an order");
        if (got == 0)
            return 0;
        if (line[length] == '\n') {
            line[length] = '\0';
            return 1;
        }
        length++;
    }
    return 0;
}

int main(void)
{
    static char line[LINE];

    while (next_line(line))
        if (line[0] != '\0')
            obey(line);
    return 0;
}
