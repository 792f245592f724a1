/*
 * ipcsmini.c - each file read to its end by read(2), and then taken apart in memory; the lines come
 * out in the reverse order.
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *slurp(const char *path)
{
    enum { ROOM = 1 << 20 };
    size_t size = 0;
    ssize_t n;
    char *all = malloc(ROOM + 1);
    int fd = open(path, O_RDONLY);
    if (all == NULL || fd == -1)
        die("open %s", path);
    while ((n = read(fd, all + size, ROOM - size)) != 0) {
        if (n == -1 && errno != EINTR)
            die("read %s", path);
        size += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    all[size] = '\0';
    return all;
}

static void queue(const char *line)
{
    int key, id;
    unsigned perms, owner;
    unsigned long bytes, messages;
    if (sscanf(line, "%d %d %o %lu %lu %*d %*d %u", &key, &id, &perms, &bytes, &messages, &owner) !=
        6)
        die("what is %s", line);
    printf("msg %d 0x%08x %u %04o %lu %lu\n", id, key, owner, perms & 0777, bytes, messages);
}

static void set(const char *line)
{
    int key, id;
    unsigned perms, count, owner;
    if (sscanf(line, "%d %d %o %u %u", &key, &id, &perms, &count, &owner) != 5)
        die("what is %s", line);
    printf("sem %d 0x%08x %u %04o %u\n", id, key, owner, perms & 0777, count);
}

static void segment(const char *line)
{
    int key, id;
    unsigned perms, owner;
    unsigned long long size, attached;
    if (sscanf(line, "%d %d %o %llu %*d %*d %llu %u", &key, &id, &perms, &size, &attached,
               &owner) != 6)
        die("what is %s", line);
    printf("shm %d 0x%08x %u %04o %llu %llu%s\n", id, key, owner, perms & 0777, size, attached,
           perms & 01000 ? " dest" : "");
}

static void list(const char *path, void (*print)(const char *))
{
    char *all = slurp(path), *end = all + strlen(all), *start;
    for (; end > all; end = start) {
        *--end = '\0';
        for (start = end; start > all && start[-1] != '\n'; start--)
            continue;
        if (start > all) /* not the headings */
            print(start);
    }
    free(all);
}

static void limits(const char *name, const char *const *words)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/sys/kernel/%s", name);
    char *all = slurp(path), *at = all;
    for (; *words != NULL; words++)
        printf("%s %ju\n", *words, strtoumax(at, &at, 10));
    free(all);
}

int main(int argc, char **argv)
{
    static const char *const plain[] = {"shmmni", "shmmax", "shmall", "msgmni", "msgmnb", "msgmax"};
    if (argc == 1) {
        list("/proc/sysvipc/shm", segment);
        list("/proc/sysvipc/sem", set);
        list("/proc/sysvipc/msg", queue);
    } else if (argc == 2 && strcmp(argv[1], "-l") == 0) {
        for (int i = 0; i < 6; i++)
            limits(plain[i], (const char *const[]){plain[i], NULL});
        limits("sem", (const char *const[]){"semmsl", "semmns", "semopm", "semmni", NULL});
    } else {
        usage("ipcsmini [-l]");
    }
    if (fflush(stdout) != 0)
        die("fflush");
    return 0;
}
