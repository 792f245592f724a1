/*
 * adder.c - 3.1 without stdio: as add2 of APUE, but it makes lines of the bytes that it reads.
 * All answers to what one read(2) brought leave together.
 */
#include "lab.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct buffer {
    char *bytes;
    size_t count, room;
};

static void make_room(struct buffer *buffer, size_t more)
{
    while (buffer->room - buffer->count < more) {
        buffer->room = 2 * buffer->room + 4096;
        buffer->bytes = realloc(buffer->bytes, buffer->room);
        if (buffer->bytes == NULL)
            die("realloc");
    }
}

static bool number_at(char **text, long long *number)
{
    char *from = *text;
    errno = 0;
    *number = strtoll(from, text, 10);
    return *text != from && errno == 0;
}

static void answer(struct buffer *answers, char *line)
{
    long long a, b, sum;
    bool right = number_at(&line, &a) && strspn(line, " \t") > 0 && number_at(&line, &b) &&
                 line[strspn(line, " \t")] == '\0' && !__builtin_add_overflow(a, b, &sum);

    make_room(answers, 32);
    char *to = answers->bytes + answers->count;
    answers->count +=
        (size_t)(right ? snprintf(to, 32, "%lld\n", sum) : snprintf(to, 32, "invalid args\n"));
}

static void send_all(struct buffer *answers)
{
    for (size_t sent = 0; sent < answers->count;) {
        ssize_t written = write(STDOUT_FILENO, answers->bytes + sent, answers->count - sent);
        if (written == -1 && errno != EINTR)
            die("write");
        sent += written > 0 ? (size_t)written : 0;
    }
    answers->count = 0;
}

/* Answers the whole lines of what is there, and keeps the rest. */
static void answer_lines(struct buffer *input, struct buffer *answers)
{
    char *line = input->bytes, *newline;
    size_t left = input->count;

    while (left > 0 && (newline = memchr(line, '\n', left)) != NULL) {
        *newline = '\0';
        answer(answers, line);
        left -= (size_t)(newline + 1 - line);
        line = newline + 1;
    }
    memmove(input->bytes, line, left);
    input->count = left;
    send_all(answers);
}

int main(int argc, char **argv)
{
    struct buffer input = {0}, answers = {0};
    ssize_t got;

    (void)argv;
    if (argc != 1)
        usage("adder");
    do {
        make_room(&input, 100);
        got = read(STDIN_FILENO, input.bytes + input.count, input.room - input.count);
        if (got == -1 && errno != EINTR)
            die("read");
        input.count += got > 0 ? (size_t)got : 0;
        if (got == 0 && input.count > 0)
            input.bytes[input.count++] = '\n';
        answer_lines(&input, &answers);
    } while (got != 0);
    free(input.bytes);
    free(answers.bytes);
    return EXIT_SUCCESS;
}
