/*
 * image.h - the inside of a struct image, for places.c and uses.c alone. See places.h for what
 * others use.
 */
#ifndef IPCLAB_IMAGE_H
#define IPCLAB_IMAGE_H

#include <elfutils/libdwfl.h>

#include "places.h"

/* Does this address lie in code that the image knows (a mapped file's, or the kernel's vdso)? */
bool image_has_code(const struct image *image, uint64_t address);

/* All its code lies in [*low, *high): a quick way to say no. */
void image_code_span(const struct image *image, uint64_t *low, uint64_t *high);

/* Could any file of the image be the learner's? When not, no line needs to be looked for. */
bool image_has_own_code(const struct image *image);

/* Its modules, opened at the first call and closed with the image; NULL when nothing could be
 * opened.  callbacks: how stacks are read; must last as long as the image. */
Dwfl *image_modules(struct image *image, const Dwfl_Thread_Callbacks *callbacks);

/* Whose source an address was compiled from. */
enum owner {
    OWNER_NOBODY, /* the system's, or not known */
    OWNER_COMMON, /* the kit's helpers for labs, such as die(): its caller says more */
    OWNER_LEARNER,
};

/* The line of an address in the code of this image. The strings of *place belong to the image. */
enum owner image_line(struct image *image, uint64_t address, struct place *place);

/* What debug information says of an address. Belongs to the image. */
struct around {
    Dwarf_Die unit;
    uint64_t inside;    /* the address, as the unit counts */
    const char *path;   /* of the innermost function's source, perhaps inlined there */
    const char *folder; /* where the compiler ran, to which path may be relative; may be NULL */
    int line;
    bool exact;          /* else the code is of no line, or of several, and that is one near it */
    const char *program; /* the file that the code came from */
};

/* false: nothing. */
bool image_around(struct image *image, uint64_t address, struct around *around);

/* Predicates on paths: pulled out because they are the whole policy of what is "own". */
enum owner source_owner(const char *path);
bool is_system_path(const char *path);

#endif
