/*
 * mkkey.c - shows the key that ftok makes, and what it is made of.
 *
 * Usage: mkkey PATH ID [PATH ID]
 *
 * A key has 32 bits. A file is known by its device and its inode number, which have more than that,
 * and there is the project id. So something is left out of each (glibc, and others alike):
 *
 *     31        24 23        16 15                      0
 *    +------------+------------+-------------------------+
 *    | 8 bits of  | 8 bits of  | 16 bits of              |
 *    | the id     | st_dev     | st_ino                  |
 *    +------------+------------+-------------------------+
 *
 * Different files can have the same key, therefore. Whether two paths are the same file is said by
 * all of st_dev and st_ino, and by nothing less.
 *
 * After ftok(3) and stat(2).
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/stat.h>

/* A key, and what it was made of. */
struct source {
    key_t key;
    int id;
    struct stat status;
};

static int parse_id(const char *text)
{
    char *end;
    errno = 0;
    long id = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || id < INT_MIN || id > INT_MAX)
        usage("mkkey PATH ID [PATH ID]");
    return (int)id;
}

static struct source make_key(const char *path, int id)
{
    struct source source = {.id = id};
    if (stat(path, &source.status) == -1)
        die("stat %s", path);
    /* A key may have all bits set, and then it looks like a failure. */
    errno = 0;
    source.key = ftok(path, id);
    if (source.key == (key_t)-1 && errno != 0)
        die("ftok %s", path);
    return source;
}

static bool is_same_file(const struct source *a, const struct source *b)
{
    return a->status.st_dev == b->status.st_dev && a->status.st_ino == b->status.st_ino;
}

static void print_source(const struct source *source)
{
    printf("0x%08x\n", (unsigned)source->key);
    printf("id 0x%02x device 0x%02x inode 0x%04x\n", (unsigned)source->id & 0xff,
           (unsigned)(source->status.st_dev & 0xff), (unsigned)(source->status.st_ino & 0xffff));
}

static void print_comparison(const struct source *a, const struct source *b)
{
    const char *keys = a->key == b->key ? "equal" : "different";
    const char *files = is_same_file(a, b) ? "same" : "different";
    printf("keys %s, files %s\n", keys, files);
}

int main(int argc, char **argv)
{
    struct source sources[2];
    int count = (argc - 1) / 2;
    int ids[2];
    if (argc != 3 && argc != 5)
        usage("mkkey PATH ID [PATH ID]");
    for (int i = 0; i < count; i++)
        ids[i] = parse_id(argv[2 + 2 * i]);
    /* First all that can fail: nothing is printed that is only half of an answer. */
    for (int i = 0; i < count; i++)
        sources[i] = make_key(argv[1 + 2 * i], ids[i]);
    for (int i = 0; i < count; i++)
        print_source(&sources[i]);
    if (count == 2)
        print_comparison(&sources[0], &sources[1]);
    if (fflush(stdout) == EOF)
        die("write to standard output");
    return EXIT_SUCCESS;
}
