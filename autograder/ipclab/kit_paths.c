/*
 * kit_paths.c - where the kit's own files are. See kit_paths.h.
 */
#include "kit_paths.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../run/kit.h"

#ifndef IPCLAB_SHARE
#define IPCLAB_SHARE "/usr/local/share/ipclab"
#endif

/* The absolute path of folder/suffix when it holds skeletons/, else NULL. Owned by the caller. */
static char *root_at(const char *folder, const char *suffix)
{
    char *path = kit_format("%s%s/skeletons", folder, suffix);
    char *found = realpath(path, NULL);

    free(path);
    if (found != NULL)
        *strrchr(found, '/') = '\0';
    return found;
}

static char *find_root(void)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char *root = NULL;

    if (length > 0) {
        self[length] = '\0';
        *strrchr(self, '/') = '\0';
        root = root_at(self, "");
    }
    if (root == NULL && getenv("IPCLAB_ROOT") != NULL)
        root = root_at(getenv("IPCLAB_ROOT"), "");
    if (root == NULL && length > 0)
        root = root_at(self, "/../share/ipclab");
    if (root == NULL)
        root = root_at(IPCLAB_SHARE, "");
    return root;
}

const char *kit_root(void)
{
    static char *root;

    if (root == NULL)
        root = find_root();
    errno = 0;
    if (root == NULL)
        kit_broken("its folder (the one with skeletons/ in it) is neither beside this command nor "
                   "in " IPCLAB_SHARE "; set IPCLAB_ROOT to where it is");
    return root;
}

char *kit_path(const char *format, ...)
{
    char part[PATH_MAX];
    va_list args;

    va_start(args, format);
    int length = vsnprintf(part, sizeof part, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof part)
        kit_broken("a path is too long");
    return kit_format("%s/%s", kit_root(), part);
}

/* What was built: in build/ of the source tree, or beside it all when installed. */
static char *built_folder(const char *name)
{
    char *built = kit_path("build/%s", name);

    if (access(built, X_OK) == 0)
        return built;
    free(built);
    return kit_path("%s", name);
}

char *kit_probes(void)
{
    return built_folder("probes");
}

char *kit_experiments(void)
{
    return built_folder("experiments");
}

bool kit_has_command(const char *name)
{
    const char *path = getenv("PATH");

    if (strchr(name, '/') != NULL)
        return access(name, X_OK) == 0;
    if (path == NULL)
        path = "/usr/local/bin:/usr/bin:/bin";
    for (bool found = false;; path++) {
        size_t length = strcspn(path, ":");
        char *file = length > 0 ? kit_format("%.*s/%s", (int)length, path, name) : kit_strdup(name);
        found = access(file, X_OK) == 0;
        free(file);
        path += length;
        if (found || *path == '\0')
            return found;
    }
}

const char *kit_compiler(void)
{
    static const char *const usual[] = {"cc", "gcc", "clang"};
    const char *chosen = getenv("IPCLAB_CC");

    if (chosen == NULL || chosen[0] == '\0')
        chosen = getenv("CC");
    if (chosen != NULL && chosen[0] != '\0')
        return chosen;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (kit_has_command(usual[i]))
            return usual[i];
    return usual[0];
}

const char *const *kit_compiler_flags(void)
{
    static const char *const flags[] = {"-std=c17",
                                        "-D_XOPEN_SOURCE=700",
                                        "-gdwarf-4", /* valgrind 3.19 cannot read clang's 5 */
                                        "-O1",
                                        "-fno-omit-frame-pointer",
                                        "-fno-optimize-sibling-calls",
                                        "-Wall",
                                        "-Wextra",
                                        NULL};
    return flags;
}

char **kit_common_sources(void)
{
    char *pattern = kit_path("common/*.c");
    glob_t found = {0};
    char **sources = NULL;
    size_t count = 0;

    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            *ARRAY_ADD(sources, count) = kit_strdup(found.gl_pathv[i]);
    *ARRAY_ADD(sources, count) = NULL;
    globfree(&found);
    free(pattern);
    return sources;
}

/* ---- The race detector ---------------------------------------------------------------------- */

static bool is_clang(void)
{
    const char *compiler = kit_compiler(), *slash = strrchr(compiler, '/');
    return strstr(slash != NULL ? slash : compiler, "clang") != NULL;
}

/* The compiler calls us at each access; no libtsan is linked, and no copy is made without a call.
 */
const char **kit_race_flags_before(void)
{
    static const char *const common[] = {"-O0", "-fsanitize=thread", "-fno-builtin", NULL};
    static const char *const of_gcc[] = {
        "--param=tsan-distinguish-volatile=1",
        "-nodefaultlibs",
#if defined __x86_64__
        "-mmemcpy-strategy=libcall:-1:noalign",
        "-mmemset-strategy=libcall:-1:noalign",
#endif
        NULL
    };
    static const char *const of_clang[] = {"-fno-sanitize-link-runtime", "-mllvm",
                                           "-tsan-distinguish-volatile", NULL};
    const char *const *own = is_clang() ? of_clang : of_gcc;
    const char **list = NULL;
    size_t n = 0;
    for (size_t i = 0; common[i] != NULL; i++)
        *ARRAY_ADD(list, n) = common[i];
    for (size_t i = 0; own[i] != NULL; i++)
        *ARRAY_ADD(list, n) = own[i];
    *ARRAY_ADD(list, n) = NULL;
    return list;
}

char *kit_race_folder(void)
{
    return built_folder("race");
}

const char **kit_race_flags_after(const char *folder)
{
    static const char *const libraries[] = {"-lpthread", "-lrt",    "-lm", "-lc",
                                            "-lgcc",     "-lgcc_s", NULL};
    const char **list = NULL;
    size_t n = 0;
    *ARRAY_ADD(list, n) = kit_format("%s/runtime.o", folder);
    *ARRAY_ADD(list, n) = kit_format("-Wl,@%s/wraps", folder);
    for (size_t i = 0; libraries[i] != NULL; i++)
        *ARRAY_ADD(list, n) = libraries[i];
    *ARRAY_ADD(list, n) = NULL;
    return list;
}
