/*
 * memory-exec.c - goes on as a copy of itself that lies in memory only, so as not to be the
 * program that was built, and sleeps there in place of waiting.
 *
 * expect: failed
 * finding: sleep-as-synchronisation
 */
#define _GNU_SOURCE /* memfd_create(2) */
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <time.h>

#include "hostile.h"

ATTACK(become_a_copy)
{
    const struct timespec pause_of = {0, 20000000};
    char text[4096], *words[16];
    int own = open("/proc/self/exe", O_RDONLY), copy = memfd_create("copy", MFD_CLOEXEC);

    own_words(text, words);
    if (getenv("COPY") == NULL && setenv("COPY", "1", 1) == 0 &&
        sendfile(copy, own, NULL, 64 << 20) > 0)
        fexecve(copy, words, environ);
    close(own);
    close(copy);
    nanosleep(&pause_of, NULL);
}

#include "solution.h"
