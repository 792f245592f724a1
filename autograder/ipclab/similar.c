/*
 * similar.c - `ipclab similar SUBMISSION...`: which submissions have passages alike.
 *
 * Submissions are found, unpacked and laid out as `ipclab grade` does it; alike.h compares them,
 * similar_tell.h says what came out. What they hold is read, never run.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../run/box.h"
#include "../run/kit.h"
#include "../tell/text.h"
#include "alike.h"
#include "arrange.h"
#include "chosen.h"
#include "commands.h"
#include "options.h"
#include "similar_tell.h"
#include "submissions.h"

enum { OPTION_LABS = 256, OPTION_PAIRS, OPTION_JSON, OPTION_HTML, MOST_PAIRS = 100000 };

static const struct option_row options[] = {
    {OPTION_LABS,  "labs",  "LIST", "Only these labs or exercises, with commas: 1,2 or 1.1,1.3."},
    {OPTION_PAIRS, "pairs", "N",    "Tell the N pairs that are most alike (default: 20)."       },
    {OPTION_HTML,  "html",  "FILE", "A page there that shows the passages side by side."        },
    {OPTION_JSON,  "json",  "FILE", "The same as JSON (- is standard output)."                  },
    {0,            NULL,    NULL,   NULL                                                        },
};

static const struct command_help help = {
    .name = "similar",
    .synopsis = "SUBMISSION...",
    .purpose = "Says which submissions have passages alike, the most alike first: folders or "
               "archives, as grade takes them. It compares; it never judges.",
    .options = options,
    .notes =
        "What the skeleton has is left out, and names, numbers, layout, comments and the order of "
        "functions do not count. A pair stands the higher the more is alike and the larger a part "
        "of the work that is. \"as in 12 more\": so many others have that passage, too.\n"
        "Needs sim_c, of the package similarity-tester.\n"
        "Exit status: 0 compared, 2 wrong use, nothing to compare, or a submission that is not "
        "there (the others are compared), 3 the kit itself failed.\n"
        "Example: ipclab similar --labs 1 --html similar.html submissions/*",
};

struct wishes {
    const char *labs, *json, *html;
    uint64_t pairs;
};

/* Returns 0; or the key of options_next() that ends the command. */
static int read_words(struct wishes *wishes, struct selection *selection, int argc, char **argv)
{
    for (int key; (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key;
        if (key == OPTION_LABS)
            wishes->labs = optarg;
        else if (key == OPTION_JSON)
            wishes->json = optarg;
        else if (key == OPTION_HTML)
            wishes->html = optarg;
        else if (!options_number(&help, "--pairs", optarg, 1, MOST_PAIRS, &wishes->pairs))
            return OPTIONS_WRONG;
    }
    if (wishes->labs != NULL && choose_list(&help, selection, wishes->labs) == -1)
        return OPTIONS_WRONG;
    if (selection->count == 0)
        selection_add_all(selection);
    return 0;
}

static struct box *new_scratch(void)
{
    struct box *scratch = box_new(); /* its folder goes even if we are killed (box.c) */
    if (scratch == NULL)
        kit_broken("cannot make a folder (set TMPDIR to a place with room)");
    return scratch;
}

static void tell_notes(const struct submission *submission, const struct notes *notes)
{
    char *shown = text_visible(submission->name, strlen(submission->name), 200);
    for (size_t i = 0; i < notes->count; i++)
        fprintf(stderr, "ipclab similar: %s: %s\n", shown, notes->lines[i]);
    free(shown);
}

/* Takes the sources of a submission. False: it has none. */
static bool take(struct alike *alike, const struct submissions *submissions, size_t which)
{
    const struct submission *submission = &submissions->items[which];
    struct box *scratch = new_scratch();
    struct notes notes = {0};
    uint64_t digest;
    char *raw = kit_format("%s/runs", scratch->folder);
    char *into = kit_format("%s/program", scratch->folder);
    char *why = lay_out(submission->path, alike->selection, raw, into, &notes, &digest);

    alike_add(alike, which, into, &notes);
    notes_close(&notes);
    tell_notes(submission, &notes);
    notes_clear(&notes);
    bool taken = why == NULL;
    free(why);
    free(raw);
    free(into);
    box_free(scratch);
    return taken;
}

/* Compares them all. Returns how many there were to compare. */
static size_t compare(struct alike *alike, const struct submissions *submissions)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = 0;

    for (size_t i = 0; i < submissions->n; i++)
        n += take(alike, submissions, i);
    if (n < 2)
        return n;
    struct box *scratch = new_scratch();
    char *folder = kit_format("%s/runs", scratch->folder);
    alike_compare(alike, folder, online < 1 ? 1 : (size_t)online);
    free(folder);
    box_free(scratch);
    return n;
}

/* 0, or 3: something could not be written. */
static int tell(const struct similar *similar, const struct wishes *wishes)
{
    int status = 0;
    bool only_json = wishes->json != NULL && strcmp(wishes->json, "-") == 0;
    char *json = wishes->json != NULL ? similar_json(similar) : NULL;
    char *html = wishes->html != NULL ? similar_page(similar) : NULL;

    if (!only_json)
        similar_print(similar);
    if (json != NULL && options_write(help.name, wishes->json, json) == -1)
        status = 3;
    if (html != NULL && options_write(help.name, wishes->html, html) == -1)
        status = 3;
    if (html != NULL && status == 0 && !only_json && strcmp(wishes->html, "-") != 0)
        printf("\nthe passages side by side: %s\n", wishes->html);
    free(json);
    free(html);
    return status;
}

static int similar(const struct submissions *submissions, const struct selection *selection,
                   const struct wishes *wishes)
{
    struct alike alike = {.selection = selection, .n_submissions = submissions->n};
    struct similar found = {.alike = &alike,
                            .submissions = submissions,
                            .n_compared = compare(&alike, submissions),
                            .most = wishes->pairs};
    int status = 2;

    if (found.n_compared < 2)
        fprintf(stderr,
                "ipclab similar: nothing to compare: of %zu submissions %zu hold anything of these "
                "exercises\n",
                submissions->n, found.n_compared);
    else
        status = tell(&found, wishes);
    status = alike.failed ? 3 : status;
    alike_clear(&alike);
    return status;
}

int command_similar(int argc, char **argv)
{
    struct wishes wishes = {.pairs = 20};
    struct selection selection = {0};
    struct submissions submissions = {.command = help.name};
    int key = read_words(&wishes, &selection, argc, argv), status = 2;

    if (key == OPTIONS_HELP)
        status = 0;
    else if (key == 0 && optind == argc)
        usage_error(&help, "which submissions? For example: ipclab similar submissions/*");
    else if (key == 0 && !alike_can_compare())
        usage_error(&help, "it needs sim_c, of the package similarity-tester, which is not "
                           "installed; ipclab doctor says how to install it");
    else if (key == 0) {
        submissions_find(&submissions, argv + optind, (size_t)(argc - optind));
        status = similar(&submissions, &selection, &wishes);
        status = status == 0 && submissions.wrong ? 2 : status;
    }
    submissions_clear(&submissions);
    selection_clear(&selection);
    return status;
}
