/*
 * merge.c - `ipclab merge DIR...`: the results of shards become those of the class.
 *
 * Each DIR is the --out of one `grade --shard I/N`. They are joined only when they belong together
 * and nothing is missing: the same rules, each shard, every submission. What cannot be joined is
 * said, with the command that helps, before anything is written.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../tell/text.h"
#include "commands.h"
#include "gradebook.h"
#include "options.h"

enum { OPTION_OUT = 256 };

static const struct option_row options[] = {
    {OPTION_OUT, "out", "DIR", "Where the joined results go (default: grades)."},
    {0,          NULL,  NULL,  NULL                                            },
};

static const struct command_help help = {
    .name = "merge",
    .synopsis = "DIR...",
    .purpose = "Joins the results of `ipclab grade --shard`: each DIR is the --out of one shard.",
    .options = options,
    .notes =
        "Writes what grade writes for the whole class. The shards must have been graded by "
        "the same rules, and be complete; what is missing is said, and nothing is written.\n"
        "Exit status: 0 joined, 2 wrong use or something is missing, 3 some grade is not to be "
        "trusted (the kit failed on it), or the kit itself failed.\n"
        "Example: ipclab merge --out grades shard-1 shard-2",
};

struct merging {
    struct gradebook into, *parts;
    size_t n;
    bool wrong;
};

static void complain(struct merging *merging, const char *folder, const char *what)
{
    fprintf(stderr, "ipclab merge: %s: %s\n", folder, what);
    merging->wrong = true;
}

/* ---- Do they belong together? --------------------------------------------------------------- */

static void read_part(struct merging *merging, const char *folder)
{
    struct gradebook part;
    char *error;
    int found = gradebook_read(folder, &part, &error);

    if (found == 0) {
        part.command = "merge";
        *ARRAY_ADD(merging->parts, merging->n) = part;
    } else {
        complain(merging, folder, error != NULL ? error : "no results of ipclab grade are there");
        gradebook_clear(&part);
    }
    free(error);
}

static void look_at_rules(struct merging *merging)
{
    const struct gradebook *first = &merging->parts[0];
    for (size_t i = 1; i < merging->n; i++) {
        const char *differs = gradebook_differs(first, &merging->parts[i]);
        if (differs == NULL)
            continue;
        char *what = kit_format("it was graded with %s than %s", differs, first->folder);
        complain(merging, merging->parts[i].folder, what);
        free(what);
    }
}

static void look_for_shards(struct merging *merging)
{
    uint64_t shards = merging->parts[0].shards;
    for (uint64_t shard = 1; shard <= shards && shards > 1; shard++) {
        size_t found = 0;
        for (size_t i = 0; i < merging->n; i++)
            found += merging->parts[i].shard == shard;
        if (found == 1)
            continue;
        fprintf(stderr, "ipclab merge: shard %llu of %llu is %s\n", (unsigned long long)shard,
                (unsigned long long)shards, found == 0 ? "missing" : "there more than once");
        merging->wrong = true;
    }
}

static void complain_about(struct merging *merging, const struct gradebook *part, const char *name,
                           const char *what)
{
    char *shown = text_visible(name, strlen(name), 200);
    char *sentence = kit_format("%s %s", shown, what);
    complain(merging, part->folder, sentence);
    free(sentence);
    free(shown);
}

static void look_for_submissions(struct merging *merging)
{
    for (size_t i = 0; i < merging->n; i++) {
        const struct gradebook *part = &merging->parts[i];
        for (size_t k = 0; k < part->n_names; k++) {
            struct results results;
            if (!gradebook_load(part, part->names[k], &results))
                complain_about(merging, part, part->names[k],
                               "is not graded yet: run that shard again with --resume");
            results_clear(&results);
            for (size_t j = 0; j < i; j++)
                if (gradebook_has(&merging->parts[j], part->names[k]))
                    complain_about(merging, part, part->names[k], "is in another folder, too");
        }
    }
}

