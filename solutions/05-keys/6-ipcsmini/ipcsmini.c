/*
 * ipcsmini.c - what System V objects are there? A small ipcs(1).
 *
 * Usage: ipcsmini       a line for each object
 *        ipcsmini -l    the limits
 *
 * There are two ways to ask Linux. The files in /proc/sysvipc hold a line for each object,
 * whoever may read it. msgctl, semctl and shmctl have the commands *_INFO and *_STAT, which go
 * through the kernel's table by its index, and leave out what one may not read (*_STAT_ANY does
 * not). Neither is in POSIX. This program takes the first way.
 *
 * A line of /proc/sysvipc is numbers and spaces. They are decimal, also the key, which is signed
 * there; but the third, the permissions, is octal. See proc_sysvipc(5).
 */
#include "lab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LINE = 1024, MAX_FIELDS = 8, SEGMENT_REMOVED = 01000 /* shmctl(2): SHM_DEST */ };

/* Which number in a line of the file is what, from 0. The first three are alike in all. */
struct kind {
    const char *name, *file;
    int owner, first, second; /* second -1: there is none */
    bool removable;           /* it may be marked for removal and still be there */
};

enum { KEY, ID, PERMS };

static const struct kind kinds[] = {
    {"msg", "/proc/sysvipc/msg", 7, 3, 4,  false},
    {"sem", "/proc/sysvipc/sem", 4, 3, -1, false},
    {"shm", "/proc/sysvipc/shm", 7, 3, 6,  true },
};

static FILE *open_file(const char *name)
{
    FILE *file = fopen(name, "r");
    if (file == NULL)
        die("open %s", name);
    return file;
}

static void close_file(FILE *file, const char *name)
{
    if (ferror(file))
        die("read %s", name);
    fclose(file); /* it was only read: nothing can be lost */
}

/* The numbers of a line; false if there are fewer than wanted. A size may need all 64 bits. */
static bool parse_line(const char *line, unsigned long long *fields, int count)
{
    for (int i = 0; i < count; i++) {
        char *end;
        fields[i] = strtoull(line, &end, i == PERMS ? 8 : 10); /* of "-5" it makes 2^64 - 5 */
        if (end == line)
            return false;
        line = end;
    }
    return true;
}

static void print_object(const struct kind *kind, const unsigned long long *fields)
{
    unsigned key = (unsigned)fields[KEY], perms = (unsigned)fields[PERMS];

    printf("%s %llu 0x%08x %llu %04o %llu", kind->name, fields[ID], key, fields[kind->owner],
           perms & 0777, fields[kind->first]);
    if (kind->second >= 0)
        printf(" %llu", fields[kind->second]);
    if (kind->removable && (perms & SEGMENT_REMOVED) != 0)
        printf(" dest");
    printf("\n");
}

static void list(const struct kind *kind)
{
    char line[MAX_LINE];
    unsigned long long fields[MAX_FIELDS];
    FILE *file = open_file(kind->file);

    if (fgets(line, sizeof line, file) != NULL) /* headings */
        while (fgets(line, sizeof line, file) != NULL) {
            errno = 0;
            if (!parse_line(line, fields, MAX_FIELDS))
                die("%s has a line that I do not understand", kind->file);
            print_object(kind, fields);
        }
    close_file(file, kind->file);
}

/* The limits are in files with one number, but those of semaphores, which share one file. */
static void print_limits(const char *name, const char *const *limits)
{
    FILE *file = open_file(name);

    for (size_t i = 0; limits[i] != NULL; i++) {
        unsigned long long value;
        errno = 0;
        if (fscanf(file, "%llu", &value) != 1)
            die("read %s", name);
        printf("%s %llu\n", limits[i], value);
    }
    close_file(file, name);
}

#define LIMITS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void list_limits(void)
{
    print_limits("/proc/sys/kernel/msgmax", LIMITS("msgmax"));
    print_limits("/proc/sys/kernel/msgmnb", LIMITS("msgmnb"));
    print_limits("/proc/sys/kernel/msgmni", LIMITS("msgmni"));
    print_limits("/proc/sys/kernel/sem", LIMITS("semmsl", "semmns", "semopm", "semmni"));
    print_limits("/proc/sys/kernel/shmmax", LIMITS("shmmax"));
    print_limits("/proc/sys/kernel/shmall", LIMITS("shmall"));
    print_limits("/proc/sys/kernel/shmmni", LIMITS("shmmni"));
}

int main(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "-l") != 0))
        usage("ipcsmini [-l]");
    if (argc == 2)
        list_limits();
    else
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            list(&kinds[i]);
    if (fflush(stdout) == EOF || ferror(stdout))
        die("write to standard output");
    return EXIT_SUCCESS;
}
