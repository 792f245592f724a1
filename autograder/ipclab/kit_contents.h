/*
 * kit_contents.h - what of the source tree goes into an archive.
 */
#ifndef IPCLAB_KIT_CONTENTS_H
#define IPCLAB_KIT_CONTENTS_H

#include "bundle.h"
#include "course.h"

/*
 * Adds the kit, as source that `make` builds, under the folder `into` ("": the root): the chapters,
 * the skeletons, the checks and the engine; no solution, mistake, alternative or hostile program,
 * no test of the kit's own. Of the checks that the rules hide at `now` there is nothing in it,
 * unless `rules` is NULL. Returns 0; or -1 with *error, one sentence (owned by the caller).
 */
int kit_contents(struct bundle *bundle, const char *into, const struct course *rules, time_t now,
                 char **error);

/* Adds a file KIT with the digest of all that is there: a newer kit that is unpacked over an older
 * one is built anew, though all files of a kit are of the same time. */
void kit_mark(struct bundle *bundle, const char *into);

/* Writes the archive to the file; one that exists is replaced only when that is wanted. Returns
 * 0; or the exit status, after saying what was wrong. */
int bundle_store(struct bundle *bundle, const char *command, const char *file, bool force);

#endif