/* ---- Joining -------------------------------------------------------------------------------- */

static void copy_file(const struct gradebook *from, struct gradebook *into, const char *name,
                      const char *ending)
{
    char *source = kit_format("%s/%s%s", from->folder, name, ending);
    char *target = kit_format("%s/%s%s", into->folder, name, ending);
    size_t length;
    char *data = kit_read_file(source, &length);

    if (data == NULL && (errno != ENOENT || strcmp(ending, ".json") == 0))
        kit_broken("cannot read %s", source);
    if (data != NULL && kit_write_file_synced(target, data, length) == -1)
        kit_broken("cannot write %s", target);
    free(data);
    free(source);
    free(target);
}

static void copy_part(const struct gradebook *part, struct gradebook *into)
{
    for (size_t i = 0; i < part->n_names; i++) {
        gradebook_set_aside(into, part->names[i]);
        copy_file(part, into, part->names[i], ".json");
        copy_file(part, into, part->names[i], ".html");
        gradebook_add(into, part->names[i]);
    }
}

static bool is_a_part(const struct merging *merging)
{
    char *into = realpath(merging->into.folder, NULL);
    bool found = false;
    for (size_t i = 0; i < merging->n && into != NULL && !found; i++) {
        char *part = realpath(merging->parts[i].folder, NULL);
        found = part != NULL && strcmp(into, part) == 0;
        free(part);
    }
    free(into);
    return found;
}

/* The whole class that was joined here before goes to earlier/, also who is in no shard now. */
static void set_earlier_aside(struct gradebook *into)
{
    struct gradebook earlier;
    char *error;

    if (gradebook_read(into->folder, &earlier, &error) == 0)
        for (size_t i = 0; i < earlier.n_names; i++)
            gradebook_set_aside(into, earlier.names[i]);
    free(error);
    gradebook_clear(&earlier);
    gradebook_set_aside(into, NULL);
}

static int join(struct merging *merging)
{
    struct gradebook *into = &merging->into;
    int status = gradebook_open(into);

    if (status != 0)
        return status;
    set_earlier_aside(into);
    into->course = merging->parts[0].course;
    into->seed = merging->parts[0].seed;
    for (size_t i = 0; i < merging->n; i++)
        copy_part(&merging->parts[i], into);
    if (gradebook_write(into) == -1)
        kit_broken("cannot write to %s", into->folder);
    status = gradebook_close(into);
    into->course = (struct course){0}; /* it was lent */
    printf("%zu submissions of %zu folders; see %s/gradebook.csv, summary.json and class.html\n",
           into->n_names, merging->n, into->folder);
    if (into->stamp != NULL)
        printf("earlier results are in %s\n", into->stamp);
    return status;
}

static int merge(struct merging *merging, char *const *folders)
{
    for (; *folders != NULL; folders++)
        read_part(merging, *folders);
    if (merging->n > 0 && !merging->wrong) {
        look_at_rules(merging);
        look_for_shards(merging);
        look_for_submissions(merging);
    }
    if (!merging->wrong && is_a_part(merging))
        complain(merging, merging->into.folder,
                 "it is one of the shards; give the class a folder of its own: --out DIR");
    return merging->wrong ? 2 : join(merging);
}

int command_merge(int argc, char **argv)
{
    struct merging merging = {
        .into = {.command = "merge", .folder = "grades", .shard = 1, .shards = 1, .lock = -1}
    };
    for (int key; (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key == OPTIONS_HELP ? 0 : 2;
        merging.into.folder = optarg;
    }
    if (optind == argc)
        return usage_error(&help, "which folders? For example: ipclab merge shard-1 shard-2");
    int status = merge(&merging, argv + optind);
    for (size_t i = 0; i < merging.n; i++)
        gradebook_clear(&merging.parts[i]);
    free(merging.parts);
    gradebook_clear(&merging.into);
    return status;
}
