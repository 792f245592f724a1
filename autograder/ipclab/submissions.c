/*
 * submissions.c - which submissions there are. See submissions.h.
 */
#include "submissions.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../suites/registry.h"
#include "../tell/text.h"
#include "unpack.h"

enum { LONGEST_NAME = 180, SHOWN_PATH = 200 }; /* NAME.json.PID.new must fit into 255 bytes */

static void say(const struct submissions *submissions, const char *path, const char *what)
{
    char *shown = text_visible(path, strlen(path), SHOWN_PATH);
    fprintf(stderr, "ipclab %s: %s: %s\n", submissions->command, shown, what);
    free(shown);
}

static void add_path(struct submissions *submissions, const char *path)
{
    struct stat status;
    if (stat(path, &status) == -1 || access(path, R_OK) == -1) {
        say(submissions, path, strerror(errno));
        submissions->wrong = true;
        return;
    }
    struct submission *added = ARRAY_ADD(submissions->items, submissions->n);
    added->path = kit_strdup(path);
    for (size_t end = strlen(path); end > 1 && added->path[end - 1] == '/'; end--)
        added->path[end - 1] = '\0';
}

/* ---- A folder of submissions ---------------------------------------------------------------- */

static bool is_kits_folder(const char *name)
{
    size_t n;
    const struct lab *const *labs = labs_all(&n);
    if (strcmp(name, "work") == 0)
        return true;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(labs[i]->name, name) == 0)
            return true;
        for (size_t j = 0; j < labs[i]->n; j++)
            if (strcmp(strchr(labs[i]->exercises[j]->folder, '/') + 1, name) == 0)
                return true;
    }
    return false;
}

struct members {
    char **paths;
    size_t n;
    bool is_submission; /* there is a source or a folder of the kit's right in it */
};

static void look_at_member(struct members *members, const char *folder, const char *name)
{
    struct stat status;
    char *path = kit_format("%s/%s", folder, name);

    if (!is_litter(name) && stat(path, &status) == 0) {
        bool is_folder = S_ISDIR(status.st_mode);
        if (is_folder ? is_kits_folder(name) : is_source_name(name))
            members->is_submission = true;
        if (is_folder || archive_stem(name) > 0)
            *ARRAY_ADD(members->paths, members->n) = kit_strdup(path);
    }
    free(path);
}

static struct members look_inside(const char *folder)
{
    struct members members = {0};
    struct dirent *entry;
    DIR *dir = opendir(folder);

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        look_at_member(&members, folder, entry->d_name);
    if (dir != NULL)
        closedir(dir);
    return members;
}

static void forget_members(struct members *members)
{
    for (size_t i = 0; i < members->n; i++)
        free(members->paths[i]);
    free(members->paths);
}

char *submissions_wrapped(const char *folder)
{
    struct members members = look_inside(folder);
    struct stat status;
    bool wrapped = members.n == 1 && !members.is_submission &&
                   stat(members.paths[0], &status) == 0 && S_ISREG(status.st_mode);
    char *archive = wrapped ? kit_strdup(members.paths[0]) : NULL;
    forget_members(&members);
    return archive;
}

/* Takes a folder for its members, when it is a class and no submission. */
static bool take_members(struct submissions *submissions, const char *folder)
{
    struct members members = look_inside(folder);
    bool class = !members.is_submission && members.n >= 2;
    if (class) {
        char *what = kit_format("a folder of %zu submissions", members.n);
        say(submissions, folder, what);
        free(what);
    }
    for (size_t i = 0; class && i < members.n; i++)
        add_path(submissions, members.paths[i]);
    forget_members(&members);
    return class;
}

/* ---- Names ---------------------------------------------------------------------------------- */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static char *name_of(const char *path)
{
    struct stat status;
    char *real = NULL;
    const char *base = base_of(path);

    if (strcmp(base, ".") == 0 || strcmp(base, "..") == 0 || strcmp(base, "/") == 0)
        base = base_of((real = realpath(path, NULL)) != NULL ? real : "submission");
    size_t length = strlen(base);
    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode) && archive_stem(base) > 0)
        length = archive_stem(base);
    if (length > LONGEST_NAME)
        length = LONGEST_NAME;
    while (length > 1 && ((unsigned char)base[length] & 0xc0) == 0x80)
        length--; /* not within a letter */
    char *name = strcmp(base, "/") == 0 ? kit_strdup("submission") : kit_strndup(base, length);
    free(real);
    return name;
}

static bool is_taken(const struct submissions *submissions, size_t n, const char *name)
{
    static const char *const own[] = {"summary", "grading", "class"}; /* files of the kit's */
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], name) == 0)
            return true;
    for (size_t i = 0; i < n; i++)
        if (strcmp(submissions->items[i].name, name) == 0)
            return true;
    return false;
}

static void give_name(struct submissions *submissions, size_t which)
{
    struct submission *submission = &submissions->items[which];
    char *wanted = name_of(submission->path);

    submission->name = kit_strdup(wanted);
    for (unsigned number = 2; is_taken(submissions, which, submission->name); number++) {
        free(submission->name);
        submission->name = kit_format("%s-%u", wanted, number);
    }
    if (strcmp(submission->name, wanted) != 0) {
        char *shown = text_visible(submission->name, strlen(submission->name), SHOWN_PATH);
        char *what = kit_format("its name is taken, so it is called %s", shown);
        say(submissions, submission->path, what);
        free(what);
        free(shown);
    }
    free(wanted);
}

static int by_path(const void *a, const void *b)
{
    const struct submission *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static void drop_repeated(struct submissions *submissions)
{
    size_t kept = 0;
    for (size_t i = 0; i < submissions->n; i++) {
        if (kept > 0 && strcmp(submissions->items[kept - 1].path, submissions->items[i].path) == 0)
            free(submissions->items[i].path);
        else
            submissions->items[kept++] = submissions->items[i];
    }
    submissions->n = kept;
}

void submissions_find(struct submissions *submissions, char *const *paths, size_t n)
{
    if (n != 1 || !take_members(submissions, paths[0]))
        for (size_t i = 0; i < n; i++)
            add_path(submissions, paths[i]);
    if (submissions->n > 0)
        qsort(submissions->items, submissions->n, sizeof *submissions->items, by_path);
    drop_repeated(submissions);
    for (size_t i = 0; i < submissions->n; i++)
        give_name(submissions, i);
}

void submissions_single(struct submissions *submissions, const char *path)
{
    add_path(submissions, path);
    if (submissions->n > 0)
        submissions->items[0].name = kit_strdup("submission");
}

void submissions_keep_shard(struct submissions *submissions, uint64_t shard, uint64_t shards)
{
    size_t kept = 0;
    for (size_t i = 0; i < submissions->n; i++) {
        struct submission *one = &submissions->items[i];
        if (i % shards == shard - 1) {
            submissions->items[kept++] = *one;
            continue;
        }
        free(one->path);
        free(one->name);
    }
    submissions->n = kept;
}

void submissions_clear(struct submissions *submissions)
{
    for (size_t i = 0; i < submissions->n; i++) {
        free(submissions->items[i].path);
        free(submissions->items[i].name);
    }
    free(submissions->items);
    *submissions = (struct submissions){0};
}
