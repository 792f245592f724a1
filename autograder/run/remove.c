/*
 * remove.c - removing what a run has made and left: an IPC object, or a folder (remove.h).
 */
#include "remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"
#include "run.h"

int run_remove_object(const struct object *object)
{
    switch (object->kind) {
    case OBJECT_QUEUE:
        return msgctl(object->id, IPC_RMID, NULL);
    case OBJECT_SEMAPHORES:
        return semctl(object->id, 0, IPC_RMID);
    case OBJECT_SEGMENT:
        return shmctl(object->id, IPC_RMID, NULL);
    case OBJECT_POSIX_QUEUE:
        return mq_unlink(object->path);
    case OBJECT_POSIX_SEMAPHORE:
    case OBJECT_POSIX_MEMORY: {
        char *path =
            kit_format("/dev/shm/%s%s", object->kind == OBJECT_POSIX_SEMAPHORE ? "sem." : "",
                       object->path + (object->path[0] == '/'));
        int result = unlink(path);
        free(path);
        return result;
    }
    case OBJECT_FIFO:
    case OBJECT_SOCKET:
        return unlink(object->path);
    default:
        return 0;
    }
}

/* ---- Folders -------------------------------------------------------------------------------- */

/* No path is ever longer than two names, and no more than two folders are open: what lies in a
 * folder of the tree is moved up to its top, until all of it lies there. */

static int open_folder(int at, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(at, name, flags);
    if (fd == -1 && errno == EACCES && fchmodat(at, name, 0700, 0) == 0)
        fd = openat(at, name, flags);
    if (fd != -1)
        (void)fchmod(fd, 0700); /* if it is somebody else's, we are root and need no permission */
    return fd;
}

static bool is_itself(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
}

/* Moves a folder to the top, under a name that is free there. */
static bool move_up(int from, const char *name, int top)
{
    static unsigned long long count;
    char free_name[32];

    for (int tries = 0; tries < 1000; tries++) {
        snprintf(free_name, sizeof free_name, "%llu", count++);
        if (renameat(from, name, top, free_name) == 0)
            return true;
        if (errno == EACCES && fchmodat(from, name, 0700, 0) == 0 &&
            renameat(from, name, top, free_name) == 0)
            return true;
        if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
            return false;
    }
    return false;
}

/* All that is in a folder: what is none is removed; what is one is emptied (in the top one) or
 * moved up. Returns whether anything came of it. */
static bool clear(int folder, int top)
{
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own != -1 ? fdopendir(own) : NULL;
    struct dirent *entry;
    bool progress = false;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (is_itself(entry))
            continue;
        if (unlinkat(folder, entry->d_name, 0) == 0 ||
            (folder != top && move_up(folder, entry->d_name, top))) {
            progress = true;
            continue;
        }
        int inner = folder == top ? open_folder(top, entry->d_name) : -1;
        if (inner == -1)
            continue;
        progress = clear(inner, top) || progress; // NOLINT(misc-no-recursion): one level
        close(inner);
        progress = unlinkat(top, entry->d_name, AT_REMOVEDIR) == 0 || progress;
    }
    if (dir != NULL)
        closedir(dir);
    else if (own != -1)
        close(own);
    return progress;
}

int remove_tree(const char *folder)
{
    int top = open_folder(AT_FDCWD, folder);
    if (top == -1)
        return errno == ENOENT ? 0 : -1;
    while (clear(top, top))
        continue;
    close(top);
    return rmdir(folder) == -1 && errno != ENOENT ? -1 : 0;
}
