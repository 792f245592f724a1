/*
 * adder.c - 3.1 with a line-buffered standard output, and the parsing done by hand.
 */
#include "lab.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Room for the sum of any two. */
__extension__ typedef __int128 wide;

/* Collects what is read of a line, a byte at a time. */
struct parser {
    wide numbers[2];
    bool negative[2], has_digits[2];
    int count; /* numbers begun */
    bool in_number, wrong;
};

static void begin_number(struct parser *parser, int byte)
{
    if (parser->count == 2) {
        parser->wrong = true;
        return;
    }
    parser->in_number = true;
    parser->negative[parser->count++] = byte == '-';
}

static void add_digit(struct parser *parser, int digit)
{
    int at = parser->count - 1;
    wide limit = (wide)INT64_MAX + (parser->negative[at] ? 1 : 0);

    parser->has_digits[at] = true;
    parser->numbers[at] = 10 * parser->numbers[at] + digit;
    if (parser->numbers[at] > limit) {
        parser->numbers[at] = 0;
        parser->wrong = true;
    }
}

static void take(struct parser *parser, int byte)
{
    bool is_digit = byte >= '0' && byte <= '9', is_sign = byte == '+' || byte == '-';

    if (byte == ' ' || byte == '\t') {
        parser->in_number = false;
        return;
    }
    if ((!is_digit && !is_sign) || (is_sign && parser->in_number)) {
        parser->wrong = true;
        return;
    }
    if (!parser->in_number)
        begin_number(parser, byte);
    if (is_digit && !parser->wrong)
        add_digit(parser, byte - '0');
}

static void answer(const struct parser *parser)
{
    wide sum = 0;
    bool right = parser->count == 2 && !parser->wrong;
    for (int i = 0; i < 2 && right; i++) {
        right = parser->has_digits[i];
        sum += parser->negative[i] ? -parser->numbers[i] : parser->numbers[i];
    }
    right = right && sum >= INT64_MIN && sum <= INT64_MAX;
    int printed = right ? printf("%" PRId64 "\n", (int64_t)sum) : puts("invalid args");
    if (printed < 0 || ferror(stdout))
        die("write standard output");
}

int main(int argc, char **argv)
{
    struct parser parser = {0};
    int byte;
    bool begun = false;

    (void)argv;
    if (argc != 1)
        usage("adder");
    if (setvbuf(stdout, NULL, _IOLBF, 0) != 0)
        die("setvbuf");
    while ((byte = getchar()) != EOF) {
        begun = byte != '\n';
        if (begun) {
            take(&parser, byte);
            continue;
        }
        answer(&parser);
        parser = (struct parser){0};
    }
    if (ferror(stdin))
        die("read standard input");
    if (begun)
        answer(&parser);
    return EXIT_SUCCESS;
}
