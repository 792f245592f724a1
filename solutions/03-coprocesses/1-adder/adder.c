/*
 * adder.c - a filter that adds: made to be somebody's coprocess.
 *
 *     whoever asks ══ pipe ══► 0 adder 1 ══ pipe ══► whoever asks
 *
 * Each line with two whole numbers is answered with a line that holds their sum, and any other line
 * with "invalid args". Whoever asks waits for the answer to one line before it sends the next, and
 * stdio keeps what is printed to a pipe until thousands of bytes have come together. So the answer
 * is flushed after each line: otherwise both would wait for the other, for ever.
 *
 * Usage: adder < QUESTIONS > ANSWERS
 *
 * After the program add2stdio of APUE, section 15.4.
 */
#include "lab.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number at *text, blanks before it allowed; *text moves behind it. False: there is none, or it
 * does not fit. */
static bool parse_number(const char **text, int64_t *number)
{
    char *end;

    /* strtoimax never sets it to 0: without this an old ERANGE would look like a new one. */
    errno = 0;
    intmax_t value = strtoimax(*text, &end, 10);
    bool is_number = end != *text && errno == 0 && value >= INT64_MIN && value <= INT64_MAX;
    *text = end;
    *number = (int64_t)value;
    return is_number;
}

/* Two numbers with a blank between them, and nothing else but blanks. */
static bool parse_pair(const char *line, int64_t *a, int64_t *b)
{
    if (!parse_number(&line, a) || !isblank((unsigned char)*line) || !parse_number(&line, b))
        return false;
    line += strspn(line, " \t\n");
    return *line == '\0';
}

/* False when the sum of the two does not fit: to overflow is undefined, so we ask before. */
static bool add(int64_t a, int64_t b, int64_t *sum)
{
    if ((b > 0 && a > INT64_MAX - b) || (b < 0 && a < INT64_MIN - b))
        return false;
    *sum = a + b;
    return true;
}

static void answer(const char *line)
{
    int64_t a, b, sum;
    int printed;

    if (parse_pair(line, &a, &b) && add(a, b, &sum))
        printed = printf("%" PRId64 "\n", sum);
    else
        printed = printf("invalid args\n");
    /* Who asked waits for this. To a terminal it would have gone by itself, to a pipe it does not.
     */
    if (printed < 0 || fflush(stdout) == EOF)
        die("write standard output");
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t room = 0;

    (void)argv;
    if (argc != 1)
        usage("adder < QUESTIONS > ANSWERS");
    while (getline(&line, &room, stdin) != -1)
        answer(line);
    if (ferror(stdin))
        die("read standard input");
    free(line);
    return EXIT_SUCCESS;
}
