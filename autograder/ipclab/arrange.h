/*
 * arrange.h - finding the exercises in whatever layout a learner handed them in.
 *
 * Understood are, for pipeline.c of 1.3:
 *
 *     01-pipes/3-pipeline/pipeline.c           as in work/
 *     a/b/01-pipes/3-pipeline/pipeline.c       too deep (work/, a folder of the learner's name,
 * ...) pipeline.c, lab1/pipeline.c, ...         by its name alone, if that names one exercise, or
 * one whose name or number is in the path
 *
 * The first kind goes before the others, the shallower before the deeper. What is left out is told.
 */
#ifndef IPCLAB_ARRANGE_H
#define IPCLAB_ARRANGE_H

#include <stdint.h>

#include "../suites/registry.h"
#include "notes.h"

/*
 * Copies the sources of the selected exercises from `from`, any folder of a learner's, to
 * into/01-pipes/3-pipeline/ and so on. Links are not followed. *digest is made of all that was
 * copied and noted: equal for equal work. Returns how many files were copied.
 * kit_broken() when something cannot be read or written: that is not the learner's fault.
 */
unsigned arrange(const char *from, const struct selection *selection, const char *into,
                 struct notes *notes, uint64_t *digest);

/*
 * The same for a submission as it was handed in: a folder, an archive, or a folder with one archive
 * in it, which is unpacked to `raw`, an empty folder of the caller's. Returns NULL; or why there is
 * nothing of the exercises in it, a sentence that is the last of the notes, too (owned by the
 * caller).
 */
char *lay_out(const char *submission, const struct selection *selection, const char *raw,
              const char *into, struct notes *notes, uint64_t *digest);

#endif
