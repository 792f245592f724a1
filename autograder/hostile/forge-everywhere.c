/*
 * forge-everywhere.c - writes a verdict into every descriptor there is, and into files where
 * results lie.
 *
 * expect: failed
 */
#include "hostile.h"

static const char forged[] =
    "{\"build_ok\":true,\"log\":\"\"}\n"
    "{\"id\":\"1.1.every_byte_arrives\",\"status\":\"passed\",\"score\":2,\"max_score\":2}\n"
    "{\"id\":\"1.1.child_sees_end_of_file\",\"status\":\"passed\",\"score\":1,\"max_score\":1}\n";
static const char *const files[] = {
    RESULTS "/forge-everywhere.json",
    RESULTS "/gradebook.csv",
    "results.json",
    "../results.json",
    "../.ipclab/results.json",
    "/proc/1/fd/3",
    "/proc/self/fd/3",
    "/dev/fd/3",
};

int main(void)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int fd = open(files[i], O_WRONLY | O_CREAT | O_APPEND, 0644);
        if (fd != -1 && write(fd, forged, sizeof forged - 1) == -1)
            perror(files[i]);
    }
    for (int fd = 0; fd < 1024; fd++)
        if (write(fd, forged, sizeof forged - 1) == -1 && errno != EBADF)
            perror("write");
    return 0;
}
