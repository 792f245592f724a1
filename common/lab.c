/*
 * lab.c - the way out of a lab program, and a checksum. See lab.h.
 */
#define _GNU_SOURCE /* program_invocation_short_name: die() says whose message it is */
#include "lab.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EXIT_USAGE = 2,
    LINE_SIZE = 1024, /* of a message with its newline; below PIPE_BUF, so a pipe takes it whole */
};

/* The process that the program started as. Its forked children find its number here too, and so
 * know that they are not it. */
static pid_t first_process;

__attribute__((constructor)) static void remember_first_process(void)
{
    first_process = getpid();
}

/* One write(2), past stdio: a message in a stdio buffer could come out twice after a fork. An error
 * other than an interruption has nobody left to be told to. */
static void say_line(char *line, size_t length)
{
    ssize_t written;

    line[length] = '\n';
    do
        written = write(STDERR_FILENO, line, length + 1);
    while (written == -1 && errno == EINTR);
}

/* exit(3) flushes and cleans up, which is the first process's business alone. */
static _Noreturn void leave(int status)
{
    if (getpid() == first_process)
        exit(status);
    _exit(status);
}

/* Appends to a line that holds length characters; returns the new length. What does not fit is cut
 * off, and the last place is kept for the newline. */
__attribute__((format(printf, 3, 0))) static size_t append(char *line, size_t length,
                                                           const char *format, va_list args)
{
    size_t room = LINE_SIZE - length;
    int wanted = vsnprintf(line + length, room, format, args);

    if (wanted < 0)
        return length;
    return (size_t)wanted < room ? length + (size_t)wanted : LINE_SIZE - 1;
}

__attribute__((format(printf, 3, 4))) static size_t append_text(char *line, size_t length,
                                                                const char *format, ...)
{
    va_list args;

    va_start(args, format);
    length = append(line, length, format, args);
    va_end(args);
    return length;
}

void die(const char *format, ...)
{
    int error = errno;
    char line[LINE_SIZE];
    size_t length = append_text(line, 0, "%s: ", program_invocation_short_name);
    va_list args;

    va_start(args, format);
    length = append(line, length, format, args);
    va_end(args);
    if (error != 0)
        length = append_text(line, length, ": %s", strerror(error));
    say_line(line, length);
    leave(EXIT_FAILURE);
}

void usage(const char *text)
{
    char line[LINE_SIZE];

    say_line(line, append_text(line, 0, "usage: %s", text));
    leave(EXIT_USAGE);
}

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t n)
{
    /* What four bits do to the remainder: the polynomial 0xEDB88320, bits reversed. */
    static const uint32_t four_bits[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    const unsigned char *byte = bytes;

    if (n == 0) /* bytes may be NULL then */
        return crc;
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= byte[i];
        crc = (crc >> 4) ^ four_bits[crc & 15];
        crc = (crc >> 4) ^ four_bits[crc & 15];
    }
    return ~crc;
}
