/*
 * helper.h - stands for the kit's helpers for labs: their lines are not the learner's.
 */
#include <string.h>
#include <unistd.h>

static void errors_like_a_lab(const char *text)
{
    if (write(2, text, strlen(text)) == -1)
        _exit(97);
}
