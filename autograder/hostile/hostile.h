/*
 * hostile.h - what the hostile submissions share. The runner lays it beside each of them, with
 * places.h (where the kit, the class and the results are on this machine) and solution.h, the
 * reference answer.
 *
 * Two kinds of submission. One is wrong and attacks: it must fail. The other is the reference
 * answer with an attack in front, ATTACK(): where the attack works it says escaped(), and then no
 * check passes; so if its checks pass, the attack was tried and came to nothing.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "places.h"

#define ATTACK(name)                                     \
    static void __attribute__((constructor)) name(void); \
    static void name(void)

/* What it was called with, as for execv(3): the words lie in `text`. An ATTACK has no argv. */
static inline void own_words(char text[4096], char *words[16])
{
    int fd = open("/proc/self/cmdline", O_RDONLY), count = 0;
    ssize_t length = 0, got = 1;
    while (length < 4095 && (got > 0 || (got == -1 && errno == EINTR))) { /* faults of the kit's */
        got = read(fd, text + length, 4095 - (size_t)length);
        length += got > 0 ? got : 0;
    }
    text[length] = '\0';
    close(fd);
    for (char *at = text; at < text + length && count < 15; at += strlen(at) + 1)
        words[count++] = at;
    words[count] = NULL;
}

static inline void escaped(const char *how)
{
    dprintf(STDERR_FILENO, "escaped: %s\n", how);
    _exit(66);
}

#endif
