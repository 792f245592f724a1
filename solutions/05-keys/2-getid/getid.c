/*
 * getid.c - finds or makes a queue, a semaphore set or a segment, and says which of the two.
 *
 * Usage: getid msg|sem|shm KEY open|create|excl|private MODE
 *
 *                    no object has KEY    one has
 *   open             ENOENT               its identifier, or EACCES
 *   create           a new one            its identifier, or EACCES
 *   excl             a new one            EEXIST
 *   private          a new one, always; KEY is of no importance
 *
 * msgget, semget and shmget do all of this by their flags, but for one thing: with IPC_CREAT alone
 * they don't tell whether they have made the object or found it. With IPC_EXCL too they do, for who
 * makes it is decided in the kernel, in one step. So `create` asks for a new one, and takes the old
 * one when there is one. Between these two calls it may be removed; then it begins again.
 *
 * After msgget(2), semget(2) and shmget(2).
 */
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { SEMAPHORES = 1, SEGMENT_BYTES = 4096, MODE_MAX = 0777 };

static _Noreturn void wrong_usage(void)
{
    usage("getid msg|sem|shm KEY open|create|excl|private MODE");
}

/* ---- Three kinds, one interface ------------------------------------------------------------- */

/* Of what exists, any size will do: 0 says so. Only who makes it has to say a size. */
static int get_queue(key_t key, int flags)
{
    return msgget(key, flags);
}

static int get_set(key_t key, int flags)
{
    return semget(key, (flags & IPC_CREAT) != 0 ? SEMAPHORES : 0, flags);
}

static int get_segment(key_t key, int flags)
{
    return shmget(key, (flags & IPC_CREAT) != 0 ? SEGMENT_BYTES : 0, flags);
}

struct kind {
    const char *name;
    const char *call; /* for messages */
    int (*get)(key_t key, int flags);
};

static const struct kind kinds[] = {
    {"msg", "msgget", get_queue  },
    {"sem", "semget", get_set    },
    {"shm", "shmget", get_segment},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
    wrong_usage();
}

/* ---- Four ways to get one ------------------------------------------------------------------- */

/* Each returns an identifier, or -1 with errno. *created: it is new. */

static int open_one(const struct kind *kind, key_t key, int mode, bool *created)
{
    *created = false;
    return kind->get(key, mode);
}

static int make_one(const struct kind *kind, key_t key, int mode, bool *created)
{
    *created = true;
    return kind->get(key, IPC_CREAT | IPC_EXCL | mode);
}

static int find_or_make(const struct kind *kind, key_t key, int mode, bool *created)
{
    for (;;) {
        int id = make_one(kind, key, mode, created);
        if (id != -1 || errno != EEXIST)
            return id;
        id = open_one(kind, key, mode, created);
        if (id != -1 || errno != ENOENT)
            return id;
    }
}

static int make_private(const struct kind *kind, key_t key, int mode, bool *created)
{
    (void)key;
    *created = true;
    return kind->get(IPC_PRIVATE, IPC_CREAT | mode);
}

struct way {
    const char *name;
    int (*get)(const struct kind *kind, key_t key, int mode, bool *created);
};

static const struct way ways[] = {
    {"open",    open_one    },
    {"create",  find_or_make},
    {"excl",    make_one    },
    {"private", make_private},
};

static const struct way *find_way(const char *name)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(name, ways[i].name) == 0)
            return &ways[i];
    wrong_usage();
}

/* ---- Words and numbers ---------------------------------------------------------------------- */

static unsigned long parse(const char *text, int base, unsigned long max)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, base);
    if (end == text || *end != '\0' || *text == '-' || errno != 0 || value > max)
        wrong_usage();
    return value;
}

/* 0 is no key, but IPC_PRIVATE: it would make a new object where one was to be found. */
static key_t parse_key(const char *text)
{
    unsigned long key = parse(text, 0, 0xffffffff);
    if (key == IPC_PRIVATE)
        wrong_usage();
    return (key_t)key;
}

static const char *error_name(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {EACCES, "EACCES"},
        {EEXIST, "EEXIST"},
        {EINVAL, "EINVAL"},
        {ENOENT, "ENOENT"},
        {ENOMEM, "ENOMEM"},
        {ENOSPC, "ENOSPC"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].error == error)
            return names[i].name;
    return "error";
}

static void flush_output(void)
{
    if (fflush(stdout) == EOF)
        die("write to standard output");
}

int main(int argc, char **argv)
{
    bool created;
    if (argc != 5)
        wrong_usage();
    const struct kind *kind = find_kind(argv[1]);
    const struct way *way = find_way(argv[3]);
    key_t key = way->get == make_private ? IPC_PRIVATE : parse_key(argv[2]);
    int mode = (int)parse(argv[4], 8, MODE_MAX);

    int id = way->get(kind, key, mode, &created);
    if (id == -1) {
        int error = errno;
        puts(error_name(error));
        flush_output();
        errno = error;
        die("%s %s %s", kind->call, argv[2], way->name);
    }
    printf("%d %s\n", id, created ? "created" : "existing");
    flush_output();
    return EXIT_SUCCESS;
}
