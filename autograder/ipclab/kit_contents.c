/*
 * kit_contents.c - what of the source tree goes into an archive. See kit_contents.h.
 */
#include "kit_contents.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../tell/text.h"
#include "kit_paths.h"
#include "suite_cut.h"

/* What is given away is named: a folder that is new stays at home until it is added here. */
static const char *const given_away[] = {
    "README.md",
    "NEWS.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    ".clang-format",
    ".editorconfig",
    "labs",
    "skeletons",
    "common",
    "man",
    "completion",
    "autograder/README.md",
    "autograder/GRADING.md",
    "autograder/course.ini",
    "autograder/deps.sh",
    "autograder/slurm",
    "autograder/platforms",
    "autograder/book",
    "autograder/demo",
    "autograder/explain",
    "autograder/drivers",
    "autograder/probes",
    "autograder/experiments",
    "autograder/race",
    "autograder/run",
    "autograder/judge",
    "autograder/tell",
    "autograder/suites",
    "autograder/ipclab",
};

/* A path below the folder; "" is the archive's root. Owned by the caller. */
static char *inside(const char *into, const char *path)
{
    return into[0] != '\0' ? kit_format("%s/%s", into, path) : kit_strdup(path);
}

/* ---- Without what is hidden ----------------------------------------------------------------- */

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), end = strlen(ending);
    return length >= end && strcmp(text + length - end, ending) == 0;
}

/* The names of the exercise's checks that are hidden. Owned by the caller. */
static const char **hidden_names(const struct exercise *exercise, const struct course *rules,
                                 time_t now, size_t *n)
{
    const char **names = NULL;
    *n = 0;
    for (size_t i = 0; i < exercise->n_checks; i++) {
        char *id = check_id(exercise->checks[i]);
        if (course_hidden_until(rules, id, now) != -1)
            *ARRAY_ADD(names, *n) = exercise->checks[i]->name;
        free(id);
    }
    return names;
}

static void set_text(struct bundle_file *file, char *text)
{
    free(file->data);
    file->data = text;
    file->length = strlen(text);
}

/* A page may name a check as an example. */
static void forget_name(struct bundle *bundle, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < bundle->n; i++) {
        struct bundle_file *file = &bundle->files[i];
        struct text_buffer text = {0};
        const char *rest = file->data, *found;
        if (!ends_with(file->path, ".md") && !ends_with(file->path, ".1") &&
            !ends_with(file->path, ".ini"))
            continue;
        while ((found = strstr(rest, name)) != NULL) {
            text_add(&text, "%.*sa_hidden_check", (int)(found - rest), rest);
            rest = found + length;
        }
        text_add(&text, "%s", rest);
        set_text(file, text.data);
    }
}

static void hide(struct bundle *bundle, const char *into, const struct exercise *exercise,
                 const struct course *rules, time_t now)
{
    size_t n;
    const char **names = hidden_names(exercise, rules, now, &n);
    char *below = kit_format("autograder/suites/%s.c", exercise->folder);
    char *path = inside(into, below);
    struct bundle_file *suite = bundle_find(bundle, path);

    if (n > 0 && suite == NULL)
        kit_broken("%s is not there, and holds what is hidden", path);
    if (n > 0)
        set_text(suite, suite_without(suite->data, names, n));
    for (size_t i = 0; i < n; i++) {
        if (strstr(suite->data, kit_format("CHECK(%s,", names[i])) != NULL)
            kit_broken("the hidden check %s.%s could not be cut out of %s", exercise->id, names[i],
                       path);
        forget_name(bundle, names[i]);
    }
    free(names);
    free(path);
    free(below);
}

/* ---- The whole ------------------------------------------------------------------------------ */

int kit_contents(struct bundle *bundle, const char *into, const struct course *rules, time_t now,
                 char **error)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);

    for (size_t i = 0; i < sizeof given_away / sizeof *given_away; i++) {
        char *from = kit_path("%s", given_away[i]);
        char *to = inside(into, given_away[i]);
        int result = bundle_add_tree(bundle, from, to);
        if (result == -1)
            *error = kit_format("%s: %s. A kit is made from the source tree, not from an installed "
                                "ipclab: run ./ipclab there",
                                from, strerror(errno));
        free(from);
        free(to);
        if (result == -1)
            return -1;
    }
    for (size_t i = 0; rules != NULL && i < n; i++)
        for (size_t j = 0; j < labs[i]->n; j++)
            hide(bundle, into, labs[i]->exercises[j], rules, now);
    return 0;
}

void kit_mark(struct bundle *bundle, const char *into)
{
    char *path = inside(into, "KIT");
    char *mark = kit_format("%016" PRIx64 "\n", bundle_digest(bundle));
    bundle_add(bundle, path, false, mark, strlen(mark));
    free(path);
}

int bundle_store(struct bundle *bundle, const char *command, const char *file, bool force)
{
    size_t length;

    if (!force && access(file, F_OK) == 0) {
        fprintf(stderr, "ipclab %s: %s is there already; --force replaces it\n", command, file);
        return 2;
    }
    char *data = bundle_pack(bundle, file, &length);
    int result = kit_write_file(file, data, length);
    free(data);
    if (result == -1) {
        fprintf(stderr, "ipclab %s: cannot write %s: %s\n", command, file, strerror(errno));
        return 3;
    }
    return 0;
}
