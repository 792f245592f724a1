/*
 * adder.c - a filter that adds: made to be somebody's coprocess.
 *
 *     whoever asks ══ pipe ══► 0 adder 1 ══ pipe ══► whoever asks
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

// TODO: A function that finds two numbers in a line, and says whether that was all of it.
// TODO: What tells you that a number does not fit, and what that their sum would not?

// TODO: A function that answers one line. When does the answer leave your process?

int main(int argc, char **argv)
{
    (void)argv;
    if (argc != 1)
        usage("adder < QUESTIONS > ANSWERS");
    // TODO: Answer line after line. At the end: was it the end of the input, or an error?
    return EXIT_SUCCESS;
}
