/*
 * pack.c - `ipclab pack PLATFORM FILE`: what a platform for courses needs to grade, as one archive.
 *
 * What lies in autograder/platforms/PLATFORM/ goes into it as it is (dot-github becomes .github),
 * with the page of the platform, the rules, and the kit as source, which is built there. Only
 * names, places and what follows from the exercises are decided here.
 */
#include "pack.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../run/kit.h"
#include "../tell/json.h"
#include "../tell/terminal.h"
#include "../tell/text.h"
#include "chosen.h"
#include "commands.h"
#include "kit_contents.h"
#include "kit_paths.h"
#include "options.h"

enum { OPTION_CONFIG = 256, OPTION_FORCE };

static const struct option_row options[] = {
    {OPTION_CONFIG, "config", "FILE", "The rules: exercises, weights, hidden checks (course.ini)."},
    {OPTION_FORCE,  "force",  NULL,   "Replace FILE when it exists."                              },
    {0,             NULL,     NULL,   NULL                                                        },
};

static const struct command_help help = {
    .name = "pack",
    .synopsis = "PLATFORM FILE [LAB|EXERCISE...]",
    .purpose = "Packs what a platform for courses needs to grade these exercises: the kit, the "
               "rules, and the scripts that the platform starts.",
    .options = options,
    .notes = "PLATFORM: autolab (FILE ends in .tar), exercism, github, gradescope (.zip) or "
             "prairielearn. Without exercises: those of course.ini, or all. There are no solutions "
             "in it. What course.ini hides is in it, for it is graded, but for github, where "
             "students can read everything. autograder/platforms/ has a page on each.\n"
             "Exit status: 0 done, 2 wrong use, 3 the kit itself failed.\n"
             "Example: ipclab pack gradescope lab1.zip --config course.ini 1",
};

struct packing {
    struct bundle bundle;
    struct course rules;
    struct selection selection;
    char *error; /* one sentence; NULL: none */
};

struct platform {
    const char *name, *purpose;
    const char *ending; /* that FILE must have; NULL: any */
    const char *kit;    /* the folder of the kit; "": the root */
    const char *rules;  /* the file of the rules */
    const char *page;   /* its page for instructors; NULL: students would see it */
    bool students_see;  /* all of it */
    void (*add)(struct packing *packing); /* what follows from the exercises; NULL: nothing */
};

/* ---- Parts of an archive -------------------------------------------------------------------- */

static bool starts_with(const char *path, const char *folder)
{
    return strncmp(path, folder, strlen(folder)) == 0;
}

static void add_text(struct bundle *bundle, const char *path, char *text)
{
    bundle_add(bundle, path, false, text, strlen(text));
}

/* A file or folder of the source tree, which must be there. */
static void add_tree(struct packing *packing, const char *from, const char *to)
{
    char *path = kit_path("%s", from);
    if (packing->error == NULL && bundle_add_tree(&packing->bundle, path, to) == -1)
        packing->error =
            kit_format("%s: %s. What a platform gets is made from the source tree, not "
                       "from an installed ipclab: run ./ipclab there",
                       path, strerror(errno));
    free(path);
}

/* dot-github/workflows -> .github/workflows: a name with a dot would be passed over as litter. */
static void add_dots(struct bundle *bundle)
{
    for (size_t i = 0; i < bundle->n; i++) {
        char *path = bundle->files[i].path;
        if (!starts_with(path, "dot-"))
            continue;
        bundle->files[i].path = kit_format(".%s", path + strlen("dot-"));
        free(path);
    }
}

/* What students may read of course.ini: the names of hidden checks would tell what these look at,
 * and remarks, which may stand behind a blank, could tell anything. */
