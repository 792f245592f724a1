/*
 * write-outside.c - makes and changes files in every place but its own folder.
 *
 * expect: passed
 * weak: none; there it can write what its user can
 */
#include "hostile.h"

static const char *const folders[] = {
    "/",     "/usr",           "/usr/bin",         "/etc",        "/home",  "/root", "/var/tmp",
    "/run",  "/box",           "/box/source",      "/program",    "/probe", "/kit",  "/runs",
    "/proc", "/sys/fs/cgroup", "/proc/1/root/tmp", "/proc/1/cwd", KIT,      CLASS,   RESULTS,
    "..",    "../..",
};
static const char *const files[] = {
    "/program/oneway",     "/etc/passwd",
    "/etc/ld.so.preload",  "/proc/sys/kernel/core_pattern",
    "/proc/sysrq-trigger", "/proc/1/oom_score_adj",
    "/proc/1/mem",         RESULTS "/gradebook.csv",
};

ATTACK(write_everywhere)
{
    char path[4096];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/hostile-was-here", folders[i]);
        if (open(path, O_WRONLY | O_CREAT, 0600) != -1 || mkdir(path, 0700) == 0 ||
            symlink("/etc/passwd", path) == 0)
            escaped(path);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (open(files[i], O_WRONLY) != -1 || unlink(files[i]) == 0)
            escaped(files[i]);
}

#include "solution.h"
