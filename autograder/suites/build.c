/*
 * build.c - compiling a learner's exercise. See build.h.
 *
 * The compiler is a program like any other: it runs in a cell with limits, so that an endless
 * #include or a 1 GB array costs the learner a message and nobody else anything.
 */
#include "build.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../ipclab/kit_paths.h"
#include "../run/kit.h"
#include "../run/run.h"
#include "../tell/text.h"
#include "worker.h"

/* A compiler needs a second and 200 MB for what a lab asks for. */
enum {
    BUILD_WALL_US = 120000000,
    BUILD_CPU_S = 10,
    BUILD_MEMORY_MB = 1024,
    LOG_LIMIT = 1024 * 1024
};

struct words {
    const char **list;
    size_t count;
};

static void add(struct words *words, const char *word)
{
    *ARRAY_ADD(words->list, words->count) = word;
}

/* Adds the files that match; returns how many. */
static size_t add_files(struct words *words, const char *pattern)
{
    glob_t found = {0};
    size_t n = 0;
    if (glob(pattern, 0, NULL, &found) == 0)
        for (; n < found.gl_pathc; n++)
            add(words, kit_strdup(found.gl_pathv[n]));
    globfree(&found);
    return n;
}

static void add_split(struct words *words, const char *text)
{
    char *copy = kit_strdup(text), *rest = copy;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        add(words, word);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool is_module(const char *source)
{
    char *header = kit_format("%s/headers/%s", worker.box, base_of(source));
    header[strlen(header) - 1] = 'h';
    bool found = access(header, F_OK) == 0;
    free(header);
    return found;
}

static void add_all(struct words *words, const char *const *list)
{
    for (; *list != NULL; list++)
        add(words, *list);
}

/* The command that makes program/NAME of main_source (and the modules); race: program/race/NAME,
 * for the race detector. */
static struct words compiler(const char *main_source, const struct words *modules, bool race)
{
    struct words words = {0};
    const char *extra = getenv("IPCLAB_CFLAGS");
    char *name = kit_strdup(base_of(main_source));

    name[strlen(name) - 2] = '\0';
    add(&words, kit_compiler());
    add_all(&words, kit_compiler_flags());
    if (race)
        add_all(&words, kit_race_flags_before());
    else if (extra != NULL)
        add_split(&words, extra);
    add(&words, kit_format("-I%s/headers", worker.box));
    add(&words, kit_format("-I%s/common", worker.box));
    add(&words, "-o");
    add(&words, kit_format("%s/%s%s", worker.program, race ? "race/" : "", name));
    add(&words, main_source);
    for (size_t i = 0; i < modules->count; i++)
        add(&words, modules->list[i]);
    char *pattern = kit_format("%s/common/*.c", worker.box);
    add_files(&words, pattern);
    free(pattern);
    add(&words, "-lpthread");
    add(&words, "-lrt");
    char *folder = kit_format("%s/race", worker.box);
    if (race)
        add_all(&words, kit_race_flags_after(folder));
    add(&words, NULL);
    free(folder);
    free(name);
    return words;
}

/* Why the compiler did not come to its end, or gave up. */
static void tell_limit(const struct run *run, struct text_buffer *log)
{
    const char *said = log->data != NULL ? log->data : "";
    bool no_memory = run->record->memory > 0 || strstr(said, "out of memory") != NULL ||
                     strstr(said, "memory exhausted") != NULL;
    if (run->state == RUN_FLOODED)
        text_add(log, "The compiler was ended: it said more than %d KiB.\n", LOG_LIMIT / 1024);
    else if (no_memory)
        text_add(log, "The compiler may have %d MiB of memory, and wanted more.\n",
                 BUILD_MEMORY_MB);
    else if (run->state != RUN_ENDED)
        text_add(log,
                 "The compiler was ended: it may take %d s of processor time and %d s in all. Does "
                 "a macro or an #include never end?\n",
                 BUILD_CPU_S, BUILD_WALL_US / 1000000);
}

static bool compile(const struct words *words, struct text_buffer *log)
{
    static const char *hide[] = {"/kit", NULL};
    char *folder = kit_format("%s/build-XXXXXX", worker.runs);
    if (!worker.confined && mkdtemp(folder) == NULL)
        kit_broken("cannot make a folder for the compiler");
    struct run_options options = {
        .confined = worker.confined,
        .folder = folder,
        .hide = hide,
        .sets = CALLS_CONFINE,
        .tracer = {.own_folder = "/nothing/",                            .confined = worker.confined},
        .wall_limit_us = BUILD_WALL_US,
        .cpu_limit_us = BUILD_CPU_S * 1000000LL,
        .memory_limit = (int64_t)BUILD_MEMORY_MB << 20,
        .output_limit = LOG_LIMIT,
        .limits = { .cpu_seconds = 2 * BUILD_CPU_S,
                   .memory_bytes = (unsigned long)BUILD_MEMORY_MB << 20,
                   .file_bytes = 256UL << 20},
    };
    /* Where it leaves its files if it is ended: in a folder that goes with the box. */
    char *files = kit_format("TMPDIR=%s", worker.confined ? "/tmp" : folder);
    const char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", files,
                                       NULL};
    struct run_program program = {
        .file = words->list[0],
        .argv = words->list,
        .envp = environment,
        .kind = {STDIO_NULL, STDIO_PIPE, STDIO_PIPE}
    };
    struct run *run = run_new(&options);
    if (run_start(run_first(run), &program) == -1)
        kit_broken("cannot start the compiler %s", words->list[0]);
    run_finish(run);
    text_add_bytes(log, run_first(run)->err.data != NULL ? run_first(run)->err.data : "",
                   run_first(run)->err.length);
    text_add_bytes(log, run_first(run)->out.data != NULL ? run_first(run)->out.data : "",
                   run_first(run)->out.length);
    tell_limit(run, log);
    int status = run_status(run);
    bool built = run->state == RUN_ENDED && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    run_free(run);
    free(files);
    free(folder);
    return built;
}

