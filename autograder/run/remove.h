/*
 * remove.h - removing a folder, whatever is in it.
 */
#ifndef IPCLAB_REMOVE_H
#define IPCLAB_REMOVE_H

/* Removes it with all that is in it, also what a program has laid there so that it cannot be
 * removed: paths longer than any call takes, folders without permissions. Follows no link. 0, also
 * when there is none; -1 with errno. */
int remove_tree(const char *folder);

#endif
