/*
 * many-files.c - as many files and folders as there may be, the folders one in the other and then
 * shut.
 *
 * expect: failed
 */
#include <sys/stat.h>

#include "hostile.h"

int main(void)
{
    char name[32];

    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "file-%d", i);
        int fd = open(name, O_WRONLY | O_CREAT, 0);
        if (fd == -1)
            break;
        close(fd);
    }
    memset(name, 'd', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (int i = 0; i < 1000 && mkdir(name, 0700) == 0 && chdir(name) == 0; i++)
        chmod(".", 0100);
    return 1;
}
