/*
 * box.h - the box: bubblewrap around the worker process of one exercise.
 *
 * Inside: a read-only system, no network, no other user's files, a private /tmp, an unprivileged
 * uid even when the kit runs as root.  The worker makes a fresh cell for every run inside the box
 * (cell.h).  Where the machine refuses user namespaces, the same worker runs without a box, as the
 * unprivileged uid if the kit is root: the weaker mode.
 *
 * The folder of a box, made by box_new() in $TMPDIR or /tmp, owned by the uid inside:
 *
 *     kit/       the kit's command                     /kit      hidden from programs
 *     box/       source/ headers/ common/ drivers/     /box      hidden from programs
 *     program/   what was built                        /program  read-only for programs
 *     probe/     the kit's small programs              /probe    read-only
 */
#ifndef IPCLAB_BOX_H
#define IPCLAB_BOX_H

#include <stdbool.h>
#include <sys/types.h>

enum box_mode { BOX_STRONG, BOX_WEAK };

/* The uid that programs run as when the kit is root: one that owns nothing. */
enum { BOX_UID = 63999 };

struct box {
    char *folder; /* on the host */
    int lock;     /* an open and locked descriptor of it, for as long as the box is in use */
    enum box_mode mode;
};

/* Strong where bubblewrap and user namespaces work, else weak; IPCLAB_BOX=weak asks for the weaker
 * mode. Found out once. */
enum box_mode box_mode_here(void);

/* Makes the folder and its parts. NULL with errno (no space, no permission). */
struct box *box_new(void);
/* Copies a file or the files of a folder (not below) into a part: "kit", "box/source", ...  -1 with
 * errno. Symbolic links and anything but regular files are refused with EINVAL. */
int box_copy(struct box *box, const char *file, const char *part);
/* Gives the folder to the uid inside: call it when all is copied. */
int box_seal(struct box *box);
/* The path by which the worker knows a part ("/program", or the host path in the weaker mode);
 * owned by the caller. */
char *box_inner_path(const struct box *box, const char *part);

/* Starts the kit's command in the box with these words after "ipclab"; result_fd becomes its
 * descriptor 3; its standard input is empty, its standard error ours. Returns the pid of its guard
 * (guard.h); -1 with errno. */
pid_t box_start(struct box *box, const char *const *words, int result_fd);
/* When the result has been read, or nobody wants it any more: ends what is left in the box. */
void box_end(pid_t pid);

/* Becomes the uid inside for good, when the kit is root: for what reads hostile data outside a box.
 * -1 with errno. */
int box_drop_privileges(void);

/* Removes the folder. */
void box_free(struct box *box);

#endif
