/*
 * getid.c - one function that is called with the flags of each attempt, one after the other, until
 * an attempt says more than that another one is to be made.
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

struct attempt {
    int flags;
    int next_if; /* with this errno the next attempt is made; 0: with none */
    const char *word;
};

/* The attempts of each way, tried in turn; the last is followed by the first. */
static const struct {
    const char *name;
    struct attempt attempts[2];
} ways[] = {
    {"open",    {{0, 0, "existing"}}                                                },
    {"excl",    {{IPC_CREAT | IPC_EXCL, 0, "created"}}                              },
    {"private", {{IPC_CREAT | IPC_EXCL, 0, "created"}}                              },
    {"create",  {{IPC_CREAT | IPC_EXCL, EEXIST, "created"}, {0, ENOENT, "existing"}}},
};

static const struct {
    int number;
    const char *name;
} errors[] = {
    {EEXIST, "EEXIST"},
    {ENOENT, "ENOENT"},
    {EACCES, "EACCES"},
    {ENOSPC, "ENOSPC"},
    {EINVAL, "EINVAL"},
    {ENOMEM, "ENOMEM"},
};

static void wrong(void)
{
    usage("getid msg|sem|shm KEY open|create|excl|private MODE");
}

static int get(const char *kind, key_t key, int flags)
{
    if (strcmp(kind, "msg") == 0)
        return msgget(key, flags);
    if (strcmp(kind, "sem") == 0)
        return semget(key, flags & IPC_CREAT ? 1 : 0, flags);
    return shmget(key, flags & IPC_CREAT ? 4096 : 0, flags);
}

static long long number_from(const char *text, int base, long long least, long long most)
{
    char *end;
    long long value = strtoll(text, &end, base);
    if (*text == '\0' || *end != '\0' || value < least || value > most)
        wrong();
    return value;
}

int main(int argc, char **argv)
{
    size_t way = 0, at = 0;
    key_t key = IPC_PRIVATE;
    int id, error;

    if (argc != 5)
        wrong();
    while (way < 4 && strcmp(ways[way].name, argv[3]) != 0)
        way++;
    bool known =
        strcmp(argv[1], "msg") == 0 || strcmp(argv[1], "sem") == 0 || strcmp(argv[1], "shm") == 0;
    if (way == 4 || !known)
        wrong();
    int mode = (int)number_from(argv[4], 8, 0, 0777);
    if (strcmp(argv[3], "private") != 0)
        key = (key_t)number_from(argv[2], 0, 1, UINT_MAX);

    const struct attempt *attempt;
    for (;; at = 1 - at) {
        attempt = &ways[way].attempts[at];
        id = get(argv[1], key, attempt->flags | mode);
        error = errno;
        if (id >= 0 || attempt->next_if == 0 || error != attempt->next_if)
            break;
    }
    if (id >= 0)
        printf("%d %s\n", id, attempt->word);
    for (size_t i = 0; id < 0 && i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].number == error)
            printf("%s\n", errors[i].name);
    if (fclose(stdout) == EOF)
        die("close of standard output");
    if (id >= 0)
        return 0;
    errno = error;
    die("%sget", argv[1]);
}
