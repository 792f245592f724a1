/*
 * output-flood.c - control characters on both streams, without end.
 *
 * expect: failed
 * finding: output-flood
 */
#include "hostile.h"

int main(void)
{
    static char block[65536];
    memset(block, 1, sizeof block);
    for (;;) {
        if (write(STDOUT_FILENO, block, sizeof block) == -1 &&
            write(STDERR_FILENO, block, sizeof block) == -1)
            return 1;
    }
}
