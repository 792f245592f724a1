/*
 * confine.h - a process that reads what a stranger wrote, outside a box: without rights, within
 * limits, and gone when its parent is.
 */
#ifndef IPCLAB_CONFINE_H
#define IPCLAB_CONFINE_H

#include <sys/resource.h>

struct confinement {
    const char *folder; /* becomes the working folder while we still may enter it */
    unsigned cpu_seconds, wall_seconds, memory_mb;
    rlim_t file_bytes; /* the largest file that it may write */
};

/* For a child, right after the fork; what it executes later is held by it, too. A process that
 * takes too long is ended by SIGXCPU or SIGALRM. 0; -1 with errno: then go no further. */
int confine(const struct confinement *within);

#endif
