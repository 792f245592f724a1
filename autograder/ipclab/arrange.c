/*
 * arrange.c - finding the exercises in what was handed in. See arrange.h.
 */
#include "arrange.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../tell/text.h"
#include "kit_paths.h"
#include "state.h"
#include "submissions.h"
#include "unpack.h"

enum { SHOWN_NAME = 120 };

/* A source that an exercise needs: the .c files of its skeleton. */
struct needed {
    const struct exercise *exercise;
    char *name;
};

/* A source that was handed in, below the folder. */
struct source {
    char *path;
    const char *name; /* its last component */
    unsigned depth;   /* slashes */
    bool used;
};

struct arranging {
    const char *from, *into;
    struct needed *needed;
    size_t n_needed;
    struct source *sources;
    size_t n_sources;
    struct notes *notes;
    uint64_t digest;
    unsigned copied;
};

static void note_about(struct arranging *all, const char *path, const char *what)
{
    char *shown = text_visible(path, strlen(path), SHOWN_NAME);
    notes_add(all->notes, "%s %s.", shown, what);
    free(shown);
}

/* ---- What is needed ------------------------------------------------------------------------- */

static void add_needed(struct arranging *all, const struct exercise *exercise)
{
    char *folder = kit_path("skeletons/%s", exercise->folder);
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (dir == NULL)
        kit_broken("cannot read %s", folder);
    while ((entry = readdir(dir)) != NULL) {
        size_t length = strlen(entry->d_name);
        if (entry->d_name[0] != '.' && length > 2 && strcmp(entry->d_name + length - 2, ".c") == 0)
            *ARRAY_ADD(all->needed, all->n_needed) =
                (struct needed){exercise, kit_strdup(entry->d_name)};
    }
    closedir(dir);
    free(folder);
}

/* ---- What is there -------------------------------------------------------------------------- */

static void add_source(struct arranging *all, const FTSENT *entry)
{
    const char *path = entry->fts_path + strlen(all->from);
    path += strspn(path, "/");
    struct source source = {.path = kit_strdup(path)};
    const char *slash = strrchr(source.path, '/');

    source.name = slash != NULL ? slash + 1 : source.path;
    for (const char *at = source.path; *at != '\0'; at++)
        source.depth += *at == '/';
    if (entry->fts_info == FTS_F) {
        *ARRAY_ADD(all->sources, all->n_sources) = source;
        return;
    }
    note_about(all, source.path,
               entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE
                   ? "is a symbolic link and is not followed"
                   : "is no plain file and is left out");
    free(source.path);
}

/* Returns false when the rest is not to be looked at. */
static bool take_entry(struct arranging *all, FTS *tree, FTSENT *entry, unsigned *n)
{
    bool below = entry->fts_level > FTS_ROOTLEVEL;
    const char *shown = entry->fts_path + strlen(all->from);
    shown += strspn(shown, "/");

    if (entry->fts_info == FTS_DP)
        return true;
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
        errno = entry->fts_errno;
        if (errno != ENAMETOOLONG)
            kit_broken("cannot read %s", text_visible(shown, strlen(shown), SHOWN_NAME));
        note_about(all, shown, "has too long a name");
        return true;
    }
    if (++*n > ENTRIES_LIMIT) {
        notes_add(all->notes, "Only the first %d files and folders are looked at.", ENTRIES_LIMIT);
        return false;
    }
    if (below && is_litter(entry->fts_name))
        fts_set(tree, entry, FTS_SKIP);
    else if (entry->fts_info == FTS_D && entry->fts_level > DEPTH_LIMIT) {
        fts_set(tree, entry, FTS_SKIP);
        note_about(all, shown, "lies too deep");
    } else if (entry->fts_info != FTS_D && is_source_name(entry->fts_name))
        add_source(all, entry);
    return true;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void look_for_sources(struct arranging *all)
{
    char *root = kit_strdup(all->from);
    char *const roots[] = {root, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    FTSENT *entry;
    unsigned n = 0;

    if (tree == NULL)
        kit_broken("cannot read %s", all->from);
    while ((entry = fts_read(tree)) != NULL && take_entry(all, tree, entry, &n))
        continue;
    fts_close(tree);
    free(root);
}

/* ---- What belongs where --------------------------------------------------------------------- */

/* How well a source fits, smaller is better: place, then letters, then depth. */
enum { IN_ITS_FOLDER = 0, BY_NAME = 2000, OTHER_LETTERS = 1000, NO_FIT = 1000000 };

/* Does `folder`, or the end of it after a slash, name `wanted`? */
static bool ends_in(const char *folder, size_t length, const char *wanted)
{
    size_t end = strlen(wanted);
    return length >= end && strncasecmp(folder + length - end, wanted, end) == 0 &&
           (length == end || folder[length - end - 1] == '/');
}

/* Does the path hold a folder that names the exercise? */
static bool path_names(const char *path, const struct exercise *exercise)
{
    const char *slash = strchr(exercise->folder, '/');
    const char *const names[] = {exercise->name, exercise->id, slash + 1, exercise->lab_name};

    for (const char *end; (end = strchr(path, '/')) != NULL; path = end + 1)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strlen(names[i]) == (size_t)(end - path) &&
                strncasecmp(path, names[i], (size_t)(end - path)) == 0)
                return true;
    return false;
}