static char *rules_for_students(const char *text)
{
    struct text_buffer out = {0};
    bool hidden = false;

    text_add(&out, "; Written by ipclab pack: course.ini without what is hidden.\n");
    text += strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (*text != '\0') {
        const char *first = text + strspn(text, " \t"), *end = first;
        if (*first == '[')
            hidden = starts_with(first, "[hidden]");
        while (*end != '\0' && *end != '\n' && *first != '#' &&
               !(*end == ';' && (end == first || end[-1] == ' ' || end[-1] == '\t')))
            end++;
        if (!hidden && end > first)
            text_add(&out, "%.*s\n", (int)(end - first), first);
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return out.data;
}

/* The rules as they were given; exercises that were named on the command line are their include. */
static char *rules_text(const struct packing *packing, bool students_see)
{
    struct text_buffer out = {0};
    if (packing->rules.text != NULL && students_see)
        return rules_for_students(packing->rules.text);
    if (packing->rules.text != NULL)
        return kit_strdup(packing->rules.text);
    text_add(&out, "; Written by ipclab pack; autograder/course.ini documents every key.\n"
                   "[course]\ninclude = ");
    for (size_t i = 0; i < packing->selection.count; i++)
        text_add(&out, "%s%s", i > 0 ? ", " : "", packing->selection.items[i].exercise->id);
    text_add(&out, "\n");
    return out.data;
}

/* ---- GitHub --------------------------------------------------------------------------------- */

/* Where students begin. */
static void add_work(struct packing *packing)
{
    for (size_t i = 0; i < packing->selection.count; i++) {
        const char *folder = packing->selection.items[i].exercise->folder;
        char *from = kit_format("skeletons/%s", folder), *to = kit_format("work/%s", folder);
        add_tree(packing, from, to);
        free(from);
        free(to);
    }
}

/* ---- PrairieLearn --------------------------------------------------------------------------- */

/* Must differ from question to question, and be the same whenever it is packed: of version 8, made
 * by a rule of one's own (RFC 9562), here two digests of the exercise's folder. */
static char *uuid_of(const char *folder)
{
    struct bundle one = {0}, two = {0};
    bundle_add(&one, folder, false, kit_strdup("ipclab"), 6);
    bundle_add(&two, folder, true, kit_strdup("ipclab"), 6);
    uint64_t high = bundle_digest(&one), low = bundle_digest(&two);
    bundle_clear(&one);
    bundle_clear(&two);
    return kit_format("%08x-%04x-8%03x-%04x-%012" PRIx64, (unsigned)(high >> 32),
                      (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xfff,
                      (unsigned)(low >> 48 & 0x3fff) | 0x8000, low & UINT64_C(0xffffffffffff));
}

static char *question_info(const struct exercise *exercise)
{
    cJSON *json = json_object(), *grading = json_object();
    char *uuid = uuid_of(exercise->folder);
    char *title = kit_format("%s %s", exercise->id, exercise->title);

    json_add_string(json, "uuid", uuid);
    json_add_string(json, "title", title);
    json_add_string(json, "topic", "Inter-process communication");
    json_add_string(json, "type", "v3");
    json_add(json, "singleVariant", cJSON_CreateTrue());
    json_add_string(json, "gradingMethod", "External");
    json_add(json, "externalGradingOptions", grading);
    json_add(grading, "enabled", cJSON_CreateTrue());
    json_add_string(grading, "image", "ipclab");
    json_append_string(json_add_array(grading, "serverFilesCourse"), "ipclab/");
    json_add_string(grading, "entrypoint", "/grade/serverFilesCourse/ipclab/grade.sh");
    json_add_number(grading, "timeout", 300);
    free(uuid);
    free(title);
    return json_text(json);
}

static void add_download(struct text_buffer *html, const char *name)
{
    text_add(html, "    <pl-file-download file-name=\"%s\"></pl-file-download>\n", name);
}

/* files: the skeleton's, names only. Sources must be handed in; a learner's own headers may be. */
static char *question_html(const struct bundle *files)
{
    struct text_buffer html = {0}, sources = {0};

    text_add(&html, "<pl-question-panel>\n  <p>\n    The task, and what to begin with:\n");
    add_download(&html, "task.md");
    for (size_t i = 0; i < files->n; i++) {
        const char *name = files->files[i].path;
        add_download(&html, name);
        if (name[strlen(name) - 1] == 'c')
            text_add(&sources, "%s%s", sources.length > 0 ? "," : "", name);
    }
    text_add(
        &html,
        "  </p>\n"
        "  <pl-file-upload file-names=\"%s\" optional-file-patterns=\"*.h\"></pl-file-upload>\n"
        "</pl-question-panel>\n"
        "<pl-submission-panel>\n"
        "  <pl-external-grader-results></pl-external-grader-results>\n"
        "  <pl-file-preview></pl-file-preview>\n"
        "</pl-submission-panel>\n",
        sources.data);
    free(sources.data);
    return html.data;
}

/* The files of a folder by their names alone. */
static void read_skeleton(const struct exercise *exercise, struct bundle *files)
{
    struct bundle tree = {0};
    char *folder = kit_path("skeletons/%s", exercise->folder);

    if (bundle_add_tree(&tree, folder, "") == -1 || tree.n == 0)
        kit_broken("no skeleton of exercise %s in %s", exercise->id, folder);
    bundle_digest(&tree); /* sorts it */
    for (size_t i = 0; i < tree.n; i++) {
        struct bundle_file *file = &tree.files[i];
        bundle_add(files, strrchr(file->path, '/') + 1, false, file->data, file->length);
        file->data = NULL;
    }
    bundle_clear(&tree);
    free(folder);
}

static void add_question(struct packing *packing, const struct exercise *exercise)
{
    const char *slash = strchr(exercise->folder, '/');
    struct bundle files = {0};
    char *folder = kit_format("questions/ipclab-%.*s-%s", (int)(slash - exercise->folder),
                              exercise->folder, slash + 1);
    char *task = kit_format("labs/%s.md", exercise->folder);
    char *paths[] = {
        kit_format("%s/info.json", folder),
        kit_format("%s/question.html", folder),
        kit_format("%s/tests/exercise", folder),
        kit_format("%s/clientFilesQuestion/task.md", folder),
    };

    read_skeleton(exercise, &files);
    add_text(&packing->bundle, paths[0], question_info(exercise));
    add_text(&packing->bundle, paths[1], question_html(&files));
    add_text(&packing->bundle, paths[2], kit_format("%s\n", exercise->id));
    add_tree(packing, task, paths[3]);
    for (size_t i = 0; i < files.n; i++) {
        char *path = kit_format("%s/clientFilesQuestion/%s", folder, files.files[i].path);
        bundle_add(&packing->bundle, path, false, files.files[i].data, files.files[i].length);
        files.files[i].data = NULL;
        free(path);
    }
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        free(paths[i]);
    bundle_clear(&files);
    free(task);
    free(folder);
}

static void add_questions(struct packing *packing)
{
    for (size_t i = 0; i < packing->selection.count; i++)
        add_question(packing, packing->selection.items[i].exercise);
}

/* ---- Autolab -------------------------------------------------------------------------------- */

static void add_copy(struct bundle *bundle, const char *path, const struct bundle_file *file)
{
    char *data = kit_alloc(file->length + 1);
    memcpy(data, file->data, file->length);
    bundle_add(bundle, path, file->executable, data, file->length);
}

/* Autolab takes two files, one of them an archive: what lies in autograde/. The image gets the kit,
 * too. */
static void add_autograde(struct packing *packing)
{
    struct bundle inner = {0}, outer = {0};
    size_t length;

    for (size_t i = 0; i < packing->bundle.n; i++) {
        const struct bundle_file *file = &packing->bundle.files[i];
        if (starts_with(file->path, "autograde/ipclab/")) {
            char *path = kit_format("image/%s", file->path + strlen("autograde/"));
            add_copy(&outer, path, file);
            free(path);
        }
        add_copy(starts_with(file->path, "autograde/") ? &inner : &outer, file->path, file);
    }
    char *tar = bundle_pack(&inner, "autograde.tar", &length);
    bundle_add(&outer, "autograde.tar", false, tar, length);
    bundle_clear(&inner);
    bundle_clear(&packing->bundle);
    packing->bundle = outer;
}

/* ---- All of them ---------------------------------------------------------------------------- */

static const struct platform platforms[] = {
    {
     .name = "autolab",
     .purpose = "autograde-Makefile, autograde.tar, and an image for Tango",
     .ending = ".tar",
     .kit = "autograde/ipclab",
     .rules = "autograde/course.ini",
     .page = "README.md",
     .add = add_autograde,
     },
    {
     .name = "exercism",
     .purpose = "a test runner",
     .kit = "ipclab",
     .rules = "course.ini",
     .page = "README.md",
     },
    {
     .name = "github",
     .purpose = "a repository that students begin with, and its workflow",
     .kit = "",
     .rules = ".github/ipclab/course.ini",
     .students_see = true,
     .add = add_work,
     },
    {
     .name = "gradescope",
     .purpose = "an autograder",
     .ending = ".zip",
     .kit = "ipclab",
     .rules = "course.ini",
     .page = "README.md",
     },
    {
     .name = "prairielearn",
     .purpose = "questions, and the image that grades them",
     .kit = "image/ipclab",
     .rules = "serverFilesCourse/ipclab/course.ini",
     .page = "README.md",
     .add = add_questions,
     },
};

enum { N_PLATFORMS = sizeof platforms / sizeof *platforms };

const char *pack_platform(size_t i, const char **purpose)
{
    if (i >= N_PLATFORMS)
        return NULL;
    *purpose = platforms[i].purpose;
    return platforms[i].name;
}

static const struct platform *find_platform(const char *word)
{
    const char *names[N_PLATFORMS];
    for (size_t i = 0; i < N_PLATFORMS; i++) {
        names[i] = platforms[i].name;
        if (strcmp(word, names[i]) == 0)
            return &platforms[i];
    }
    usage_unknown(&help, "platform", word, names, N_PLATFORMS);
    return NULL;
}

static void fill(struct packing *packing, const struct platform *platform)
{
    char *files = kit_format("autograder/platforms/%s", platform->name);
    char *page = kit_format("%s.md", files);

    if (kit_contents(&packing->bundle, platform->kit,
                     platform->students_see ? &packing->rules : NULL, time(NULL),
                     &packing->error) == 0)
        kit_mark(&packing->bundle, platform->kit);
    struct packing own = {0};
    add_tree(&own, files, "");
    for (size_t i = 0; i < own.bundle.n; i++) { /* below their folder: without its slash */
        struct bundle_file *file = &own.bundle.files[i];
        bundle_add(&packing->bundle, file->path + 1, file->executable, file->data, file->length);
        file->data = NULL;
    }
    packing->error = packing->error != NULL ? packing->error : own.error;
    bundle_clear(&own.bundle);
    add_dots(&packing->bundle);
    if (platform->page != NULL)
        add_tree(packing, page, platform->page);
    add_text(&packing->bundle, platform->rules, rules_text(packing, platform->students_see));
    if (platform->add != NULL && packing->error == NULL)
        platform->add(packing);
    free(page);
    free(files);
}

/* What the instructor has to type elsewhere: names and points. */
static void tell(const struct packing *packing, const struct platform *platform, const char *file)
{
    double sum = 0;
    printf("%s: %zu files for %s (%s)\n", file, packing->bundle.n, platform->name,
           platform->purpose);
    for (size_t i = 0; i < packing->selection.count; i++) {
        const struct exercise *exercise = packing->selection.items[i].exercise;
        double points = course_points(&packing->rules, exercise);
        points = points > 0 ? points : exercise_points(exercise);
        sum += points;
        printf("  %s %s: %s points\n", exercise->id, exercise->name, points_text(points));
    }
    printf("%s points in all. What to do with it: autograder/platforms/%s.md\n", points_text(sum),
           platform->name);
}

static int pack(const struct platform *platform, struct packing *packing, const char *file,
                bool force)
{
    int status = 2;

    fill(packing, platform);
    if (packing->error != NULL)
        fprintf(stderr, "ipclab pack: %s\n", packing->error);
    else
        status = bundle_store(&packing->bundle, "pack", file, force);
    if (status == 0)
        tell(packing, platform, file);
    bundle_clear(&packing->bundle);
    free(packing->error);
    return status;
}

/* ---- The words ------------------------------------------------------------------------------ */

static bool good_ending(const struct platform *platform, const char *file)
{
    size_t length = strlen(file);
    size_t ending = platform->ending != NULL ? strlen(platform->ending) : 0;

    if (platform->ending != NULL &&
        (length <= ending || strcmp(file + length - ending, platform->ending) != 0))
        usage_error(&help, "for %s, %s should end in %s", platform->name, file, platform->ending);
    else if (!bundle_can_be(file))
        usage_error(&help, "%s should end in .tar.gz, .tgz, .tar or .zip", file);
    else
        return true;
    return false;
}

static bool are_whole(const struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++)
        if (selection->items[i].checks != NULL) {
            usage_error(&help, "%s: only whole exercises can be packed",
                        selection->items[i].exercise->id);
            return false;
        }
    return true;
}

/* Only whole exercises, said in one place. */
static bool choose(struct packing *packing, char **words)
{
    const struct selection *included = &packing->rules.selection;

    if (*words != NULL && packing->rules.text != NULL) {
        usage_error(&help, "say which exercises either here or in the rules (include =), not in "
                           "both places");
        return false;
    }
    if (*words != NULL || included->count == 0)
        return choose_words(&help, &packing->selection, words) == 0 &&
               are_whole(&packing->selection);
    for (size_t i = 0; i < included->count; i++)
        *ARRAY_ADD(packing->selection.items, packing->selection.count) =
            (struct selected){.exercise = included->items[i].exercise};
    return are_whole(included);
}

int command_pack(int argc, char **argv)
{
    struct packing packing = {0};
    const char *config = NULL;
    bool force = false;
    int status = 2;

    for (int key; (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key == OPTIONS_HELP ? 0 : 2;
        if (key == OPTION_CONFIG)
            config = optarg;
        force = force || key == OPTION_FORCE;
    }
    if (argc - optind < 2)
        return usage_error(&help, "it takes a platform and the archive to write, such as: ipclab "
                                  "pack gradescope lab1.zip 1");
    const struct platform *platform = find_platform(argv[optind]);
    if (platform == NULL || !good_ending(platform, argv[optind + 1]))
        return 2;
    if (course_load(&packing.rules, config, &packing.error) == -1)
        return usage_error(&help, "%s", packing.error);
    if (choose(&packing, argv + optind + 2))
        status = pack(platform, &packing, argv[optind + 1], force);
    selection_clear(&packing.selection);
    course_clear(&packing.rules);
    return status;
}
