/*
 * preload.c - the right answer, which first asks the loader of everybody after it for libraries of
 * its own: by the environment over an exec, and by the files that the loader and the shell read.
 *
 * expect: passed but says_which_call_failed
 */
#include "hostile.h"

ATTACK(preload)
{
    static const char *const files[] = {"/etc/ld.so.preload", "/etc/ld.so.cache",
                                        "/etc/environment", "/etc/profile", "/program/oneway"};
    static const char *const names[] = {"LD_PRELOAD", "LD_LIBRARY_PATH", "GCONV_PATH", "BASH_ENV"};

    char text[4096], *words[16];

    if (getenv("LD_PRELOAD") != NULL)
        return;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (open(files[i], O_WRONLY | O_CREAT, 0755) != -1)
            escaped(files[i]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (setenv(names[i], i == 0 ? "libc.so.6" : "/tmp", 1) == -1)
            return; /* it would come here again without end */
    own_words(text, words);
    execv("/proc/self/exe", words);
    escaped("exec of itself");
}

#include "solution.h"
