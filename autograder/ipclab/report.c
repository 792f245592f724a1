/*
 * report.c - `ipclab report FORMAT RESULTS.json`: results in the format of a platform.
 * report.h.
 */
#include "report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "commands.h"
#include "course.h"
#include "options.h"

enum { OPTION_CONFIG = 256, OPTION_OUT };

static const struct option_row options[] = {
    {OPTION_CONFIG, "config", "FILE",
     "The course.ini by which it was graded: weights, hidden checks."            },
    {OPTION_OUT,    "out",    "FILE", "Where it goes (default: standard output)."},
    {0,             NULL,     NULL,   NULL                                       },
};

static const struct command_help help = {
    .name = "report",
    .synopsis = "FORMAT RESULTS.json",
    .purpose = "Writes results, of grade or of check --json, in the format that a platform or a "
               "program reads.",
    .options = options,
    .notes =
        "FORMAT: autolab, exercism, github, gradescope, json, junit, prairielearn or tap. With "
        "--config, points are those of the weights, and of checks that are hidden now nothing "
        "is said but that they are there. A grade that is not to be trusted, for the kit "
        "failed on a part, is no zero: it is told as an error, or not at all where the format "
        "knows none.\n"
        "Exit status: 0 written, 2 wrong use, 3 the kit failed, then or now.\n"
        "Example: ipclab report gradescope grades/alice.json --out results.json",
};

int report_write(const char *command, const struct format *format, const struct results *results,
                 const char *file)
{
    char *text = format_write(format, results);
    int status = 0;

    if (text == NULL) {
        fprintf(stderr,
                "ipclab %s: the kit failed on a part of it, or could check nothing here; there is "
                "no grade "
                "that %s could be told\n",
                command, format->name);
        status = 3;
    } else if (options_write(command, file, text) == -1) {
        status = 3;
    }
    free(text);
    return status;
}

/* Returns 0; or 2, after saying what was wrong. */
static int read_results(const char *file, struct results *results)
{
    const char *error = NULL;
    char *json = kit_read_file(file, NULL);
    int status = json != NULL ? results_from_json(json, results, &error) : -1;

    if (status == -1)
        usage_error(&help, "cannot read %s: %s", file, error != NULL ? error : strerror(errno));
    free(json);
    return status == 0 ? 0 : 2;
}

static int report(const struct format *format, const char *file, const char *config,
                  const char *out)
{
    struct results results = {0};
    struct course rules;
    char *error = NULL;

    if (course_load(&rules, config, &error) == -1) {
        usage_error(&help, "%s", error);
        free(error);
        return 2;
    }
    int status = read_results(file, &results);
    if (status == 0) {
        course_weigh(&rules, &results);
        course_hide(&rules, &results, time(NULL));
        status = report_write("report", format, &results, out);
        if (results_are_broken(&results))
            status = 3;
    }
    results_clear(&results);
    course_clear(&rules);
    return status;
}

static int unknown_format(const char *word)
{
    const char **names = NULL;
    size_t n = 0;

    for (const struct format *format = formats_all(); format->name != NULL; format++)
        *ARRAY_ADD(names, n) = format->name;
    usage_unknown(&help, "format", word, names, n);
    free(names);
    return 2;
}

int command_report(int argc, char **argv)
{
    const char *config = NULL, *out = "-";

    for (int key; (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key == OPTIONS_HELP ? 0 : 2;
        if (key == OPTION_CONFIG)
            config = optarg;
        else
            out = optarg;
    }
    if (argc - optind != 2)
        return usage_error(&help, "it takes a format and a results file, such as: ipclab report "
                                  "gradescope grades/alice.json");
    const struct format *format = format_find(argv[optind]);
    return format != NULL ? report(format, argv[optind + 1], config, out)
                          : unknown_format(argv[optind]);
}
