/*
 * kit_paths.h - where the kit's own files are, and the flags that learners' programs are built
 * with.
 */
#ifndef IPCLAB_KIT_PATHS_H
#define IPCLAB_KIT_PATHS_H

/* The folder that holds skeletons/, common/ and autograder/explain/: the folder of the running
 * command (the source tree), or $IPCLAB_ROOT, or ../share/ipclab beside the folder of the command
 * (installed), or IPCLAB_SHARE as compiled in. Absolute; static. kit_broken() when none holds
 * skeletons/. */
const char *kit_root(void);

/* A path under kit_root(); owned by the caller. */
char *kit_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The folder of the kit's small programs: build/probes in the source tree, probes when installed.
 * Owned by the caller. */
char *kit_probes(void);

/* The folder of the experiments behind the predictions, NN-lab/Pn-name: build/experiments in the
 * source tree, experiments when installed. Owned by the caller. */
char *kit_experiments(void);

/* $IPCLAB_CC, $CC, or "cc" when that exists, or gcc, or clang. Static. */
const char *kit_compiler(void);

/* The flags (language, debug information that places need, warnings), ended by NULL. Static. They
 * lack -I.../common, which depends on kit_root(). */
const char *const *kit_compiler_flags(void);

/* The sources under common/, sorted, ended by NULL; owned by the caller, as each of them is. */
char **kit_common_sources(void);

/* Is there a command of that name in PATH? */
_Bool kit_has_command(const char *name);

/* The folder with what is linked for the race detector: runtime.o and wraps. Owned by the caller.
 */
char *kit_race_folder(void);

/* The flags that build a program for the race detector: before and after its sources. folder: as
 * above, wherever it lies. Lists that end in NULL, owned by the caller; their words are kept for
 * ever. */
const char **kit_race_flags_before(void);
const char **kit_race_flags_after(const char *folder);

#endif
