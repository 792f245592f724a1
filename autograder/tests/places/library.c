/*
 * library.c - a part of a program that comes by dlopen(3).
 */
#include <unistd.h>

void library_asks(void);

void library_asks(void)
{
#ifdef FAR /* from whoever called: more than anybody keeps of a stack */
    volatile char far[100000];
    far[0] = far[sizeof far - 1] = 0;
#endif
    if (access("/etc", F_OK) == -1) /* at: library */
        _exit(98);
}
