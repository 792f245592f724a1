/*
 * checking.c - checking one exercise of one submission. See checking.h.
 */
#include "checking.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/box.h"
#include "../run/kit.h"
#include "../suites/worker.h"
#include "../tell/text.h"
#include "kit_paths.h"

/* ---- Staging -------------------------------------------------------------------------------- */

static bool has_ending(const char *name, const char *ending)
{
    size_t length = strlen(name), end = strlen(ending);
    return name[0] != '.' && length > end && strcmp(name + length - end, ending) == 0;
}

/* Copies the files of a folder with that ending into a part of the box. Returns how many; -1 and
 * *wrong (the file's path, owned by the caller) when one cannot be copied. */
static int copy_folder(struct box *box, const char *folder, const char *ending, const char *part,
                       char **wrong)
{
    DIR *dir = opendir(folder);
    int copied = 0;
    struct dirent *entry;

    while (dir != NULL && copied >= 0 && (entry = readdir(dir)) != NULL) {
        if (!has_ending(entry->d_name, ending) && ending[0] != '\0')
            continue;
        if (entry->d_name[0] == '.')
            continue;
        char *path = kit_format("%s/%s", folder, entry->d_name);
        if (box_copy(box, path, part) == 0) {
            copied++;
            free(path);
        } else {
            copied = -1;
            *wrong = path;
        }
    }
    int error = errno;
    if (dir != NULL)
        closedir(dir);
    errno = error;
    return copied;
}

static void must_copy_folder(struct box *box, const char *folder, const char *ending,
                             const char *part)
{
    char *wrong = NULL;
    if (copy_folder(box, folder, ending, part, &wrong) == -1)
        kit_broken("cannot copy %s", wrong);
}

/* The kit's own part: command, common, headers of the skeletons, drivers, probes. */
static void stage_kit(struct box *box, const struct exercise *exercise)
{
    char *common = kit_path("common");
    char *headers = kit_path("skeletons/%s", exercise->folder);
    char *drivers = kit_path("autograder/drivers/%s", exercise->folder);
    char *probes = kit_probes();
    char *race = kit_race_folder();

    char *self = realpath("/proc/self/exe", NULL);
    if (self == NULL || box_copy(box, self, "kit") == -1)
        kit_broken("cannot copy the kit's command");
    free(self);
    must_copy_folder(box, common, ".c", "box/common");
    must_copy_folder(box, common, ".h", "box/common");
    must_copy_folder(box, headers, ".h", "box/headers");
    must_copy_folder(box, drivers, ".c", "box/drivers");
    must_copy_folder(box, probes, "", "probe");
    must_copy_folder(box, race, "", "box/race");
    free(common);
    free(headers);
    free(drivers);
    free(probes);
    free(race);
}