/* How many of the exercises that need such a file does the path name, or, with named false, are
 * there? */
static unsigned count_needing(const struct arranging *all, const struct source *source, bool named)
{
    unsigned n = 0;
    for (size_t i = 0; i < all->n_needed; i++)
        n += strcasecmp(all->needed[i].name, source->name) == 0 &&
             (!named || path_names(source->path, all->needed[i].exercise));
    return n;
}

static unsigned fit(const struct arranging *all, const struct needed *needed,
                    const struct source *source)
{
    size_t folder = source->name > source->path ? (size_t)(source->name - source->path) - 1 : 0;
    unsigned rank = source->depth;

    if (strcasecmp(source->name, needed->name) != 0)
        return NO_FIT;
    if (strcmp(source->name, needed->name) != 0)
        rank += OTHER_LETTERS;
    if (ends_in(source->path, folder, needed->exercise->folder))
        return rank + IN_ITS_FOLDER;
    if (count_needing(all, source, false) == 1 ||
        (count_needing(all, source, true) == 1 && path_names(source->path, needed->exercise)))
        return rank + BY_NAME;
    return NO_FIT;
}

/* ---- Copying -------------------------------------------------------------------------------- */

/* FNV-1a: tells changed work from the same; keeps no secret. */
static void digest(struct arranging *all, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        all->digest = (all->digest ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
}

/* The bytes of a source (owned by the caller), or NULL after a note. */
static char *read_source(struct arranging *all, const struct source *source, size_t *length)
{
    char *path = kit_format("%s/%s", all->from, source->path);
    struct stat status;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1 || fstat(fd, &status) == -1)
        kit_broken("cannot read %s", text_visible(path, strlen(path), 2 * SHOWN_NAME));
    if (!S_ISREG(status.st_mode) || status.st_size > SOURCE_LIMIT) {
        close(fd);
        free(path);
        note_about(all, source->path, "is larger than is accepted");
        return NULL;
    }
    *length = (size_t)status.st_size;
    char *data = kit_alloc(*length);
    if (read(fd, data, *length) != (ssize_t)*length)
        kit_broken("cannot read %s", path);
    close(fd);
    free(path);
    return data;
}

static bool copy_source(struct arranging *all, struct source *source,
                        const struct exercise *exercise, const char *name)
{
    size_t length;
    char *data = read_source(all, source, &length);
    char *folder = kit_format("%s/%s", all->into, exercise->folder);
    char *path = kit_format("%s/%s", folder, name);

    source->used = true;
    if (data != NULL) {
        if (make_folders(folder) == -1 || kit_write_file(path, data, length) == -1)
            kit_broken("cannot write %s", path);
        digest(all, path + strlen(all->into), strlen(path + strlen(all->into)) + 1);
        digest(all, data, length);
        all->copied++;
    }
    bool copied = data != NULL;
    free(data);
    free(folder);
    free(path);
    return copied;
}

/* The learner's own headers, from the folder where a source of the exercise came from. */
static void copy_headers(struct arranging *all, const struct source *beside,
                         const struct exercise *exercise)
{
    size_t folder = (size_t)(beside->name - beside->path);
    for (size_t i = 0; i < all->n_sources; i++) {
        struct source *header = &all->sources[i];
        size_t length = strlen(header->name);
        if ((size_t)(header->name - header->path) == folder &&
            strncmp(header->path, beside->path, folder) == 0 && header->name[length - 1] == 'h')
            copy_source(all, header, exercise, header->name);
    }
}

