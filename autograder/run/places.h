/*
 * places.h - from a stopped or recorded thread to file:line in function, by libdw.
 *
 * The innermost frame that lies in the learner's own source is the place. Programs are built with
 * -g -fno-omit-frame-pointer -fno-optimize-sibling-calls; libc is unwound by its call frame
 * information.
 */
#ifndef IPCLAB_PLACES_H
#define IPCLAB_PLACES_H

#include "record.h"

/* A program's memory map at some moment: which files lie where. Shared by reference count between
 * the processes that were forked from one exec. */
struct image;

/* Reads /proc/PID/maps. Returns NULL when the process is gone. root: prefix under which the files
 * named in the maps are found ("" for the same file system view). */
struct image *image_read(pid_t host_pid, const char *root);
struct image *image_share(struct image *image);
void image_release(struct image *image);
/* Does this address lie in a file that the image knows? When not, read the image anew.  A library
 * that came by dlopen(3) seldom holds the address of the call itself: read the image anew after
 * every mmap(2) of a file with PROT_EXEC, too. */
bool image_covers(const struct image *image, uint64_t address);

/* Registers and the top of the stack of a thread that is in a ptrace stop: a few microseconds; the
 * work of finding the line is done later, and only for those calls that somebody asks about.
 * Takes a reference to the image. NULL when the thread is gone. */
struct stack *stack_capture(pid_t tid, struct image *image);
void stack_free(struct stack *stack);

/* The place of a captured stack: the innermost frame whose source file is not a system one.
 * place.file NULL when there is none (no debug information, or all frames in libraries). When live
 * is not 0, memory beyond the captured part is read from that (stopped) process. */
struct place stack_place(const struct stack *stack, pid_t live);

/* The place of an address of code, when it lies in the learner's own source; else file NULL. */
struct place image_place(struct image *image, uint64_t address);

/* Turns every call's stack of the record into a place (and frees the stack). */
void places_resolve(struct record *record);
/* The same for one call. Safe to call twice. */
void places_resolve_call(struct call *call);

#endif
