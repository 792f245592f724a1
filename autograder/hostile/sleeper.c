/*
 * sleeper.c - costs no processor time, hangs nowhere, and never ends: short sleeps for ever.
 *
 * expect: failed
 * finding: sleep-as-synchronisation
 */
#include <time.h>

#include "hostile.h"

int main(void)
{
    const struct timespec pause_of = {0, 50000000};
    for (;;)
        nanosleep(&pause_of, NULL);
}
