/*
 * screen.c - a terminal that a command has to itself for a while. See screen.h.
 */
#define _GNU_SOURCE /* memfd_create(2) */
#include "screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "../run/kit.h"
#include "text.h"

#define ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l" /* alternate screen, no cursor, no wrapping */
#define LEAVE "\x1b[?7h\x1b[?25h\x1b[?1049l"

enum { USUAL_COLUMNS = 80, USUAL_ROWS = 24 };

static struct {
    volatile sig_atomic_t open;
    pid_t owner; /* children of ours must leave the terminal alone */
    bool has_keys;
    struct termios before;
    int errors, real_errors; /* where standard error goes meanwhile, and where it went; or -1 */
    off_t told;              /* so far screen_complaints() has told */
} screen = {.errors = -1, .real_errors = -1};

bool screen_possible(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && kind != NULL && kind[0] != '\0' &&
           strcmp(kind, "dumb") != 0;
}

/* All of it: a terminal may take less at once. When it has gone, the signal says so. */
static void write_whole(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, bytes, n);
        if (written == -1 && errno != EINTR)
            return;
        bytes += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
}

/* Only what may be done in a handler (signal-safety(7)). */
static void give_back(void)
{
    if (!screen.open || getpid() != screen.owner)
        return;
    screen.open = 0;
    write_whole(STDOUT_FILENO, LEAVE, sizeof LEAVE - 1);
    if (screen.has_keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &screen.before);
    if (screen.real_errors != -1)
        dup2(screen.real_errors, STDERR_FILENO);
}

static void on_fault(int signal_number)
{
    give_back();
    raise(signal_number); /* SA_RESETHAND: this time it ends us */
}

static void guard_against_faults(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = (int)SA_RESETHAND};

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (sigaction(faults[i], &action, NULL) == -1)
            kit_broken("sigaction");
    kit_before_broken(give_back);
}

/* A line in the middle of the picture would spoil it. */
static void hold_errors(void)
{
    if (screen.errors == -1 && isatty(STDERR_FILENO) == 1) {
        screen.errors = memfd_create("errors", MFD_CLOEXEC);
        screen.real_errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    }
    if (screen.errors != -1 && screen.real_errors != -1)
        dup2(screen.errors, STDERR_FILENO);
}

static void take_keys(void)
{
    struct termios raw;

    screen.has_keys = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &screen.before) == 0;
    if (!screen.has_keys)
        return;
    raw = screen.before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* ISIG stays: ^C and ^Z are signals, as always */
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

void screen_open(void)
{
    screen.owner = getpid();
    guard_against_faults();
    take_keys();
    screen.open = 1;
    write_whole(STDOUT_FILENO, ENTER, sizeof ENTER - 1);
    hold_errors();
}

/* What was held goes where it was meant to go. */
static void release_errors(void)
{
    char bytes[4096];
    ssize_t got;
    off_t at = 0;

    while (screen.errors != -1 && (got = pread(screen.errors, bytes, sizeof bytes, at)) > 0) {
        write_whole(STDERR_FILENO, bytes, (size_t)got);
        at += got;
    }
    if (at > 0 && ftruncate(screen.errors, 0) == 0)
        lseek(screen.errors, 0, SEEK_SET);
    screen.told = 0;
}

void screen_close(void)
{
    give_back();
    release_errors();
}

void screen_size(int *columns, int *rows)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

    *columns = known && size.ws_col > 0 ? size.ws_col : USUAL_COLUMNS;
    *rows = known && size.ws_row > 0 ? size.ws_row : USUAL_ROWS;
}

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

/* Lines from number `from` on, at most `most`; what was there before is wiped away. */
static void add_lines(struct text_buffer *frame, const char *text, int from, int most)
{
    for (; *text != '\0'; from--) {
        size_t length = strcspn(text, "\n");
        if (from <= 0 && most-- > 0)
            text_add(frame, "%.*s\x1b[0m\x1b[K\r\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

int screen_draw(const char *head, const char *body, const char *foot, int from)
{
    struct text_buffer frame = {0};
    int columns, rows, lines = count_lines(body);

    screen_size(&columns, &rows);
    int room = rows - count_lines(head) - count_lines(foot);
    int below = lines > room ? 1 : 0; /* a line that says that there is more */
    int last = lines > room - below ? lines - (room - below) : 0;
    from = room <= below ? 0 : from > last ? last : from < 0 ? 0 : from;
    text_add(&frame, "\x1b[H");
    add_lines(&frame, head, 0, rows - 1);
    add_lines(&frame, body, from, room - below);
    if (below && room > 0)
        text_add(&frame, "\x1b[2m  lines %d to %d of %d (arrow and page keys)\x1b[0m\x1b[K\r\n",
                 from + 1, from + room - below, lines);
    text_add(&frame, "\x1b[J");
    for (int i = lines + below; i < room; i++)
        text_add(&frame, "\r\n");
    add_lines(&frame, foot, 0, room >= 0 ? rows : 0);
    if (frame.length >= 2 && strcmp(frame.data + frame.length - 2, "\r\n") == 0)
        frame.length -= 2; /* the last line must not scroll the picture away */
    write_whole(STDOUT_FILENO, frame.data, frame.length);
    free(frame.data);
    return from;
}

/* What terminals send for the keys that have no letter. */
static const struct {
    const char *bytes;
    int key;
} sequences[] = {
    {"\x1b[A",  KEY_UP       },
    {"\x1bOA",  KEY_UP       },
    {"\x1b[B",  KEY_DOWN     },
    {"\x1bOB",  KEY_DOWN     },
    {"\x1b[5~", KEY_PAGE_UP  },
    {"\x1b[6~", KEY_PAGE_DOWN},
};

/* Takes one key off the front of the bytes. */
static int take_key(char *bytes, size_t *n)
{
    size_t length = 1;
    int key = (unsigned char)bytes[0];

    if (key == '\x1b') { /* one that we do not know is swallowed whole */
        key = 0;
        length = *n;
        for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
            size_t wanted = strlen(sequences[i].bytes);
            if (*n >= wanted && memcmp(bytes, sequences[i].bytes, wanted) == 0) {
                key = sequences[i].key;
                length = wanted;
            }
        }
    }
    *n -= length;
    memmove(bytes, bytes + length, *n);
    return key;
}

int screen_key(void)
{
    static char bytes[256];
    static size_t n;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    for (int key; n > 0;)
        if ((key = take_key(bytes, &n)) != 0)
            return key;
    if (poll(&input, 1, 0) != 1)
        return KEY_NONE;
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got == -1 && errno == EINTR)
        return KEY_NONE;
    if (got <= 0)
        return KEY_END;
    n = (size_t)got;
    int key = take_key(bytes, &n);
    return key != 0 ? key : screen_key();
}

char *screen_complaints(void)
{
    char bytes[4096];
    ssize_t got =
        screen.errors != -1 ? pread(screen.errors, bytes, sizeof bytes - 1, screen.told) : 0;

    if (got <= 0)
        return NULL;
    screen.told += got;
    bytes[got] = '\0';
    return text_printable(bytes);
}
