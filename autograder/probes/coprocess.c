/*
 * coprocess.c - the program at the other end of a dialogue: it answers each line with a line.
 *
 * The answer is the CRC-32 of its key and the line (without the newline), as 8 hexadecimal digits:
 * nobody can know it who has not asked. It reads a whole line before it answers. At the end of its
 * input it exits with status 0. Orders change that; they are words in the variable COPROCESS (it
 * takes no arguments), with a space between two:
 *
 *     key=WORD     the key; none otherwise
 *     pad=N        N letters x follow the digits
 *     pieces       answers leave in pieces, with a pause of a millisecond or so between them
 *     die=K        ends by SIGKILL when it has read line K (from 1), without an answer
 *     half=K       the same, after half of the answer
 *     rude=K       the same, when it has read one byte of line K and no more
 *     leave=K      ends when it has answered line K
 *     last=N       at the end of its input it writes N bytes: letters z, then a newline
 *     exit=N       its status, when it ends by itself
 *     kill=N       ends by that signal instead
 *     report       first writes to standard error what it was given, a line each: "closed 0" (of 0,
 * 1 and 2), "open 5" (above 2), "SIGPIPE default" (or ignored, or blocked)
 *
 * It ends with status 99 when a call fails, and says why on standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_BROKEN = 99, HIGHEST_DESCRIPTOR = 1023, DIGITS = 8 };

struct orders {
    const char *key;
    size_t pad;
    bool pieces, report;
    long die, half, rude, leave, last, status, signal;
};

static _Noreturn void broken(const char *call)
{
    fprintf(stderr, "coprocess: %s: %s\n", call, strerror(errno));
    _exit(EXIT_BROKEN);
}

/* The number after "NAME=", or the old one when the word is another order. */
static long number_of(const char *word, const char *name, long old)
{
    size_t length = strlen(name);
    if (strncmp(word, name, length) != 0 || word[length] != '=')
        return old;
    return strtol(word + length + 1, NULL, 10);
}

static void take_order(struct orders *orders, const char *word)
{
    if (strncmp(word, "key=", 4) == 0)
        orders->key = word + 4;
    orders->pad = (size_t)number_of(word, "pad", (long)orders->pad);
    orders->pieces = orders->pieces || strcmp(word, "pieces") == 0;
    orders->report = orders->report || strcmp(word, "report") == 0;
    orders->die = number_of(word, "die", orders->die);
    orders->half = number_of(word, "half", orders->half);
    orders->rude = number_of(word, "rude", orders->rude);
    orders->leave = number_of(word, "leave", orders->leave);
    orders->last = number_of(word, "last", orders->last);
    orders->status = number_of(word, "exit", orders->status);
    orders->signal = number_of(word, "kill", orders->signal);
}

/* Its words stay in use until the end. */
static struct orders read_orders(void)
{
    struct orders orders = {.key = ""};
    const char *variable = getenv("COPROCESS");
    static char words[4096];
    char *rest;

    if (snprintf(words, sizeof words, "%s", variable != NULL ? variable : "") >= (int)sizeof words)
        broken("too many orders");
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        take_order(&orders, word);
    return orders;
}

/* ---- What it was given ---------------------------------------------------------------------- */

static void report(void)
{
    struct sigaction action;
    sigset_t blocked;

    for (int fd = 0; fd <= HIGHEST_DESCRIPTOR; fd++) {
        bool is_open = fcntl(fd, F_GETFD) != -1;
        if (is_open != (fd <= 2))
            fprintf(stderr, "%s %d\n", is_open ? "open" : "closed", fd);
    }
    if (sigaction(SIGPIPE, NULL, &action) == -1 || sigprocmask(SIG_BLOCK, NULL, &blocked) == -1)
        broken("sigaction");
    fprintf(stderr, "SIGPIPE %s\n",
            action.sa_handler == SIG_IGN          ? "ignored"
            : sigismember(&blocked, SIGPIPE) == 1 ? "blocked"
                                                  : "default");
}

/* ---- The dialogue --------------------------------------------------------------------------- */

static uint32_t crc32_update(uint32_t crc, const char *bytes, size_t size)
{
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (UINT32_C(0xEDB88320) & -(crc & 1));
    }
    return ~crc;
}

static void write_all(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, size);
        if (written == -1)
            broken("write");
        bytes += written;
        size -= (size_t)written;
    }
}

/* So that the other side reads the pieces one by one. */
static void pause_a_little(void)
{
    const struct timespec pause = {.tv_nsec = 1500000};
    if (nanosleep(&pause, NULL) == -1)
        broken("nanosleep");
}

static void write_answer(const struct orders *orders, const char *answer, size_t size)
{
    size_t piece = orders->pieces ? 1 + size / 4 : size;

    for (size_t from = 0; from < size; from += piece) {
        write_all(answer + from, size - from < piece ? size - from : piece);
        if (orders->pieces)
            pause_a_little();
    }
}

static _Noreturn void end_by(int signal)
{
    if (raise(signal) != 0)
        broken("raise");
    _exit(EXIT_BROKEN);
}

static void answer_line(const struct orders *orders, const char *line, size_t size, long number)
{
    size_t length = DIGITS + orders->pad + 1;
    char *answer = malloc(length + 1);

    if (answer == NULL)
        broken("malloc");
    uint32_t crc = crc32_update(crc32_update(0, orders->key, strlen(orders->key)), line, size);
    snprintf(answer, length + 1, "%08x", (unsigned)crc);
    memset(answer + DIGITS, 'x', orders->pad);
    answer[length - 1] = '\n';
    if (number == orders->die)
        end_by(SIGKILL);
    if (number == orders->half) {
        write_all(answer, length / 2);
        end_by(SIGKILL);
    }
    write_answer(orders, answer, length);
    free(answer);
}

static void write_last(long count)
{
    char *bytes = malloc((size_t)count);

    if (bytes == NULL)
        broken("malloc");
    memset(bytes, 'z', (size_t)count);
    bytes[count - 1] = '\n';
    write_all(bytes, (size_t)count);
    free(bytes);
}

/* Past stdio, which would read as much as there is. Its buffer is empty: who waits for each answer
 * has sent no line but the last. */
static _Noreturn void end_rudely(void)
{
    char byte;
    if (read(STDIN_FILENO, &byte, 1) == -1)
        broken("read");
    end_by(SIGKILL);
}

/* The next line, or -1 at the end. */
static ssize_t next_line(const struct orders *orders, char **line, size_t *room, long number)
{
    if (number == orders->rude)
        end_rudely();
    return getline(line, room, stdin);
}

int main(void)
{
    struct orders orders = read_orders();
    char *line = NULL;
    size_t room = 0;
    ssize_t got = 0;
    long number = 0;

    if (orders.report)
        report();
    while ((orders.leave == 0 || number < orders.leave) &&
           (got = next_line(&orders, &line, &room, number + 1)) != -1) {
        bool whole = line[got - 1] == '\n';
        answer_line(&orders, line, (size_t)got - whole, ++number);
    }
    if (ferror(stdin))
        broken("read");
    if (got == -1 && orders.last > 0)
        write_last(orders.last);
    free(line);
    if (orders.signal != 0)
        end_by((int)orders.signal);
    return (int)orders.status;
}
