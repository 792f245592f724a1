/*
 * mkkey.c - opens each file, keeps it open while it compares, and writes everything at once.
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/stat.h>
#include <unistd.h>

static char output[512];

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
    va_list list;
    size_t length = strlen(output);
    va_start(list, format);
    vsnprintf(output + length, sizeof output - length, format, list);
    va_end(list);
}

static bool is_number(const char *text, int *number)
{
    int used = -1;
    long long value;
    if (strlen(text) > 12 || sscanf(text, "%lld%n", &value, &used) != 1 || text[used] != '\0')
        return false;
    *number = (int)value;
    return value >= INT_MIN && value <= INT_MAX;
}

static key_t one(const char *path, int id, struct stat *file)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1 || fstat(fd, file) == -1)
        die("open %s", path);
    errno = 0;
    key_t key = ftok(path, id);
    if (key == -1 && errno != 0)
        die("ftok %s", path);
    unsigned parts[] = {(unsigned)id % 256u, (unsigned)(file->st_dev % 256),
                        (unsigned)(file->st_ino % 65536)};
    add("0x%.8x\nid 0x%.2x device 0x%.2x inode 0x%.4x\n", (unsigned)key, parts[0], parts[1],
        parts[2]);
    return key;
}

int main(int argc, char **argv)
{
    int id[2] = {0, 0};
    struct stat file[2];
    if ((argc != 3 && argc != 5) || !is_number(argv[2], &id[0]) ||
        (argc == 5 && !is_number(argv[4], &id[1])))
        usage("mkkey PATH ID [PATH ID]");
    key_t first = one(argv[1], id[0], &file[0]);
    if (argc == 5) {
        key_t second = one(argv[3], id[1], &file[1]);
        add("keys %s, ", first == second ? "equal" : "different");
        add("files %s\n", file[0].st_dev == file[1].st_dev && file[0].st_ino == file[1].st_ino
                              ? "same"
                              : "different");
    }
    const char *next = output;
    for (size_t left = strlen(output); left > 0;) {
        ssize_t n = write(STDOUT_FILENO, next, left);
        if (n == -1 && errno != EINTR)
            die("write");
        next += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}
