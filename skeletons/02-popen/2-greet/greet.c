/*
 * greet.c - a prompt, and a filter between the keyboard and the program.
 *
 *     standard input ──► sh -c FILTER ══ pipe ══► greet ──► standard output
 *
 * After APUE (Stevens and Rago), the program around myuclc in chapter 15.
 *
 * Usage: greet FILTER
 */
#include "lab.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>

// TODO: A function that writes the prompt. When does somebody who waits for it see it?

// TODO: A function that takes the filter's lines, one at a time, and prompts for the next.

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("greet FILTER");

    // TODO: In which order: the first prompt, the filter?
    // TODO: The lines. Then wait for the filter: how did it end?
    return EXIT_FAILURE;
}
