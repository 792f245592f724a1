/*
 * getid.c - `create` looks first, makes then, and begins again when somebody was quicker: for those
 * who find the object nearly always.
 */
#include "lab.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

static const char *const help = "getid msg|sem|shm KEY open|create|excl|private MODE";
static char kind;

static int get(key_t key, int flags)
{
    int make = (flags & IPC_CREAT) != 0 || key == IPC_PRIVATE;
    switch (kind) {
    case 'm':
        return msgget(key, flags);
    case 'e':
        return semget(key, make, flags);
    default:
        return shmget(key, make ? 4096 : 0, flags);
    }
}

static int open_or_make(key_t key, int mode, const char **news)
{
    int id;
    do {
        *news = "existing";
        id = get(key, mode);
        if (id < 0 && errno == ENOENT) {
            *news = "created";
            id = get(key, mode | IPC_CREAT | IPC_EXCL);
        }
    } while (id < 0 && errno == EEXIST);
    return id;
}

static uintmax_t number(const char *text, int base, uintmax_t most)
{
    char *rest;
    if (strspn(text, base == 8 ? "01234567" : "0123456789abcdefABCDEFxX") != strlen(text))
        usage(help);
    errno = 0;
    uintmax_t value = strtoumax(text, &rest, base);
    if (text == rest || *rest || errno || value > most)
        usage(help);
    return value;
}

static const char *name_of(int error)
{
    switch (error) {
    case EACCES:
        return "EACCES";
    case EEXIST:
        return "EEXIST";
    case ENOENT:
        return "ENOENT";
    case ENOSPC:
        return "ENOSPC";
    case ENOMEM:
        return "ENOMEM";
    case EINVAL:
        return "EINVAL";
    default:
        return strerror(error);
    }
}

int main(int argc, char **argv)
{
    const char *news = "created";
    key_t key = 0;
    int id;

    if (argc != 5 || strlen(argv[1]) != 3 || strstr("msg sem shm", argv[1]) == NULL)
        usage(help);
    kind = argv[1][0] == 'm' ? 'm' : argv[1][1];
    int mode = (int)number(argv[4], 8, 0777);
    int private = strcmp(argv[3], "private") == 0;
    if (!private)
        key = (key_t)number(argv[2], 0, UINT32_MAX);
    if (private != (key == IPC_PRIVATE))
        usage(help);
    if (private)
        id = get(IPC_PRIVATE, mode);
    else if (strcmp(argv[3], "open") == 0)
        id = get(key, mode), news = "existing";
    else if (strcmp(argv[3], "excl") == 0)
        id = get(key, mode | IPC_CREAT | IPC_EXCL);
    else if (strcmp(argv[3], "create") == 0)
        id = open_or_make(key, mode, &news);
    else
        usage(help);

    int error = errno;
    int written = id < 0 ? dprintf(STDOUT_FILENO, "%s\n", name_of(error))
                         : dprintf(STDOUT_FILENO, "%d %s\n", id, news);
    if (written < 0)
        die("standard output");
    errno = error;
    if (id < 0)
        die("get %s", argv[1]);
    return 0;
}
