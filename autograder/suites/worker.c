/*
 * worker.c - the process in the box: builds one exercise, then lets Check run its checks.
 *
 * Theory of operation.  The kit starts us in a box with a pipe at descriptor 3.  First we build and
 * write one line {"build_ok": …, "log": …}.  Then Check forks a process for each check; that
 * process makes cells, traces programs, judges, and writes one line with the check's result to
 * descriptor 3 before it ends by Check's own means.  A check whose process ended without a line is
 * the kit's fault, and we write that line ourselves.  No program of a learner's ever has
 * descriptor 3.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "worker.h"

#include <check.h>
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../ipclab/commands.h"
#include "../run/kit.h"
#include "../tell/text.h"
#include "build.h"
#include "check_runs.h"
#include "schedules.h"

struct worker worker;

static const struct check *selected[256];
static int n_selected;

static void write_line(const char *line)
{
    char *whole = kit_format("%s\n", line);
    size_t length = strlen(whole), from = 0;
    while (from < length) {
        ssize_t written = write(worker.results, whole + from, length - from);
        if (written <= 0)
            kit_broken("cannot report to the kit");
        from += (size_t)written;
    }
    free(whole);
}

static void report_build(bool built, const char *log)
{
    cJSON *json = cJSON_CreateObject();
    char *clean = text_utf8(log);
    cJSON_AddBoolToObject(json, "build_ok", built);
    cJSON_AddStringToObject(json, "log", clean);
    char *line = cJSON_PrintUnformatted(json);
    write_line(line);
    free(clean);
    cJSON_free(line);
    cJSON_Delete(json);
}

static bool one_has_failed(void)
{
    return memchr((const void *)worker.told, TOLD_FAILED, (size_t)n_selected) != NULL;
}

static pid_t own_pid;

START_TEST(run_check)
{
    if (kit_end_with(own_pid) == -1) /* in the weaker mode nothing else would end it */
        kit_broken("prctl");
    check_begin(selected[_i], _i);
    if (worker.fail_fast && one_has_failed())
        check_skip("Not run: a check before it has failed (--fail-fast).");
    if (worker.schedules > 0 || worker.only_schedule > 0) {
        check_under_schedules(selected[_i], _i);
        return;
    }
    selected[_i]->body();
    check_end();
}
END_TEST

/* Checks that ended without a word: the kit's fault, never the learner's. */
static void report_silent(void)
{
    for (int i = 0; i < n_selected; i++) {
        if (worker.told[i])
            continue;
        struct check_result result = {.id = check_id(selected[i]),
                                      .status = CHECK_KIT_ERROR,
                                      .max_score = selected[i]->points};
        result.message =
            kit_strdup("The check itself broke off. This is the kit's fault, not yours.");
        char *line = check_result_to_json(&result);
        write_line(line);
        free(line);
        check_result_clear(&result);
    }
}

static void run_checks(void)
{
    own_pid = getpid();
    Suite *suite = suite_create(worker.exercise->id);
    for (int i = 0; i < n_selected; i++) { /* a test case each: Check's time limit is per case */
        TCase *test_case = tcase_create(selected[i]->name);
        tcase_set_timeout(test_case, CHECK_SECONDS + worker.schedules * SCHEDULE_SECONDS);
        tcase_add_loop_test(test_case, run_check, i, i + 1);
        suite_add_tcase(suite, test_case);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_SILENT);
    srunner_free(runner);
    report_silent();
}

/* Is it one of the names, which have commas between them? */
static bool is_listed(const char *name, const char *names)
{
    size_t length = strlen(name);

    for (const char *at = names; (at = strstr(at, name)) != NULL; at += length)
        if ((at == names || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

static void select_checks(const char *only, const char *first)
{
    const struct exercise *exercise = worker.exercise;

    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < exercise->n_checks; i++)
            if ((only[0] == '\0' || strcmp(exercise->checks[i]->name, only) == 0) &&
                is_listed(exercise->checks[i]->name, first) == (round == 0))
                selected[n_selected++] = exercise->checks[i];
    worker.told =
        mmap(NULL, sizeof selected, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (worker.told == MAP_FAILED)
        kit_broken("mmap");
}

/* --worker EXERCISE SEED CHECK|"" confined|weak BOX PROGRAM PROBE RUNS fail-fast|all FIRST,...|""
 * LIMITS WANTED (a number of enum runs_wanted) SCHEDULES SCHEDULE */
int command_worker(int argc, char **argv)
{
    char *log;
    const char *flags = getenv("IPCLAB_CFLAGS");

    if (argc != 15 || fcntl(3, F_GETFD) == -1) {
        fprintf(stderr, "ipclab: --worker is the kit's own; type: ipclab check\n");
        return 2;
    }
    worker = (struct worker){
        .exercise = registry_find_exercise(argv[1]),
        .seed = strtoull(argv[2], NULL, 10),
        .confined = strcmp(argv[4], "confined") == 0,
        .box = argv[5],
        .program = argv[6],
        .probe = argv[7],
        .runs = argv[8],
        .fail_fast = strcmp(argv[9], "fail-fast") == 0,
        .runs_wanted = (enum runs_wanted)strtol(argv[12], NULL, 10),
        .schedules = (unsigned)strtoul(argv[13], NULL, 10),
        .only_schedule = (unsigned)strtoul(argv[14], NULL, 10),
        .results = 3,
        .sanitized = flags != NULL && strstr(flags, "sanitize") != NULL,
    };
    if (worker.exercise == NULL)
        kit_broken("the worker knows no exercise %s", argv[1]);
    struct limits *limits = &worker.limits;
    if (sscanf(argv[11], LIMITS_WORD, &limits->seconds, &limits->cpu_seconds, &limits->memory_mb,
               &limits->processes, &limits->output_mb) != 5)
        kit_broken("the worker does not understand the limits %s", argv[11]);
    close_range(4, ~0U, 0); /* the box's user namespace */
    /* The right to hand two users on to a cell is the worker's alone, no compiler's. */
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN); /* a program that does not read its input is no reason to die */
    select_checks(argv[3], argv[10]);
    bool built = build_exercise(&log);
    report_build(built, log);
    free(log);
    if (built)
        run_checks();
    return 0;
}
