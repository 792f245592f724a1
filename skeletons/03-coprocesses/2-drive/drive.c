/*
 * drive.c - talks to a coprocess through two pipes, with read(2) and write(2).
 *
 *     standard input ──► parent ══ pipe ══► 0 PROG
 *                          │                  │
 *     standard output ◄────┘ ◄══ pipe ═══════ 1
 *
 * Usage: drive PROG
 *
 * After the program of figure 15.18 of APUE.
 */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ROOM_AT_FIRST = 4096,
    EXIT_COPROCESS_GONE = 3,
    EXIT_NOT_EXECUTABLE = 126, /* as a shell says it */
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, /* + the number of the signal */
};

/* PROG, and our ends of the two pipes. */
struct coprocess {
    pid_t pid;
    int to, from;
};

/* What was read and not yet taken: bytes[first] and the count - 1 after it. */
struct lines {
    int fd;
    char *bytes;
    size_t first, count, room;
};

enum ending { INPUT_ENDED, COPROCESS_GONE, FAILED };

// TODO: read(2) and write(2) do less than you ask for, and are interrupted: functions that bear it.

/* ---- Lines ---- */

// TODO: A function that finds the next line, however the bytes come. What of those behind it?

/* ---- The coprocess ---- */

// TODO: Start PROG with two pipes. Which ends does it need, which do you?

// TODO: A function that waits for it and says how it ended.

/* ---- The dialogue ---- */

// TODO: A line to PROG, PROG's line to standard output, until the input ends or PROG does.

// TODO: What PROG still says when it has seen the end.

int main(int argc, char **argv)
{
    if (argc != 2 || *argv[1] == '\0')
        usage("drive PROG");

    // TODO: Start PROG, talk, tell it the end, listen to the rest, wait for it.
    // TODO: What does SIGPIPE do to you, and what shall it do to PROG?
    return EXIT_COPROCESS_GONE;
}
