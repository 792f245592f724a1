/*
 * mkkey.c - puts the key together itself, from what stat says, and asks ftok only for the proof.
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/stat.h>

static const char *const how = "mkkey PATH ID [PATH ID]";

struct parts {
    uint32_t id, device, inode;
};

static struct parts take_apart(const struct stat *file, long id)
{
    return (struct parts){(uint32_t)(id & 0xff), (uint32_t)(file->st_dev & 0xff),
                          (uint32_t)(file->st_ino & 0xffff)};
}

static uint32_t put_together(struct parts parts)
{
    return parts.id << 24 | parts.device << 16 | parts.inode;
}

int main(int argc, char **argv)
{
    struct stat files[2];
    uint32_t keys[2];
    struct parts parts[2];

    if (argc != 3 && argc != 5)
        usage(how);
    for (int i = 0; 2 * i + 2 < argc; i++) {
        char *rest = NULL;
        errno = 0;
        long id = strtol(argv[2 * i + 2], &rest, 10);
        if (*argv[2 * i + 2] == '\0' || *rest != '\0' || errno == ERANGE || id != (int)id)
            usage(how);
        parts[i].id = (uint32_t)id;
    }
    for (int i = 0; 2 * i + 2 < argc; i++) {
        if (stat(argv[2 * i + 1], &files[i]) != 0)
            die("no key for %s", argv[2 * i + 1]);
        parts[i] = take_apart(&files[i], (long)parts[i].id);
        keys[i] = put_together(parts[i]);
        if ((uint32_t)ftok(argv[2 * i + 1], (int)parts[i].id) != keys[i]) {
            errno = 0;
            die("ftok works in another way here");
        }
    }
    for (int i = 0; 2 * i + 2 < argc; i++)
        if (printf("0x%08x\nid 0x%02x device 0x%02x inode 0x%04x\n", keys[i], parts[i].id,
                   parts[i].device, parts[i].inode) < 0)
            die("printf");
    if (argc == 5) {
        int same = files[0].st_ino == files[1].st_ino && files[0].st_dev == files[1].st_dev;
        printf("keys %s, files %s\n", keys[0] == keys[1] ? "equal" : "different",
               same ? "same" : "different");
    }
    if (fclose(stdout) == EOF)
        die("close standard output");
    return 0;
}
