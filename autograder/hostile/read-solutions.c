/*
 * read-solutions.c - looks for solutions, suites, results and other submissions, where they are on
 * this machine, and by name everywhere but in the system's own folders.
 *
 * expect: passed
 * weak: none; there it can read what its user can
 */
#define _GNU_SOURCE /* FTW_ACTIONRETVAL */
#include <ftw.h>

#include "hostile.h"

static int look(const char *path, const struct stat *status, int type, struct FTW *where)
{
    static const char *const system[] = {"/usr", "/proc", "/sys", "/lib", "/dev"};
    (void)status;
    for (size_t i = 0; i < sizeof system / sizeof *system; i++)
        if (strcmp(path, system[i]) == 0)
            return FTW_SKIP_SUBTREE;
    const char *name = path + where->base;
    const char *ending = strrchr(name, '.');
    if (type == FTW_F && ending != NULL && strcmp(ending, ".c") == 0 && access(path, R_OK) == 0)
        escaped(path);
    return FTW_CONTINUE;
}

ATTACK(read_secrets)
{
    static const char *const places[] = {
        KIT "/solutions/01-pipes/1-oneway/oneway.c",
        KIT "/autograder/suites/01-pipes/1-oneway.c",
        CLASS "/fork-bomb/01-pipes/1-oneway/oneway.c",
        RESULTS "/gradebook.csv",
        RESULTS "/grading.json",
        "/kit/ipclab",
        "/box/source/oneway.c",
        "/etc/shadow",
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (open(places[i], O_RDONLY) != -1)
            escaped(places[i]);
    nftw("/", look, 16, FTW_PHYS | FTW_ACTIONRETVAL);
}

#include "solution.h"
