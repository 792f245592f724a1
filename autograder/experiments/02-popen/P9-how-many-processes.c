/*
 * P9-how-many-processes.c - how many processes does one popen start?
 *
 * Counts all that descend from this process, by the parents in /proc, while the command sleeps.
 */
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

enum { MOST = 4096 };

struct family {
    pid_t members[MOST];
    int n;
};

static pid_t parent_of(pid_t process)
{
    char path[64], text[512];
    int parent = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    const char *after_name = strrchr(text, ')');
    if (after_name != NULL && sscanf(after_name, ") %*c %d", &parent) != 1)
        parent = 0;
    return parent;
}

static int is_below(pid_t process, pid_t ancestor)
{
    while (process > 1 && (process = parent_of(process)) != ancestor)
        continue;
    return process == ancestor;
}

static void find_family(struct family *family)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;

    if (proc == NULL)
        die("/proc");
    family->n = 0;
    while ((entry = readdir(proc)) != NULL && family->n < MOST) {
        pid_t process = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;
        if (process > 0 && process != getpid() && is_below(process, getpid()))
            family->members[family->n++] = process;
    }
    closedir(proc);
}

/* The whole family at rest: nobody joined while we waited. */
static void find_family_at_rest(struct family *family)
{
    int before;
    do {
        find_family(family);
        before = family->n;
        wait_until_at_rest(family->members, family->n);
        find_family(family);
    } while (family->n != before || family->n == 0);
}

static int count(const char *command)
{
    static struct family family;
    FILE *stream = popen(command, "r");

    if (stream == NULL)
        die("popen %s", command);
    find_family_at_rest(&family);
    for (int i = 0; i < family.n; i++)
        kill(family.members[i], SIGKILL); /* one may have ended with another */
    pclose(stream);
    return family.n;
}

int main(void)
{
    fact("one", "%d", count("sleep 1000"));
    fact("two", "%d", count("sleep 1000; true"));
    fact("pipe", "%d", count("sleep 1000 | cat"));
    return 0;
}
