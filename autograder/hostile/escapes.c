/*
 * escapes.c - terminal escapes, newlines, markup and bytes that are no UTF-8, in what it prints and
 * in its name.
 *
 * expect: failed
 */
#include <sys/prctl.h>

#include "hostile.h"

int main(void)
{
    static const char nasty[] =
        "\033]0;owned\a\033[2J\x9b\x31m</script><script>alert(1)</script>\r\n\xff\xfe\xc3\x28";
    prctl(PR_SET_NAME, "\033[2J\nPASS <b>");
    for (int i = 0; i < 100; i++)
        if (write(STDOUT_FILENO, nasty, sizeof nasty) == -1 ||
            write(STDERR_FILENO, nasty, sizeof nasty) == -1)
            return 1;
    return 2;
}
