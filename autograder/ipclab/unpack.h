/*
 * unpack.h - taking the sources out of an archive that a stranger made.
 */
#ifndef IPCLAB_UNPACK_H
#define IPCLAB_UNPACK_H

#include <stdbool.h>

#include "checking.h" /* SOURCE_LIMIT */
#include "notes.h"

/* What one submission may hold. Generous: all exercises together are some 200 kB in 100 files. */
enum {
    ENTRIES_LIMIT = 10000, /* files and folders */
    DEPTH_LIMIT = 20,      /* folders in each other */
    UNPACKED_MB = 256,     /* of everything in an archive */
    RATIO_LIMIT = 250,     /* unpacked to packed, once RATIO_FROM_MB are out */
    RATIO_FROM_MB = 16
};

/* Is it the litter of an operating system, an editor or a version control: a name (one component)
 * that holds no source? */
bool is_litter(const char *name);
/* Does it end like C source: .c or .h? */
bool is_source_name(const char *name);

/* The length of a name without the ending of an archive; 0 when it does not end so. */
unsigned archive_stem(const char *name);

/*
 * Unpacks the C sources of the archive into `folder`, which is empty and the caller's. Only plain
 * files below that folder are ever made; what is skipped is told in the notes. A process of its own
 * does it, without rights and within limits, for archives are hostile as programs are.
 * Returns NULL; or why this cannot be graded, in one sentence (owned by the caller).
 */
char *unpack(const char *archive, const char *folder, struct notes *notes);

#endif