static void note_tie(struct arranging *all, const struct needed *needed, const struct source *one,
                     const struct source *other)
{
    char *first = text_visible(one->path, strlen(one->path), SHOWN_NAME);
    char *second = text_visible(other->path, strlen(other->path), SHOWN_NAME);
    notes_add(all->notes, "%s could be %s or %s, and neither is taken.", needed->name, first,
              second);
    free(first);
    free(second);
}

/* Copies the best fitting source. Returns it; or NULL: there is none, or no best one. */
static struct source *supply(struct arranging *all, const struct needed *needed)
{
    struct source *best = NULL, *tied = NULL;
    unsigned best_fit = NO_FIT;

    for (size_t i = 0; i < all->n_sources; i++) {
        unsigned this_fit = fit(all, needed, &all->sources[i]);
        if (this_fit == NO_FIT || this_fit > best_fit)
            continue;
        tied = this_fit == best_fit ? &all->sources[i] : NULL;
        best = this_fit == best_fit ? best : &all->sources[i];
        best_fit = this_fit;
    }
    if (best == NULL)
        return NULL;
    if (tied != NULL) {
        best->used = tied->used = true;
        note_tie(all, needed, best, tied);
        return NULL;
    }
    return copy_source(all, best, needed->exercise, needed->name) ? best : NULL;
}

/* A header is wanted once for each folder and exercise. */
static void supply_all(struct arranging *all)
{
    struct source *last = NULL;
    const struct exercise *served = NULL;

    for (size_t i = 0; i < all->n_needed; i++) {
        const struct needed *needed = &all->needed[i];
        struct source *source = supply(all, needed);
        bool same = source != NULL && last != NULL && served == needed->exercise &&
                    source->name - source->path == last->name - last->path &&
                    strncmp(source->path, last->path, (size_t)(last->name - last->path)) == 0;
        if (source != NULL && !same)
            copy_headers(all, source, needed->exercise);
        last = source != NULL ? source : last;
        served = source != NULL ? needed->exercise : served;
    }
}

/* Does it lie in the folder of an exercise that is not graded now? */
static bool is_of_another(const struct source *source)
{
    size_t folder = source->name > source->path ? (size_t)(source->name - source->path) - 1 : 0, n;
    const struct lab *const *labs = labs_all(&n);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < labs[i]->n; j++)
            if (ends_in(source->path, folder, labs[i]->exercises[j]->folder))
                return true;
    return false;
}

/* Says of sources that were not used why. */
static void note_unused(struct arranging *all)
{
    for (size_t i = 0; i < all->n_sources; i++) {
        const struct source *source = &all->sources[i];
        size_t length = strlen(source->name);
        if (source->used || source->name[length - 1] == 'h')
            continue;
        unsigned n = count_needing(all, source, false);
        if (n == 0 && is_of_another(source))
            continue;
        note_about(all, source->path,
                   n == 0  ? "is no file of the exercises that are graded"
                   : n > 1 ? "could belong to several exercises: it must lie in the folder of one"
                           : "is not used: another file of that name fits better");
    }
}

unsigned arrange(const char *from, const struct selection *selection, const char *into,
                 struct notes *notes, uint64_t *result)
{
    struct arranging all = {
        .from = from, .into = into, .notes = notes, .digest = UINT64_C(0xcbf29ce484222325)};

    for (size_t i = 0; i < selection->count; i++)
        add_needed(&all, selection->items[i].exercise);
    look_for_sources(&all);
    supply_all(&all);
    note_unused(&all);
    for (size_t i = 0; i < notes->count; i++)
        digest(&all, notes->lines[i], strlen(notes->lines[i]) + 1);
    *result = all.digest;
    for (size_t i = 0; i < all.n_needed; i++)
        free(all.needed[i].name);
    for (size_t i = 0; i < all.n_sources; i++)
        free(all.sources[i].path);
    free(all.needed);
    free(all.sources);
    return all.copied;
}

char *lay_out(const char *submission, const struct selection *selection, const char *raw,
              const char *into, struct notes *notes, uint64_t *result)
{
    struct stat status;
    char *archive = kit_strdup(submission), *why = NULL;

    if (stat(archive, &status) == -1)
        kit_broken("cannot look at %s", archive);
    if (S_ISDIR(status.st_mode)) {
        free(archive);
        archive = submissions_wrapped(submission);
    }
    if (archive != NULL)
        why = unpack(archive, raw, notes);
    if (why == NULL &&
        arrange(archive != NULL ? raw : submission, selection, into, notes, result) == 0)
        why = kit_strdup("No file of the exercises was found in it.");
    if (why != NULL)
        notes_add(notes, "%s", why);
    free(archive);
    return why;
}
