/*
 * saved_runs.c - the runs of the checks that failed last. See saved_runs.h.
 */
#include "saved_runs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../suites/registry.h"
#include "state.h"

enum { MOST_KEPT = 64 };

char *saved_runs_folder(const char *work)
{
    return state_is_kept(work) ? kit_format("%s/.ipclab/runs", work) : NULL;
}

/* The oldest or the newest file of the folder that is a check's, owned by the caller (NULL: none);
 * *count: how many there are. Of equal age the one whose name comes first. */
static char *find_by_age(const char *folder, bool newest, size_t *count)
{
    DIR *names = opendir(folder);
    struct dirent *entry;
    struct timespec age = {0, 0};
    char *found = NULL;

    *count = 0;
    while (names != NULL && (entry = readdir(names)) != NULL) {
        struct stat status;
        char *path = kit_format("%s/%s", folder, entry->d_name);
        bool there = registry_find_check(entry->d_name) != NULL && stat(path, &status) == 0;
        free(path);
        if (!there)
            continue;
        ++*count;
        struct timespec its = status.st_mtim;
        bool later =
            its.tv_sec > age.tv_sec || (its.tv_sec == age.tv_sec && its.tv_nsec > age.tv_nsec);
        bool same = its.tv_sec == age.tv_sec && its.tv_nsec == age.tv_nsec;
        if (found != NULL && later != newest && !(same && strcmp(entry->d_name, found) < 0))
            continue;
        free(found);
        found = kit_strdup(entry->d_name);
        age = its;
    }
    if (names != NULL)
        closedir(names);
    return found;
}

static void remove_one(const char *folder, const char *check_id)
{
    char *path = kit_format("%s/%s", folder, check_id);
    unlink(path);
    free(path);
}

static void remove_oldest(const char *folder)
{
    size_t count;
    char *oldest = find_by_age(folder, false, &count);
    if (count > MOST_KEPT)
        remove_one(folder, oldest);
    free(oldest);
}

void saved_runs_keep(const char *folder, const char *check_id, const char *lines)
{
    static bool said;

    if (lines == NULL) {
        remove_one(folder, check_id);
        return;
    }
    char *path = kit_format("%s/%s", folder, check_id);
    bool kept = make_folders(folder) == 0 && kit_write_file(path, lines, strlen(lines)) == 0;
    if (!kept && !said)
        fprintf(stderr,
                "ipclab: note: %s can't be written (%s), so `ipclab show` must run it again\n",
                path, strerror(errno));
    said = said || !kept;
    free(path);
    remove_oldest(folder);
}

void saved_runs_parse(const char *lines, struct saved_runs *runs)
{
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");
        char *line = kit_strndup(lines, length);
        const char *error;
        struct record *record = record_from_json(line, &error);
        if (record != NULL)
            *ARRAY_ADD(runs->records, runs->count) = record;
        free(line);
        lines += length + (lines[length] == '\n');
    }
}

void saved_runs_load(const char *work, const char *check_id, struct saved_runs *runs)
{
    char *path = kit_format("%s/.ipclab/runs/%s", work, check_id);
    char *lines = kit_read_file(path, NULL);

    *runs = (struct saved_runs){0};
    if (lines != NULL)
        saved_runs_parse(lines, runs);
    free(lines);
    free(path);
}

void saved_runs_clear(struct saved_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        record_free(runs->records[i]);
    free(runs->records);
    *runs = (struct saved_runs){0};
}

char *saved_runs_newest(const char *work)
{
    size_t count;
    char *folder = kit_format("%s/.ipclab/runs", work);
    char *newest = find_by_age(folder, true, &count);
    free(folder);
    return newest;
}
