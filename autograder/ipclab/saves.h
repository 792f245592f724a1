/*
 * saves.h - which exercises were saved since one last looked.
 *
 * inotify(7) only wakes: what is different is told by the files themselves (name, inode, size,
 * times), so it does not matter how an editor saves, in what order its events come, whether some
 * were lost, or whether a folder was removed and made again.
 */
#ifndef IPCLAB_SAVES_H
#define IPCLAB_SAVES_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "../suites/registry.h"

struct saves;

/* Watches the sources of these exercises in the folder of the work, and common/. kit_broken() when
 * the machine gives no watch. The selection must stay. */
struct saves *saves_new(const char *work, const struct selection *selection);
void saves_free(struct saves *saves);

/* Can be read when something may have been saved. */
int saves_fd(const struct saves *saves);

/* Waits until nobody saves at this moment (some milliseconds), and looks. */
void saves_look(struct saves *saves);
/* Is exercise number i of the selection another one than when this was last asked? */
bool saves_take(struct saves *saves, size_t i);
/* Is its folder there? */
bool saves_is_there(const struct saves *saves, size_t i);
/* When its newest file was written. */
time_t saves_newest(const struct saves *saves, size_t i);

#endif
