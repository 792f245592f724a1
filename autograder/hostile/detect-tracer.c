/*
 * detect-tracer.c - the right answer where nobody traces it, and an endless loop where somebody
 * does.
 *
 * expect: failed
 */
#include "hostile.h"

ATTACK(hide)
{
    char line[256];
    int tracer = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "TracerPid: %d", &tracer) == 1 && tracer != 0)
            for (;;)
                continue;
    if (status != NULL)
        fclose(status);
    _exit(66); /* a tracer that is in no namespace of ours has number 0 */
}

#include "solution.h"