/* What is wrong with a learner's file, for a person; NULL: nothing. Owned by the caller. */
static char *complaint_about(const char *path, const char *shown, const struct exercise *exercise)
{
    struct stat status;
    if (lstat(path, &status) == -1)
        return errno == ENOENT || errno == ENOTDIR
                   ? kit_format("%s is missing. `ipclab start %s` puts one there to begin with.\n",
                                shown, exercise->id)
                   : kit_format("%s cannot be looked at: %s.\n", shown, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return kit_format("%s is a folder; a C source file is needed there.\n", shown);
    if (!S_ISREG(status.st_mode))
        return kit_format("%s is not a plain file; symbolic links and devices are not accepted.\n",
                          shown);
    if (status.st_size > SOURCE_LIMIT)
        return kit_format("%s has %lld bytes; at most %d are accepted.\n", shown,
                          (long long)status.st_size, SOURCE_LIMIT);
    return NULL;
}

/* Copies one source of the learner's: complaint or NULL. */
static char *stage_source(struct box *box, const struct check_options *options, const char *name,
                          const struct exercise *exercise)
{
    char *path = kit_format("%s/%s/%s", options->dir, exercise->folder, name);
    if (options->handed_in && access(path, F_OK) == -1 && errno == ENOENT) {
        free(path);
        return kit_format("%s/%s " RESULTS_NOT_HANDED_IN "\n", exercise->folder, name);
    }
    char *complaint = complaint_about(path, path, exercise);
    if (complaint == NULL && box_copy(box, path, "box/source") == -1)
        complaint = kit_format("%s cannot be read: %s.\n", path, strerror(errno));
    free(path);
    return complaint;
}

/* The sources that the skeleton has, and the learner's own headers. Returns complaints (owned by
 * the caller) or NULL. */
static char *stage_sources(struct box *box, const struct exercise *exercise,
                           const struct check_options *options)
{
    char *skeleton = kit_path("skeletons/%s", exercise->folder);
    char *folder = kit_format("%s/%s", options->dir, exercise->folder);
    struct text_buffer complaints = {0};
    DIR *names = opendir(skeleton);
    struct dirent *entry;

    if (names == NULL)
        kit_broken("cannot read %s", skeleton);
    while ((entry = readdir(names)) != NULL) {
        if (!has_ending(entry->d_name, ".c"))
            continue;
        char *complaint = stage_source(box, options, entry->d_name, exercise);
        if (complaint != NULL)
            text_add(&complaints, "%s", complaint);
        free(complaint);
    }
    closedir(names);
    char *wrong = NULL; /* a header that is no plain file will be missed by the compiler */
    copy_folder(box, folder, ".h", "box/source", &wrong);
    free(wrong);
    free(skeleton);
    free(folder);
    return complaints.data;
}

/* ---- The worker's report -------------------------------------------------------------------- */

static void take_build(struct exercise_result *result, const cJSON *json)
{
    const cJSON *log = cJSON_GetObjectItem(json, "log");
    result->build_ok = cJSON_IsTrue(cJSON_GetObjectItem(json, "build_ok"));
    free(result->build_log);
    result->build_log = kit_strdup(cJSON_IsString(log) ? log->valuestring : "");
}

/* Takes one line: first the build, then the runs of a check (a line each) and its result. */
static void take_line(struct exercise_result *result, const struct check_options *options,
                      const char *line, struct text_buffer *runs, int *n_lines)
{
    if (strncmp(line, RUN_LINE, strlen(RUN_LINE)) == 0) {
        text_add_bytes(runs, line + strlen(RUN_LINE), strlen(line + strlen(RUN_LINE)));
        text_add_bytes(runs, "\n", 1);
        return;
    }
    if ((*n_lines)++ == 0) {
        cJSON *json = cJSON_Parse(line);
        if (json != NULL)
            take_build(result, json);
        cJSON_Delete(json);
        return;
    }
    struct check_result one = {0};
    if (check_result_from_json(line, &one) != 0)
        return;
    if (options->runs_told != NULL)
        options->runs_told(one.id, one.status, runs->data, options->runs_context);
    free(runs->data);
    *runs = (struct text_buffer){0};
    if (options->told != NULL)
        options->told(&one, options->context);
    *ARRAY_ADD(result->checks, result->n_checks) = one;
}

/* A worker that says nothing for so long is lost: it ends a check earlier. */
static int silence_ms(const struct check_options *options)
{
    return (CHECK_SECONDS + 100 + (int)options->schedules * SCHEDULE_SECONDS) * 1000;
}

/* Returns the number of lines; -1: the check is to be given up. */
static int read_report(int fd, const struct check_options *options, struct exercise_result *result)
{
    struct text_buffer all = {0}, runs = {0};
    size_t taken = 0;
    int n_lines = 0;

    for (;;) {
        char buffer[65536];
        struct pollfd watch[] = {
            {fd,                                     POLLIN, 0},
            {options->stop > 0 ? options->stop : -1, POLLIN, 0}
        };
        int ready = poll(watch, 2, silence_ms(options));
        if (ready == -1 && errno == EINTR)
            continue;
        if (watch[1].revents != 0)
            n_lines = -1;
        ssize_t got = ready > 0 && n_lines >= 0 ? read(fd, buffer, sizeof buffer) : 0;
        if (got <= 0)
            break;
        text_add_bytes(&all, buffer, (size_t)got);
        char *end;
        while ((end = strchr(all.data + taken, '\n')) != NULL) {
            *end = '\0';
            take_line(result, options, all.data + taken, &runs, &n_lines);
            taken = (size_t)(end - all.data) + 1;
        }
    }
    free(runs.data);
    free(all.data);
    return n_lines;
}

static pid_t start_worker(struct box *box, const struct exercise *exercise,
                          const struct check_options *options, int result_fd)
{
    const struct limits *own = &options->limits;
    char *seed = kit_format("%llu", (unsigned long long)options->seed);
    char *limits = kit_format(LIMITS_WORD, own->seconds, own->cpu_seconds, own->memory_mb,
                              own->processes, own->output_mb);
    char *wanted = kit_format("%d", (int)options->runs_wanted);
    char *schedules = kit_format("%u", options->schedules);
    char *only_schedule = kit_format("%u", options->only_schedule);
    char *in_box = box_inner_path(box, "box"), *program = box_inner_path(box, "program");
    char *probes = box_inner_path(box, "probe"), *runs = box_inner_path(box, "runs");
    const char *words[] = {"--worker",
                           exercise->id,
                           seed,
                           options->only_check != NULL ? options->only_check : "",
                           box->mode == BOX_STRONG ? "confined" : "weak",
                           in_box,
                           program,
                           probes,
                           runs,
                           options->fail_fast ? "fail-fast" : "all",
                           options->first != NULL ? options->first : "",
                           limits,
                           wanted,
                           schedules,
                           only_schedule,
                           NULL};
    pid_t pid = box_start(box, words, result_fd);
    free(seed);
    free(limits);
    free(wanted);
    free(schedules);
    free(only_schedule);
    free(in_box);
    free(program);
    free(probes);
    free(runs);
    return pid;
}

static int run_worker(struct box *box, const struct exercise *exercise,
                      const struct check_options *options, struct exercise_result *result)
{
    int ends[2];
    if (pipe(ends) == -1)
        kit_broken("pipe");
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    pid_t pid = start_worker(box, exercise, options, ends[1]);
    close(ends[1]);
    if (pid == -1)
        kit_broken("cannot start the worker");
    int n_lines = read_report(ends[0], options, result);
    close(ends[0]);
    box_end(pid);
    if (n_lines != 0)
        return n_lines > 0 ? 0 : CHECK_STOPPED;
    errno = 0;
    fprintf(stderr, "ipclab: the worker for %s ended without a word\n", exercise->id);
    return -1;
}

static void mark_not_built(const struct exercise *exercise, const struct check_options *options,
                           struct exercise_result *result)
{
    for (size_t i = 0; i < exercise->n_checks; i++) {
        const struct check *check = exercise->checks[i];
        if (options->only_check != NULL && strcmp(check->name, options->only_check) != 0)
            continue;
        char *id = check_id(check);
        struct check_result *one = exercise_result_add_check(result, id, check->points);
        one->status = CHECK_NOT_BUILT;
        one->message = kit_strdup("The program was not built; see the log.");
        free(id);
    }
}

int exercise_check(const struct exercise *exercise, const struct check_options *options,
                   struct exercise_result *result)
{
    struct box *box = box_new();
    int outcome = 0;

    if (box == NULL)
        kit_broken("cannot make a folder for the box (set TMPDIR to a place with room)");
    char *complaints = stage_sources(box, exercise, options);
    if (complaints != NULL) {
        result->build_ok = false;
        free(result->build_log);
        result->build_log = complaints;
    } else {
        stage_kit(box, exercise);
        if (box_seal(box) == -1)
            kit_broken("cannot give the box away");
        outcome = run_worker(box, exercise, options, result);
    }
    if (outcome == 0 && !result->build_ok)
        mark_not_built(exercise, options, result);
    box_free(box);
    return outcome;
}