/* The log with the box's own paths taken out: "oneway.c:12: ...". */
static char *plain_log(struct text_buffer *log)
{
    char *source = kit_format("%s/source/", worker.box);
    struct text_buffer plain = {0};
    char *from = log->data != NULL ? log->data : "", *at;

    while ((at = strstr(from, source)) != NULL) {
        text_add_bytes(&plain, from, (size_t)(at - from));
        from = at + strlen(source);
    }
    text_add(&plain, "%s", from);
    free(log->data);
    free(source);
    return plain.data != NULL ? plain.data : kit_strdup("");
}

static bool build_as(bool race, char **log)
{
    struct words sources = {0}, modules = {0}, programs = {0};
    struct text_buffer said = {0};
    bool built = true;
    char *pattern = kit_format("%s/source/*.c", worker.box);

    add_files(&sources, pattern);
    free(pattern);
    for (size_t i = 0; i < sources.count; i++)
        add(is_module(sources.list[i]) ? &modules : &programs, sources.list[i]);
    pattern = kit_format("%s/drivers/*.c", worker.box);
    if (modules.count > 0)
        add_files(&programs, pattern);
    free(pattern);
    for (size_t i = 0; i < programs.count && built; i++) {
        bool driver = strstr(programs.list[i], "/drivers/") != NULL;
        struct words none = {0};
        struct words command = compiler(programs.list[i], driver ? &modules : &none, race);
        built = compile(&command, &said);
        free(command.list);
    }
    free(sources.list);
    free(modules.list);
    free(programs.list);
    *log = plain_log(&said);
    return built;
}

bool build_exercise(char **log)
{
    return build_as(false, log);
}

void build_for_races(void)
{
    char *folder = kit_format("%s/race", worker.program), *log;
    if (mkdir(folder, 0711) == 0) { /* else a check before this one has done it */
        if (!build_as(true, &log))
            kit_broken("cannot build for the race detector: %s", log);
        free(log);
    }
    free(folder);
}
