/*
 * saves.c - which exercises were saved since one last looked. See saves.h.
 */
#include "saves.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run/kit.h"
#include "kit_paths.h"

/* An editor's save is several events: it is over when none came for QUIET_MS. */
enum { QUIET_MS = 10, MOST_MS = 300 };

/* What is in a folder. */
struct stamp {
    bool there;
    uint64_t digest; /* of the names and states of its sources */
    time_t newest;
};

struct saves {
    int fd;
    const char *work;
    const struct selection *selection;
    struct stamp *now, *taken; /* one for each exercise */
};

static uint64_t mix(uint64_t digest, uint64_t value)
{
    const uint64_t prime = UINT64_C(1099511628211); /* FNV-1a, by eight bytes */
    return (digest ^ value) * prime;
}

static uint64_t digest_of(const char *name, const struct stat *status)
{
    uint64_t digest = UINT64_C(14695981039346656037);

    for (const char *c = name; *c != '\0'; c++)
        digest = mix(digest, (unsigned char)*c);
    digest = mix(digest, (uint64_t)status->st_ino);
    digest = mix(digest, (uint64_t)status->st_size);
    digest = mix(digest, (uint64_t)status->st_mtim.tv_sec);
    digest = mix(digest, (uint64_t)status->st_mtim.tv_nsec);
    digest = mix(digest, (uint64_t)status->st_ctim.tv_sec);
    return mix(digest, (uint64_t)status->st_ctim.tv_nsec);
}

/* What is compiled: editors keep their own files beside it. */
static bool is_source(const char *name)
{
    size_t length = strlen(name);
    return length > 2 && name[0] != '.' && name[length - 2] == '.' &&
           (name[length - 1] == 'c' || name[length - 1] == 'h');
}

/* Sums, so that the order of the names does not matter. */
static struct stamp look_into(const char *folder)
{
    struct stamp stamp = {0};
    DIR *dir = opendir(folder);
    struct dirent *entry;

    stamp.there = dir != NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat status;
        if (!is_source(entry->d_name) ||
            fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == -1)
            continue;
        stamp.digest += digest_of(entry->d_name, &status);
        if (status.st_mtim.tv_sec > stamp.newest)
            stamp.newest = status.st_mtim.tv_sec;
    }
    if (dir != NULL)
        closedir(dir);
    return stamp;
}

/* Asks for the events of a folder. Asking again does no harm: it is the same watch. False: there is
 * no such folder. */
static bool ask_for(const struct saves *saves, const char *folder)
{
    const uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE |
                            IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR;

    if (inotify_add_watch(saves->fd, folder, events) != -1)
        return true;
    if (errno == ENOSPC)
        kit_broken("the system gives no more file watches; this allows more: sudo sysctl "
                   "fs.inotify.max_user_watches=65536");
    return false;
}

/* A folder that is not there is waited for in the one above. */
static void ask_for_first_above(const struct saves *saves, const char *folder)
{
    char *path = kit_strdup(folder);

    while (!ask_for(saves, path[0] != '\0' ? path : "/")) {
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            ask_for(saves, ".");
            break;
        }
        *slash = '\0';
    }
    free(path);
}

/* From above to below: what is made meanwhile is met on the way or makes an event. */
static void ask_for_all(const struct saves *saves)
{
    char *common = kit_path("common");

    ask_for(saves, common);
    free(common);
    ask_for_first_above(saves, saves->work);
    for (size_t i = 0; i < saves->selection->count; i++) {
        const struct exercise *exercise = saves->selection->items[i].exercise;
        char *lab = kit_format("%s/%s", saves->work, exercise->lab_name);
        char *folder = kit_format("%s/%s", saves->work, exercise->folder);
        if (ask_for(saves, lab))
            ask_for(saves, folder);
        free(lab);
        free(folder);
    }
}

static void look_at_all(struct saves *saves)
{
    char *path = kit_path("common");
    struct stamp common = look_into(path);

    free(path);
    for (size_t i = 0; i < saves->selection->count; i++) {
        path = kit_format("%s/%s", saves->work, saves->selection->items[i].exercise->folder);
        saves->now[i] = look_into(path);
        if (saves->now[i].there)
            saves->now[i].digest += common.digest;
        free(path);
    }
}

struct saves *saves_new(const char *work, const struct selection *selection)
{
    struct saves *saves = kit_alloc(sizeof *saves);

    saves->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (saves->fd == -1 && errno == EMFILE)
        kit_broken("the system gives no file watches; this allows more: sudo sysctl "
                   "fs.inotify.max_user_instances=1024");
    if (saves->fd == -1)
        kit_broken("inotify_init1");
    saves->work = work;
    saves->selection = selection;
    saves->now = kit_alloc(selection->count * sizeof *saves->now);
    saves->taken = kit_alloc(selection->count * sizeof *saves->taken);
    ask_for_all(saves);
    look_at_all(saves);
    memcpy(saves->taken, saves->now, selection->count * sizeof *saves->now);
    return saves;
}

void saves_free(struct saves *saves)
{
    close(saves->fd);
    free(saves->now);
    free(saves->taken);
    free(saves);
}

int saves_fd(const struct saves *saves)
{
    return saves->fd;
}

/* Reads events, which say nothing that the files do not say, until none comes for a moment. */
static void wait_for_quiet(const struct saves *saves)
{
    struct pollfd events = {.fd = saves->fd, .events = POLLIN};
    long long deadline_us = kit_now_us() + 1000LL * MOST_MS;
    char bytes[16384];

    do
        while (read(saves->fd, bytes, sizeof bytes) > 0)
            continue;
    while (kit_now_us() < deadline_us && poll(&events, 1, QUIET_MS) == 1);
}

void saves_look(struct saves *saves)
{
    wait_for_quiet(saves);
    ask_for_all(saves); /* first: what is saved from now on makes an event */
    look_at_all(saves);
}

bool saves_take(struct saves *saves, size_t i)
{
    bool changed = saves->now[i].there != saves->taken[i].there ||
                   saves->now[i].digest != saves->taken[i].digest;
    saves->taken[i] = saves->now[i];
    return changed;
}

bool saves_is_there(const struct saves *saves, size_t i)
{
    return saves->now[i].there;
}

time_t saves_newest(const struct saves *saves, size_t i)
{
    return saves->now[i].newest;
}
