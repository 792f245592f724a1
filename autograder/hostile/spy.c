/*
 * spy.c - the right answer, which first wants to be told what happens to the kit's files, to the
 * class, to the results and on the whole file system.
 *
 * expect: passed
 * weak: none; there it sees the files that its user can
 */
#define _GNU_SOURCE /* name_to_handle_at(2) */
#include <sys/fanotify.h>
#include <sys/inotify.h>

#include "hostile.h"

ATTACK(spy)
{
    static const char *const places[] = {KIT,           CLASS,          RESULTS, "/kit/ipclab",
                                         "/box/source", "/box/drivers", "/home", "/root"};
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (inotify_add_watch(watch, places[i], IN_ALL_EVENTS) != -1)
            escaped(places[i]);
    close(watch);
    if (fanotify_init(FAN_CLASS_NOTIF, O_RDONLY) != -1 ||
        fanotify_init(FAN_REPORT_FID, O_RDONLY) != -1)
        escaped("fanotify");
}

#include "solution.h"
